"""How many passes over a rank a cascade needs at least, and why.

A pass is a traversal of a whole fiber of a rank. Another one is needed when an Einsum revisits a
fiber after a reduction over all of it (FuseMax, arXiv 2406.10491, section on cascades). The
algorithm that deduces the number from the Einsums alone is ours; docs/models/cascades.md explains
it. The number bounds the written cascade: another cascade for the same function may need fewer.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

from dse.errors import WorkloadError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Sequence

    from accel_models.attention.cascades.cascade import Cascade
    from accel_models.attention.cascades.einsums import Access, Einsum, Index

__all__ = ["Barrier", "PassAnalysis", "Reason", "Visit", "analyse_passes", "ranks_to_analyse"]

Kind: TypeAlias = Literal["complete", "look-ahead", "streamed"]


@dataclass(frozen=True)
class Reason:
    """The operand that keeps an Einsum from an earlier pass.

    Attributes:
        operand: As it is read.
        kind: "complete": all of its values over the rank are needed. "look-ahead": its next
            coordinate is. "streamed": it is read point by point, in the pass that produces it.
        after: The pass at whose end the operand is complete; for "streamed" the pass it is
            produced in.
    """

    operand: Access
    kind: Kind
    after: int


@dataclass(frozen=True)
class Visit:
    """What one Einsum does to the analysed rank.

    Attributes:
        einsum: The Einsum.
        number: The pass in which it visits whole fibers; 0 if it visits none.
        during: The pass in which it is computed; 0 if it does not touch the rank. Differs from
            `number` for an Einsum over the outer part of a split rank only.
        first: First pass in which a point of its result may be read.
        done: The pass at whose end its result is complete; 0 if before the first.
        reasons: Why no earlier, if it is not computed in the first pass.
    """

    einsum: Einsum
    number: int
    during: int
    first: int
    done: int
    reasons: tuple[Reason, ...]


@dataclass(frozen=True)
class Barrier:
    """Why a pass cannot be part of the one before.

    Attributes:
        number: The pass.
        einsum: The Einsum that cannot run earlier.
        reason: What it waits for.
    """

    number: int
    einsum: Einsum
    reason: Reason


@dataclass(frozen=True)
class PassAnalysis:
    """The passes of a cascade over one rank.

    Attributes:
        rank: The variables of the rank, outer to inner.
        visits: One per Einsum, in order.
    """

    rank: tuple[str, ...]
    visits: tuple[Visit, ...]

    @property
    def passes(self) -> int:
        """Lower bound on the number of passes."""
        return max(visit.number for visit in self.visits)

    def visit(self, tensor: str) -> Visit | None:
        """The visit of the Einsum that defines a tensor; None for an input."""
        return next((visit for visit in self.visits if visit.einsum.name == tensor), None)

    def barriers(self) -> tuple[Barrier, ...]:
        """What forces each pass after the first, in order."""
        found = []
        for number in range(2, self.passes + 1):
            visits = [visit for visit in self.visits if visit.number == number]
            if barrier := self._barrier(number, visits):
                found.append(barrier)
        return tuple(found)

    def _barrier(self, number: int, visits: list[Visit]) -> Barrier | None:
        """The first of the visits that waits, or what it streams from and that waits."""
        waiting, seen = list(visits), set()
        for visit in waiting:
            for reason in visit.reasons:
                if reason.kind != "streamed":
                    return Barrier(number, visit.einsum, reason)
                producer = self.visit(reason.operand.tensor)
                if producer and producer.einsum.name not in seen:
                    seen.add(producer.einsum.name)
                    waiting.append(producer)
        return None


def analyse_passes(cascade: Cascade, rank: str | Sequence[str]) -> PassAnalysis:
    """Lower bound on the passes over a rank.

    Args:
        cascade: Checked, or made of Einsums alone; sizes are not needed.
        rank: A rank, part of one, or variables outer to inner, such as ("m1", "m0").

    Raises:
        WorkloadError: No Einsum visits this rank.
    """
    variables = cascade.ranks.parts(rank) if isinstance(rank, str) else tuple(rank)
    analysis = PassAnalysis(variables, _Analysis(cascade, variables).visits())
    if analysis.passes == 0:
        known = list(dict.fromkeys(v for einsum in cascade.einsums for v in einsum.points))
        shown = "+".join(variables)
        raise WorkloadError(
            f"{shown} is not a rank of the cascade {cascade.name}.{did_you_mean(shown, known)}",
            allowed=", ".join([*cascade.ranks.splits, *known]),
        )
    return analysis


def ranks_to_analyse(cascade: Cascade) -> tuple[tuple[str, ...], ...]:
    """The ranks of a cascade in order of appearance, whole; then the inner parts of split ranks.

    Passes over inner parts are passes over a tile, which may stay on chip. Aliases are left out:
    they share the rank of another variable.
    """
    running = dict.fromkeys(v for einsum in cascade.einsums for v in einsum.points)
    wholes = dict.fromkeys(cascade.ranks.whole(variable) for variable in running)
    parts = [cascade.ranks.parts(whole) for whole in wholes]
    inner = [variables[start:] for variables in parts for start in range(1, len(variables))]
    return tuple(rank for rank in (*parts, *inner) if _is_visited(cascade, rank))


def _is_visited(cascade: Cascade, rank: tuple[str, ...]) -> bool:
    return any({*rank} <= {*einsum.points} for einsum in cascade.einsums)


class _Bound(NamedTuple):
    """What an operand demands.

    Attributes:
        need: The pass before which the Einsum cannot run.
        complete: The pass at whose end the operand is complete.
        reason: Why, if it demands anything that must be computed first.
    """

    need: int
    complete: int
    reason: Reason | None


_FREE = _Bound(0, 0, None)
_STREAM = _Bound(1, 0, None)
_INPUT = _Bound(1, 1, None)


class _Analysis:
    """The fixed-point iteration for one rank; R is its outer variable."""

    def __init__(self, cascade: Cascade, rank: tuple[str, ...]) -> None:
        self._cascade = cascade
        self._rank = rank
        self._outer = rank[0]
        self._definitions = {einsum.name: einsum.output for einsum in cascade.einsums}
        self._state: dict[str, Visit] = {}

    def visits(self) -> tuple[Visit, ...]:
        """Sweep over the Einsums until nothing changes.

        Passes only ever grow, and by reads of earlier iterations only, so that few sweeps are
        enough for any cascade that is not cyclic.
        """
        einsums = self._cascade.einsums
        for _ in range(2 * len(einsums) + 2):
            before = dict(self._state)
            for einsum in einsums:
                self._state[einsum.name] = self._visit(einsum)
            if self._state == before:
                return tuple(self._state[einsum.name] for einsum in einsums)
        raise WorkloadError(
            f"the passes of {self._cascade.name} over {'+'.join(self._rank)} do not settle",
            allowed="a cascade without cyclic definitions",
        )

    def _visit(self, einsum: Einsum) -> Visit:
        """Place one Einsum: rank-free, a full visit, or a summary over the outer variable only."""
        bounds = [self._bound(operand, einsum) for operand in einsum.operands] or [_FREE]
        need = max(bound.need for bound in bounds)
        complete = max(bound.complete for bound in bounds)
        reasons = tuple(b.reason for b in bounds if b.reason and b.need == need > 1)
        on_left = einsum.output.index_of(self._outer) is not None
        touched = {*einsum.points} & {*self._rank}
        if self._outer not in touched:
            return Visit(einsum, 0, 0, complete + 1, complete, ())
        if touched == {*self._rank}:
            number = max(1, need)
            return Visit(einsum, number, number, number if on_left else number + 1, number, reasons)
        if need > complete:  # it runs between two passes
            return Visit(einsum, 0, need, need, need - 1, reasons)
        first = need if on_left else complete + 1
        return Visit(einsum, 0, complete, first, complete, reasons)

    def _bound(self, operand: Access, einsum: Einsum) -> _Bound:
        """What one operand demands; the rules 1 to 4 of the algorithm."""
        index = self._index(operand, einsum)
        produced = self._state.get(operand.tensor)
        definition = self._definitions.get(operand.tensor)
        if definition and self._is_carried(operand, definition):
            return _STREAM if index else _FREE
        if produced is None or definition is None:
            return _INPUT if index else _FREE
        if index is None:
            reason = Reason(operand, "complete", produced.done)
            return _Bound(produced.done + 1, produced.done, reason)
        written = definition.index_of(self._outer)
        if written and index.offset > written.offset:
            reason = Reason(operand, "look-ahead", produced.done)
            return _Bound(max(produced.first, produced.done + 1), produced.done, reason)
        streamed = Reason(operand, "streamed", produced.first)
        return _Bound(produced.first, produced.done, streamed)

    def _index(self, operand: Access, einsum: Einsum) -> Index | None:
        """The operand's index over R; that of an alias bounded by R counts, as a prefix scan."""
        index = operand.index_of(self._outer)
        if index or einsum.reduce is None:
            return index
        bounded = (
            prefix.inner[0]
            for prefix in einsum.reduce.prefixes
            if prefix.outer == (self._outer,)
            and self._cascade.ranks.rank_of(prefix.inner[0])
            == self._cascade.ranks.rank_of(self._outer)
        )
        return next((i for v in bounded if (i := operand.index_of(v))), None)

    def _is_carried(self, operand: Access, definition: Access) -> bool:
        """Whether it is the value of a previous iteration over another variable than R."""
        for index in definition.indices:
            read = operand.index_of(index.variable)
            if index.variable != self._outer and read and read.offset < index.offset:
                return True
        return False
