"""Narrowing a model's space to what a job explores: lists, ranges and fixed values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from dse._fields import check_keys
from dse.errors import DesignError, InputError
from dse.units import parse_quantity

if TYPE_CHECKING:
    from dse._faults import Faults
    from dse._model import CostModel
    from dse._parameters import Parameter
    from dse._space import DesignSpace
    from dse._yaml import KeyPath

__all__ = ["narrow_space"]

_RANGE_KEYS = {"from": None, "to": None, "count": None, "log": None}
_MAX_COUNT = 10_000


def narrow_space(
    faults: Faults, model: CostModel, space: Mapping[str, Any], fixed: Mapping[str, Any]
) -> DesignSpace | None:
    """The part of a model's space that a job explores; None if anything is wrong.

    Args:
        faults: Where faults are noted, with key paths as in a job file.
        model: The model; its `default_space` holds for parameters named nowhere else.
        space: Parameter -> a list of values, one value, or a range {from, to, count, log}.
        fixed: Parameter -> the one value it keeps.
    """
    whole = model.space
    before = len(faults.found)
    choices: dict[str, Sequence[Any]] = {
        name: values
        for name, values in model.default_space.items()
        if name not in space and name not in fixed
    }
    for name, values in space.items():
        path: KeyPath = ("space", name)
        parameter = faults.attempt(path, _parameter, whole, name, fixed)
        listed = faults.attempt(path, _listed, parameter, values) if parameter else None
        if parameter and listed is not None:
            choices[name] = _restrict(faults, path, parameter, listed)
    for name, value in fixed.items():
        path = ("model", "fixed", name)
        parameter = faults.attempt(path, whole.__getitem__, name)
        if parameter and faults.attempt(path, parameter.parse, value) is not None:
            choices[name] = [value]
    if len(faults.found) > before:
        return None
    return faults.attempt(("space",), _narrowed, whole, choices)


def _narrowed(space: DesignSpace, choices: Mapping[str, Sequence[Any]]) -> DesignSpace:
    """The space with these values; a parameter that keeps all of its own stays as it is."""
    fewer = {
        name: values
        for name, values in choices.items()
        if [space[name].parse(value) for value in values] != space[name].levels.tolist()
    }
    return space.narrowed(fewer)


def _parameter(space: DesignSpace, name: str, excluded: Any) -> Parameter:
    parameter = space[name]
    if name in excluded:
        raise DesignError(
            f"{name} is both fixed and explored", next_step="remove it from `fixed` or from `space`"
        )
    return parameter


def _listed(parameter: Parameter, values: Any) -> list[Any]:
    if isinstance(values, Mapping):
        return _range_values(parameter, values)
    if isinstance(values, Sequence) and not isinstance(values, str):
        return list(values)
    return [values]


def _restrict(faults: Faults, path: KeyPath, parameter: Parameter, values: list[Any]) -> list[Any]:
    """The values; each one that the parameter refuses is noted with its position."""
    before = len(faults.found)
    for position, value in enumerate(values):
        faults.attempt((*path, position), parameter.parse, value)
    if len(faults.found) == before:
        faults.attempt(path, parameter.narrowed, values)
    return values


def _range_values(parameter: Parameter, written: Mapping[str, Any]) -> list[Any]:
    """The values of a range {from, to, count, log}."""
    check_keys(written, _RANGE_KEYS, {"from": "a number", "to": "a number"})
    if not parameter.is_ordered:
        raise DesignError(
            f"{parameter.name} has no range", allowed=f"a list of {parameter.range_text}"
        )
    low, high = (_bound_number(parameter, written[key]) for key in ("from", "to"))
    if low > high:
        raise DesignError(
            f"{parameter.name}: from {written['from']} is above to {written['to']}",
            allowed="from <= to",
        )
    if "count" in written:
        return _spaced(parameter, low, high, written)
    levels = [level for level in parameter.levels if low <= level <= high]
    if not levels:
        raise DesignError(
            f"{parameter.name} has no value from {written['from']} to {written['to']}",
            allowed=parameter.range_text,
        )
    return [parameter.plain(level) for level in levels]


def _bound_number(parameter: Parameter, value: Any) -> float:
    if isinstance(value, str):
        return parse_quantity(value, parameter.unit)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not np.isfinite(value):
        raise DesignError(
            f"{parameter.name}: the bound {value!r} is not a number", allowed="a number"
        )
    return float(value)


def _spaced(parameter: Parameter, low: float, high: float, written: Mapping[str, Any]) -> list[Any]:
    count, log = written["count"], written.get("log", False)
    if isinstance(count, bool) or not isinstance(count, int) or not 2 <= count <= _MAX_COUNT:
        raise InputError(f"count {count!r}", allowed=f"a whole number from 2 to {_MAX_COUNT:,}")
    if not isinstance(log, bool):
        raise InputError(f"log {log!r}", allowed="true or false")
    if log and low <= 0:
        raise InputError(f"a logarithmic range from {low:g}", allowed="from > 0")
    middle = (np.geomspace if log else np.linspace)(low, high, count)[1:-1]
    # twelve digits: the same on every machine, and 8 where the arithmetic gives 7.999999999999999
    values = [low, *(float(f"{value:.12g}") for value in middle), high]
    return [parameter.plain(value) for value in values]
