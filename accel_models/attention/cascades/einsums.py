"""The parts of a cascade of extended Einsums, as plain frozen data.

The terms follow TeAAL (Nayak et al., MICRO 2023) and EDGE (Odemuyiwa et al., 2024): an Einsum maps
its operands at every point of its index variables, then reduces over the variables that its left
side lacks.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = [
    "START", "Access", "Einsum", "Expression", "Index", "Number", "Opaque", "Operation", "Place",
    "Prefix", "Reduce", "Size", "accesses", "variables",
]  # fmt: skip


class Place(NamedTuple):
    """Where something stands in the text it was read from; both counted from 1."""

    line: int
    column: int


START = Place(1, 1)
"""Where a text of one line starts."""


@dataclass(frozen=True)
class Index:
    """One index of a tensor: `i`, `i+1` or `i$`.

    Attributes:
        variable: The index variable.
        offset: 0, or 1 for the next coordinate of an iterative rank.
        is_last: Whether it is `i$`, the coordinate after the last iteration.
        place: Where it stands.
    """

    variable: str
    offset: int = 0
    is_last: bool = False
    place: Place = field(default=START, compare=False)

    def __str__(self) -> str:
        return self.variable + ("$" if self.is_last else f"+{self.offset}" if self.offset else "")


@dataclass(frozen=True)
class Access:
    """A tensor with its indices, on either side of an Einsum.

    Attributes:
        tensor: Its name.
        indices: In the order of its ranks; a split rank is written out as its parts.
        place: Where it stands.
    """

    tensor: str
    indices: tuple[Index, ...]
    place: Place = field(default=START, compare=False)

    @property
    def streamed(self) -> tuple[str, ...]:
        """The variables it runs over; `i$` is one coordinate, not a run."""
        return tuple(index.variable for index in self.indices if not index.is_last)

    def index_of(self, variable: str) -> Index | None:
        """Its index with this variable, `i$` excluded."""
        found = (i for i in self.indices if i.variable == variable and not i.is_last)
        return next(found, None)

    def __str__(self) -> str:
        return f"{self.tensor}[{', '.join(map(str, self.indices))}]"


@dataclass(frozen=True)
class Number:
    """A literal."""

    value: float


@dataclass(frozen=True)
class Size:
    """`size(i)`: the number of coordinates of a rank."""

    variable: str
    place: Place = field(default=START, compare=False)


@dataclass(frozen=True)
class Operation:
    """A map operator with its operands; `operator` is a key of `operators.MAPS`."""

    operator: str
    operands: tuple[Expression, ...]


@dataclass(frozen=True)
class Opaque:
    """Operands side by side: some function of them, which is not said.

    Enough to analyse passes; it can be neither executed nor counted.
    """

    operands: tuple[Access, ...]


Expression: TypeAlias = "Number | Size | Access | Operation | Opaque"
"""The right side of an Einsum."""


@dataclass(frozen=True)
class Prefix:
    """A condition `inner <= outer` (or `<`) on the points that take part in a reduction.

    Attributes:
        inner: The variables of the bounded rank, outer to inner; one unless the rank is split.
        outer: Those of the rank that bounds it; none of them is reduced.
        is_strict: Whether equality is excluded.
        place: Where it stands.
    """

    inner: tuple[str, ...]
    outer: tuple[str, ...]
    is_strict: bool = False
    place: Place = field(default=START, compare=False)


@dataclass(frozen=True)
class Reduce:
    """The reduction of an Einsum.

    Attributes:
        operator: A key of `operators.REDUCTIONS`.
        variables: What is reduced; these do not appear on the left side.
        prefixes: Conditions on the points.
    """

    operator: str
    variables: tuple[str, ...]
    prefixes: tuple[Prefix, ...] = ()


@dataclass(frozen=True)
class Einsum:
    """One extended Einsum.

    Attributes:
        output: The left side.
        expression: What is computed at every point.
        reduce: How points that share a result are combined; None if there is one point per result.
        text: As written, for people.
    """

    output: Access
    expression: Expression
    reduce: Reduce | None
    text: str = field(compare=False, default="")

    @property
    def name(self) -> str:
        """The tensor that it defines."""
        return self.output.tensor

    @property
    def operands(self) -> tuple[Access, ...]:
        """The tensors that it reads, in reading order."""
        return tuple(accesses(self.expression))

    @property
    def points(self) -> tuple[str, ...]:
        """The variables it runs over: those of the left side, then those that are reduced.

        A variable that occurs only as `i$` is none of them.
        """
        running = [*self.output.streamed]
        running += [v for operand in self.operands for v in operand.streamed]
        return tuple(dict.fromkeys(running))


def accesses(expression: Expression) -> Iterator[Access]:
    """Every tensor access of an expression, in reading order."""
    if isinstance(expression, Access):
        yield expression
    elif isinstance(expression, (Operation, Opaque)):
        for operand in expression.operands:
            yield from accesses(operand)


def variables(expression: Expression) -> frozenset[str]:
    """The index variables on which the value of an expression depends."""
    return frozenset(v for access in accesses(expression) for v in access.streamed)
