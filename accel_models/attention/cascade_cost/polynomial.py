"""Sums of products of named quantities: what the volumes of a cascade are made of.

A volume such as B*H*N*N*E is known up to a few columns of the design (tiles, side of the array).
Everything constant is multiplied out once, when a cascade is compiled; per design only the
products of columns remain, each computed once however many sums it is part of.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import reduce
from operator import add, mul
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from dse._columns import Column

__all__ = ["ONE", "ZERO", "Polynomial", "Values", "constant", "product", "symbol", "total"]

Monomial: TypeAlias = tuple[tuple[str, int], ...]
"""Symbols with their powers, sorted by symbol."""


@dataclass(frozen=True)
class Polynomial:
    """A sum of products; powers may be negative.

    Attributes:
        terms: Product of symbols -> its coefficient, never 0.
    """

    terms: Mapping[Monomial, float] = field(default_factory=dict)

    def __add__(self, other: Polynomial) -> Polynomial:
        found = dict(self.terms)
        for monomial, coefficient in other.terms.items():
            found[monomial] = found.get(monomial, 0.0) + coefficient
        return Polynomial({monomial: c for monomial, c in found.items() if c})

    def __sub__(self, other: Polynomial) -> Polynomial:
        return self + constant(-1.0) * other

    def __mul__(self, other: Polynomial) -> Polynomial:
        products = (
            Polynomial({_merged(a, b): x * y})
            for a, x in self.terms.items()
            for b, y in other.terms.items()
        )
        return total(products)

    def inverse(self) -> Polynomial:
        """One over a single product."""
        ((monomial, coefficient),) = self.terms.items()
        return Polynomial({tuple((name, -power) for name, power in monomial): 1.0 / coefficient})

    def __bool__(self) -> bool:
        return bool(self.terms)


def _merged(a: Monomial, b: Monomial) -> Monomial:
    powers = dict(a)
    for name, power in b:
        powers[name] = powers.get(name, 0) + power
    return tuple(sorted((name, power) for name, power in powers.items() if power))


def constant(value: float) -> Polynomial:
    """A number."""
    return Polynomial({(): float(value)} if value else {})


def symbol(name: str, power: int = 1) -> Polynomial:
    """A named quantity, raised to a power."""
    return Polynomial({((name, power),): 1.0})


ZERO = Polynomial()
ONE = constant(1.0)


def total(parts: Iterable[Polynomial]) -> Polynomial:
    """The sum."""
    return reduce(add, parts, ZERO)


def product(parts: Iterable[Polynomial]) -> Polynomial:
    """The product."""
    return reduce(mul, parts, ONE)


class Values:
    """Columns for the symbols, at which polynomials are evaluated.

    Only `+ - * /` are used, so that floats and arrays agree to the last bit.

    Args:
        symbols: Symbol -> its column.
    """

    def __init__(self, symbols: Mapping[str, Column]) -> None:
        self._symbols = dict(symbols)
        self._products: dict[Monomial, Any] = {(): 1.0}

    def define(self, symbols: Mapping[str, Column]) -> None:
        """Give further symbols their columns."""
        self._symbols.update(symbols)

    def __call__(self, polynomial: Polynomial) -> Column:
        """The value of a polynomial."""
        first, *others = (
            [coefficient * self._product(m) for m, coefficient in polynomial.terms.items()]
            or [0.0]
        )  # fmt: skip
        result: Column = sum(others, start=first)
        return result

    def _product(self, monomial: Monomial) -> Any:
        """A product, extended from the product without its last symbol."""
        if monomial not in self._products:
            (name, power) = monomial[-1]
            shorter = monomial[:-1] if abs(power) == 1 else (*monomial[:-1], (name, _nearer(power)))
            before, column = self._product(shorter), self._symbols[name]
            self._products[monomial] = before * column if power > 0 else before / column
        return self._products[monomial]


def _nearer(power: int) -> int:
    """The power next to it, one step towards zero."""
    return power - 1 if power > 0 else power + 1
