"""Reading a job file and reporting everything that is wrong with it at once."""

from __future__ import annotations

import contextlib
import copy
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic import ValidationError

from dse._build import assemble
from dse._faults import Faults, grouped
from dse._plugins import load
from dse._yaml import load_yaml, read_text
from dse.errors import InputError, JobError
from dse.job.resolve import Job, problem_arguments, searcher_settings
from dse.job.schema import JobSchema, SearchSection, shape_faults

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from dse._problem import Problem
    from dse._searcher import Searcher
    from dse._yaml import KeyPath, YamlDocument

__all__ = ["MAX_ENUMERATION", "load_job"]

MAX_ENUMERATION = 10**10
"""More designs than this are not enumerated: at 90 million a second it would take minutes."""

_MAX_SHOWN = 8
_ESSENTIAL = MappingProxyType(dict.fromkeys(("study", "model", "search")))
_STAND_INS = MappingProxyType({"study": "-", "search": [{"searcher": "-"}]})


def load_job(path: Path) -> Job:
    """Read a job file and check every name and value in it.

    Args:
        path: The file; relative paths in it start from its folder.

    Raises:
        JobError: Everything that is wrong, each with file, line, column and key path.
        InputError: The file cannot be read or is not YAML.
    """
    document = load_yaml(read_text(path), str(path))
    data = document.mapping()
    _check_kind(data, document.source)
    folder = path.absolute().parent
    faults = Faults()
    try:
        spec = JobSchema.model_validate(data)
    except ValidationError as error:
        _check_sound_part(faults, data, error, folder)
    else:
        problem = _check_problem(faults, spec, folder)
        _check_searches(faults, dict(enumerate(spec.search)), problem, folder)
        if not faults.found:
            return Job(spec, folder)
    raise _joined(faults, document)


def _check_kind(data: Mapping[str, Any], source: str) -> None:
    """Say of a file without any key that every job has that it is no job, and nothing else."""
    if not data.keys() & _ESSENTIAL:
        raise JobError(
            f"not a job file: none of the keys {', '.join(_ESSENTIAL)}",
            where=source,
            allowed=f"the keys {', '.join(JobSchema.model_fields)}",
            next_step="start from one in examples/; docs/tutorials/launch-a-job.md explains it",
        )


def _joined(faults: Faults, document: YamlDocument) -> JobError:
    """One error for all faults, in reading order."""
    faults.found.sort(key=lambda fault: document.position(fault[0]))
    errors = [_without_next_step(error) for error in faults.located(document.where)]
    hidden = len(errors) - _MAX_SHOWN
    shown = grouped(errors[:_MAX_SHOWN])
    if hidden > 0:
        shown.append(InputError(f"... and {hidden} more"))
    return JobError.collect(shown, document.source)


def _without_next_step(error: InputError) -> InputError:
    """The same error with its advice in the sentence: the job as a whole has one next step."""
    what = f"{error.what}; {error.next_step}" if error.next_step else error.what
    return InputError(what, where=error.where, allowed=error.allowed)


# -- meaning -------------------------------------------------------------------------------------


def _check_problem(faults: Faults, spec: JobSchema, folder: Path) -> Problem | None:
    return assemble(faults, **problem_arguments(spec), base_folder=folder)


def _check_searches(
    faults: Faults, searches: Mapping[int, SearchSection], problem: Problem | None, folder: Path
) -> None:
    for position, search in searches.items():
        inner = Faults()
        searcher = inner.attempt(("searcher",), load, "searchers", search.searcher)
        if searcher is not None:
            settings = inner.attempt(("settings",), searcher_settings, search, folder)
            inner.attempt((), _check_effort, search, searcher, problem)
            if problem is not None and not inner.found:
                inner.attempt(
                    ("searcher",), _check_construction, search, searcher, settings, problem
                )
        for path, fault in inner.found:
            faults.add(("search", position, *path), fault)


def _check_effort(search: SearchSection, searcher: type[Searcher], problem: Problem | None) -> None:
    """Demand that seeds, budget, searcher and space go together."""
    if not searcher.uses_seed and len(search.seeds) > 1:
        raise InputError(
            f"{len(search.seeds)} seeds, but {search.searcher} does the same with every seed",
            allowed="one seed",
        )
    if not searcher.covers_space and search.budget is None:
        raise InputError("the key 'budget' is missing", allowed="budget: designs to evaluate")
    if searcher.covers_space and problem is not None and problem.space.size > MAX_ENUMERATION:
        raise InputError(
            f"the space has {problem.space.size:.4g} designs, too many to enumerate",
            allowed=f"at most {MAX_ENUMERATION:.0e} designs",
            next_step="narrow `space`, or use a searcher that samples",
        )


def _check_construction(
    search: SearchSection, searcher: type[Searcher], settings: Any, problem: Problem
) -> None:
    """Let the searcher itself refuse the problem, before anything is written."""
    budget = search.budget or problem.space.size
    searcher(problem, np.random.default_rng(0), budget, settings)


# -- the rest of a job file with mistakes in its shape -------------------------------------------


def _check_sound_part(
    faults: Faults, data: dict[str, Any], error: ValidationError, folder: Path
) -> None:
    """Note the mistakes in the shape, and check the meaning of everything else all the same."""
    for path, fault in shape_faults(error, data):
        faults.add(path, fault)
    remaining = copy.deepcopy(data)
    broken: set[str | int] = set()
    misread = False  # a key of the top level, perhaps `objectives`, is spelt wrong
    for item in error.errors(include_url=False):
        if item["type"] == "extra_forbidden":
            _delete(remaining, item["loc"])
            misread = misread or len(item["loc"]) == 1
        else:
            broken.add(item["loc"][0])
    problem = None
    if not broken & {"model", "workload"}:
        sound = {name: value for name, value in remaining.items() if name not in broken}
        spec = JobSchema.model_validate({**sound, **_STAND_INS})
        problem = _check_problem(faults, spec, folder)
    if misread or broken & {"objectives", "constraints", "space"}:
        problem = None  # it is not the one that the user means: no searcher shall judge it
    _check_searches(faults, _sound_searches(remaining.get("search")), problem, folder)


def _sound_searches(entries: Any) -> dict[int, SearchSection]:
    """Position -> search, of those whose shape is right."""
    sound: dict[int, SearchSection] = {}
    for position, entry in enumerate(entries if isinstance(entries, list) else ()):
        with contextlib.suppress(ValidationError):
            sound[position] = SearchSection.model_validate(entry)
    return sound


def _delete(data: Any, path: KeyPath) -> None:
    for key in path[:-1]:
        data = data[key]
    del data[path[-1]]
