"""The linear layers by hand: grouped heads, a gated feed-forward network, re-read weights."""

import pytest

from accel_models.attention.fusemax import FuseMax
from accel_models.attention.hardware import Hardware
from accel_models.attention.linear import gemm_shapes, linear_layers, weight_reads
from accel_models.attention.options import FuseMaxOptions
from dse._ops import FLOATS
from workloads.catalogue import xlm
from workloads.transformer import TransformerLayer

OPTIONS = FuseMaxOptions(preset="published").resolved()
GROUPED = TransformerLayer(
    name="small", batch=2, heads=4, kv_heads=2, head_dim=8, value_dim=16,
    d_model=32, d_ff=64, ffn_matrices=3, seq_len=128,
)  # fmt: skip


def hardware(layer, **design):
    return Hardware.of(FuseMax(layer).space.parse(design))


def test_shapes_with_grouped_heads_and_a_gated_network():
    assert gemm_shapes(GROUPED) == [
        (32, 4 * 8),  # Q: every query head
        (32, 2 * 8),  # K: every key-value head
        (32, 2 * 16),  # V
        (4 * 16, 32),  # deprojection
        (32, 64),  # gate
        (32, 64),  # up
        (64, 32),  # down
    ]


def test_plain_network_has_two_matrices():
    plain = TransformerLayer(
        name="plain", heads=4, head_dim=8, value_dim=8, d_model=32, d_ff=64, seq_len=128
    )
    assert gemm_shapes(plain)[4:] == [(32, 64), (64, 32)]


def test_sums_over_all_matrices():
    # 256 rows (2 x 128). K x columns: 1024 + 512 + 1024 + 2048 + 3 * 2048 = 10,752, so
    # 256 * 10,752 = 2,752,512 MACC. Sum of K 288, of columns 272, every weight read once:
    # 2 * (256 * 288 + 10,752 + 256 * 272) = 308,224 bytes.
    layers = linear_layers(GROUPED, hardware(GROUPED), FLOATS, OPTIONS)
    assert layers.macc == 2752512
    assert layers.traffic_bytes == 308224
    assert layers.buffer_read_words == 2 * 2752512 / 256
    assert layers.buffer_write_words == 256 * 288 + 10752


def test_latency_is_bound_by_memory_or_compute_matrix_by_matrix():
    # At 400 GiB/s all seven are memory-bound; at 65536 GiB/s all are compute-bound.
    slow = linear_layers(GROUPED, hardware(GROUPED), FLOATS, OPTIONS)
    assert slow.latency_s == pytest.approx(308224 / (400 * 2**30))
    wide = hardware(GROUPED, dram_bandwidth_bytes_per_s=65536 * 2**30, pe_dim=16)
    fast = linear_layers(GROUPED, wide, FLOATS, OPTIONS)
    assert fast.latency_s == pytest.approx(2752512 / (16 * 16 * 940e6))


def test_weights_that_do_not_fit_are_read_again_per_tile_of_rows():
    # XLM FFN1: 2048 x 8192 weights = 16 Mi words in an 8-Mi-word buffer. Mt doubles from 256
    # while 2048 * (2 Mt + 256) <= 8 Mi, i.e. up to 2048; 64 * 1024 rows / 2048 = 32 reads.
    layer = xlm(seq_len=1024)
    hw = hardware(layer, global_buffer_bytes=16 * 2**20)
    assert weight_reads(64 * 1024, 2048, 8192, hw, FLOATS) == 32


def test_weights_that_fit_are_read_once():
    layer = xlm(seq_len=1024)
    hw = hardware(layer, global_buffer_bytes=16 * 2**20)
    assert weight_reads(64 * 1024, 2048, 2048, hw, FLOATS) == 1


def test_q6_smaller_buffer_of_fusemax_moves_more_for_xlm():
    layer = xlm(seq_len=1024)
    flat, fusemax = (
        linear_layers(layer, hardware(layer, global_buffer_bytes=mib * 2**20), FLOATS, OPTIONS)
        for mib in (32, 16)
    )
    assert fusemax.traffic_bytes > flat.traffic_bytes
    assert fusemax.latency_s == flat.latency_s
