"""Parts of a cascade that contribute to no result: allowed, but seldom meant."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from accel_models.attention.cascades.cascade import Cascade

__all__ = ["unused"]


def unused(cascade: Cascade) -> list[str]:
    """A sentence for every input that no Einsum reads, and every value that goes nowhere.

    Args:
        cascade: Checked.
    """
    # A recurrence that only itself reads goes nowhere.
    read = {
        operand.tensor
        for einsum in cascade.einsums
        for operand in einsum.operands
        if operand.tensor != einsum.name
    }
    inputs = [access.tensor for access in cascade.inputs if access.tensor not in read]
    wanted = {*read, *cascade.results}
    computed = [einsum.name for einsum in cascade.einsums if einsum.name not in wanted]
    return [
        *(f"input {tensor} is read by no Einsum" for tensor in inputs),
        *(f"{tensor} is computed, but no other Einsum reads it and it is no result; its work is "
          "counted" for tensor in computed),
    ]  # fmt: skip
