"""FLAT's 512 mappings, and what each of them costs on one array and buffer.

A mapping says where each tensor of the fused attention lives, which operand stays in the array,
and how many rows of scores are processed together. The rules were inferred from the mapping file
of the FuseMax artifact (FPSG-UIUC/micro24-fusemax-artifact, f543beb) and from FLAT's own results
there. Everything here is an array over the 512 mappings; none of it depends on bandwidth or clock.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from dse._columns import BoolArray, FloatArray


@dataclass(frozen=True)
class Mappings:
    """All mappings, in the order in which ties are broken.

    Attributes:
        row_tiles: Rows of scores per fused pass, in tiles of W; inf for a whole head.
        q_on: 1 where Q lives on chip, else 0; likewise the next four.
        k_on: K.
        qk_on: QK, and A with it.
        v_on: V.
        av_on: AV.
        qk_weight: 1 where QK is weight-stationary, 0 where it is output-stationary.
        av_weight: The same for AV.
    """

    row_tiles: FloatArray
    q_on: FloatArray
    k_on: FloatArray
    qk_on: FloatArray
    v_on: FloatArray
    av_on: FloatArray
    qk_weight: FloatArray
    av_weight: FloatArray


def _all_mappings() -> Mappings:
    granularities = np.array([np.inf, 4.0, 2.0, 1.0])
    grid = np.meshgrid(granularities, *[np.array([0.0, 1.0])] * 7, indexing="ij")
    return Mappings(*(axis.ravel() for axis in grid))


MAPPINGS = _all_mappings()


@dataclass(frozen=True)
class FlatCase:
    """One attention layer on one array and buffer, in the paper's symbols.

    Attributes:
        BH: Batch times heads.
        E: Width of a query and of a key.
        F: Width of a value.
        g: Tiles of W tokens, rounded up.
        W: Side of the 2D array.
        L3: Buffer in bytes.
        word_bytes: Bytes per word.
    """

    BH: float
    E: float
    F: float
    g: float
    W: float
    L3: float
    word_bytes: float

    @property
    def N(self) -> float:  # noqa: N802 - the paper's symbol
        """Length, padded to whole tiles."""
        return self.g * self.W

    @property
    def BHN(self) -> float:  # noqa: N802 - the paper's symbol
        """B*H*N."""
        return self.BH * self.N

    @property
    def n(self) -> float:
        """Scores, B*H*N^2."""
        return self.BH * self.N * self.N


class MappingCosts(NamedTuple):
    """What every mapping takes and moves; arrays of length 512.

    Attributes:
        compute: Cycles of the two matrix products; inf where the mapping does not divide the
            length.
        fill: Bytes loaded before the pipeline runs.
        bytes: Off-chip bytes in FLAT's own cost model, fill included.
        passes: Cycles that the fused passes add.
        spilled: Share of the on-chip tensors that does not fit after all.
        c_qk: Slots of QK on the 2D array.
        c_av: Slots of AV.
        occupied_qk: Share of PEs that work during QK.
        occupied_av: Share of PEs that work during AV.
        query_words: Off-chip transfers of Q, in the evaluation's formulas; likewise the next.
        key_value_words: K and V.
        output_words: AV.
        score_words: QK, softmax and A.
        buffer_read_words: Global-buffer reads.
        buffer_write_words: Global-buffer writes.
    """

    compute: FloatArray
    fill: FloatArray
    bytes: FloatArray
    passes: FloatArray
    spilled: FloatArray
    c_qk: FloatArray
    c_av: FloatArray
    occupied_qk: FloatArray
    occupied_av: FloatArray
    query_words: FloatArray
    key_value_words: FloatArray
    output_words: FloatArray
    score_words: FloatArray
    buffer_read_words: FloatArray
    buffer_write_words: FloatArray


@dataclass(frozen=True)
class _Words:
    """Words of each input tensor (keys q, k, v) and of AV, before anything spills."""

    on: dict[str, FloatArray]
    compulsory: dict[str, FloatArray]
    streams: dict[str, FloatArray]
    updates: FloatArray
    outputs: float


def costs_of_mappings(case: FlatCase) -> MappingCosts:
    """Every mapping on one array and buffer."""
    m, E, F, W, n = MAPPINGS, case.E, case.F, case.W, case.n
    R = np.minimum(m.row_tiles * W, case.N)
    P2 = case.N / R
    tile = _tile_bytes(case, R)
    spilled = _spilled_share(case, R, tile)
    words = _words(case, P2)
    reads, writes = _buffer_words(case, words)
    c_qk = np.where(m.qk_weight == 1, W * max(1.0, E / W), E)
    c_av = np.full_like(R, W * max(1.0, F / W))
    fill = tile["q"] + tile["k"] + tile["v"] + tile["av"] * np.where(m.av_on == 1, 1.0, 2.0)
    both_output = (m.qk_weight == 0) & (m.av_weight == 0)
    moved = {t: _input_words(words, t, spilled) for t in ("q", "k", "v")}
    outputs = (1 - spilled) * case.BHN * F + spilled * words.updates
    return MappingCosts(
        compute=np.where(_divides(case), (c_qk + c_av) * (n / (W * W)), np.inf),
        fill=fill,
        bytes=case.word_bytes * _own_words(case, words, spilled) + fill,
        passes=case.BH * P2 * np.where(both_output, 6.0, 8.0),
        spilled=spilled,
        c_qk=c_qk,
        c_av=c_av,
        occupied_qk=np.where(m.qk_weight == 1, min(E, W) / W, 1.0),
        occupied_av=np.full_like(R, min(F, W) / W),
        query_words=moved["q"],
        key_value_words=moved["k"] + moved["v"],
        output_words=np.where(m.av_on == 1, outputs, words.updates),
        score_words=_score_words(case, spilled),
        buffer_read_words=reads,
        buffer_write_words=writes,
    )


def _divides(case: FlatCase) -> BoolArray:
    """Whether the row tile divides the length; a whole head always does."""
    rows = MAPPINGS.row_tiles
    whole = np.isinf(rows)
    return np.asarray(whole | ((rows <= case.g) & (case.g % np.where(whole, 1, rows) == 0)))


def _tile_bytes(case: FlatCase, R: FloatArray) -> dict[str, FloatArray]:
    """Bytes of one resident tile per tensor: whole rows on chip, one array's worth off chip."""
    m, b, off = MAPPINGS, case.word_bytes, min(case.W, case.N)
    return {
        "q": b * np.where(m.q_on == 1, R, off) * case.E,
        "k": b * np.where(m.k_on == 1, case.N, off) * case.E,
        "v": b * np.where(m.v_on == 1, case.N, off) * case.F,
        "av": b * np.where(m.av_on == 1, R, off) * case.F,
    }


