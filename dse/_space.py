"""The design space: ordered parameters plus validity rules.

A design has three exact encodings: its values (columns), its codes (an integer per parameter, an
N x P matrix) and its index (one integer, row-major over the codes). The unit cube is a fourth,
for searchers that think in real numbers.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from dse._columns import batch_shape
from dse.errors import DesignError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from dse._columns import BoolArray, Columns, FloatArray, IntArray
    from dse._parameters import Parameter

_MAX_INDEX = 2**62
_SAMPLING_ROUNDS = 200
_REDRAWN = 1024


@dataclass(frozen=True)
class Rule:
    """A vectorised validity rule.

    Attributes:
        doc: What it demands, for people.
        holds: (columns) -> bool column.
    """

    doc: str
    holds: Callable[[Columns], Any]


@dataclass(frozen=True)
class DesignSpace:
    """Ordered parameters plus validity rules.

    Order matters for speed only: the parameters that enter most sub-expressions come first,
    because an enumeration loops over the first ones and broadcasts over the last ones.
    """

    parameters: tuple[Parameter, ...]
    rules: tuple[Rule, ...] = ()

    def __post_init__(self) -> None:
        if not self.parameters:
            raise DesignError("the design space has no parameter", allowed="at least one parameter")
        if len(set(self.names)) < len(self.names):
            what = f"parameter names repeat: {', '.join(self.names)}"
            raise DesignError(what, allowed="distinct names")

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Parameter names in order."""
        return tuple(parameter.name for parameter in self.parameters)

    @cached_property
    def shape(self) -> tuple[int, ...]:
        """Number of levels of each parameter."""
        return tuple(parameter.cardinality for parameter in self.parameters)

    @cached_property
    def size(self) -> int:
        """Number of designs, before validity rules and feasibility."""
        return math.prod(self.shape)

    @property
    def groups(self) -> dict[str, tuple[str, ...]]:
        """Group -> names of its parameters, in order."""
        found: dict[str, tuple[str, ...]] = {}
        for parameter in self.parameters:
            key = parameter.group or parameter.name
            found[key] = (*found.get(key, ()), parameter.name)
        return found

    def __getitem__(self, name: str) -> Parameter:
        try:
            return self.parameters[self.names.index(name)]
        except ValueError:
            raise self._unknown(name) from None

    # -- encodings ---------------------------------------------------------------------------

    def decode(self, codes: IntArray) -> dict[str, FloatArray]:
        """Columns of the designs with these codes.

        Args:
            codes: N x P integers, each below the cardinality of its parameter.
        """
        return {p.name: p.levels[codes[:, j]] for j, p in enumerate(self.parameters)}

    def encode(self, designs: Columns) -> IntArray:
        """Codes (N x P) of a flat batch; of the nearest level where a value is not one."""
        columns = [np.atleast_1d(p.codes(designs[p.name])) for p in self.parameters]
        return np.stack(np.broadcast_arrays(*columns), axis=1).astype(np.int64)

    def codes_of_index(self, index: IntArray) -> IntArray:
        """Codes (N x P) of the designs with these indices.

        Raises:
            DesignError: The space is too large for integer indices (2^62 designs).
        """
        self.require_index()
        return np.stack(np.unravel_index(index, self.shape), axis=1)

    def index_of_codes(self, codes: IntArray) -> IntArray:
        """Indices of the designs with these codes.

        Raises:
            DesignError: The space is too large for integer indices (2^62 designs).
        """
        self.require_index()
        return np.asarray(np.ravel_multi_index(tuple(codes.T), self.shape), dtype=np.int64)

    def at(self, index: IntArray) -> dict[str, FloatArray]:
        """Columns of the designs with these indices."""
        return self.decode(self.codes_of_index(np.asarray(index)))

    def codes_of_unit(self, unit: FloatArray) -> IntArray:
        """Codes of points of the unit cube (N x P); equal shares per level, 1.0 included."""
        scaled = np.floor(np.clip(unit, 0.0, 1.0) * np.array(self.shape))
        codes: IntArray = np.minimum(scaled, np.array(self.shape) - 1).astype(np.int64)
        return codes

    def unit_of_codes(self, codes: IntArray) -> FloatArray:
        """The centre of each design's cell of the unit cube (N x P)."""
        centres: FloatArray = (codes + 0.5) / np.array(self.shape)
        return centres

    def require_index(self) -> None:
        """Refuse spaces that are too large to number.

        Raises:
            DesignError: More than 2^62 designs.
        """
        if self.size > _MAX_INDEX:
            magnitude = f"10^{math.log10(self.size):.0f}"
            raise DesignError(
                f"the space has about {magnitude} designs, too many to enumerate",
                allowed="at most 2^62 designs",
                next_step="narrow `space`, or use a searcher that samples",
            )

    # -- moving around -----------------------------------------------------------------------

    def sample_codes(self, n: int, rng: np.random.Generator) -> IntArray:
        """Codes of n uniformly random designs that satisfy the rules (with replacement).

        Raises:
            DesignError: The rules leave (almost) nothing.
        """
        found: list[IntArray] = []
        drawn = have = 0
        for _ in range(_SAMPLING_ROUNDS):
            # Where the first draw leaves gaps, larger ones make up for rules that few satisfy.
            size = max(n, _REDRAWN) if drawn else n
            codes = rng.integers(0, self.shape, size=(size, len(self.shape)))
            codes = codes[self.satisfied(codes)]
            found.append(codes)
            drawn, have = drawn + size, have + len(codes)
            if have >= n:
                return np.concatenate(found)[:n]
        raise DesignError(
            f"only {have:,} of {drawn:,} random designs satisfy the rules",
            allowed="; ".join(rule.doc for rule in self.rules),
            next_step="loosen `space` or `fixed`",
        )

    def sample(self, n: int, rng: np.random.Generator) -> dict[str, FloatArray]:
        """Uniformly random designs, n of them, that satisfy the rules (with replacement)."""
        return self.decode(self.sample_codes(n, rng))

    def neighbours(self, code: IntArray) -> IntArray:
        """Codes of all designs one move away: the next level up or down, or another name.

        Args:
            code: Codes of one design (P).
        """
        moves: list[IntArray] = []
        for j, parameter in enumerate(self.parameters):
            for level in _next_levels(int(code[j]), parameter):
                moved = code.copy()
                moved[j] = level
                moves.append(moved)
        codes = np.array(moves, dtype=np.int64).reshape(-1, len(self.shape))
        return codes[self.satisfied(codes)]

    def satisfied(self, codes: IntArray) -> BoolArray:
        """Which designs satisfy all rules."""
        if not self.rules:
            return np.ones(len(codes), dtype=bool)
        return np.asarray(self.holds(self.decode(codes)), dtype=bool)

    def holds(self, designs: Columns) -> Any:
        """Elementwise: do all rules hold?"""
        result: Any = np.bool_(True)
        for rule in self.rules:
            result = result & rule.holds(designs)
        return result

    # -- the user's side ---------------------------------------------------------------------

    def parse(self, values: Mapping[str, Any]) -> dict[str, float]:
        """One design from a user's values; parameters not given take their defaults.

        Raises:
            DesignError: Unknown parameter, or a value outside its range.
        """
        for name in values:
            if name not in self.names:
                raise self._unknown(name)
        return {
            p.name: p.parse(values[p.name]) if p.name in values else p.default_number
            for p in self.parameters
        }

    def check(self, designs: Columns) -> dict[str, Any]:
        """Validate columns from outside, turning names into numbers.

        Raises:
            DesignError: Names the parameter, the offending value and the range.
        """
        for name in designs:
            if name not in self.names:
                raise self._unknown(name)
        columns = {p.name: _checked_column(p, designs) for p in self.parameters}
        try:
            batch_shape(columns)
        except ValueError:
            shapes = ", ".join(f"{name} {np.shape(c)}" for name, c in columns.items())
            allowed = "as many values of each parameter, or axes that broadcast"
            raise DesignError(f"columns differ in shape: {shapes}", allowed=allowed) from None
        return columns

    def labels(self, designs: Columns) -> dict[str, list[str]]:
        """A flat batch as people read it."""
        return {
            p.name: [p.label(v) for v in np.atleast_1d(designs[p.name])] for p in self.parameters
        }

    def plain(self, designs: Columns) -> dict[str, list[Any]]:
        """A flat batch as data files hold it."""
        return {
            p.name: [p.plain(v) for v in np.atleast_1d(designs[p.name])] for p in self.parameters
        }

    def narrowed(self, choices: Mapping[str, Sequence[Any]]) -> DesignSpace:
        """The same space with some parameters restricted to some values.

        Raises:
            DesignError: Unknown parameter or value.
        """
        for name in choices:
            if name not in self.names:
                raise self._unknown(name)
        kept = tuple(
            p.narrowed(choices[p.name]) if p.name in choices else p for p in self.parameters
        )
        return replace(self, parameters=kept)

    def _unknown(self, name: str) -> DesignError:
        hint = did_you_mean(name, self.names)
        return DesignError(f"unknown parameter {name!r}.{hint}", allowed=", ".join(self.names))


def _next_levels(level: int, parameter: Parameter) -> list[int]:
    if parameter.is_ordered:
        return [k for k in (level - 1, level + 1) if 0 <= k < parameter.cardinality]
    return [k for k in range(parameter.cardinality) if k != level]


def _checked_column(parameter: Parameter, designs: Columns) -> Any:
    """One column of numbers, all of them values of the parameter."""
    if parameter.name not in designs:
        raise DesignError(f"parameter {parameter.name!r} is missing", allowed=parameter.range_text)
    column = designs[parameter.name]
    if not isinstance(column, (np.ndarray, list, tuple)):
        return parameter.parse(column)
    array = np.asarray(column)
    if array.dtype.kind not in "fiu":
        return np.array([parameter.parse(v) for v in array.ravel().tolist()]).reshape(array.shape)
    numbers = array.astype(np.float64, copy=False)
    inside = np.asarray(parameter.contains(numbers))
    if not inside.all():
        row = int(np.flatnonzero(~inside.ravel())[0])
        parameter.parse(float(numbers.ravel()[row]))
        raise DesignError(f"{parameter.name}: row {row} is outside", allowed=parameter.range_text)
    return numbers
