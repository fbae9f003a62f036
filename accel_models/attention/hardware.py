"""The symbols of the equations: the shape of the attention and the hardware it runs on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dse import Columns, Ops
    from dse._columns import BoolColumn, Column
    from workloads.transformer import TransformerLayer

DIVIDE_SLOTS = 1.0
"""A divide takes one slot (pipelined)."""
EXP_SLOTS = 7.0
"""An exponential on FuseMax PEs: 6 sequential MACC slots, plus one add slot for the subtraction."""


@dataclass(frozen=True)
class Hardware:
    """One accelerator, or a batch of them.

    Attributes:
        W: Side of the 2D array, in PEs; also the length of a tile.
        V1: Number of 1D PEs.
        L3: Global buffer, in bytes.
        row_bytes: Bytes of one buffer row.
        ports: Read/write ports of the buffer, one row per cycle each.
        BW: DRAM bandwidth, in bytes/s.
        f: Clock, in Hz.
        word_bytes: Bytes per word.
    """

    W: Column
    V1: Column
    L3: Column
    row_bytes: Column
    ports: Column
    BW: Column
    f: Column
    word_bytes: Column

    @classmethod
    def of(cls, x: Columns) -> Hardware:
        """Read the design's columns."""
        W = x["pe_dim"]
        return cls(
            W=W,
            V1=W * x["pe_1d_ratio"],
            L3=x["global_buffer_bytes"],
            row_bytes=x["buffer_row_bytes"],
            ports=x["buffer_ports"],
            BW=x["dram_bandwidth_bytes_per_s"],
            f=x["frequency_hz"],
            word_bytes=x["word_bits"] / 8.0,
        )


@dataclass(frozen=True)
class Shape:
    """One attention layer, padded to whole tiles of W queries and W keys.

    Attributes:
        E: Width of a query and of a key.
        F: Width of a value.
        N: Length after padding: the last tile costs as much as a full one.
        g: Number of tiles, N/W.
        BH: Batch times heads.
        BHN: B*H*N.
        n: Scores, B*H*N^2.
        X: n/W, one row of a tile of scores at a time.
        u: Seconds for one slot per score on the 2D array, n/(W^2 f).
    """

    E: float
    F: float
    N: Column
    g: Column
    BH: float
    BHN: Column
    n: Column
    X: Column
    u: Column

    @classmethod
    def of(cls, layer: TransformerLayer, hw: Hardware, ops: Ops) -> Shape:
        """Pad the layer's length to the array and count."""
        g = ops.ceil(layer.seq_len / hw.W)
        N = g * hw.W
        BH = float(layer.batch * layer.heads)
        n = BH * N * N
        X = n / hw.W
        return cls(
            E=float(layer.head_dim), F=float(layer.value_dim), N=N, g=g, BH=BH, BHN=BH * N,
            n=n, X=X, u=X / hw.W / hw.f,
        )  # fmt: skip


@dataclass(frozen=True)
class Activity:
    """What one attention layer makes the hardware do, before any limit is applied.

    Attributes:
        compute_s: Time if memory were infinitely fast.
        phases: Phases that cannot overlap, each (compute time in s, traffic in bytes); empty if
            everything overlaps.
        busy_1d_s: Time the 1D array is busy.
        busy_2d_s: Time the 2D array is busy, per Einsum group, weighted by the occupied PEs.
        query_bytes: Off-chip traffic of Q.
        key_value_bytes: Off-chip traffic of K and V.
        output_bytes: Off-chip traffic of AV.
        score_bytes: Off-chip traffic of QK, the softmax and A.
        macc: Multiply-accumulates.
        add: Additions.
        max: Comparisons.
        exp: Exponentials on dedicated units.
        divide: Divisions.
        buffer_read_words: Words read from the global buffer.
        buffer_write_words: Words written to it.
        register_reads: Register reads that the energy accounting charges.
        register_writes: Register writes that it charges.
        too_small: Whether the global buffer cannot hold one tile.
    """

    compute_s: Column
    phases: tuple[tuple[Column, Column], ...]
    busy_1d_s: Column
    busy_2d_s: dict[str, Column]
    query_bytes: Column
    key_value_bytes: Column
    output_bytes: Column
    score_bytes: Column
    macc: Column
    add: Column
    max: Column
    exp: Column
    divide: Column
    buffer_read_words: Column
    buffer_write_words: Column
    register_reads: Column
    register_writes: Column
    too_small: BoolColumn