def _spilled_share(case: FlatCase, R: FloatArray, tile: dict[str, FloatArray]) -> FloatArray:
    """Share of the footprint (tiles double-buffered) that exceeds the buffer."""
    b = case.word_bytes
    scores = np.where(MAPPINGS.qk_on == 1, b * R * case.N, 2 * b * case.W * case.W)
    footprint = 2 * (tile["q"] + tile["k"] + tile["v"] + tile["av"]) + scores
    return np.asarray(np.maximum(0.0, 1.0 - case.L3 / footprint))


def _words(case: FlatCase, P2: FloatArray) -> _Words:
    m, BHN, E, F, g = MAPPINGS, case.BHN, case.E, case.F, case.g
    return _Words(
        on={"q": m.q_on, "k": m.k_on, "v": m.v_on},
        compulsory={"q": BHN * E + 0 * P2, "k": BHN * E * P2, "v": BHN * F * P2},
        streams={
            "q": BHN * E * g + 0 * P2,
            "k": np.where(m.qk_weight == 1, BHN * E * P2, BHN * E * g),
            "v": np.where(m.av_weight == 1, BHN * F * P2, BHN * F * g),
        },
        updates=np.where(m.av_weight == 1, BHN * F * g, BHN * F),
        outputs=BHN * F,
    )


def _input_words(words: _Words, t: str, spilled: FloatArray) -> FloatArray:
    """Off-chip words of an input tensor: its stream, or what is compulsory plus what spills."""
    resident = (1 - spilled) * words.compulsory[t] + spilled * words.streams[t]
    return np.where(words.on[t] == 1, resident, words.streams[t])


def _score_words(case: FlatCase, spilled: FloatArray) -> FloatArray:
    """Off-chip words of QK, softmax and A.

    On chip, QK and A spill and the softmax re-reads what spilled (5 n s). Off chip, QK is written
    and A read by the matrix products, and as much by the softmax, whose row fits on chip.
    """
    n, on_chip = case.n, MAPPINGS.qk_on * spilled
    return np.where(MAPPINGS.qk_on == 1, 2 * n * on_chip + 5 * n * on_chip, 4 * n)


def _buffer_words(case: FlatCase, words: _Words) -> tuple[FloatArray, FloatArray]:
    """Reads and writes of the global buffer."""
    m, n, BHN, on = MAPPINGS, case.n, case.BHN, words.on
    reads = 3 * n + n * m.qk_on + 2 * BHN + sum(on[t] * words.streams[t] for t in on)
    writes = 2 * n + n * m.qk_on + 2 * BHN + sum(on[t] * words.compulsory[t] for t in on)
    return reads + m.av_on * (words.updates - words.outputs), writes + m.av_on * words.updates


def _own_words(case: FlatCase, words: _Words, spilled: FloatArray) -> FloatArray:
    """Off-chip words in FLAT's own cost model (matmuls only; it differs from the evaluation)."""
    m, n, widening = MAPPINGS, case.n, case.F / case.W
    inputs = sum(
        np.where(on == 1, words.compulsory[t] + spilled * words.streams[t], words.streams[t])
        for t, on in words.on.items()
    )
    q_also_off = np.where(m.q_on == 0, spilled * words.streams["q"], 0.0)
    av = np.where(m.av_on == 1, words.outputs + spilled * words.updates, words.updates)
    a_again = np.where((m.av_weight == 1) & (widening > 1), widening, 1.0)
    scores = np.where(m.qk_on == 1, 2 * n * spilled, n + n * a_again)
    return np.asarray(inputs + q_also_off + av + scores)
