"""The exact counts: by hand, against executed schedules, at their limits."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from io_cases import COUNTERS, IDS, KEYS, TENSOR_OF_ARRAY, counted, executed, small_heads, tilings

from accel_models.attention.io_complexity import bounds
from accel_models.attention.io_complexity.tiling import Head, Tiling, causal_sums, floor_sum
from dse._ops import ARRAYS, FLOATS

FORWARD = [key for key in KEYS if key[0] == "forward"]

# -- by hand -------------------------------------------------------------------------------------
# N = 64, d = 8, tiles of 16: Nd = 512, Tr = Tc = 4.


def test_flash_attention_2_by_hand():
    found = counted(("forward", "fa2"), Head(64, 8, 8), Tiling(16, 16))
    assert found.loads == {"query": 512, "key_value": 4096}  # K and V once per query tile: 2*512*4
    assert found.stores == {"output": 512, "statistics": 64}
    assert found.messages == 44  # per query tile: Q, O, L, and K and V of 4 key tiles
    assert found.peak_words == 800  # Q and O 256, m and l 32, K and V 256, S 256
    assert found.macs == 65536  # 64*64*(8+8)


def test_flash_attention_2_without_statistics_by_hand():
    found = counted(("forward", "fa2"), Head(64, 8, 8), Tiling(16, 16, statistics=False))
    assert (found.stores_words, found.messages) == (512, 40)


def test_flash_attention_1_by_hand():
    found = counted(("forward", "fa1"), Head(64, 8, 8), Tiling(16, 16))
    assert found.loads == {"query": 2048, "key_value": 1024, "output": 2048, "statistics": 512}
    assert found.stores == {"output": 5 * 512, "statistics": 5 * 128}  # the first is zeros
    assert found.messages == 3 * 4 + 2 * 4 + 7 * 16


def test_small_cache_by_hand():
    # N = 60, d = 32, b = 9: T = 7, Fd = 4.
    found = counted(("forward", "small_cache"), Head(60, 32, 32), Tiling(9, 9))
    assert found.loads == {
        "query": 60 * 32 * 7,
        "key_value": 2 * 60 * 32 * 7,  # K in step 1, V in step 3
        "scores": 3600 * (1 + 4),
        "statistics": 2 * 60 * 4,
    }
    assert found.stores == {"scores": 3600, "statistics": 120, "output": 1920}
    assert found.messages == 49 * 65 + (420 + 14) + 4 * (2 * 420 + 21)
    assert found.peak_words == 99


def test_backward_by_hand():
    found = counted(("backward", "fa2"), Head(64, 8, 8), Tiling(16, 16))
    assert found.loads == {
        "query": 2048, "key_value": 1024, "output": 1024 + 2048, "statistics": 512,
        "gradients": 2048,
    }  # fmt: skip
    assert found.stores == {"gradients": 2048 + 1024, "statistics": 64}
    assert found.macs == 64 * 64 * 40  # S, dP, dV, dK, dQ
    assert found.messages == 3 * 4 + 4 * 4 + 6 * 16


def test_causal_mask_skips_tiles_behind_the_diagonal():
    # Query tile i meets i+1 key tiles: 16 * (1+2+3+4) keys in place of 64 * 4.
    found = counted(("forward", "fa2"), Head(64, 8, 8), Tiling(16, 16, causal=True))
    assert found.loads == {"query": 512, "key_value": 16 * 160}
    assert found.macs == 16 * 160 * 16


def test_a_second_buffer_adds_the_streamed_tiles_and_moves_nothing_more():
    head = Head(64, 8, 8)
    one, two = (counted(("forward", "fa2"), head, Tiling(16, 16, b)) for b in (1, 2))
    assert two.peak_words - one.peak_words == 16 * 16
    assert (two.words, two.messages) == (one.words, one.messages)


# -- against execution ---------------------------------------------------------------------------


@pytest.mark.parametrize("key", KEYS, ids=IDS)
@settings(max_examples=200, deadline=None)
@given(head=small_heads(), tiling=tilings())
def test_counts_are_those_of_the_executed_schedule(key, head, tiling):
    ours, memory = counted(key, head, tiling), executed(key, head, tiling)
    assert nonzero(ours.loads) == by_tensor(memory.loads)
    assert nonzero(ours.stores) == by_tensor(memory.stores)
    assert (ours.messages, ours.peak_words) == (memory.messages, memory.peak_words)


def by_tensor(words):
    """Words per array, summed by tensor."""
    found = Counter()
    for array, count in words.items():
        found[TENSOR_OF_ARRAY[array]] += count
    return found


def nonzero(words):
    return {tensor: count for tensor, count in words.items() if count}


@settings(deadline=None)
@given(N=st.integers(1, 90), Br=st.integers(1, 100), Bc=st.integers(1, 100))
def test_causal_sums_are_sums_over_tiles(N, Br, Bc):
    pairs = [
        (min(Br, N - i), min(Bc, N - j))
        for i in range(0, N, Br)
        for j in range(0, N, Bc)
        if j < min(N, i + Br)
    ]
    assert causal_sums(N, Br, Bc) == (
        len(pairs),
        sum(r for r, _ in pairs),
        sum(c for _, c in pairs),
        sum(r * c for r, c in pairs),
    )


@settings(deadline=None)
@given(st.integers(0, 60), st.integers(0, 50), st.integers(0, 50), st.integers(1, 50))
def test_floor_sum_is_a_sum_of_floors(count, step, start, divisor):
    terms = [(step * i + start) // divisor for i in range(count)]
    assert floor_sum(count, step, start, divisor) == sum(terms)


@pytest.mark.parametrize("key", KEYS, ids=IDS)
@pytest.mark.parametrize("causal", [False, True])
def test_arrays_give_the_bits_of_floats(key, causal):
    rng = np.random.default_rng(0)
    Br, Bc = rng.integers(1, 300, size=(2, 40)).astype(float)
    head = Head(1000.0, 64.0, 48.0)
    whole = COUNTERS[key](head, Tiling(Br, Bc, 2.0, causal=causal), ARRAYS)
    for position in range(len(Br)):
        tiling = Tiling(float(Br[position]), float(Bc[position]), 2.0, causal=causal)
        alone = COUNTERS[key](head, tiling, FLOATS)
        for quantity in ("words", "messages", "peak_words", "macs"):
            column = np.broadcast_to(getattr(whole, quantity), Br.shape)
            assert column[position] == getattr(alone, quantity)


# -- limits and monotonicity ---------------------------------------------------------------------


@pytest.mark.parametrize("key", FORWARD, ids=" ".join)
@settings(deadline=None)
@given(head=small_heads(), tiling=tilings())
def test_no_forward_schedule_moves_less_than_compulsory(key, head, tiling):
    compulsory = 2 * head.N * (head.E + head.F)
    assert counted(key, head, tiling).words >= compulsory


@settings(deadline=None)
@given(N=st.integers(1, 500), d=st.integers(1, 128), tiling=tilings())
def test_backward_moves_at_least_the_compulsory_words(N, d, tiling):
    found = counted(("backward", "fa2"), Head(N, d, d), tiling).words
    assert found >= bounds.compulsory_backward_words(N, d)


def test_one_tile_of_everything_moves_the_compulsory_words_only():
    found = counted(("forward", "fa2"), Head(100, 8, 8), Tiling(100, 100, statistics=False))
    assert found.words == bounds.compulsory_forward_words(100, 8)


@pytest.mark.parametrize("key", KEYS, ids=IDS)
@settings(deadline=None)
@given(head=small_heads(), tiling=tilings())
def test_a_causal_mask_never_moves_more(key, head, tiling):
    masked = Tiling(tiling.Br, tiling.Bc, tiling.buffers, causal=True)
    unmasked = Tiling(tiling.Br, tiling.Bc, tiling.buffers, causal=False)
    assert counted(key, head, masked).words <= counted(key, head, unmasked).words


@settings(deadline=None)
@given(head=small_heads(), Br=st.integers(1, 28), Bc=st.integers(1, 28))
def test_larger_tiles_never_move_more_and_never_hold_less(head, Br, Bc):
    for key in KEYS:
        here = counted(key, head, Tiling(Br, Bc))
        for larger in (Tiling(Br + 1, Bc), Tiling(Br, Bc + 1)):
            there = counted(key, head, larger)
            assert there.words <= here.words
            assert there.peak_words >= here.peak_words
