"""Which Einsum needs which: values of the same iteration, and those that an iteration hands on."""

from __future__ import annotations

from dataclasses import dataclass
from graphlib import TopologicalSorter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from accel_models.attention.cascades.einsums import Access, Einsum

__all__ = ["Dependence", "Group", "dependences", "groups", "path"]


@dataclass(frozen=True)
class Dependence:
    """One Einsum reads what another defines.

    Attributes:
        producer: Position of the Einsum that defines the tensor.
        reader: Position of the one that reads it.
        operand: How it is read.
        carried_by: The iterative variable if it is the value of the previous iteration.
    """

    producer: int
    reader: int
    operand: Access
    carried_by: str | None


@dataclass(frozen=True)
class Group:
    """Einsums that are computed together: one, or a recurrence.

    Attributes:
        members: Positions, ascending.
        loops: The iterative variables to loop over, outer to inner; none if it is no recurrence.
    """

    members: tuple[int, ...]
    loops: tuple[str, ...]


def dependences(einsums: Sequence[Einsum]) -> tuple[Dependence, ...]:
    """Every read of a tensor that an Einsum defines, in reading order."""
    producers = {einsum.name: position for position, einsum in enumerate(einsums)}
    return tuple(
        Dependence(
            producer := producers[operand.tensor],
            reader,
            operand,
            _carrier(einsum, operand, einsums[producer].output),
        )
        for reader, einsum in enumerate(einsums)
        for operand in einsum.operands
        if operand.tensor in producers
    )


def _carrier(reader: Einsum, operand: Access, definition: Access) -> str | None:
    """The variable over which a previous value is read.

    The reader must produce a value per iteration itself: what reduces over the variable needs
    all values.
    """
    for index in definition.indices:
        read = operand.index_of(index.variable)
        is_previous = read is not None and read.offset < index.offset
        if is_previous and reader.output.index_of(index.variable):
            return index.variable
    return None


def groups(einsums: Sequence[Einsum]) -> tuple[Group, ...]:
    """The Einsums in an order of computation, mutually dependent ones together."""
    edges = dependences(einsums)
    reachable = _reachable(len(einsums), edges)
    members: dict[int, list[int]] = {}
    for position in range(len(einsums)):
        together = [p for p in reachable[position] if position in reachable[p]]
        members.setdefault(min([position, *together]), []).append(position)
    first_of = {p: first for first, together in members.items() for p in together}
    needs: dict[int, set[int]] = {first: set() for first in members}
    for edge in edges:
        if first_of[edge.producer] != first_of[edge.reader]:
            needs[first_of[edge.reader]].add(first_of[edge.producer])
    order = TopologicalSorter(needs).static_order()
    return tuple(Group(tuple(members[f]), _loops(einsums, members[f], edges)) for f in order)


def _loops(
    einsums: Sequence[Einsum], members: list[int], edges: Iterable[Dependence]
) -> tuple[str, ...]:
    carrying = {e.carried_by for e in edges if e.reader in members and e.producer in members}
    return tuple(v for v in einsums[members[0]].output.streamed if v in carrying)


def _reachable(count: int, edges: Iterable[Dependence]) -> list[set[int]]:
    """For each Einsum those that depend on it, directly or not."""
    readers: Mapping[int, set[int]] = {position: set() for position in range(count)}
    for edge in edges:
        readers[edge.producer].add(edge.reader)
    return [_from(position, readers) for position in range(count)]


def _from(start: int, readers: Mapping[int, set[int]]) -> set[int]:
    found: set[int] = set()
    waiting = [start]
    while waiting:
        new = readers[waiting.pop()] - found
        found |= new
        waiting += new
    return found


def path(edges: Iterable[Dependence], start: int, end: int) -> tuple[int, ...]:
    """Einsums from `start` to `end`, each read by the next; empty if there is no way."""
    readers: dict[int, list[int]] = {}
    for edge in edges:
        readers.setdefault(edge.producer, []).append(edge.reader)
    came_from = {start: start}
    waiting = [start]
    for position in waiting:
        for reader in readers.get(position, ()):
            if reader not in came_from:
                came_from[reader] = position
                waiting.append(reader)
    if end not in came_from:
        return ()
    way = [end]
    while way[-1] != start:
        way.append(came_from[way[-1]])
    return tuple(reversed(way))
