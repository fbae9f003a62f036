"""The best tiles for a memory, and where one schedule overtakes the other."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from io_cases import counted

from accel_models.attention.io_complexity import counts, optimal
from accel_models.attention.io_complexity.tiling import Head, Tiling
from dse._ops import ARRAYS, FLOATS

heads = st.builds(Head, st.integers(1, 30), st.integers(1, 6), st.integers(1, 6))


def fewest_words(key, head, M):
    """The fewest words over all tiles that fit, by trying them; None if none fits."""
    tiles = (Tiling(r, c) for r in range(1, head.N + 1) for c in range(1, head.N + head.F + 1))
    found = (counted(key, head, tiling) for tiling in tiles)
    return min((c.words for c in found if c.peak_words <= M), default=None)


def words_of(key, head, tiling):
    """Words that the tiles move, or None where a tile is empty."""
    return counted(key, head, tiling).words if min(tiling.Br, tiling.Bc) >= 1 else None


@settings(max_examples=40, deadline=None)
@given(head=heads, M=st.integers(1, 400))
def test_no_other_tiles_beat_the_best_br_of_flash_attention_2(head, M):
    tiling = Tiling(optimal.fa2_max_br(head, M, FLOATS), 1)
    key = ("forward", "fa2")
    assert words_of(key, head, tiling) == fewest_words(key, head, M)


@settings(max_examples=40, deadline=None)
@given(head=heads, M=st.integers(1, 400))
def test_no_other_tiles_beat_the_best_bc_of_flash_attention_1(head, M):
    tiling = Tiling(1, optimal.fa1_max_bc(head, M, FLOATS))
    key = ("forward", "fa1")
    assert words_of(key, head, tiling) == fewest_words(key, head, M)


@settings(max_examples=40, deadline=None)
@given(head=heads, M=st.integers(1, 600))
def test_no_other_tiles_beat_the_best_bc_of_the_backward_pass(head, M):
    tiling = Tiling(1, optimal.backward_max_bc(head, M, FLOATS))
    key = ("backward", "fa2")
    assert words_of(key, head, tiling) == fewest_words(key, head, M)


@settings(max_examples=40, deadline=None)
@given(head=heads, M=st.integers(1, 300))
def test_no_other_tiles_beat_the_best_small_cache_tile(head, M):
    tiling = Tiling(*optimal.small_cache_tile(head.N, head.E, head.F, M))
    key = ("forward", "small_cache")
    assert words_of(key, head, tiling) == fewest_words(key, head, M)


@settings(deadline=None)
@given(M=st.integers(1, 10**9))
def test_square_tile_is_the_largest_that_fits(M):
    b = optimal.square_tile(M)
    assert b * b + 2 * b <= M < (b + 1) ** 2 + 2 * (b + 1)


def test_tiles_are_never_larger_than_the_head():
    head = Head(10.0, 4.0, 4.0)
    assert optimal.fa2_max_br(head, 1e6, FLOATS) == 10
    assert optimal.fa1_max_bc(head, 1e6, FLOATS) == 10
    assert optimal.backward_max_bc(head, 1e6, FLOATS) == 10


# -- slopes and constants ------------------------------------------------------------------------


def max_br_constant(N, d, M):
    """(loads - Nd) M / (N^2 d^2) of FlashAttention-2 with its best Br."""
    head = Head(float(N), float(d), float(d))
    Br = optimal.fa2_max_br(head, M, ARRAYS)
    loads = counts.fa2_forward(head, Tiling(Br, 1.0), ARRAYS).loads_words
    return (loads - N * d) * M / (N * d) ** 2


@settings(deadline=None)
@given(d=st.integers(32, 128), lengths=st.integers(8, 64))
def test_flash_attention_2_loads_four_to_five_times_the_reference(d, lengths):
    N = lengths * d
    M = np.unique(np.geomspace(2 * d * d, N * d / 2, 300).astype(int)).astype(float)
    constant = max_br_constant(N, d, M)
    assert constant.min() >= 4.0
    assert constant.max() <= 5.2


@settings(deadline=None)
@given(d=st.integers(16, 31), lengths=st.integers(8, 64))
def test_narrow_heads_load_a_little_more_between_the_powers_of_two(d, lengths):
    N = lengths * d
    M = np.arange(2.0 * d * d, N * d / 2 + 1)
    constant = max_br_constant(N, d, M)
    assert constant.min() >= 4.0
    assert constant.max() <= 5.7


def test_small_cache_loads_fall_with_the_square_root_of_memory():
    head = Head(16384.0, 512.0, 512.0)
    M = np.geomspace(50, 512**2 / 50, 60)
    b = optimal.square_tile(M)
    loads = counts.small_cache_forward(head, Tiling(b, b), ARRAYS).loads_words
    assert slope(M, loads) == pytest.approx(-0.5, abs=0.05)


def test_flash_attention_2_loads_fall_with_memory():
    head = Head(2.0**20, 64.0, 64.0)
    M = np.geomspace(64**2 * 10, 64**2 * 1000, 60)
    loads = counts.fa2_forward(
        head, Tiling(optimal.fa2_max_br(head, M, ARRAYS), 1.0), ARRAYS
    ).loads_words
    assert slope(M, loads - head.N * 64) == pytest.approx(-1.0, abs=0.01)


def slope(x, y):
    """Of the straight line through the logarithms."""
    return np.polyfit(np.log(x), np.log(y), 1)[0]


# -- crossover -----------------------------------------------------------------------------------


def test_crossover_does_not_depend_on_the_length():
    assert optimal.crossover(1024, 64) == optimal.crossover(4096, 64) == 2223


def test_crossover_at_a_width_of_128():
    assert optimal.crossover(4096, 128) == 8543


def test_crossover_estimates_solve_their_equations():
    x, y = optimal.CROSSOVER_UNROUNDED**-0.5, optimal.CROSSOVER_LIMIT**-0.5  # d/sqrt(M)
    assert 4 * x * x == pytest.approx(4 * x + 2)
    assert 4 * y * y == pytest.approx(3 * y + 4)
    assert pytest.approx(0.536, abs=5e-4) == optimal.CROSSOVER_UNROUNDED


def test_crossover_of_wide_heads_approaches_its_limit_from_above():
    ratios = [optimal.crossover(16384, d) / d**2 for d in (32, 64, 128, 256)]
    assert ratios == sorted(ratios, reverse=True)
    assert 0 < ratios[-1] - optimal.CROSSOVER_LIMIT < 0.02


@pytest.mark.parametrize("d", [32, 64])
def test_schedules_cross_once(d):
    head = Head(1024.0, float(d), float(d))
    M = np.arange(4.0 * d + 8, 6.0 * d * d)
    b, Br = optimal.square_tile(M), optimal.fa2_max_br(head, M, ARRAYS)
    small = counts.small_cache_forward(head, Tiling(b, b), ARRAYS).words
    flash = counts.fa2_forward(head, Tiling(Br, 1.0), ARRAYS).words
    assert np.count_nonzero(np.diff((small < flash).astype(int))) == 1
