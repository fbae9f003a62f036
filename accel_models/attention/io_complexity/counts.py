"""Exact counts of four schedules of attention: words moved, messages, words resident.

Each function counts what the schedule of the same name (`execution`) does, word by word, for one
head. A message is one load or store of one tile, column or row statistic.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from accel_models.attention.io_complexity.tiling import visits

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from accel_models.attention.io_complexity.tiling import Head, Tiling
    from dse import Ops
    from dse._columns import Column

    Counter: TypeAlias = Callable[[Head, Tiling, Ops], "Counts"]

TENSORS = ("query", "key_value", "scores", "output", "statistics", "gradients")
"""What the words belong to. "output" includes dO, "statistics" are maxima, sums and row terms."""


@dataclass(frozen=True)
class Counts:
    """What one schedule moves and holds, for one head.

    Attributes:
        loads: Words from slow to fast memory, by tensor.
        stores: Words from fast to slow memory, by tensor.
        messages: Transfers, loads and stores together.
        peak_words: Most words resident in fast memory at any time.
        macs: Multiply-accumulates of the matrix products; the softmax is not counted.
    """

    loads: Mapping[str, Column]
    stores: Mapping[str, Column]
    messages: Column
    peak_words: Column
    macs: Column

    @property
    def loads_words(self) -> Column:
        """All words loaded."""
        return total(self.loads)

    @property
    def stores_words(self) -> Column:
        """All words stored."""
        return total(self.stores)

    @property
    def words(self) -> Column:
        """All words moved."""
        return self.loads_words + self.stores_words


def total(parts: Mapping[str, Column]) -> Column:
    """Sum in order, so that every path adds in the same order."""
    first, *others = parts.values()
    return sum(others, start=first)


# -- FlashAttention forward ----------------------------------------------------------------------


def fa2_forward(head: Head, tiling: Tiling, ops: Ops) -> Counts:
    """FlashAttention-2: query tiles outside, K and V streamed past each.

    Without a mask: loads Nd + 2Nd*Tr, stores Nd (+ N with statistics).
    """
    N, E, F = head.N, head.E, head.F
    v = visits(head, tiling, ops)
    saved = 1.0 if tiling.statistics else 0.0
    return Counts(
        loads={"query": N * E, "key_value": (E + F) * v.keys},
        stores={"output": N * F, "statistics": saved * N},
        messages=v.query_tiles * (2.0 + saved) + 2.0 * v.pairs,
        peak_words=_fa2_peak(head, tiling, ops),
        macs=v.scores * (E + F),
    )


def _fa2_peak(head: Head, tiling: Tiling, ops: Ops) -> Column:
    """Br(E+F+2) for Q, O, m, l; the streamed K and V; Br*Bc scores.

    Under a causal mask a whole tile of queries may see fewer keys than a ragged last one.
    """
    N, Br = head.N, ops.minimum(tiling.Br, head.N)
    in_whole_tiles = ops.floor(N / Br) * Br
    seen = N
    if tiling.causal:
        seen = ops.minimum(N, ops.ceil(in_whole_tiles / tiling.Bc) * tiling.Bc)

    def resident(rows: Column, keys: Column) -> Column:
        streamed = ops.minimum(keys, tiling.buffers * tiling.Bc) * (head.E + head.F)
        words: Column = rows * (head.E + head.F + 2.0 + ops.minimum(tiling.Bc, N)) + streamed
        return words

    peak: Column = ops.maximum(resident(Br, seen), resident(N - in_whole_tiles, N))
    return peak


def fa1_forward(head: Head, tiling: Tiling, ops: Ops) -> Counts:
    """FlashAttention: key tiles outside; O, l, m initialised in slow memory, re-read per tile.

    Without a mask: loads 2Nd + Tc(2Nd + 2N), stores (Nd + 2N)(1 + Tc).
    """
    N, E, F = head.N, head.E, head.F
    v = visits(head, tiling, ops)
    Br, Bc = ops.minimum(tiling.Br, N), ops.minimum(tiling.Bc, N)
    streamed = ops.minimum(N, tiling.buffers * tiling.Br) * (E + F + 2.0)
    return Counts(
        loads={
            "query": E * v.rows,
            "key_value": (E + F) * N,
            "output": F * v.rows,
            "statistics": 2.0 * v.rows,
        },
        stores={"output": F * (N + v.rows), "statistics": 2.0 * (N + v.rows)},
        messages=3.0 * v.query_tiles + 2.0 * v.key_tiles + 7.0 * v.pairs,
        peak_words=Bc * (E + F) + streamed + Br * Bc,
        macs=v.scores * (E + F),
    )


# -- small caches --------------------------------------------------------------------------------


def small_cache_forward(head: Head, tiling: Tiling, ops: Ops) -> Counts:
    """Scores in slow memory, products by resident tiles of Br x Bc: the way for M < d^2.

    (1) a tile of S resident, columns of Q and K streamed; (2) row statistics of S; (3) a tile of O
    resident, columns of S and rows of V streamed. With square tiles of b, T = ceil(N/b) and
    Fd = ceil(d/b), and no mask: loads 3NdT + N^2(1 + Fd) + 2N*Fd, stores N^2 + 2N + Nd.
    """
    N, E, F = head.N, head.E, head.F
    v = visits(head, tiling, ops)
    Fd = ops.ceil(F / tiling.Bc)
    return Counts(
        loads={
            "query": E * v.rows,
            "key_value": (E + F) * v.keys,
            "scores": v.scores * (1.0 + Fd),
            "statistics": 2.0 * N * Fd,
        },
        stores={"scores": v.scores, "statistics": 2.0 * N, "output": N * F},
        messages=v.pairs * (2.0 * E + 1.0)
        + v.keys
        + 2.0 * v.query_tiles
        + Fd * (2.0 * v.keys + 3.0 * v.query_tiles),
        peak_words=_small_cache_peak(head, tiling, ops),
        macs=v.scores * (E + F),
    )


def _small_cache_peak(head: Head, tiling: Tiling, ops: Ops) -> Column:
    """The largest of the three steps; b^2 + 2b with square tiles and one buffer."""
    Br, Bc = ops.minimum(tiling.Br, head.N), ops.minimum(tiling.Bc, head.N)
    Bf = ops.minimum(tiling.Bc, head.F)
    columns_of_q = ops.minimum(head.E, tiling.buffers)
    columns_of_s = ops.minimum(head.N, tiling.buffers)
    scores = Br * Bc + columns_of_q * (Br + Bc)
    statistics = 2.0 * Br + columns_of_s * Br
    output = Br * Bf + ops.maximum(columns_of_s * (Br + Bf), 2.0 * Br)
    peak: Column = ops.maximum(ops.maximum(scores, statistics), output)
    return peak


# -- backward ------------------------------------------------------------------------------------


def fa2_backward(head: Head, tiling: Tiling, ops: Ops) -> Counts:
    """FlashAttention-2 backward: D = rowsum(dO*O) first, then key tiles outside.

    dQ, zero at the start, is read and written back per pair of tiles. Without a mask: loads
    4Nd + Tc(3Nd + 2N), stores N + Tc*Nd + 2Nd.
    """
    N, E, F = head.N, head.E, head.F
    v = visits(head, tiling, ops)
    return Counts(
        loads={
            "query": E * v.rows,
            "key_value": (E + F) * N,
            "output": 2.0 * F * N + F * v.rows,
            "statistics": 2.0 * v.rows,
            "gradients": E * v.rows,
        },
        stores={"gradients": E * v.rows + (E + F) * N, "statistics": N * 1.0},
        messages=3.0 * v.query_tiles + 4.0 * v.key_tiles + 6.0 * v.pairs,
        peak_words=_backward_peak(head, tiling, ops),
        macs=v.scores * (3.0 * E + 2.0 * F),
    )


def _backward_peak(head: Head, tiling: Tiling, ops: Ops) -> Column:
    """K, V, dK, dV; the streamed Q, dO, dQ and row terms; S and dP. Or the first phase."""
    N, E, F = head.N, head.E, head.F
    Br, Bc = ops.minimum(tiling.Br, N), ops.minimum(tiling.Bc, N)
    streamed_rows = ops.minimum(N, tiling.buffers * tiling.Br)
    row_terms = 2.0 * F * streamed_rows + Br
    gradients = 2.0 * Bc * (E + F) + streamed_rows * (2.0 * E + F + 2.0) + 2.0 * Br * Bc
    peak: Column = ops.maximum(row_terms, gradients)
    return peak


FORWARD: Mapping[str, Counter] = {
    "fa1": fa1_forward,
    "fa2": fa2_forward,
    "small_cache": small_cache_forward,
}
"""Forward algorithm -> its counts."""

BACKWARD: Mapping[str, Counter] = {"fa2": fa2_backward}
"""Backward algorithm -> its counts."""
