"""The shape of a job file. What names and values mean is checked in `dse.job.load`."""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)

from dse._fields import explain, fields_of, unknown_key
from dse._plugins import load
from dse.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from dse._yaml import KeyPath

__all__ = [
    "ExecutorSection",
    "JobSchema",
    "LimitsSection",
    "ModelSection",
    "SearchSection",
    "WorkloadSection",
    "shape_faults",
]

_STUDY_NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,99}")
_EXAMPLES = MappingProxyType(
    {
        "study": "study: NAME",
        "model": "model: {name: NAME}; `dse list models` shows what there is",
        "name": "name: NAME",
        "search": "search: [{searcher: random, budget: 1000}]",
        "searcher": "searcher: NAME; `dse list searchers` shows what there is",
    }
)


def _no_bool(value: Any) -> Any:
    if isinstance(value, bool):
        raise ValueError("true and false are not numbers")  # noqa: TRY004 - pydantic's protocol
    return value


def _study_name(name: str) -> str:
    if not _STUDY_NAME.fullmatch(name):
        raise ValueError("a name has letters, digits, - _ . only, at most 100, and no . in front")
    return name


def _distinct(seeds: list[int]) -> list[int]:
    if len(set(seeds)) < len(seeds):
        raise ValueError("a seed occurs twice")
    return seeds


_MAX_SEED = 2**63 - 1

Count = Annotated[int, BeforeValidator(_no_bool), Field(ge=1, le=10**15)]
Seed = Annotated[int, BeforeValidator(_no_bool), Field(ge=0, le=_MAX_SEED)]
Share = Annotated[float, BeforeValidator(_no_bool), Field(ge=0.0, le=1.0)]


class _Section(BaseModel):
    model_config = ConfigDict(
        extra="forbid", frozen=True, allow_inf_nan=False, protected_namespaces=()
    )


class _WordSection(_Section):
    """A section that may be just a word, for its first key: `model: NAME`, `executor: ray`."""

    @model_validator(mode="before")
    @classmethod
    def _word_alone(cls, value: Any) -> Any:
        return {next(iter(cls.model_fields)): value} if isinstance(value, str) else value


class ModelSection(_WordSection):
    """Which cost model.

    Attributes:
        name: Name of the plug-in.
        fixed: Parameter -> the one value it keeps.
        options: Values for the model's options.
    """

    name: str
    fixed: dict[str, Any] = {}
    options: dict[str, Any] = {}


class WorkloadSection(_WordSection):
    """What runs on it; every key but `name` is a parameter of the workload plug-in.

    Attributes:
        name: Name of the plug-in; the model's default workload if None.
    """

    model_config = ConfigDict(extra="allow")

    name: str | None = None

    @property
    def parameters(self) -> dict[str, Any]:
        """Values for the parameters of the plug-in."""
        return dict(self.model_extra or {})


class SearchSection(_Section):
    """One searcher with its budget; one search per seed.

    Attributes:
        searcher: Name of the plug-in.
        budget: Designs to evaluate; may be left out for searchers that cover the whole space.
        seeds: Distinct seeds.
        settings: Values for the searcher's settings.
    """

    searcher: str
    budget: Count | None = None
    seeds: Annotated[
        list[Seed], Field(min_length=1, max_length=1000), AfterValidator(_distinct)
    ] = [0]
    settings: dict[str, Any] = {}


class ExecutorSection(_WordSection):
    """Where the evaluations run.

    Attributes:
        kind: In this process, or on Ray.
        workers: Worker processes; "auto" takes all cores.
        address: Address of a running Ray cluster.
    """

    kind: Literal["local", "ray"] = "local"
    workers: Literal["auto"] | Count = "auto"
    address: str | None = None

    @model_validator(mode="after")
    def _address_of_ray(self) -> ExecutorSection:
        if self.address is not None and self.kind != "ray":
            raise ValueError("`address` is for `kind: ray`")
        return self


