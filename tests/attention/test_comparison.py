"""Comparing one of our figures with a published one."""

import math

import pytest

from accel_models.comparison import Comparison, summarise


def compared(ours, published, tolerance=0.01, *, is_absolute=False, column="latency_s"):
    return Comparison("table.csv", "a row", column, ours, published, tolerance, is_absolute)


def test_error_is_relative_and_signed():
    assert compared(99.0, 100.0).error == pytest.approx(-0.01)


def test_absolute_error_is_a_difference():
    assert compared(0.79, 0.78, is_absolute=True).error == pytest.approx(0.01)


def test_published_zero_is_compared_by_difference():
    assert compared(0.5, 0.0).error == 0.5


@pytest.mark.parametrize(("ours", "passes"), [("row", True), ("head", False)])
def test_words_must_be_equal(ours, passes):
    assert compared(ours, "row", tolerance=0.0).passes is passes


def test_nan_never_passes():
    assert not compared(math.nan, 1.0, tolerance=math.inf).passes


def test_summary_counts_and_finds_the_worst():
    group = [compared(1.0, 1.0), compared(0.9, 1.0), compared(1.05, 1.0)]
    (summary,) = summarise(group)
    assert (summary.rows, summary.failed, summary.worst) == (3, 2, group[1])


def test_nan_is_the_worst():
    group = [compared(5.0, 1.0), compared(math.nan, 1.0)]
    assert summarise(group)[0].worst is group[1]


def test_one_summary_per_column_in_order():
    found = summarise([compared(1, 1, column=c) for c in ("b", "a", "b")])
    assert [(s.column, s.rows) for s in found] == [("b", 2), ("a", 1)]
