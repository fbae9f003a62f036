"""Closed sums over a growing context equal the plain loop."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from accel_models.attention.serving.series import Line, sum_of_largest

numbers = st.floats(0, 1e3, allow_subnormal=False)
lines = st.lists(st.tuples(numbers, numbers), min_size=1, max_size=5)


def columns(pairs):
    return [Line(np.array([[float(a)]]), np.array([[float(b)]])) for a, b in pairs]


def closed(pairs, first, last, window=None):
    ends = (np.array([[float(end)]]) for end in (first, last))
    return sum_of_largest(columns(pairs), *ends, window).item()


def looped(pairs, first, last, window=None):
    contexts = (min(t, window or t) for t in range(first, last + 1))
    return math.fsum(max(a + b * t for a, b in pairs) for t in contexts)


def test_two_lines_break_where_they_cross():
    # max(10, 2t) over t = 3..8: 10 10 10 | 12 14 16 = 72
    assert closed([(10, 0), (0, 2)], 3, 8) == 72


def test_a_window_stops_the_growth():
    # max(10, 2t) over t = 3..8 with a window of 6: 10 10 10 12 12 12 = 66
    assert closed([(10, 0), (0, 2)], 3, 8, window=6) == 66


def test_a_window_before_the_first_step():
    assert closed([(1, 1)], 50, 59, window=10) == 10 * 11


@pytest.mark.parametrize("window", [None, 3, 100])
def test_no_step_takes_no_time(window):
    assert closed([(10, 0), (0, 2)], 7, 6, window) == 0


def test_parallel_lines_leave_the_higher():
    assert closed([(1, 2), (5, 2), (3, 2)], 1, 4) == 4 * 5 + 2 * 10


@settings(deadline=None)
@given(lines, st.integers(1, 400), st.integers(0, 300), st.one_of(st.none(), st.integers(1, 600)))
def test_equals_the_loop(pairs, first, steps, window):
    last = first + steps - 1
    expected = looped(pairs, first, last, window)
    assert closed(pairs, first, last, window) == pytest.approx(expected, rel=1e-12, abs=1e-300)


@settings(deadline=None)
@given(st.lists(st.lists(st.tuples(numbers, numbers), min_size=3, max_size=3), min_size=2))
def test_designs_do_not_mix(designs):
    each = [closed(pairs, 5, 90) for pairs in designs]
    together = [
        Line(*(np.array([[pairs[i][j]] for pairs in designs]) for j in (0, 1)))
        for i in range(len(designs[0]))
    ]
    found = sum_of_largest(together, np.array([[5.0]]), np.array([[90.0]]))
    assert found[:, 0].tolist() == each
