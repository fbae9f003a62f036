"""A prompt on the array: FuseMax's figures without a mask, tiles and loads counted one by one."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from serving_cases import machine

from accel_models.attention.components import load_components
from accel_models.attention.fusemax import FuseMax
from accel_models.attention.linear import gemm_shapes, linear_layers
from accel_models.attention.options import FuseMaxOptions
from accel_models.attention.physical import dynamic_energy_j
from accel_models.attention.serving.gemm import gemm
from accel_models.attention.serving.options import ServingOptions
from accel_models.attention.serving.prefill import (
    Visible,
    attend_prompt,
    held_tiles,
    key_tile_loads,
    too_small,
    visible_tiles,
)
from accel_models.attention.serving.service import as_activity
from dse._ops import ARRAYS
from workloads.language.attention import Heads, Matrix
from workloads.language.model import Precision
from workloads.transformer import TransformerLayer

LAYER = TransformerLayer(
    name="layer", batch=1, heads=12, head_dim=64, value_dim=64, d_model=768, d_ff=3072, seq_len=4096
)
HEADS = Heads(12, 12, 64, 64)
FULL = Visible("full")
EIGHT_TILES = 2 * 64 * (128 + 130 * 8)
"""Bytes for 8 of the 64 tiles: a divisor, as FuseMax wants it. We also sweep 9 at a time."""


def fusemax(**changed):
    model = FuseMax(LAYER, FuseMaxOptions())
    design = model.space.parse({"configuration": "binding", "pe_dim": 64, **changed})
    return model.evaluate(design, breakdown=True), design


def same_machine(design):
    columns = {name: design[name] for name in design if name not in ("configuration", "word_bits")}
    return machine(**columns)


@pytest.mark.parametrize(
    "changed",
    [
        {},
        {"pe_dim": 256},
        {"global_buffer_bytes": EIGHT_TILES},
        {"dram_bandwidth_bytes_per_s": 2**32, "global_buffer_bytes": EIGHT_TILES},
        {"buffer_ports": 1},
    ],
)
def test_without_a_mask_it_is_fusemax(changed):
    published, design = fusemax(**changed)
    ours = attend_prompt(np.array([[4096.0]]), HEADS, FULL, same_machine(design))
    assert ours.latency_s.item() == pytest.approx(published["latency_s"], rel=1e-12)
    assert ours.dram_bytes.item() == pytest.approx(published["traffic_bytes"], rel=1e-12)


@pytest.mark.parametrize("part", ["macc", "add", "max", "divide", "registers", "buffer", "dram"])
def test_without_a_mask_it_takes_fusemax_energy(part):
    published, design = fusemax(global_buffer_bytes=EIGHT_TILES)
    on = same_machine(design)
    work = attend_prompt(np.array([[4096.0]]), HEADS, FULL, on)
    options = ServingOptions().hardware()
    ours = dynamic_energy_j(as_activity(work), on.hw, load_components(), options, ARRAYS)
    assert ours[part].item() == pytest.approx(published[f"energy_j.{part}"], rel=1e-12)


def test_gemms_of_whole_tiles_are_fusemax():
    published, design = fusemax()
    del published
    ours = same_machine(design)
    theirs = linear_layers(LAYER, ours.hw, ARRAYS, FuseMaxOptions(rf_accounting="physical"))
    found = [
        gemm(Matrix(int(K), int(c)), np.array([[4096.0]]), ours) for K, c in gemm_shapes(LAYER)
    ]
    for field, published_field in (
        ("latency_s", "latency_s"),
        ("dram_bytes", "traffic_bytes"),
        ("macc", "macc"),
        ("buffer_reads", "buffer_read_words"),
        ("buffer_writes", "buffer_write_words"),
        ("register_reads", "register_accesses"),
    ):
        total = sum(np.asarray(getattr(work, field)).item() for work in found)
        assert total == pytest.approx(
            np.asarray(getattr(theirs, published_field)).item(), rel=1e-12
        )


# One token through a 256 x 1,000 matrix on 64 x 64 PEs at 940 MHz, by hand:
#   ceil(1/64) * ceil(1000/64) * 256 = 16 * 256 = 4,096 cycles
#   bytes 2 * (256 + 256,000 + 1,000) = 514,512; at 400 GiB/s 1.198 us, under 4.357 us of compute
#   buffer reads 16 * 256 + 1 * 256,000 = 260,096 words, writes 256 + 256,000 = 256,256 words
def test_one_token_occupies_a_row():
    work = gemm(Matrix(256, 1000), 1.0, machine(port_limit=False))
    assert work.latency_s.item() == pytest.approx(4096 / 940e6, rel=1e-12)
    assert work.dram_bytes.item() == 514512
    assert work.buffer_reads.item() == 260096
    assert work.buffer_writes.item() == 256256


def test_ports_can_bound_one_token():
    # 516,352 words in rows of 256 words over 1 port: 2,017 rows, one per cycle
    work = gemm(Matrix(256, 1000), 1.0, machine(buffer_ports=1, pe_dim=512))
    reads, writes = 2 * 256 + 256000, 256 + 256000
    assert work.latency_s.item() == pytest.approx((reads + writes) / 256 / 940e6, rel=1e-12)


def test_copies_run_one_after_the_other():
    one = gemm(Matrix(32, 64), 1.0, machine())
    eight = gemm(Matrix(32, 64, copies=8), 1.0, machine())
    assert eight.latency_s.item() == pytest.approx(8 * one.latency_s.item(), rel=1e-12)


def counted_tiles(g, W, window):
    """Tiles that hold a visible score, one score row per tile at a time."""
    count = 0
    for i in range(g):
        for j in range(i + 1):
            newest_key, oldest_query = (j + 1) * W - 1, i * W
            count += window is None or newest_key > oldest_query - window
    return count


@settings(deadline=None)
@given(st.integers(1, 40), st.sampled_from([1, 4, 16]), st.one_of(st.none(), st.integers(1, 200)))
def test_tiles_of_a_causal_mask(g, W, window):
    behind = Visible("causal", window).tiles_behind(float(W))
    assert visible_tiles(float(g), behind) == counted_tiles(g, W, window)


@settings(deadline=None)
@given(
    g=st.integers(1, 60),
    group=st.integers(1, 12),
    buffer_tiles=st.integers(1, 30),
    window=st.one_of(st.none(), st.integers(1, 4000)),
    mask=st.sampled_from(["causal", "full"]),
)
def test_key_tiles_are_loaded_sweep_by_sweep(g, group, buffer_tiles, window, mask):
    W, width = 64, 128
    size = 2 * W * (width + (width + 2) * buffer_tiles)
    hw = machine(global_buffer_bytes=size).hw
    heads = Heads(group, 1, 64, 64)
    assert held_tiles(heads, hw).item() == buffer_tiles
    visible = Visible(mask, window if mask == "causal" else None)
    behind = visible.tiles_behind(W) if mask == "causal" else np.inf
    at_once = max(buffer_tiles // group, 1)
    passes = 1 if buffer_tiles >= group else -(-group // buffer_tiles)
    expected = 0
    for first in range(0, g, at_once):
        last = min(first + at_once, g) if mask == "causal" else g
        expected += passes * (last - max(0, first - behind))
    found = key_tile_loads(np.array([[float(g)]]), heads, visible, hw)
    assert found.item() == expected


def test_a_partial_tile_costs_a_full_one():
    whole, part = (
        attend_prompt(np.array([[n]]), HEADS, Visible(), machine()) for n in (128.0, 65.0)
    )
    assert part.latency_s.item() == whole.latency_s.item()
    assert part.macc.item() == whole.macc.item()


def test_a_causal_mask_halves_the_work_of_long_prompts():
    tokens = np.array([[64.0 * 1000]])
    causal, full = (
        attend_prompt(tokens, HEADS, Visible(mask), machine()) for mask in ("causal", "full")
    )
    # 1000 * 1001 / 2 tiles of 1000^2
    assert causal.max.item() / full.max.item() == pytest.approx(0.5005, rel=1e-12)


def test_grouped_heads_load_keys_once_per_group():
    tokens = np.array([[512.0]])
    hw = machine(global_buffer_bytes=2**24).hw
    single = key_tile_loads(tokens / 64, Heads(1, 1, 64, 64), Visible(), hw)
    grouped = key_tile_loads(tokens / 64, Heads(8, 1, 64, 64), Visible(), hw)
    assert single.item() == grouped.item() == 8


def test_narrow_cache_words_move_fewer_bytes():
    tokens = np.array([[4096.0]])
    wide, narrow = (
        attend_prompt(tokens, HEADS, Visible(), machine(Precision(16, 16, bits))).dram_bytes.item()
        for bits in (16, 4)
    )
    queries_and_outputs = 2 * 12 * 4096 * 128
    assert (narrow - queries_and_outputs) / (wide - queries_and_outputs) == pytest.approx(0.25)


def test_a_buffer_without_room_for_a_tile_is_too_small():
    needed = 2 * 64 * (128 + 130)
    assert not too_small(HEADS, machine(global_buffer_bytes=needed).hw).item()
    assert too_small(HEADS, machine(global_buffer_bytes=needed - 1).hw).item()
