"""Processing elements: which operators they have, how long these take and what they are made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, TypeAlias

from accel_models.attention.cascades.operators import MAPS
from dse._yaml import load_yaml
from dse.errors import did_you_mean

if TYPE_CHECKING:
    from accel_models.attention.cascade_cost.faults import Faults
    from dse._yaml import KeyPath

__all__ = ["MACC", "UNITS", "Operator", "PeArray", "PeArrays", "built_in_pes", "read_operators"]

MACC = "macc"
"""The operator that takes a product and its sum together."""
UNITS = (MACC, "add", "max", "exp", "divide")
"""Units whose actions the component table knows."""
_OPERATORS = (MACC, *MAPS)


@dataclass(frozen=True)
class Operator:
    """One operator of a PE.

    Attributes:
        slots: Cycles for which it occupies the PE; 0 if it is pipelined with another.
        uses: Unit -> actions.
    """

    slots: float
    uses: Mapping[str, float]


@dataclass(frozen=True)
class PeArray:
    """The PEs of one array.

    Attributes:
        operators: Name -> what it takes.
        register_words: Words of a PE's register file, per tile in flight.
        tiles_in_flight_over: Size of the layer that decides how many tiles are in flight: as many
            as it fits the side of the 2D array, at least one; "" for one.
    """

    operators: Mapping[str, Operator]
    register_words: float
    tiles_in_flight_over: str = ""

    @property
    def units(self) -> frozenset[str]:
        """All units in a PE."""
        return frozenset(unit for operator in self.operators.values() for unit in operator.uses)


PeArrays: TypeAlias = Mapping[str, PeArray]
"""Array -> its PEs."""


@cache
def built_in_pes() -> Mapping[str, PeArrays]:
    """Name -> PEs, of `pes.yaml`."""
    from accel_models.attention.cascade_cost.faults import Faults

    name = "pes.yaml"
    text = files("accel_models.attention.cascade_cost").joinpath(name).read_text(encoding="utf-8")
    document = load_yaml(text, name)
    faults = Faults(document)
    found = {
        kind: {array: _array(faults, (kind, array), arrays[array]) for array in arrays}
        for kind, arrays in document.mapping().items()
    }
    faults.raise_if_any()
    return found


def _array(faults: Faults, path: KeyPath, values: Mapping[str, Any]) -> PeArray:
    return PeArray(
        operators=read_operators(faults, (*path, "operators"), values["operators"]),
        register_words=float(values["register_words"]),
        tiles_in_flight_over=values.get("tiles_in_flight_over", ""),
    )


def with_operators(pes: PeArrays, more: Mapping[str, Mapping[str, Operator]]) -> PeArrays:
    """The same PEs with some operators added or replaced."""
    return {
        array: replace(found, operators={**found.operators, **more.get(array, {})})
        for array, found in pes.items()
    }


def read_operators(faults: Faults, path: KeyPath, values: Any) -> dict[str, Operator]:
    """Operators as a file gives them: name: slots, or name: {slots: ..., uses: {unit: actions}}.

    Args:
        faults: Takes what is wrong.
        path: Where the values stand.
        values: The values.
    """
    found = {}
    for name, value in faults.pairs(
        path, values, "{exp: {slots: 6, uses: {macc: 6}}, ...}"
    ).items():
        place = (*path, name)
        if name not in _OPERATORS:
            hint = did_you_mean(name, _OPERATORS)
            faults.add(place, f"unknown operator {name!r}.{hint}", ", ".join(_OPERATORS))
        elif operator := _operator(faults, place, name, value):
            found[name] = operator
    return found


def _operator(faults: Faults, path: KeyPath, name: str, value: Any) -> Operator | None:
    if not isinstance(value, dict):
        value = {"slots": value, "uses": {name: 1}}
    slots = faults.number((*path, "slots"), value.get("slots"), f"slots of {name}")
    uses = faults.pairs((*path, "uses"), value.get("uses"), "{macc: 6, add: 1}")
    for unit in uses:
        if unit not in UNITS:
            hint = did_you_mean(unit, UNITS)
            faults.add(
                path, f"operator {name} uses the unknown unit {unit!r}.{hint}",
                f"uses: {{...}} of {', '.join(UNITS)}",
            )  # fmt: skip
    actions = {
        u: faults.number((*path, "uses", u), count, f"{u} of {name}") for u, count in uses.items()
    }
    if slots is None or None in actions.values():
        return None
    return Operator(slots, {unit: count for unit, count in actions.items() if count})
