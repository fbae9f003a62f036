"""The operators that a cascade may use, each with the NumPy function that executes it."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["MAPS", "REDUCTIONS", "SYMBOLS", "Map", "Reduction"]


@dataclass(frozen=True)
class Map:
    """An operator applied at every point of an Einsum.

    Attributes:
        arity: Number of operands.
        apply: Element-wise function of that many arrays.
    """

    arity: int
    apply: Callable[..., Any]


@dataclass(frozen=True)
class Reduction:
    """An operator that combines all points of an Einsum that share one result.

    Attributes:
        combine: The NumPy ufunc; associative and commutative.
        identity: What leaves the other operand unchanged.
        counted_as: The map operator that one step costs.
    """

    combine: np.ufunc
    identity: float
    counted_as: str


def _sigmoid(x: Any) -> Any:
    """1 / (1 + exp(-x)), without overflow and to full precision for any x."""
    return np.exp(-np.logaddexp(0.0, -x))


def _softplus(x: Any) -> Any:
    """log(1 + exp(x)), without overflow for any x."""
    return np.logaddexp(0.0, x)


MAPS = MappingProxyType(
    {
        "add": Map(2, np.add),
        "subtract": Map(2, np.subtract),
        "multiply": Map(2, np.multiply),
        "divide": Map(2, np.divide),
        "negate": Map(1, np.negative),
        "max": Map(2, np.maximum),
        "min": Map(2, np.minimum),
        "exp": Map(1, np.exp),
        "log": Map(1, np.log),
        "sqrt": Map(1, np.sqrt),
        "square": Map(1, np.square),
        "abs": Map(1, np.abs),
        "tanh": Map(1, np.tanh),
        "sigmoid": Map(1, _sigmoid),
        "softplus": Map(1, _softplus),
    }
)
"""Name of a map operator -> what it does."""

SYMBOLS = MappingProxyType({"+": "add", "-": "subtract", "*": "multiply", "/": "divide"})
"""Sign between two operands -> the map operator it stands for."""

REDUCTIONS = MappingProxyType(
    {
        "sum": Reduction(np.add, 0.0, "add"),
        "prod": Reduction(np.multiply, 1.0, "multiply"),
        "max": Reduction(np.maximum, -np.inf, "max"),
        "min": Reduction(np.minimum, np.inf, "min"),
    }
)
"""Name of a reduction -> what it does."""
