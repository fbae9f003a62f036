"""How many operations a cascade takes, Einsum by Einsum.

An operator is counted once per point of the ranks that its operands run over: `sqrt(V[t])` in an
Einsum over t and h costs one square root per t. A reduction costs one operation per point. What
does not vary, such as `1 / size(h)`, costs nothing.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from accel_models.attention.cascades.einsums import Opaque, Operation, variables
from accel_models.attention.cascades.operators import REDUCTIONS
from dse.errors import WorkloadError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from accel_models.attention.cascades.cascade import Cascade
    from accel_models.attention.cascades.einsums import Einsum, Expression, Prefix
    from accel_models.attention.cascades.ranks import Ranks

__all__ = ["EinsumCount", "count_operations", "total_operations"]


@dataclass(frozen=True)
class EinsumCount:
    """The work of one Einsum.

    Attributes:
        einsum: The Einsum.
        points: Number of points it runs over.
        operations: Operator -> how often it is applied; reductions included, as `operators`
            says (a sum costs additions).
        multiply_adds: How many pairs of a multiplication and an addition a multiply-accumulate
            unit can take together; they are part of `operations`.
    """

    einsum: Einsum
    points: int
    operations: Mapping[str, int]
    multiply_adds: int


def count_operations(cascade: Cascade) -> tuple[EinsumCount, ...]:
    """The work of every Einsum, in order.

    Args:
        cascade: With sizes.

    Raises:
        WorkloadError: A size is missing, or an Einsum does not name its operators.
    """
    return tuple(_count(einsum, cascade.ranks) for einsum in cascade.einsums)


def total_operations(counts: Iterable[EinsumCount]) -> dict[str, int]:
    """Operator -> how often all these Einsums apply it."""
    total: Counter[str] = Counter()
    for count in counts:
        total.update(count.operations)
    return dict(total)


def _count(einsum: Einsum, ranks: Ranks) -> EinsumCount:
    if isinstance(einsum.expression, Opaque):
        raise WorkloadError(
            f"`{einsum.text}` does not say how its operands are combined",
            allowed="operators between the operands",
        )
    prefixes = einsum.reduce.prefixes if einsum.reduce else ()
    points = _points(einsum.points, prefixes, ranks)
    total: Counter[str] = Counter()
    for operation in _operations(einsum.expression):
        if running := variables(operation):
            total[operation.operator] += _points(running, prefixes, ranks)
    if einsum.reduce:
        total[REDUCTIONS[einsum.reduce.operator].counted_as] += points
    fused = points if _is_multiply_add(einsum) else 0
    return EinsumCount(einsum, points, MappingProxyType(dict(total)), fused)


def _is_multiply_add(einsum: Einsum) -> bool:
    """Whether it sums products that differ from point to point."""
    expression = einsum.expression
    return (
        einsum.reduce is not None
        and einsum.reduce.operator == "sum"
        and isinstance(expression, Operation)
        and expression.operator == "multiply"
    )


def _operations(expression: Expression) -> Iterator[Operation]:
    if isinstance(expression, Operation):
        yield expression
        for operand in expression.operands:
            yield from _operations(operand)


def _points(running: Iterable[str], prefixes: Iterable[Prefix], ranks: Ranks) -> int:
    """Points of these variables, without those that a condition excludes."""
    remaining = {*running}
    points = 1
    for prefix in prefixes:
        both = {*prefix.inner, *prefix.outer}
        if both <= remaining:
            remaining -= both
            inner, outer = ranks.count(prefix.inner), ranks.count(prefix.outer)
            points *= pairs(inner, outer - prefix.is_strict)
    return points * ranks.count(remaining)


def pairs(inner: int, outer: int) -> int:
    """Number of pairs x <= y with 0 <= x < inner and 0 <= y < outer.

    For x < y, x <= y - 1 is counted: give `outer - 1`.
    """
    corner = min(inner, outer)
    return corner * (corner + 1) // 2 + max(outer - inner, 0) * inner
