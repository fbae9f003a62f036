"""What can be wrong with a cascade whose lines are each in order."""

from __future__ import annotations

from typing import TYPE_CHECKING

from accel_models.attention.cascades.dependences import dependences, groups, path
from accel_models.attention.cascades.einsums import Operation, Size
from accel_models.attention.cascades.text import Text
from dse.errors import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from accel_models.attention.cascades.cascade import Cascade
    from accel_models.attention.cascades.dependences import Dependence
    from accel_models.attention.cascades.einsums import Access, Einsum, Expression, Index
    from dse.errors import WorkloadError

__all__ = ["faults"]


def faults(cascade: Cascade, source: str, unread: Collection[str] = ()) -> Iterator[WorkloadError]:
    """Everything that is wrong, in reading order.

    Args:
        cascade: Read, but not yet trusted.
        source: Name of the file, for messages.
        unread: Tensors of lines that could not be read; nothing is said against them.

    Yields:
        Errors that name file, line and column of the offending index or tensor.
    """
    check = _Check(cascade, source, unread)
    local = list(check.declarations())
    for einsum in cascade.einsums:
        local += check.left_side(einsum)
        local += check.right_side(einsum)
    yield from local
    if not (local or unread):  # the order of doubtful tensors says nothing
        yield from check.order()


