"""Decode steps: one by hand, then all of them in closed form against a loop over the steps."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from serving_cases import (
    DENSE,
    GROUPED,
    LATENT,
    MIXTURE,
    WINDOWED,
    attentions,
    machine,
    machines,
    tiny,
)

from accel_models.attention.serving.decode import array_cycles_per_token, step_lines, step_work
from accel_models.attention.serving.gemm import gemm
from accel_models.attention.serving.passes import DecodeStep, prefill, touched_experts
from workloads.language.attention import Heads, Matrix
from workloads.language.model import Precision

HEADS = Heads(8, 2, 32, 32)

# 8 query heads in 2 groups of 4, keys and values of 32, on 64 x 64 PEs with V1 = 64 at 940 MHz.
# Per token of context:
#   2D: 2 groups * ceil(4/64) * (ceil(32/64) + ceil(32/64)) = 4 cycles
#   1D: 8 scores * (1 + 7 + 1) slots / 64 PEs = 1.125 cycles
#   DRAM: 2 groups * 64 elements * 2 B = 256 B
#   buffer: reads 2 * 64 + 2 * 8 = 144 words, writes 128 + 16 = 144; 288 words / 256 / 4 ports
# Whatever the context: 8 * 64 * 2 B = 1,024 B of queries and outputs; 8 * 32 / 64 = 4 divide
# cycles; reads 256 words, writes 512.


def test_resources_of_a_step_by_hand():
    array_2d, array_1d, dram, ports = step_lines(HEADS, machine())
    f, bandwidth = 940e6, 400 * 2**30
    assert array_2d.intercept.item() == 0
    assert array_2d.slope.item() == pytest.approx(4 / f)
    assert array_1d.intercept.item() == pytest.approx(4 / f)
    assert array_1d.slope.item() == pytest.approx(1.125 / f)
    assert dram.intercept.item() == pytest.approx(1024 / bandwidth)
    assert dram.slope.item() == pytest.approx(256 / bandwidth)
    assert ports.intercept.item() == pytest.approx(768 / 256 / 4 / f)
    assert ports.slope.item() == pytest.approx(288 / 256 / 4 / f)


def test_without_port_limit_there_are_three_resources():
    assert len(step_lines(HEADS, machine(port_limit=False))) == 3


def test_wide_heads_take_several_passes_of_a_small_array():
    # DeepSeek-V2's latent heads on 64 x 64: ceil(128/64) * (ceil(576/64) + ceil(512/64)) = 34
    heads = Heads(128, 1, 576, 512, values_in_keys=True)
    assert array_cycles_per_token(heads, machine().hw).item() == 2 * (9 + 8)


def test_latent_values_are_read_from_dram_once():
    heads = Heads(128, 1, 576, 512, values_in_keys=True)
    _, growing = step_work(heads, machine())
    assert growing.dram_bytes == 576 * 2


def test_counts_of_a_step_by_hand():
    fixed, growing = step_work(HEADS, machine())
    assert growing.macc == 8 * 64 + 8 * 6  # scores and sums; exponentials
    assert (growing.add, growing.max, fixed.divide) == (16, 8, 256)


def test_cache_bits_set_the_traffic():
    _, growing = step_work(HEADS, machine(Precision(16, 16, 4)))
    assert growing.dram_bytes == 64


def test_a_step_is_its_layers_and_its_head():
    model, on = tiny(layers=3), machine()
    step = DecodeStep.of(model, on)
    matrices = [(256, 256), (256, 256), (256, 64), (256, 64), *[(256, 512)] * 2, (512, 256)]
    linear = sum(gemm(Matrix(*size), 1.0, on).latency_s.item() for size in matrices)
    attention = max(line.at(100.0).item() for line in step_lines(HEADS, on))
    head = gemm(Matrix(256, 1000), 1.0, on).latency_s.item()
    expected = 3 * (linear + attention) + head
    assert step.time_s(100.0).item() == pytest.approx(expected, rel=1e-12)


@settings(max_examples=60, deadline=None)
@given(
    attention=attentions,
    network=st.sampled_from([DENSE, MIXTURE]),
    on=machines,
    first=st.integers(1, 1500),
    steps=st.integers(0, 400),
)
def test_the_closed_form_equals_a_loop_over_the_steps(attention, network, on, first, steps):
    step = DecodeStep.of(tiny(attention, network), on)
    last = first + steps - 1
    looped = math.fsum(np.asarray(step.time_s(float(t))).item() for t in range(first, last + 1))
    ends = (np.array([[float(end)]]) for end in (first, last))
    assert step.total_time_s(*ends).item() == pytest.approx(looped, rel=1e-12, abs=0)


@pytest.mark.parametrize("attention", [GROUPED, WINDOWED, LATENT])
def test_a_longer_context_is_never_faster(attention):
    step = DecodeStep.of(tiny(attention), machine())
    times = [np.asarray(step.time_s(float(t))).item() for t in range(1, 400, 7)]
    assert times == sorted(times)


def test_a_window_holds_the_time():
    step = DecodeStep.of(tiny(WINDOWED), machine())
    assert step.time_s(100.0).item() == step.time_s(5000.0).item()


def test_experts_that_tokens_reach():
    assert touched_experts(MIXTURE, 1.0) == 2
    assert touched_experts(MIXTURE, 3.0) == 6
    assert touched_experts(MIXTURE, 100.0) == 8


def test_a_decode_step_streams_the_active_experts_only():
    on = machine()
    step = DecodeStep.of(tiny(feed_forward=MIXTURE, layers=1), on)
    # router 256*8, shared and 2 experts gated: 3*256*64 + 2 * 3*256*128, attention 163,840, head
    weights = 2048 + 49152 + 196608 + 163840 + 256000
    activations = (
        2 * (256 + 256) + 2 * (256 + 64)  # queries, output, keys, values
        + (256 + 8) + 3 * (256 + 64) + 2 * 3 * (256 + 128) + (256 + 1000)
    )  # fmt: skip
    assert step.constant.dram_bytes.item() == 2 * (weights + activations)


def test_a_prompt_touches_every_expert_once():
    on = machine()
    tokens = np.array([[64.0]])
    dense, mixed = (prefill(tiny(feed_forward=f, layers=1), tokens, on) for f in (DENSE, MIXTURE))
    # 64 tokens * 2 of 8 experts: 16 rows each, one tile of rows per expert
    ours = 64 * 256 * 8 + 3 * 64 * 256 * 64 + 2 * 3 * 64 * 256 * 128
    assert dense.macc.item() - mixed.macc.item() == 3 * 64 * 256 * 512 - ours


def test_quantised_weights_speed_up_a_memory_bound_step():
    slow = {"dram_bandwidth_bytes_per_s": 1e9}
    times = [
        DecodeStep.of(tiny(), machine(Precision(bits, 16, 16), **slow)).constant.latency_s.item()
        for bits in (16, 8, 4)
    ]
    # activations stay: nearly 2 and 4 times
    assert times[0] / times[1] == pytest.approx(2, rel=0.02)
    assert times[0] / times[2] == pytest.approx(4, rel=0.04)
