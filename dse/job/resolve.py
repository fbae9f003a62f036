"""A checked job, and its resolved form that means the same on every machine."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic_core import to_jsonable_python

from dse._build import build_problem, workload_name
from dse._faults import blaming
from dse._fields import validate
from dse._plugins import load
from dse.job.schema import JobSchema, SearchSection

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dse._problem import Problem
    from dse._space import DesignSpace

__all__ = ["Job", "problem_arguments", "searcher_settings"]


_LISTED = 1000
"""More levels than this are written as a range: the job stays a file that people read."""


@dataclass(frozen=True)
class Job:
    """A job whose every name and value was checked.

    Attributes:
        spec: The job file.
        base_folder: The folder that relative paths in it start from.
    """

    spec: JobSchema
    base_folder: Path

    def problem(self) -> Problem:
        """The problem to search, built anew."""
        return build_problem(**problem_arguments(self.spec), base_folder=self.base_folder)

    def resolved(self) -> dict[str, Any]:
        """The job as JSON-able data with every default written out and all paths absolute.

        It has the form of a job file; `from_resolved` makes the same job of it anywhere.
        """
        problem = self.problem()
        spec = self.spec
        model_class = load("models", spec.model.name)
        workload = workload_name(spec.model.name, model_class, spec.workload.name)
        parameters = validate(
            load("workloads", workload), spec.workload.parameters, self.base_folder
        )
        resolved = {
            "study": spec.study,
            "model": {
                "name": spec.model.name,
                "fixed": {name: _levels(problem.space, name)[0] for name in spec.model.fixed},
                "options": asdict(problem.model.options),
            },
            "workload": {"name": workload, **parameters},
            "space": {
                name: _explored(problem, name)
                for name in problem.space.names
                if name not in spec.model.fixed
            },
            "objectives": {o.metric: o.direction for o in problem.objectives},
            "constraints": [constraint.text for constraint in problem.constraints],
            "search": [
                _resolved_search(search, problem.space.size, self.base_folder)
                for search in spec.search
            ],
            "executor": spec.executor.model_dump(),
            "limits": spec.limits.model_dump(),
        }
        plain: dict[str, Any] = to_jsonable_python(resolved, inf_nan_mode="constants")
        return plain

    @classmethod
    def from_resolved(cls, data: Mapping[str, Any]) -> Job:
        """The job that `resolved` described.

        Args:
            data: What `resolved` returned, perhaps written to a file and read back.
        """
        return cls(JobSchema.model_validate(data), Path())


def problem_arguments(spec: JobSchema) -> dict[str, Any]:
    """The arguments of `build_problem` that a job file gives."""
    return {
        "model": spec.model.name,
        "model_options": spec.model.options,
        "fixed": spec.model.fixed,
        "workload": spec.workload.name,
        "workload_options": spec.workload.parameters,
        "space": spec.space,
        "objectives": spec.objectives,
        "constraints": spec.constraints,
    }


def searcher_settings(spec: SearchSection, base_folder: Path | None = None) -> Any:
    """The settings of a search, as the searcher's `Settings` dataclass.

    Args:
        spec: One entry of a job's `search`.
        base_folder: Folder that relative paths start from; the working directory if None.

    Raises:
        InputError: All settings that are unknown or wrong; keys start below `settings`.
    """
    searcher = load("searchers", spec.searcher)
    checked = validate(searcher.Settings, spec.settings, base_folder)
    title = f"the searcher {spec.searcher!r} with these settings"
    return blaming(title, lambda: searcher.Settings(**checked))


def _resolved_search(spec: SearchSection, space_size: int, base_folder: Path) -> dict[str, Any]:
    settings = validate(load("searchers", spec.searcher).Settings, spec.settings, base_folder)
    budget = space_size if spec.budget is None else spec.budget
    return {**spec.model_dump(), "budget": budget, "settings": settings}


def _explored(problem: Problem, name: str) -> Any:
    """The values of a parameter; a very long list that is the model's own as a range."""
    own, explored = problem.model.space[name], problem.space[name]
    if explored == own and own.is_ordered and own.cardinality > _LISTED:
        return {"from": own.plain(own.levels.min()), "to": own.plain(own.levels.max())}
    return _levels(problem.space, name)


def _levels(space: DesignSpace, name: str) -> list[Any]:
    parameter = space[name]
    return [parameter.plain(level) for level in parameter.levels]
