"""Objectives and constraints over metrics and parameters."""

from __future__ import annotations

import ast
import operator
import re
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from dse.errors import InputError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

_COMPARISONS = (ast.LtE, ast.GtE)
_OPERATORS: dict[type, Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: operator.pow,
}
_STRUCTURE = (ast.Compare, ast.Name, ast.Load, ast.BinOp, ast.UnaryOp, ast.USub, ast.UAdd)
_NUMBER_WITH_UNIT = re.compile(r"(?<![\w.])[\d.]+(?:[eE][+-]?\d+)?\s*[A-Za-zµ]")
_ALLOWED = "EXPRESSION <= NUMBER (or >=), with names of metrics and parameters and + - * / **"


@dataclass(frozen=True)
class Objective:
    """A metric and the direction that is better.

    Attributes:
        metric: Name of the metric.
        direction: "min" or "max".
    """

    metric: str
    direction: str = "min"

    @property
    def sign(self) -> float:
        """+1 for min, -1 for max: `sign * value` is always to be minimised."""
        return 1.0 if self.direction == "min" else -1.0


@dataclass(frozen=True)
class Constraint:
    """A vectorised comparison with an amount of violation.

    Attributes:
        text: As the user wrote it, e.g. "area_mm2 <= 1500".
        names: Metrics and parameters that it reads.
    """

    text: str
    names: frozenset[str]
    _left: ast.expr = field(repr=False, compare=False)
    _right: ast.expr = field(repr=False, compare=False)
    _is_upper: bool = field(repr=False)

    @classmethod
    def parse(cls, text: str, known: Iterable[str], named: Collection[str] = ()) -> Constraint:
        """Read a comparison.

        Args:
            text: For example "power_w * latency_s <= 2".
            known: Names of metrics and parameters that may occur.
            named: Those of them whose values are names: there is nothing to compare.

        Raises:
            InputError: Not a comparison, an unknown name, or constants that are no finite number.
        """
        comparison = _comparison(text)
        known = list(known)
        for node in ast.walk(comparison):
            if isinstance(node, ast.Name) and node.id not in known:
                what = f"{text!r}: unknown name {node.id!r}.{did_you_mean(node.id, known)}"
                raise InputError(what, allowed=", ".join(known))
        _check_values(text, comparison, [name for name in known if name not in named])
        names = frozenset(n.id for n in ast.walk(comparison) if isinstance(n, ast.Name))
        is_upper = isinstance(comparison.ops[0], ast.LtE)
        return cls(text, names, comparison.left, comparison.comparators[0], is_upper)

    def violation(self, columns: Mapping[str, Any]) -> Any:
        """By how much the constraint is missed, relative to its bound; 0 where it holds.

        NaN metrics give NaN.
        """
        with np.errstate(all="ignore"):
            left, right = _value(self._left, columns), _value(self._right, columns)
            excess = left - right if self._is_upper else right - left
            bound = np.abs(right)
            return np.maximum(excess, 0.0) / np.where(bound > 0.0, bound, 1.0)


def _comparison(text: str) -> ast.Compare:
    try:
        node = ast.parse(text, mode="eval").body
    except (SyntaxError, ValueError, TypeError, RecursionError, MemoryError):
        node = None
    if (
        not isinstance(node, ast.Compare)
        or len(node.ops) != 1
        or not all(map(_is_allowed, ast.walk(node)))
    ):
        raise InputError(f"{text!r} is not a constraint{_hint(str(text), node)}", allowed=_ALLOWED)
    return node


def _hint(text: str, node: ast.expr | None) -> str:
    """What to write instead, for the usual slips."""
    if isinstance(node, ast.BoolOp) or (isinstance(node, ast.Compare) and len(node.ops) > 1):
        return ": write two constraints"
    if isinstance(node, ast.Compare) and not isinstance(node.ops[0], _COMPARISONS):
        return ": use <= or >="
    if _NUMBER_WITH_UNIT.search(text) and node is None:
        return ": write the number without a unit; the unit of the name is meant"
    return ""


def _check_values(text: str, comparison: ast.Compare, comparable: Sequence[str]) -> None:
    """Refuse names of options, division by zero, and constants that are no finite number."""
    for node in ast.walk(comparison):
        if isinstance(node, ast.Name) and node.id not in comparable:
            raise InputError(
                f"{text!r}: the values of {node.id} are names, not numbers; "
                f"list the wanted ones in `space`",
                allowed=", ".join(comparable),
            )
        if not isinstance(node, ast.BinOp):
            continue
        if isinstance(node.op, ast.Div) and _constant(node.right) == 0.0:
            raise InputError(f"{text!r} divides by zero", allowed="a divisor other than 0")
        if not np.isfinite(_constant(node)):
            raise InputError(
                f"{text!r}: {ast.unparse(node)} is not a finite number", allowed=_ALLOWED
            )


def _constant(node: ast.expr) -> float:
    """The value of an expression that reads no name; 1 for one that does."""
    if any(isinstance(inner, ast.Name) for inner in ast.walk(node)):
        return 1.0
    with np.errstate(all="ignore"):
        return float(_value(node, {}))


def _is_allowed(node: ast.AST) -> bool:
    if isinstance(node, ast.Constant):
        value: Any = node.value
        return type(value) in (int, float) and bool(abs(value) <= sys.float_info.max)
    return isinstance(node, (*_STRUCTURE, *_COMPARISONS, *_OPERATORS))


def _value(node: ast.expr, columns: Mapping[str, Any]) -> Any:
    if isinstance(node, ast.Constant):
        number: Any = node.value
        return np.float64(number)  # overflows and divides by zero as arrays do
    if isinstance(node, ast.Name):
        return columns[node.id]
    if isinstance(node, ast.UnaryOp):
        sign = -1.0 if isinstance(node.op, ast.USub) else 1.0
        return sign * _value(node.operand, columns)
    assert isinstance(node, ast.BinOp)
    return _OPERATORS[type(node.op)](_value(node.left, columns), _value(node.right, columns))