class LimitsSection(_Section):
    """When to stop and what to keep.

    Attributes:
        max_failed_share: The exit code is 1 if a larger share of the evaluations failed.
        identical_failures: Give up after this many equal failures if nothing has worked before.
        store_rows: Searches of more designs keep the front, not every row.
    """

    max_failed_share: Share = 0.2
    identical_failures: Count = 10
    store_rows: Count = 2_000_000


class JobSchema(_Section):
    """A job file.

    Attributes:
        study: Name of the study.
        model: Which cost model.
        workload: What runs on it.
        space: Parameter -> values to explore.
        objectives: Metric -> "min" or "max"; the model's default objectives if None.
        constraints: For example ["area_mm2 <= 400"].
        search: The searches.
        executor: Where the evaluations run.
        limits: When to stop and what to keep.
    """

    study: Annotated[str, AfterValidator(_study_name)]
    model: ModelSection
    workload: WorkloadSection = WorkloadSection()
    space: dict[str, Any] = {}
    objectives: dict[str, str] | None = None
    constraints: list[Annotated[str, Field(max_length=300)]] = []
    search: Annotated[list[SearchSection], Field(min_length=1, max_length=1000)]
    executor: ExecutorSection = ExecutorSection()
    limits: LimitsSection = LimitsSection()


_SECTIONS: MappingProxyType[str, type[BaseModel]] = MappingProxyType(
    {
        "model": ModelSection,
        "workload": WorkloadSection,
        "search[0]": SearchSection,
        "executor": ExecutorSection,
        "limits": LimitsSection,
    }
)


def shape_faults(error: ValidationError, data: Any) -> Iterator[tuple[KeyPath, InputError]]:
    """What is wrong with the shape of a job file, with key paths.

    Args:
        error: Of `JobSchema`.
        data: The job file's data.
    """
    items = error.errors(include_url=False)
    unknown = [item for item in items if item["type"] == "extra_forbidden"]
    missing = [item for item in items if item["type"] == "missing"]
    for item in unknown:
        yield item["loc"], _misplaced_key(item["loc"], data)
    for item in missing:
        key = str(item["loc"][-1])
        found = InputError(f"the key {key!r} is missing", allowed=_EXAMPLES[key])
        yield item["loc"][:-1], found
    for path, fault in explain([item for item in items if item not in unknown + missing], data):
        yield path, _about_seeds(fault) if "seeds" in path and fault.allowed else fault


def _about_seeds(fault: InputError) -> InputError:
    """The fault, with what all seeds are; the upper bound only where it matters."""
    bound = f"from 0 to {_MAX_SEED}" if str(_MAX_SEED) in str(fault.allowed) else ">= 0"
    return InputError(fault.what, allowed=f"whole numbers {bound}, e.g. [0, 1]")


def _misplaced_key(path: KeyPath, data: Any) -> InputError:
    """An unknown key: misspelt, or at home in another section."""
    key = str(path[-1])
    if path[0] == "search" and key in _settings_of(data["search"][path[1]]):
        return InputError(
            f"unknown key {key!r}. It belongs under settings:", allowed=f"settings: {{{key}: ...}}"
        )
    known = _section_at(path[:-1]).model_fields
    homes = [name for name, section in _SECTIONS.items() if key in section.model_fields]
    homes += ["the top level"] if key in JobSchema.model_fields else []
    if homes:
        return InputError(
            f"unknown key {key!r}. It belongs to {' or '.join(homes)}.", allowed=", ".join(known)
        )
    return unknown_key(key, known)


def _settings_of(search: Any) -> Collection[str]:
    """Names of the settings of a search's searcher; none if it is unknown."""
    try:
        return fields_of(load("searchers", search["searcher"]).Settings)
    except (InputError, KeyError, TypeError):
        return ()


def _section_at(path: KeyPath) -> type[BaseModel]:
    """The section that a key path leads to."""
    if not path:
        return JobSchema
    name = "search[0]" if path[0] == "search" else str(path[0])
    return _SECTIONS[name]
