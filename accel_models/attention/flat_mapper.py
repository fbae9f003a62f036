"""FLAT's mapping search: 512 mappings per design, reduced to the few that win somewhere.

A mapping says where each tensor of the fused attention lives, which operand stays in the array,
and how many rows of scores are processed together. FLAT picks the mapping with the smallest
latency of its own, softmax-free cost model. The rules were inferred from the mapping file of the
FuseMax artifact and FLAT's own results there; they return every row of that file.

All quantities of one mapping that do not depend on bandwidth or frequency are computed once per
(array side, buffer, word size); what is left is a short list of intervals of the bandwidth.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
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


@dataclass(frozen=True)
class _Mappings:
    """All 512 mappings in the order in which ties are broken; arrays of length 512."""

    row_tiles: FloatArray  # rows of scores per fused pass, in tiles of W; inf for a whole head
    q_on: FloatArray  # 1 where the tensor lives on chip
    k_on: FloatArray
    qk_on: FloatArray  # A lives where QK lives
    v_on: FloatArray
    av_on: FloatArray
    qk_weight: FloatArray  # 1 where weight-stationary, 0 where output-stationary
    av_weight: FloatArray


def _all_mappings() -> _Mappings:
    granularities = np.array([np.inf, 4.0, 2.0, 1.0])
    grid = np.meshgrid(granularities, *[np.array([0.0, 1.0])] * 7, indexing="ij")
    return _Mappings(*(axis.ravel() for axis in grid))


_ALL = _all_mappings()


class FlatMapper:
    """The mapper bound to one attention layer."""

    def __init__(self, layer: TransformerLayer) -> None:
        self._BH = float(layer.batch * layer.heads)
        self._E = float(layer.head_dim)
        self._F = float(layer.value_dim)
        self._length = layer.seq_len
        self.winners = lru_cache(maxsize=4096)(self._winners)
        self.tensors = lru_cache(maxsize=65536)(self._tensors)
        self._analysed = lru_cache(maxsize=256)(self._analyse)

    def choose(self, W: Column, L3: Column, word_bytes: Column, cycles_per_byte: Column, ops: Ops) -> Column:
        """Number of the mapping with the smallest own latency.

        Args:
            W: Side of the 2D array.
            L3: Buffer in bytes.
            word_bytes: Bytes per word.
            cycles_per_byte: Clock frequency over DRAM bandwidth.
            ops: Operations.
        """
        chosen, *steps = ops.table(self.winners, W, L3, word_bytes)
        for boundary, mapping in zip(steps[::2], steps[1::2], strict=True):
            chosen = ops.where(cycles_per_byte > boundary, mapping, chosen)
        return chosen

    def moved(self, W: Column, L3: Column, word_bytes: Column, mapping: Column, ops: Ops) -> FlatTensors:
        """What the chosen mapping moves, by the evaluation's formulas."""
        return FlatTensors(*ops.table(self.tensors, W, L3, word_bytes, mapping))

    def _winners(self, W: float, L3: float, word_bytes: float) -> tuple[float, ...]:
        """The winner at infinite bandwidth, then (boundary in cycles per byte, next winner) ..."""
        m = self._analysed(W, L3, word_bytes)
        lines = np.stack([m["compute"], m["fill"], m["bytes"], m["passes"]], axis=1)
        return _winners_by_bandwidth(lines, np.flatnonzero(np.isfinite(m["compute"])))

    def _tensors(self, W: float, L3: float, word_bytes: float, mapping: float) -> tuple[float, ...]:
        m = self._analysed(W, L3, word_bytes)
        return tuple(float(m[name][int(mapping)]) for name in FlatTensors._fields)

    def _analyse(self, W: float, L3: float, word_bytes: float) -> dict[str, Any]:
        """Every mapping on one array and buffer; arrays of length 512, words, slots and cycles."""
        g = float(-(-self._length // int(W)))
        N = g * W
        return _analyse(self._BH, self._E, self._F, N, g, W, L3, word_bytes)

    def spilled_share(self, W: float, L3: float, word_bytes: float, mapping: int) -> float:
        """Share of the on-chip tensors that does not fit after all."""
        return float(self._analysed(W, L3, word_bytes)["spilled"][mapping])


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
    kept: list[int] = []
    for i in legal:
        if not any((lines[j] <= lines[i]).all() for j in kept):
            kept.append(int(i))
    crossings, between = _crossings(lines[kept])
    cycles = _own_cycles(lines[kept], between)
    first = np.argmax(cycles <= cycles.min(axis=0) * (1 + _TIE), axis=0)
    row = [float(kept[first[0]])]
    for k in np.flatnonzero(np.diff(first)):
        toward_earlier = 1 + 10 * _TIE if first[k] < first[k + 1] else 1 - 10 * _TIE
        row += [float(crossings[k] * toward_earlier), float(kept[first[k + 1]])]
    return tuple(row)


def _crossings(lines: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Reciprocal bandwidths at which two straight pieces cross; and points before, between, after."""
    compute, fill, moved, passes = lines.T
    height = np.concatenate([compute + passes, passes])
    slope = np.concatenate([fill, moved])
    with np.errstate(divide="ignore", invalid="ignore"):
        t = ((height[:, None] - height[None, :]) / (slope[None, :] - slope[:, None])).ravel()
    t = np.unique(t[np.isfinite(t) & (t > 0)])
    if not len(t):
        return t, np.array([1.0])
    return t, np.concatenate([[t[0] / 2], (t[1:] + t[:-1]) / 2, [t[-1] * 2]])


def _analyse(
    BH: float, E: float, F: float, N: float, g: float, W: float, L3: float, word_bytes: float
) -> dict[str, Any]:
    m = _ALL
    R = np.minimum(m.row_tiles * W, N)
    legal = np.isinf(m.row_tiles) | ((m.row_tiles <= g) & (g % np.where(np.isinf(m.row_tiles), 1, m.row_tiles) == 0))
    P2 = N / R
    n, BHN = BH * N * N, BH * N
    c_qk = np.where(m.qk_weight == 1, W * max(1.0, E / W), E)
    c_av = np.full_like(R, W * max(1.0, F / W))
    compulsory = {"q": BHN * E + 0 * P2, "k": BHN * E * P2, "v": BHN * F * P2}
    streams = {
        "q": BHN * E * g + 0 * P2,
        "k": np.where(m.qk_weight == 1, BHN * E * P2, BHN * E * g),
        "v": np.where(m.av_weight == 1, BHN * F * P2, BHN * F * g),
    }
    updates = np.where(m.av_weight == 1, BHN * F * g, BHN * F)
    tile = _tile_bytes(m, R, E, F, N, W, word_bytes)
    scores_bytes = np.where(m.qk_on == 1, word_bytes * R * N, 2 * word_bytes * W * W)
    footprint = 2 * (tile["q"] + tile["k"] + tile["v"] + tile["av"]) + scores_bytes
    spilled = np.maximum(0.0, 1.0 - L3 / footprint)
    on = {"q": m.q_on, "k": m.k_on, "v": m.v_on}
    own = _own_words(m, on, compulsory, streams, updates, spilled, n, BHN * F, F / W)
    fill = tile["q"] + tile["k"] + tile["v"] + tile["av"] * np.where(m.av_on == 1, 1.0, 2.0)
    both_output = (m.qk_weight == 0) & (m.av_weight == 0)
    words = {t: _input_words(on[t], compulsory[t], streams[t], spilled) for t in on}
    scores_on = m.qk_on * spilled
    reads = 3 * n + n * m.qk_on + 2 * BHN + sum(on[t] * streams[t] for t in on)
    writes = 2 * n + n * m.qk_on + 2 * BHN + sum(on[t] * compulsory[t] for t in on)
    return {
        "compute": np.where(legal, (c_qk + c_av) * (n / (W * W)), np.inf),
        "fill": fill,
        "bytes": word_bytes * own + fill,
        "passes": BH * P2 * np.where(both_output, 6.0, 8.0),
        "spilled": spilled,
        "c_qk": c_qk,
        "c_av": c_av,
        "occupied_qk": np.where(m.qk_weight == 1, min(E, W) / W, 1.0),
        "occupied_av": np.full_like(R, min(F, W) / W),
        "query_words": words["q"],
        "key_value_words": words["k"] + words["v"],
        "output_words": np.where(m.av_on == 1, (1 - spilled) * BHN * F + spilled * updates, updates),
        # on chip: QK and A spill, and the softmax re-reads them (5 n s); off chip: 2 n, and as many again
        "score_words": np.where(m.qk_on == 1, 2 * n * scores_on + 5 * n * scores_on, 4 * n),
        "buffer_read_words": reads + m.av_on * (updates - BHN * F),
        "buffer_write_words": writes + m.av_on * updates,
    }


def _tile_bytes(
    m: _Mappings, R: FloatArray, E: float, F: float, N: float, W: float, word_bytes: float
) -> dict[str, FloatArray]:
    """Bytes of one resident tile per tensor: whole rows on chip, one array's worth off chip."""
    off = min(W, N)
    return {
        "q": word_bytes * np.where(m.q_on == 1, R, off) * E,
        "k": word_bytes * np.where(m.k_on == 1, N, off) * E,
        "v": word_bytes * np.where(m.v_on == 1, N, off) * F,
        "av": word_bytes * np.where(m.av_on == 1, R, off) * F,
    }


def _input_words(on: FloatArray, compulsory: FloatArray, stream: FloatArray, spilled: FloatArray) -> FloatArray:
    """Off-chip words of an input tensor: its stream, or what is compulsory plus what spills."""
    resident = (1 - spilled) * compulsory + spilled * stream
    return np.where(on == 1, resident, stream)


def _own_words(
    m: _Mappings,
    on: dict[str, FloatArray],
    compulsory: dict[str, FloatArray],
    streams: dict[str, FloatArray],
    updates: FloatArray,
    spilled: FloatArray,
    n: float,
    outputs: float,
    widening: float,
) -> FloatArray:
    """Off-chip words in FLAT's own cost model (matmuls only; it differs from the evaluation)."""
    inputs = sum(
        np.where(on[t] == 1, compulsory[t] + spilled * streams[t], streams[t]) for t in ("q", "k", "v")
    )
    q_also_off = np.where(m.q_on == 0, spilled * streams["q"], 0.0)
    av = np.where(m.av_on == 1, outputs + spilled * updates, updates)
    a_again = np.where((m.av_weight == 1) & (widening > 1), widening, 1.0)
    scores = np.where(m.qk_on == 1, 2 * n * spilled, n + n * a_again)
    return np.asarray(inputs + q_also_off + av + scores)
