"""Constant parts of an expression: every one must have a finite value."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from accel_models.attention.cascades.einsums import Number, Operation
from accel_models.attention.cascades.operators import MAPS

if TYPE_CHECKING:
    from accel_models.attention.cascades.einsums import Expression

__all__ = ["constant_value", "objection"]


def constant_value(expression: Expression) -> float | None:
    """The value of an expression of literals; None if it reads a tensor or the size of a rank.

    What is not defined, such as `log(-1)`, is NaN or infinite.
    """
    if isinstance(expression, Number):
        return expression.value
    if not isinstance(expression, Operation):
        return None
    values = [constant_value(operand) for operand in expression.operands]
    if any(value is None for value in values):
        return None
    with np.errstate(all="ignore"):
        return float(MAPS[expression.operator].apply(*values))


def objection(operation: Operation) -> str | None:
    """Why an operation cannot be meant, whatever the tensors hold; None if it can.

    Args:
        operation: Its operands have been checked before.
    """
    if operation.operator == "divide" and constant_value(operation.operands[1]) == 0:
        return "division by the constant 0"
    value = constant_value(operation)
    if value is None or math.isfinite(value):
        return None
    outcome = "is too large a number" if math.isinf(value) else "is not a number"
    return f"{operation.operator} of constants {outcome}"
