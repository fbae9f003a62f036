"""FLAT's mapping search: 512 mappings per design, reduced to the few that win somewhere.

FLAT picks the mapping with the smallest latency of its own, softmax-free cost model. That latency
is piecewise linear in the reciprocal bandwidth, so that per (array side, buffer, word size) the
search becomes a short list of bandwidth intervals with their winners. It returns every row of the
mapping file of the FuseMax artifact.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from accel_models.attention.flat_mappings import MAPPINGS, FlatCase, costs_of_mappings

if TYPE_CHECKING:
    from accel_models.attention.flat_mappings import MappingCosts
    from dse import Ops
    from dse._columns import Column, FloatArray
    from workloads.transformer import TransformerLayer

_TIE = 1e-13
"""Own latencies closer than this, relatively, count as equal; the first mapping then wins."""


class FlatTensors(NamedTuple):
    """What the winning mapping moves and how it computes; words and slots.

    Attributes:
        c_qk: Slots of QK on the 2D array.
        c_av: Slots of AV.
        occupied_qk: Share of PEs that work during QK.
        occupied_av: Share of PEs that work during AV.
        query_words: Off-chip transfers of Q.
        key_value_words: Off-chip transfers of K and V.
        output_words: Off-chip transfers of AV.
        score_words: Off-chip transfers of QK, softmax and A.
        buffer_read_words: Global-buffer reads.
        buffer_write_words: Global-buffer writes.
    """

    c_qk: Column
    c_av: Column
    occupied_qk: Column
    occupied_av: Column
    query_words: Column
    key_value_words: Column
    output_words: Column
    score_words: Column
    buffer_read_words: Column
    buffer_write_words: Column


class FlatMapping(NamedTuple):
    """One mapping in FLAT's words.

    Attributes:
        on_chip: Those of the tensors q, k, qk, a, v, av that live in the global buffer.
        qk_stationarity: "output" or "weight".
        av_stationarity: "output" or "weight".
        granularity: "head" or "row".
        row_tile: Rows of scores per fused pass; the whole length for "head".
        spilled: Share of the on-chip tensors that does not fit after all.
    """

    on_chip: frozenset[str]
    qk_stationarity: str
    av_stationarity: str
    granularity: str
    row_tile: int
    spilled: float


class FlatOwnCost(NamedTuple):
    """FLAT's own cost of a mapping: the two matrix products, no softmax.

    Attributes:
        ideal_latency_s: All PEs busy and memory infinitely fast.
        latency_s: With idle PEs, off-chip traffic, pipeline fill and the cost of each pass.
        traffic_bytes: Off-chip traffic.
    """

    ideal_latency_s: float
    latency_s: float
    traffic_bytes: float


class FlatMapper:
    """The mapper bound to one attention layer."""

    def __init__(self, layer: TransformerLayer) -> None:
        self._layer = layer
        self.winners = lru_cache(maxsize=4096)(self._winners)
        self.tensors = lru_cache(maxsize=65536)(self._tensors)
        self._costs = lru_cache(maxsize=256)(self._costs_of_mappings)

    def choose(
        self, W: Column, L3: Column, word_bytes: Column, cycles_per_byte: Column, ops: Ops
    ) -> Column:
        """Number of the mapping with the smallest own latency.

        Args:
            W: Side of the 2D array.
            L3: Buffer in bytes.
            word_bytes: Bytes per word.
            cycles_per_byte: Clock frequency over DRAM bandwidth.
            ops: Operations.
        """
        first, *steps = ops.table(self.winners, W, L3, word_bytes)
        chosen: Column = first
        for boundary, mapping in zip(steps[::2], steps[1::2], strict=True):
            chosen = ops.where(cycles_per_byte > boundary, mapping, chosen)
        return chosen

    def moved(
        self, W: Column, L3: Column, word_bytes: Column, mapping: Column, ops: Ops
    ) -> FlatTensors:
        """What the chosen mapping moves, by the evaluation's formulas."""
        return FlatTensors(*ops.table(self.tensors, W, L3, word_bytes, mapping))

    def describe(self, W: float, L3: float, word_bytes: float, mapping: float) -> FlatMapping:
        """A mapping in words, on one array and buffer."""
        i, m, case = int(mapping), MAPPINGS, self._case(W, L3, word_bytes)
        homes = {"q": m.q_on, "k": m.k_on, "qk": m.qk_on, "a": m.qk_on, "v": m.v_on, "av": m.av_on}
        row_tiles = m.row_tiles[i]
        return FlatMapping(
            on_chip=frozenset(tensor for tensor, on in homes.items() if on[i]),
            qk_stationarity="weight" if m.qk_weight[i] else "output",
            av_stationarity="weight" if m.av_weight[i] else "output",
            granularity="head" if np.isinf(row_tiles) else "row",
            row_tile=int(min(row_tiles * W, case.N)),
            spilled=float(self._costs(W, L3, word_bytes).spilled[i]),
        )

    def own_cost(
        self, W: float, L3: float, word_bytes: float, BW: float, f: float, mapping: float
    ) -> FlatOwnCost:
        """FLAT's own cost of a mapping, the one that `choose` makes smallest.

        Args:
            W: Side of the 2D array.
            L3: Buffer in bytes.
            word_bytes: Bytes per word.
            BW: DRAM bandwidth in bytes/s.
            f: Clock in Hz.
            mapping: Number of the mapping, as `choose` returns it.
        """
        i, case, costs = (
            int(mapping),
            self._case(W, L3, word_bytes),
            self._costs(W, L3, word_bytes),
        )
        cycles = _own_cycles(_lines(costs)[i : i + 1], np.array([f / BW]))
        ideal_cycles = case.n * (case.E + case.F) / (W * W)
        return FlatOwnCost(ideal_cycles / f, float(cycles[0, 0]) / f, float(costs.bytes[i]))

    def _winners(self, W: float, L3: float, word_bytes: float) -> tuple[float, ...]:
        """The winner at infinite bandwidth, then (boundary in cycles per byte, next winner) ..."""
        costs = self._costs(W, L3, word_bytes)
        return _winners_by_bandwidth(_lines(costs), np.flatnonzero(np.isfinite(costs.compute)))

    def _tensors(self, W: float, L3: float, word_bytes: float, mapping: float) -> tuple[float, ...]:
        costs = self._costs(W, L3, word_bytes)
        return tuple(float(getattr(costs, name)[int(mapping)]) for name in FlatTensors._fields)

    def _costs_of_mappings(self, W: float, L3: float, word_bytes: float) -> MappingCosts:
        return costs_of_mappings(self._case(W, L3, word_bytes))

    def _case(self, W: float, L3: float, word_bytes: float) -> FlatCase:
        layer = self._layer
        return FlatCase(
            BH=float(layer.batch * layer.heads), E=float(layer.head_dim), F=float(layer.value_dim),
            g=float(-(-layer.seq_len // int(W))), W=W, L3=L3, word_bytes=word_bytes,
        )  # fmt: skip


def _lines(costs: MappingCosts) -> FloatArray:
    """What the own latency of each mapping (rows) depends on; columns as in `_own_cycles`."""
    return np.stack([costs.compute, costs.fill, costs.bytes, costs.passes], axis=1)


def _own_cycles(lines: FloatArray, cycles_per_byte: FloatArray) -> FloatArray:
    """Own latency of each mapping (rows) at each reciprocal bandwidth (columns)."""
    compute, fill, moved, passes = (lines[:, j, None] for j in range(4))
    t = cycles_per_byte[None, :]
    return np.asarray(np.maximum(compute + fill * t, moved * t) + passes)


def _winners_by_bandwidth(lines: FloatArray, legal: Any) -> tuple[float, ...]:
    """Which mapping wins in which interval of the reciprocal bandwidth.

    The own latency is the larger of two straight lines in the reciprocal bandwidth. Between two
    neighbouring crossings of these lines the order of all mappings is fixed, so one look between
    each pair of crossings finds every winner. On a boundary the earlier mapping wins.
    """
    kept = _undominated(lines, legal)
    crossings, between = _crossings(lines[kept])
    cycles = _own_cycles(lines[kept], between)
    first = np.argmax(cycles <= cycles.min(axis=0) * (1 + _TIE), axis=0)
    row = [float(kept[first[0]])]
    for k in np.flatnonzero(np.diff(first)):
        toward_earlier = 1 + 10 * _TIE if first[k] < first[k + 1] else 1 - 10 * _TIE
        row += [float(crossings[k] * toward_earlier), float(kept[first[k + 1]])]
    return tuple(row)


def _undominated(lines: FloatArray, legal: Any) -> list[int]:
    """The mappings that no earlier one matches or beats in every respect."""
    kept: list[int] = []
    while len(legal):
        first, legal = legal[0], legal[1:]
        kept.append(int(first))
        legal = legal[~(lines[first] <= lines[legal]).all(axis=1)]
    return kept


def _crossings(lines: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Reciprocal bandwidths at which two straight pieces cross; points before, between, after."""
    compute, fill, moved, passes = lines.T
    height = np.concatenate([compute + passes, passes])
    slope = np.concatenate([fill, moved])
    with np.errstate(divide="ignore", invalid="ignore"):
        t = ((height[:, None] - height[None, :]) / (slope[None, :] - slope[:, None])).ravel()
    t = np.unique(t[np.isfinite(t) & (t > 0)])
    if not len(t):
        return t, np.array([1.0])
    return t, np.concatenate([[t[0] / 2], (t[1:] + t[:-1]) / 2, [t[-1] * 2]])