class _Check:
    """The checks, and what they all need to know."""

    def __init__(self, cascade: Cascade, source: str, unread: Collection[str]) -> None:
        self._cascade = cascade
        self._source = source
        self._unread = unread
        self._ranks = cascade.ranks
        self._unsized: set[str] = set()
        self._definitions: dict[str, Access] = {access.tensor: access for access in cascade.inputs}
        for einsum in cascade.einsums:
            self._definitions.setdefault(einsum.name, einsum.output)

    def _line(self, einsum: Einsum) -> Text:
        return Text(einsum.text, self._source)

    # -- one tensor, one index -------------------------------------------------------------------

    def declarations(self) -> Iterator[WorkloadError]:
        """Inputs: each once, over ranks with sizes, without + and $."""
        seen: set[str] = set()
        for access in self._cascade.inputs:
            line = Text(str(access), self._source)
            if access.tensor in seen:
                yield line.fault(access.place, f"duplicate: input {access.tensor} is given twice")
            seen.add(access.tensor)
            for index in access.indices:
                if index.offset or index.is_last:
                    yield line.fault(index.place, f"input {access.tensor} has the index {index}")
            yield from self._indices(line, access)

    def _indices(self, line: Text, access: Access) -> Iterator[WorkloadError]:
        """Each index runs over a rank of known size and occurs once."""
        seen: set[str] = set()
        for index in access.indices:
            name = f"index {index.variable}, {_ordinal(access, index)} of {access.tensor},"
            if index.variable in seen:
                yield line.fault(index.place, f"duplicate: {name} occurs twice")
            seen.add(index.variable)
            yield from self._size(line, index, name)

    def _size(self, line: Text, index: Index | Size, name: str) -> Iterator[WorkloadError]:
        name_of_rank = self._ranks.rank_of(index.variable)
        if name_of_rank not in {*self._ranks.sizes, *self._unsized}:
            self._unsized.add(name_of_rank)  # one message is enough
            hint = did_you_mean(index.variable, self._ranks.sizes)
            yield line.fault(
                index.place,
                f"missing size: {name} is no rank of `ranks`.{hint}",
                ", ".join([*self._ranks.sizes, *self._ranks.aliases]),
            )

    # -- one Einsum ------------------------------------------------------------------------------

    def left_side(self, einsum: Einsum) -> Iterator[WorkloadError]:
        """A new tensor; its indices occur on the right; iterative ones have a first value."""
        line, output = self._line(einsum), einsum.output
        if self._definitions[einsum.name] is not output:
            found = f"duplicate: {einsum.name} is defined twice, first in line"
            first = self._definitions[einsum.name].place.line
            yield line.fault(output.place, f"{found} {first}")
        yield from self._indices(line, output)
        bound = {v for operand in einsum.operands for v in operand.streamed}
        bound |= {v for p in (einsum.reduce.prefixes if einsum.reduce else ()) for v in p.outer}
        for index in output.indices:
            if index.is_last:
                yield line.fault(index.place, f"{index} stands on the left side", "i or i+1")
            elif index.variable not in bound:
                what = f"{index.variable}, {_ordinal(output, index)} of {einsum.name},"
                found = f"unbound index: {what} is the index of no tensor on the right"
                yield line.fault(index.place, found, ", ".join(sorted(bound)) or "no index")
            elif index.offset and einsum.name not in self._cascade.initial:
                yield line.fault(
                    index.place,
                    f"{einsum.name} is iterative over {index.variable}, but has no initial value",
                    f"initial: {{{einsum.name}: NUMBER}}",
                )

    def right_side(self, einsum: Einsum) -> Iterator[WorkloadError]:
        """Tensors that exist, read over the ranks they have."""
        line = self._line(einsum)
        for operand in einsum.operands:
            definition = self._definitions.get(operand.tensor)
            if definition is None and operand.tensor in self._unread:
                continue
            if definition is None:
                yield line.fault(
                    operand.place,
                    f"undefined tensor {operand.tensor}."
                    f"{did_you_mean(operand.tensor, self._definitions)}",
                    ", ".join(self._definitions),
                )
                continue
            yield from self._indices(line, operand)
            yield from self._against(line, operand, definition)
        for size in _sizes(einsum.expression):
            if size.variable not in self._ranks.splits:
                yield from self._size(line, size, f"{size.variable} in size()")

    def _against(self, line: Text, read: Access, definition: Access) -> Iterator[WorkloadError]:
        """A read of a tensor against its definition, rank by rank."""
        if len(read.indices) != len(definition.indices):
            counts = f"{len(read.indices)} indices, but has {len(definition.indices)}"
            found = f"rank mismatch: {read.tensor} is read with {counts}"
            yield line.fault(read.place, found, str(definition))
            return
        for index, rank in zip(read.indices, definition.indices, strict=True):
            what = f"{index}, {_ordinal(read, index)} of {read.tensor},"
            if self._ranks.rank_of(index.variable) != self._ranks.rank_of(rank.variable):
                found = f"rank mismatch: index {what} does not run over rank {rank.variable}"
                yield line.fault(index.place, found, str(definition))
            elif (index.is_last or index.offset) and not rank.offset:
                yield line.fault(
                    index.place,
                    f"rank mismatch: {what} asks for the next coordinate of a tensor that is not "
                    f"iterative over {rank.variable}",
                    f"{rank.variable}, or {read.tensor}[{rank.variable}+1] = ... as definition",
                )

    # -- the whole -------------------------------------------------------------------------------

    def order(self) -> Iterator[WorkloadError]:
        """No tensor is read before it is defined, and none needs itself."""
        edges = dependences(self._cascade.einsums)
        direct = [edge for edge in edges if edge.carried_by is None]
        backward = [edge for edge in direct if edge.producer >= edge.reader]
        for edge in backward:
            way = path(direct, edge.reader, edge.producer)
            yield self._cycle(edge, way) if way else self._early(edge)
        if not backward:
            yield from self._broken_loops(edges)

    def _early(self, edge: Dependence) -> WorkloadError:
        reader = self._cascade.einsums[edge.reader]
        producer = self._cascade.einsums[edge.producer].output
        return self._line(reader).fault(
            edge.operand.place,
            f"use before definition: {reader.name} reads {edge.operand}, which line "
            f"{producer.place.line} defines",
            f"{producer.tensor} defined above {reader.name}",
        )

    def _cycle(self, edge: Dependence, way: tuple[int, ...]) -> WorkloadError:
        reader = self._cascade.einsums[edge.reader]
        names = [self._cascade.einsums[position].name for position in (*way, edge.reader)]
        return self._line(reader).fault(
            edge.operand.place,
            f"cyclic definition: {' -> '.join(names)}, each read by the next",
            "reads of the previous coordinate of an iterative rank: X[i+1] = ... X[i]",
        )

    def _broken_loops(self, edges: tuple[Dependence, ...]) -> Iterator[WorkloadError]:
        """Inside a recurrence nothing may wait for its end."""
        for group in groups(self._cascade.einsums):
            for edge in edges:
                if {edge.reader, edge.producer} <= set(group.members):
                    ahead = [v for v in group.loops if not self._is_known(edge, v)]
                    if ahead or not group.loops:
                        way = path(edges, edge.reader, edge.producer)
                        yield self._cycle(edge, way)

    def _is_known(self, edge: Dependence, variable: str) -> bool:
        """Whether the value read exists once iteration `variable` reaches the reader."""
        read = edge.operand.index_of(variable)
        written = self._cascade.einsums[edge.producer].output.index_of(variable)
        return bool(read and written and read.offset <= written.offset)


def _sizes(expression: Expression) -> Iterator[Size]:
    if isinstance(expression, Size):
        yield expression
    elif isinstance(expression, Operation):
        for operand in expression.operands:
            yield from _sizes(operand)


def _ordinal(access: Access, index: Index) -> str:
    """Which index of a tensor it is as written; the parts of a split rank share a place."""
    position = sorted({other.place for other in access.indices}).index(index.place) + 1
    suffix = {1: "st", 2: "nd", 3: "rd"}.get(position, "th")
    return f"{position}{suffix} index"
