"""What moves: words between DRAM and chip, and through the global buffer.

The rules, all of them about one tensor at a time:

- Inputs are loaded and results are stored. A computed tensor that the binding puts into DRAM is
  stored once and loaded in every later pass (tiling by stages: every other stage) that reads it.
- What the row rank passes is loaded once per pass; under `sweeps` also once per sweep if the tensor
  has no column rank, since each group of tiles of the column rank sweeps over it.
- A tensor in the buffer is written when it is loaded or computed, and read by every array and
  pass that uses it. The 2D array takes up an operand again for every tile of a rank that the
  operand lacks; a 1D PE keeps what it needs along its row, and reads only once what several Einsums
  of one pass need.
- A tensor handed on within a pass and an array, and the value of an iteration used within that
  iteration, stay in registers. The value of the previous iteration comes from the buffer.
- What the 2D array sums over several tiles of a rank is accumulated in the buffer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from accel_models.attention.cascade_cost.binding import ARRAY_2D
from accel_models.attention.cascade_cost.einsum_facts import (
    has_rank,
    is_carried,
    is_iterative,
    is_last,
)
from accel_models.attention.cascade_cost.polynomial import ONE, ZERO, product, symbol, total
from accel_models.attention.cascades.passes import analyse_passes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from accel_models.attention.cascade_cost.binding import Binding
    from accel_models.attention.cascade_cost.polynomial import Polynomial
    from accel_models.attention.cascade_cost.sizes import Sizes
    from accel_models.attention.cascades.einsums import Access, Einsum

__all__ = [
    "COLUMN_INPUTS", "INTERMEDIATES", "RESULTS", "ROW_INPUTS", "SWEEPS", "Movement", "Transfer",
    "crosses_passes", "passes_of", "summed_tiles",
]  # fmt: skip

SWEEPS = symbol("sweeps")
"""How often the row rank streams by."""

COLUMN_INPUTS, ROW_INPUTS, RESULTS, INTERMEDIATES = range(4)
"""Kinds of traffic: inputs with the column rank, other inputs, results, everything else."""


class Transfer(NamedTuple):
    """Words between DRAM and chip.

    Attributes:
        kind: One of the kinds of traffic.
        stage: The stage that they belong to.
        words: How many.
    """

    kind: int
    stage: int
    words: Polynomial


def passes_of(binding: Binding) -> dict[str, int]:
    """Einsum -> the pass over the row rank in which it is computed; 0 if it does not touch it."""
    analysis = analyse_passes(binding.cascade, binding.traversal.rows)
    return {visit.einsum.name: visit.during for visit in analysis.visits}


def crosses_passes(binding: Binding, tensor: str, passes: dict[str, int]) -> bool:
    """Whether a computed tensor is read in a later pass than the one that makes it.

    The value after the last iteration is one value, and not the tensor.
    """
    return binding.cascade.einsum(tensor) is not None and any(
        passes[einsum.name] > passes[tensor]
        for einsum in binding.cascade.einsums
        for operand in einsum.operands
        if operand.tensor == tensor and not is_last(operand)
    )


def summed_tiles(binding: Binding, tensor: str) -> tuple[str, ...]:
    """The ranks over whose tiles the 2D array sums up a tensor."""
    einsum = binding.cascade.einsum(tensor)
    if einsum is None or einsum.reduce is None or binding.array_of(tensor) != ARRAY_2D:
        return ()
    parts = binding.cascade.ranks.parts
    spatial = binding.traversal.spatial
    return tuple(rank for rank in spatial if parts(rank)[0] in einsum.reduce.variables)


class Movement:
    """The movements of one bound cascade.

    Args:
        binding: The binding; its tiling is "sweeps" or "stages".
        sizes: Its sizes.
    """

    def __init__(self, binding: Binding, sizes: Sizes) -> None:
        self._binding = binding
        self._cascade = binding.cascade
        self._sizes = sizes
        self._passes = passes_of(binding)

    # -- DRAM --------------------------------------------------------------------------------------

    def transfers(self) -> Iterator[Transfer]:
        """Everything that crosses the pins."""
        binding, cascade = self._binding, self._cascade
        columns = binding.traversal.columns
        for access in cascade.inputs:
            along = columns is not None and has_rank(cascade, access, columns)
            yield from self._loads(access, COLUMN_INPUTS if along else ROW_INPUTS)
        for einsum in cascade.einsums:
            words = self._sizes.words(einsum.output)
            kind = RESULTS if einsum.name in cascade.results else INTERMEDIATES
            if kind == RESULTS or einsum.name in binding.dram:
                yield Transfer(kind, binding.stage_of(einsum.name), words)
            if einsum.name in binding.dram:
                yield from self._loads(einsum.output, INTERMEDIATES)

    def _loads(self, access: Access, kind: int) -> Iterator[Transfer]:
        """Loads of a tensor, each in the first stage that needs it."""
        words = self._sizes.words(access) * self._sweeps(access)
        stages: dict[int, int] = {}
        for reader in self._readers(access.tensor):
            stage = self._binding.stage_of(reader.name)
            visit = self._visit(reader.name, access)
            if not self._is_produced_in(access.tensor, visit, access):
                stages[visit] = min(stage, stages.get(visit, stage))
        for stage in stages.values():
            yield Transfer(kind, stage, words)

    def _visit(self, einsum: str, access: Access) -> int:
        """Loads of one tensor with the same number are one: a stage, a pass, or just once."""
        if self._binding.tiling == "stages":
            return self._binding.stage_of(einsum)
        is_streamed = has_rank(self._cascade, access, self._binding.traversal.rows)
        return self._passes[einsum] if is_streamed else 0

    def _is_produced_in(self, tensor: str, visit: int, access: Access) -> bool:
        is_computed = self._cascade.einsum(tensor) is not None
        return is_computed and self._visit(tensor, access) == visit

    def _sweeps(self, access: Access) -> Polynomial:
        columns = self._binding.traversal.columns
        is_swept = columns is not None and not has_rank(self._cascade, access, columns)
        return SWEEPS if self._binding.tiling == "sweeps" and is_swept else ONE

    def _readers(self, tensor: str) -> Iterator[Einsum]:
        for einsum in self._cascade.einsums:
            if any(operand.tensor == tensor for operand in einsum.operands):
                yield einsum

    def _loaded(self, access: Access) -> Polynomial:
        return total(transfer.words for transfer in self._loads(access, INTERMEDIATES))

    # -- buffer ------------------------------------------------------------------------------------

    def buffer_words(self) -> tuple[Polynomial, Polynomial]:
        """Words read from the global buffer, and written to it."""
        reads = writes = ZERO
        for tensor in sorted(self._binding.buffer):
            taken, partial = self._taken(tensor), self._partial_sums(tensor)
            reads += taken + partial
            writes += self._brought(tensor) + partial
        return reads, writes

    def _brought(self, tensor: str) -> Polynomial:
        """First writes: what is loaded, or every value that is computed."""
        access = self._cascade.access(tensor)
        if self._cascade.einsum(tensor) is None or tensor in self._binding.dram:
            return self._loaded(access)
        return self._sizes.words(access)

    def _partial_sums(self, tensor: str) -> Polynomial:
        """Words read and written again while the 2D array sums over the tiles of a rank."""
        ranks = summed_tiles(self._binding, tensor)
        if not ranks or tensor in self._binding.dram:
            return ZERO
        tiles = product(self._sizes.tiles(rank) for rank in ranks)
        return self._sizes.words(self._cascade.access(tensor)) * (tiles - ONE)

    def _taken(self, tensor: str) -> Polynomial:
        """Reads by the arrays, those of one array and pass together."""
        groups: dict[tuple[object, str], Polynomial] = {}
        for einsum in self._readers(tensor):
            for operand in einsum.operands:
                if operand.tensor == tensor and not self._is_handed_on(einsum, operand):
                    words = self._sizes.words(operand)
                    if self._binding.array_of(einsum.name) == ARRAY_2D:
                        again = self._sizes.absent_tiles(einsum.points, operand)
                        groups[einsum.name, str(operand)] = words * again
                    else:
                        groups[self._passes[einsum.name], str(operand)] = words
        return total(groups.values())

    def _is_handed_on(self, einsum: Einsum, operand: Access) -> bool:
        """Whether an operand reaches its reader in registers although it lives in the buffer."""
        producer = self._cascade.einsum(operand.tensor)
        if producer is None or is_last(operand) or is_carried(operand, producer.output):
            return False
        same_pass = self._passes[producer.name] == self._passes[einsum.name]
        if is_iterative(producer.output) or operand.tensor in self._binding.dram:
            return same_pass and self._is_forwarded(einsum, operand)
        return same_pass and self._same_array(einsum, operand)

    def _is_forwarded(self, einsum: Einsum, operand: Access) -> bool:
        """Within one stage or pass; a stage of its own memory bound has nothing handed to it."""
        if self._binding.tiling != "stages":
            return True
        return self._binding.stage_of(einsum.name) == self._binding.stage_of(operand.tensor)

    def _same_array(self, einsum: Einsum, operand: Access) -> bool:
        array_of = self._binding.array_of
        return array_of(einsum.name) == array_of(operand.tensor)
