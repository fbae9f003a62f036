"""Parameters: the knobs of a design.

Every parameter is a finite, ordered list of numbers (its *levels*), so that every design has an
exact integer encoding. A `Choice` of names has the levels 0, 1, 2, ...
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from dse.errors import DesignError, InputError, did_you_mean
from dse.units import format_quantity, parse_quantity, unit_of_name

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dse._columns import FloatArray

_SHOWN = 12


@dataclass(frozen=True)
class Parameter:
    """One design knob.

    Attributes:
        name: With its unit, e.g. `frequency_hz`.
        doc: One line for people.
        group: The subsystem it belongs to; one agent per group in multi-agent environments.
        default: The value used where none is given; the first level if None.
    """

    name: str
    doc: str = field(default="", kw_only=True)
    group: str = field(default="", kw_only=True)
    default: Any = field(default=None, kw_only=True)

    @cached_property
    def levels(self) -> FloatArray:
        """All values, as numbers, in the order of their codes."""
        raise NotImplementedError

    @property
    def cardinality(self) -> int:
        """The number of levels."""
        return len(self.levels)

    @property
    def unit(self) -> str:
        """The unit that the name carries."""
        return unit_of_name(self.name)

    @property
    def is_ordered(self) -> bool:
        """Whether neighbouring levels are similar: true for numbers, false for names."""
        return True

    @property
    def default_number(self) -> float:
        """The default as a number."""
        return float(self.levels[0]) if self.default is None else self.parse(self.default)

    @property
    def range_text(self) -> str:
        """The allowed values, for people."""
        shown = [self.label(level) for level in self.levels[:_SHOWN]]
        more = f", ... ({self.cardinality} values)" if self.cardinality > _SHOWN else ""
        return ", ".join(shown) + more

    def parse(self, value: Any) -> float:
        """Turn a user's value (number, or text with a unit) into a level.

        Raises:
            DesignError: Names the parameter, the value and the allowed range.
        """
        number = self._number(value)
        if not self.contains(number):
            raise self._outside(value)
        return number

    def contains(self, numbers: Any) -> Any:
        """Elementwise: is this number a value of the parameter?"""
        return np.isin(numbers, self.levels)

    def codes(self, numbers: Any) -> Any:
        """The code of each number; of the nearest level where it is not one exactly."""
        order = np.argsort(self.levels, kind="stable")
        ascending = self.levels[order]
        # A middle may round up to the upper of two adjacent floats, which must keep its own code.
        middles = np.minimum(
            ascending[:-1] / 2 + ascending[1:] / 2, np.nextafter(ascending[1:], -np.inf)
        )
        return order[np.searchsorted(middles, numbers)]

    def label(self, number: float) -> str:
        """A value as people read it."""
        return format_quantity(float(number), self.unit, digits=6)

    def plain(self, number: float) -> float | int | str:
        """A value as a data file holds it: int where whole, text for a name."""
        value = float(number)
        return int(value) if value.is_integer() and abs(value) < 2**53 else value

    def narrowed(self, values: Sequence[Any]) -> Parameter:
        """The same parameter restricted to some values, for a job's `space` and `fixed`.

        Raises:
            DesignError: A value is outside the range, occurs twice, or none is left.
        """
        if not values:
            raise DesignError(f"{self.name} has no value left", allowed=self.range_text)
        numbers = [self.parse(value) for value in values]
        if len(set(numbers)) < len(numbers):
            raise DesignError(
                f"{self.name} lists a value twice: {list(values)}", allowed="distinct values"
            )
        return self._restricted(numbers)

    def _restricted(self, numbers: list[float]) -> Parameter:
        default = self.default_number if self.default_number in numbers else numbers[0]
        return Choice(
            self.name,
            tuple(self.plain(number) for number in numbers),
            doc=self.doc,
            group=self.group,
            default=self.plain(default),
        )

    def _number(self, value: Any) -> float:
        if isinstance(value, bool) or value is None:
            raise self._outside(value)
        if isinstance(value, str):
            try:
                return parse_quantity(value, self.unit)
            except InputError as error:
                raise DesignError(f"{self.name}: {error.what}", allowed=self.range_text) from None
        try:
            number = float(value)
        except (TypeError, ValueError):
            raise self._outside(value) from None
        if not np.isfinite(number):
            raise self._outside(value)
        return number

    def _outside(self, value: Any) -> DesignError:
        what = f"{self.name} = {value!r} is not a value of this parameter"
        return DesignError(what, allowed=self.range_text)


@dataclass(frozen=True)
class Choice(Parameter):
    """One of a list of options: all names, or all numbers.

    Attributes:
        options: The values. Numbers may stand in any order; codes follow it.
        extent: For numbers, the closed interval of values that a job may ask for instead of the
            listed ones; None if only the listed ones make sense.
    """

    options: tuple[Any, ...] = ()
    extent: tuple[float, float] | None = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        kinds = {_kind(option) for option in self.options}
        if kinds not in ({"name"}, {"number"}) or len(set(self.options)) < len(self.options):
            raise DesignError(
                f"{self.name}: {self.options!r} are not distinct names or numbers",
                allowed="at least one option, all names or all numbers, none twice",
            )

    @property
    def is_named(self) -> bool:
        """Whether the options are names."""
        return isinstance(self.options[0], str)

    @property
    def is_ordered(self) -> bool:
        """Numbers have neighbours; names have not."""
        return not self.is_named

    @cached_property
    def levels(self) -> FloatArray:
        """The numbers, or 0, 1, 2, ... for names."""
        values = range(len(self.options)) if self.is_named else self.options
        return np.array(list(values), dtype=np.float64)

    @property
    def range_text(self) -> str:
        """The options, and the interval a job may choose from."""
        wider = ""
        if self.extent:
            low, high = (self.label(bound) for bound in self.extent)
            wider = f" (a job may list any value from {low} to {high})"
        return super().range_text + wider

    def label(self, number: float) -> str:
        """The name, or the number with its unit."""
        return str(self.options[int(number)]) if self.is_named else super().label(number)

    def plain(self, number: float) -> float | int | str:
        """The option itself."""
        return str(self.options[int(number)]) if self.is_named else super().plain(number)

    def contains(self, numbers: Any) -> Any:
        """Elementwise: is this a listed value, or within the interval?"""
        listed = np.isin(numbers, self.levels)
        if self.extent is None:
            return listed
        return listed | ((numbers >= self.extent[0]) & (numbers <= self.extent[1]))

    def _number(self, value: Any) -> float:
        if not self.is_named:
            return super()._number(value)
        if isinstance(value, str) and value in self.options:
            return float(self.options.index(value))
        if isinstance(value, str):
            hint = did_you_mean(value, self.options)
            names = ", ".join(self.label(level) for level in self.levels)
            raise DesignError(f"{self.name} = {value!r} is not an option.{hint}", allowed=names)
        if isinstance(value, (float, np.floating)) and value in range(len(self.options)):
            return float(value)
        raise self._outside(value)

    def _restricted(self, numbers: list[float]) -> Parameter:
        if self.is_named:
            default = self.default_number if self.default_number in numbers else numbers[0]
            return NamedSubset(
                self.name,
                self.options,
                tuple(numbers),
                doc=self.doc,
                group=self.group,
                default=self.plain(default),
            )
        return super()._restricted(numbers)


@dataclass(frozen=True)
class NamedSubset(Choice):
    """A choice of names restricted by a job; the names keep their numbers, which models rely on.

    Attributes:
        kept: The numbers of the options that are left.
    """

    kept: tuple[float, ...] = ()

    @cached_property
    def levels(self) -> FloatArray:
        """The numbers of the options that are left."""
        return np.array(self.kept, dtype=np.float64)

    def _number(self, value: Any) -> float:
        number = super()._number(value)
        if number not in self.kept:
            raise self._outside(value)
        return number


@dataclass(frozen=True)
class Integer(Parameter):
    """A whole number from low to high, both included."""

    low: int = 0
    high: int = 0
    step: int = 1

    def __post_init__(self) -> None:
        _check_range(self.name, self.low, self.high)

    @cached_property
    def levels(self) -> FloatArray:
        """low, low + step, ..., high."""
        return np.arange(self.low, self.high + 1, self.step, dtype=np.float64)


@dataclass(frozen=True)
class PowerOfTwo(Parameter):
    """A power of two from low to high, both included and both powers of two."""

    low: float = 1
    high: float = 1

    def __post_init__(self) -> None:
        _check_range(self.name, self.low, self.high)
        for bound in (self.low, self.high):
            if bound <= 0 or not float(np.log2(bound)).is_integer():
                what = f"{self.name}: bound {bound} is not a power of two"
                raise DesignError(what, allowed="powers of two")

    @cached_property
    def levels(self) -> FloatArray:
        """low, 2 low, 4 low, ..., high."""
        exponents = np.arange(int(np.log2(self.low)), int(np.log2(self.high)) + 1)
        return np.ldexp(1.0, exponents)


@dataclass(frozen=True)
class Real(Parameter):
    """A real number, explored at evenly spaced levels.

    Attributes:
        low: Smallest value.
        high: Largest value.
        count: How many levels the space has; any value in the range may be evaluated.
        log: Space the levels evenly in the logarithm.
    """

    low: float = 0.0
    high: float = 1.0
    count: int = 101
    log: bool = False

    def __post_init__(self) -> None:
        _check_range(self.name, self.low, self.high)

    @cached_property
    def levels(self) -> FloatArray:
        """`count` values from low to high."""
        if self.low == self.high:
            return np.array([self.low], dtype=np.float64)
        space = np.geomspace if self.log else np.linspace
        return np.asarray(space(self.low, self.high, self.count), dtype=np.float64)

    @property
    def range_text(self) -> str:
        """The interval."""
        return f"{self.label(self.low)} to {self.label(self.high)}"

    def contains(self, numbers: Any) -> Any:
        """Elementwise: is this number in the range?"""
        return (numbers >= self.low) & (numbers <= self.high)


def _kind(option: Any) -> str:
    if isinstance(option, str):
        return "name"
    is_number = isinstance(option, (int, float, np.number)) and not isinstance(option, bool)
    return "number" if is_number else "neither"


def _check_range(name: str, low: float, high: float) -> None:
    if not low <= high:
        raise DesignError(f"{name}: low {low} is above high {high}", allowed="low <= high")
