"""The linear layers around attention: Q, K, V, deprojection and the feed-forward network."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from accel_models.attention.hardware import Hardware
    from accel_models.attention.options import FuseMaxOptions
    from dse import Ops
    from dse._columns import Column
    from workloads.transformer import TransformerLayer


class LinearLayers(NamedTuple):
    """Sums over the GEMMs of one transformer layer.

    Attributes:
        latency_s: Each GEMM is bound by compute or by its traffic.
        traffic_bytes: Off-chip reads and writes.
        macc: Multiply-accumulates.
        buffer_read_words: Global-buffer reads.
        buffer_write_words: Global-buffer writes.
        register_accesses: Register reads; there are as many writes.
    """

    latency_s: Column
    traffic_bytes: Column
    macc: Column
    buffer_read_words: Column
    buffer_write_words: Column
    register_accesses: Column


def gemm_shapes(layer: TransformerLayer) -> list[tuple[float, float]]:
    """(K, columns) of every GEMM; the rows are batch x length."""
    D, S = float(layer.d_model), float(layer.d_ff)
    queries = float(layer.heads * layer.head_dim)
    keys, values = float(layer.kv_heads * layer.head_dim), float(layer.kv_heads * layer.value_dim)
    attended = float(layer.heads * layer.value_dim)
    up = [(D, S)] * (layer.ffn_matrices - 1)
    return [(D, queries), (D, keys), (D, values), (attended, D), *up, (S, D)]


@cache
def _rows_per_tile(K: float, W: float, buffer_words: float) -> tuple[float]:
    """Mt: W, doubled while K*(Mt + W) words fit the buffer."""
    Mt = W
    while K * (2 * Mt + W) <= buffer_words:
        Mt *= 2
    return (Mt,)


def weight_reads(rows: float, K: float, columns: float, hw: Hardware, ops: Ops) -> Column:
    """r: how often the weights are read; once if they fit next to a tile of W rows."""
    buffer_words = hw.L3 / hw.word_bytes
    (Mt,) = ops.table(lambda W, words: _rows_per_tile(K, W, words), hw.W, buffer_words)
    reads: Column = ops.where(K * columns + hw.W * K <= buffer_words, 1.0, ops.ceil(rows / Mt))
    return reads


def linear_layers(
    layer: TransformerLayer, hw: Hardware, ops: Ops, options: FuseMaxOptions
) -> LinearLayers:
    """All GEMMs of one transformer layer on the 2D array, one after the other."""
    rows = float(layer.batch * layer.seq_len)
    totals = [_gemm(rows, K, columns, hw, ops, options) for K, columns in gemm_shapes(layer)]
    return LinearLayers(*(sum(parts[1:], start=parts[0]) for parts in zip(*totals, strict=True)))


def _gemm(
    rows: float, K: float, columns: float, hw: Hardware, ops: Ops, options: FuseMaxOptions
) -> LinearLayers:
    r = weight_reads(rows, K, columns, hw, ops)
    macs = rows * K * columns
    traffic = hw.word_bytes * (rows * K + K * columns * r + rows * columns)
    instances = 1.0 if options.rf_accounting == "physical" else 1.0 / (hw.W * hw.W)
    return LinearLayers(
        latency_s=ops.maximum(traffic / hw.BW, macs / (hw.W * hw.W * hw.f)),
        traffic_bytes=traffic,
        macc=macs,
        buffer_read_words=2 * macs / hw.W,
        buffer_write_words=rows * K + K * columns * r,
        register_accesses=3 * macs * instances,
    )
