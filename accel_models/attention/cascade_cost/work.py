"""What the arrays do: cycles, actions of the units and register accesses, Einsum by Einsum."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING

from accel_models.attention.cascade_cost.binding import ARRAY_1D, ARRAY_2D
from accel_models.attention.cascade_cost.einsum_facts import is_multiply_add, operations
from accel_models.attention.cascade_cost.pes import MACC
from accel_models.attention.cascade_cost.polynomial import ONE, ZERO, constant, product, total
from accel_models.attention.cascade_cost.sizes import SIDE, V1
from accel_models.attention.cascades.einsums import variables
from accel_models.attention.cascades.operators import REDUCTIONS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from accel_models.attention.cascade_cost.binding import Accesses, Binding
    from accel_models.attention.cascade_cost.polynomial import Polynomial
    from accel_models.attention.cascade_cost.sizes import Sizes
    from accel_models.attention.cascades.cascade import Cascade
    from accel_models.attention.cascades.einsums import Einsum

__all__ = [
    "PES", "cycles", "is_volume", "operator_points", "per_pe", "register_accesses", "unit_actions",
    "used_operators",
]  # fmt: skip

PES = {ARRAY_2D: SIDE * SIDE, ARRAY_1D: V1}
"""Number of PEs of each array."""

TILE = re.compile(r"tile\((\w+)\)")
"""In a volume of register accesses: one tile of a rank."""
ALL_PES = "pes"
"""In a volume of register accesses: once in every PE of the array."""


def operator_points(einsum: Einsum) -> dict[str, list[frozenset[str]]]:
    """Operator -> the variables that it runs over, once for each time that it occurs.

    As in `cascades.counts`, an operator is applied once per point of the ranks of its own operands,
    and a reduction costs one operation per point. Conditions such as m <= p save nothing: a tile is
    computed as a whole. A product and its sum count as one MACC.
    """
    found: dict[str, list[frozenset[str]]] = defaultdict(list)
    fused = is_multiply_add(einsum)
    for position, operation in enumerate(operations(einsum.expression)):
        if fused and position == 0:
            found[MACC].append(frozenset(einsum.points))
        elif running := variables(operation):
            found[operation.operator].append(running)
    if einsum.reduce and not fused:
        found[REDUCTIONS[einsum.reduce.operator].counted_as].append(frozenset(einsum.points))
    return dict(found)


def used_operators(einsum: Einsum) -> frozenset[str]:
    """The operators that an array must have to compute an Einsum."""
    return frozenset(operator_points(einsum))


def cycles(einsum: Einsum, binding: Binding, sizes: Sizes) -> Polynomial:
    """Time of an Einsum in cycles: points * slots / PEs."""
    array = binding.array_of(einsum.name)
    table = binding.pes[array].operators
    slots = total(
        sizes.volume(points) * constant(table[operator].slots)
        for operator, occurrences in operator_points(einsum).items()
        for points in occurrences
    )
    return slots * per_pe(array)


def per_pe(array: str) -> Polynomial:
    """One over the number of PEs."""
    return PES[array].inverse()


def unit_actions(binding: Binding, sizes: Sizes) -> dict[str, Polynomial]:
    """Unit -> actions of both arrays."""
    found: dict[str, Polynomial] = defaultdict(lambda: ZERO)
    for einsum in binding.cascade.einsums:
        table = binding.pes[binding.array_of(einsum.name)].operators
        for operator, occurrences in operator_points(einsum).items():
            for points in occurrences:
                for unit, count in table[operator].uses.items():
                    found[unit] += sizes.volume(points) * constant(count)
    return dict(found)


# -- registers -----------------------------------------------------------------------------------


def register_accesses(
    binding: Binding, sizes: Sizes, *, one_pe: bool
) -> tuple[Polynomial, Polynomial]:
    """Register reads and writes that the energy is charged for.

    Args:
        binding: The binding.
        sizes: Its sizes.
        one_pe: Charge the accesses of one PE of each array (quirk Q1), or of all.
    """
    tables = binding.accesses if binding.accesses is not None else default_accesses(binding)
    reads = writes = ZERO
    for array, table in tables.items():
        share = per_pe(array) if one_pe and array in PES else ONE
        for key, (read, write) in table.items():
            points = _volume(key, array, binding, sizes) * share
            reads += points * constant(read)
            writes += points * constant(write)
    return reads, writes


def default_accesses(binding: Binding) -> Mapping[str, Accesses]:
    """One read per operand, one of the partial result in a reduction, and one write per point."""
    found: dict[str, dict[str, tuple[float, float]]] = {ARRAY_2D: {}, ARRAY_1D: {}}
    for einsum in binding.cascade.einsums:
        reads = len(einsum.operands) + (einsum.reduce is not None)
        found[binding.array_of(einsum.name)][einsum.name] = (float(reads), 1.0)
    return found


def is_volume(key: str, cascade: Cascade) -> bool:
    """Whether a key of the register accesses has a meaning.

    Args:
        key: An Einsum, or variables, `tile(rank)` and `pes` side by side.
        cascade: The cascade.
    """
    known = {*cascade.ranks.sizes, *cascade.ranks.aliases}
    words = (TILE.sub(r"\1", word) for word in key.split())
    has_meaning = bool(key.split()) and all(word in {*known, ALL_PES} for word in words)
    return cascade.einsum(key) is not None or has_meaning


def _volume(key: str, array: str, binding: Binding, sizes: Sizes) -> Polynomial:
    """The points of an Einsum, or of variables, `tile(rank)` and `pes` side by side."""
    if einsum := binding.cascade.einsum(key):
        return sizes.volume(einsum.points)
    words = key.split()
    factors = [
        SIDE if TILE.fullmatch(word) else PES[array] if word == ALL_PES else sizes.size(word)
        for word in words
    ]
    return sizes.repeat * product(factors)
