"""What the binding and its costs need to know about single Einsums and their operands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from accel_models.attention.cascades.einsums import Access, Opaque, Operation
from accel_models.attention.cascades.operators import REDUCTIONS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from accel_models.attention.cascades.cascade import Cascade
    from accel_models.attention.cascades.einsums import Einsum, Expression

__all__ = [
    "has_rank", "is_carried", "is_contraction", "is_iterated", "is_iterative", "is_last",
    "is_multiply_add", "is_opaque", "opaque_text", "operations",
]  # fmt: skip


def is_opaque(einsum: Einsum) -> bool:
    """Whether it does not say how its operands are combined."""
    return isinstance(einsum.expression, Opaque)


def opaque_text(einsum: Einsum) -> str:
    """What to tell about such an Einsum."""
    return f"Einsum {einsum.name} does not say how its operands are combined"


def operations(expression: Expression) -> Iterator[Operation]:
    """All operations of an expression, outermost first."""
    if isinstance(expression, Operation):
        yield expression
        for operand in expression.operands:
            yield from operations(operand)


def is_multiply_add(einsum: Einsum) -> bool:
    """Whether it sums products, so that a multiplication and an addition go together."""
    return (
        einsum.reduce is not None
        and REDUCTIONS[einsum.reduce.operator].counted_as == "add"
        and isinstance(einsum.expression, Operation)
        and einsum.expression.operator == "multiply"
    )


def is_contraction(einsum: Einsum) -> bool:
    """Whether it is a matrix product: each of the two tensors adds a rank to the result.

    Such an Einsum has more points than operands, which is what a 2D array is for.
    """
    operands = einsum.operands
    if not is_multiply_add(einsum) or len(operands) != 2:
        return False
    left = {*einsum.output.streamed}
    a, b = ({*operand.streamed} & left for operand in operands)
    return bool(a - b) and bool(b - a)


# -- operands ----------------------------------------------------------------------------------


def is_iterative(access: Access) -> bool:
    """Whether this left side defines the next coordinate of an iterative rank."""
    return any(index.offset for index in access.indices)


def is_carried(operand: Access, definition: Access) -> bool:
    """Whether an operand is the value of the previous iteration."""
    pairs = zip(operand.indices, definition.indices, strict=True)
    return any(not read.is_last and read.offset < written.offset for read, written in pairs)


def is_last(operand: Access) -> bool:
    """Whether an operand is the value after the last iteration."""
    return any(index.is_last for index in operand.indices)


# -- ranks -------------------------------------------------------------------------------------


def has_rank(cascade: Cascade, access: Access, rank: str) -> bool:
    """Whether a tensor, as it is written or read here, runs over a rank or a part of it."""
    return any(cascade.ranks.whole(variable) == rank for variable in access.streamed)


def is_iterated(cascade: Cascade, rank: str) -> bool:
    """Whether a value of the cascade depends on the one at the previous coordinate of a rank."""
    return any(
        cascade.ranks.whole(index.variable) == rank
        for einsum in cascade.einsums
        for index in einsum.output.indices
        if index.offset
    )
