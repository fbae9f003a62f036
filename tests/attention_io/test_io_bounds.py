"""The asymptotic references: their terms, where they meet, which regime holds."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from accel_models.attention.io_complexity import bounds
from dse._ops import ARRAYS, FLOATS

tokens = st.integers(1, 100_000)
widths = st.integers(1, 256)
words = st.integers(1, 10_000_000)


def test_forward_reference_by_hand():
    # N = 1024, d = 64: d^2 = 4096, Nd = 65536.
    assert bounds.reference_forward_words(1024, 64, 1024, FLOATS) == 1024**2 * 64 / 32
    assert bounds.reference_forward_words(1024, 64, 8192, FLOATS) == 65536**2 / 8192
    assert bounds.reference_forward_words(1024, 64, 10**6, FLOATS) == 4 * 65536


def test_backward_reference_by_hand():
    # N = 1000, d = 10: N^2 d^2 + N d^3 = 1.01e8; N^2 d + N d^2 = 1.01e7; 7Nd = 70000.
    assert bounds.reference_backward_words(1000, 10, 25, FLOATS) == 1.01e7 / 5
    assert bounds.reference_backward_words(1000, 10, 400, FLOATS) == 1.01e8 / 400
    assert bounds.reference_backward_words(1000, 10, 10**5, FLOATS) == 70000


@settings(deadline=None)
@given(N=tokens, d=widths)
def test_both_terms_are_n_squared_at_the_crossover(N, d):
    M = bounds.crossover_words(d)
    assert bounds.large_cache_forward(N, d, M) == N**2
    assert bounds.small_cache_forward(N, d, M, FLOATS) == N**2


@settings(deadline=None)
@given(N=tokens, d=widths)
def test_backward_terms_meet_at_the_same_crossover(N, d):
    M = bounds.crossover_words(d)
    large = (N**2 * d**2 + N * d**3) / M
    expected = max(7 * N * d, large)
    assert bounds.reference_backward_words(N, d, M, FLOATS) == pytest.approx(expected)


@settings(deadline=None)
@given(N=tokens, d=widths, M=words)
def test_references_fall_with_memory_to_the_compulsory_words(N, d, M):
    for reference, floor in (
        (bounds.reference_forward_words, bounds.compulsory_forward_words),
        (bounds.reference_backward_words, bounds.compulsory_backward_words),
    ):
        here, there = (reference(N, d, m, FLOATS) for m in (M, M + 1))
        assert here >= there >= floor(N, d)


@pytest.mark.parametrize(
    ("M", "name"),
    [
        (4095, "small cache"),
        (4096, "large cache"),
        (1024 * 64 // 4 - 1, "large cache"),
        (1024 * 64 // 4, "compulsory"),
    ],
)
def test_regime_changes_at_d_squared_and_at_a_quarter_of_the_tokens(M, name):
    assert bounds.REGIMES[int(bounds.regime(1024, 64, M, FLOATS))] == name


@settings(deadline=None)
@given(N=tokens, d=widths, M=words)
def test_the_regime_names_the_term_that_the_reference_takes(N, d, M):
    terms = {
        "small cache": bounds.small_cache_forward(N, d, M, FLOATS),
        "large cache": bounds.large_cache_forward(N, d, M),
        "compulsory": bounds.compulsory_forward_words(N, d),
    }
    name = bounds.REGIMES[int(bounds.regime(N, d, M, FLOATS))]
    reference = bounds.reference_forward_words(N, d, M, FLOATS)
    assert reference == pytest.approx(terms[name], rel=1e-12)


def test_arrays_give_the_bits_of_floats():
    M = np.array([5.0, 100.0, 4096.0, 5e4, 1e7])
    for function in (
        bounds.reference_forward_words,
        bounds.reference_backward_words,
        bounds.regime,
    ):
        expected = [function(1024.0, 64.0, float(m), FLOATS) for m in M]
        assert function(1024.0, 64.0, M, ARRAYS).tolist() == expected
