"""Building a problem from names: model, workload, options, space, objectives, constraints."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from dse._faults import Faults, FaultsError, blaming
from dse._fields import file_values, validate
from dse._narrowing import narrow_space
from dse._objectives import Constraint
from dse._plugins import entry_points, load
from dse._problem import Problem
from dse.errors import PluginError, WorkloadError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from dse._model import CostModel
    from dse._yaml import KeyPath
    from dse.errors import InputError

__all__ = ["assemble", "bind_model", "build_problem", "workload_name"]


def build_problem(
    *,
    model: str,
    model_options: Mapping[str, Any] | None = None,
    workload: str | None = None,
    workload_options: Mapping[str, Any] | None = None,
    objectives: Mapping[str, str] | None = None,
    constraints: Sequence[str] = (),
    space: Mapping[str, Any] | None = None,
    fixed: Mapping[str, Any] | None = None,
    base_folder: Path | None = None,
) -> Problem:
    """Build a problem from names and plain values.

    Args:
        model: Name of a model plug-in.
        model_options: Values for the fields of the model's `Options`.
        workload: Name of a workload plug-in; the model's default workload if None.
        workload_options: Values for the parameters of the workload plug-in.
        objectives: Metric -> "min" or "max"; the model's default objectives if None.
        constraints: For example ["area_mm2 <= 400"].
        space: Parameter -> values to explore: a list, one value, or a range
            {from, to, count, log}. Without `count` a range takes the parameter's own values.
        fixed: Parameter -> the one value it keeps.
        base_folder: Folder that relative paths start from; the working directory if None.

    Parameters in neither `space` nor `fixed` follow the model's `default_space`. Numbers may be
    text with a unit ("400 GiB/s") everywhere.

    Raises:
        InputError: All that is wrong, with key paths as in a job file.
    """
    faults = Faults()
    problem = assemble(
        faults,
        model=model,
        model_options=model_options,
        workload=workload,
        workload_options=workload_options,
        objectives=objectives,
        constraints=constraints,
        space=space,
        fixed=fixed,
        base_folder=base_folder,
    )
    faults.raise_if_any()
    assert problem is not None
    return problem


def assemble(
    faults: Faults,
    *,
    model: str,
    model_options: Mapping[str, Any] | None = None,
    workload: str | None = None,
    workload_options: Mapping[str, Any] | None = None,
    objectives: Mapping[str, str] | None = None,
    constraints: Sequence[str] = (),
    space: Mapping[str, Any] | None = None,
    fixed: Mapping[str, Any] | None = None,
    base_folder: Path | None = None,
) -> Problem | None:
    """`build_problem` that notes faults in `faults` and goes on as far as possible.

    Returns:
        The problem, or None if anything is wrong.
    """
    bound = bind_model(
        faults, model, model_options or {}, workload, workload_options or {}, base_folder
    )
    if bound is None:
        return None
    before = len(faults.found)
    narrowed = narrow_space(faults, bound, space or {}, fixed or {})
    _check_goals(faults, bound, objectives, constraints)
    if narrowed is None or len(faults.found) > before:
        return None
    return faults.attempt((), Problem.of, bound, objectives, constraints, narrowed)


def bind_model(
    faults: Faults,
    model: str,
    model_options: Mapping[str, Any],
    workload: str | None,
    workload_options: Mapping[str, Any],
    base_folder: Path | None = None,
) -> CostModel | None:
    """A model with its options, bound to its workload; None if anything is wrong.

    Args:
        faults: Where faults are noted.
        model: Name of a model plug-in.
        model_options: Values for the fields of the model's `Options`.
        workload: Name of a workload plug-in; the model's default workload if None.
        workload_options: Values for the parameters of the workload plug-in.
        base_folder: Folder that relative paths start from.
    """
    model_class = faults.attempt(("model", "name"), load, "models", model)
    options = None
    if model_class is not None:
        options = faults.attempt(
            ("model", "options"), _options, model, model_class.Options, model_options, base_folder
        )
        workload = faults.attempt(("workload",), workload_name, model, model_class, workload)
    plugin = faults.attempt(("workload", "name"), load, "workloads", workload) if workload else None
    work = None
    if plugin is not None:
        work = faults.attempt(
            ("workload",), _workload, workload, plugin, workload_options, base_folder
        )
    if model_class is None or options is None or work is None:
        return None
    return _bound(faults, model, model_class, work, options)


def workload_name(model: str, model_class: type[CostModel], workload: str | None) -> str:
    """The workload asked for, or else the model's default.

    Raises:
        WorkloadError: None was asked for and the model has no default.
    """
    name = workload or model_class.default_workload
    if not name:
        raise WorkloadError(
            f"the model {model!r} needs a workload",
            allowed=", ".join(entry_points("workloads")) or "no workload is installed",
            next_step="name one; `dse list workloads` shows what there is",
        )
    return name


def _options(name: str, options: type, values: Mapping[str, Any], base_folder: Path | None) -> Any:
    checked = validate(options, values, base_folder)
    return blaming(f"the model {name!r} with these options", lambda: options(**checked))


def _workload(
    name: str, plugin: Callable[..., Any], values: Mapping[str, Any], base_folder: Path | None
) -> Any:
    try:
        checked = validate(plugin, values, base_folder)
    except FaultsError:
        _check_files(plugin, values, base_folder)
        raise
    return blaming(f"the workload {name!r}", lambda: plugin(**checked))


def _check_files(
    plugin: Callable[..., Any], values: Mapping[str, Any], base_folder: Path | None
) -> None:
    """Refuse a missing file, rather than what is missing beside it.

    Only the plug-in knows whether a file must exist: where nothing else is wrong, it decides.
    """
    parts: list[tuple[KeyPath, InputError]] = [
        ((name,), WorkloadError(f"no such file (tried {path})", next_step="check the path"))
        for name, path in file_values(plugin, values, base_folder).items()
        if not path.exists()
    ]
    if parts:
        raise FaultsError(parts)


def _bound(
    faults: Faults, name: str, model_class: type[CostModel], workload: Any, options: Any
) -> CostModel | None:
    fits = isinstance(workload, model_class.workload_type)
    path = ("model",) if fits else ("workload", "name")
    bound: CostModel | None = faults.attempt(
        path,
        blaming,
        f"the model {name!r}",
        lambda: _checked_model(model_class(workload, options)),
    )
    return bound


def _checked_model(model: CostModel) -> CostModel:
    """The model, whose space must consist of numbers."""
    for parameter in model.space.parameters:
        if not np.isfinite(parameter.levels).all():
            raise PluginError(
                f"{parameter.name} has bounds that are not numbers", allowed="finite bounds"
            )
    return model


def _check_goals(
    faults: Faults,
    model: CostModel,
    objectives: Mapping[str, str] | None,
    constraints: Sequence[str],
) -> None:
    """Check every objective and every constraint by itself, so that all faults show."""
    for metric, direction in (objectives or {}).items():
        faults.attempt(("objectives", metric), Problem.of, model, {metric: direction})
    if objectives is not None and not objectives:
        faults.attempt(("objectives",), Problem.of, model, {})
    known = (*model.metric_names, *model.space.names)
    named = [p.name for p in model.space.parameters if getattr(p, "is_named", False)]
    for position, text in enumerate(constraints):
        faults.attempt(("constraints", position), Constraint.parse, text, known, named)
