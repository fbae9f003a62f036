"""The yardstick of fronts: hypervolume on common axes, by hand."""

import numpy as np
import pytest
from support.toy import toy_problem

from dse._quality import Yardstick, growth

FRONT = np.array([[1.0, 100.0], [10.0, 10.0], [100.0, 1.0]])


def yardstick(points, directions=("min", "min")):
    goals = dict(zip(("latency_s", "area_mm2"), directions, strict=True))
    return Yardstick.of(toy_problem(objectives=goals), np.asarray(points))


def test_positive_values_make_logarithmic_axes_with_a_margin_of_10_percent():
    # widths of two decades: the reference lies 0.2 decades beyond 100
    axes = yardstick(FRONT)
    assert axes.is_log
    assert axes.reference() == pytest.approx([10**2.2] * 2)
    # boxes of sides 1.1 - (0, 0.5, 1): 1.1 * 0.1 + 0.6 * 0.5 + 0.1 * 0.5
    assert axes.hypervolume(FRONT) == pytest.approx((0.11 + 0.3 + 0.05) / 1.21)


def test_designs_worse_than_the_reference_add_nothing():
    axes = yardstick(FRONT)
    worse = np.array([[1e3, 0.5], [2e2, 2e2]])
    assert axes.hypervolume(worse) == 0.0
    assert axes.hypervolume(np.concatenate([FRONT, worse])) == axes.hypervolume(FRONT)


def test_values_without_a_logarithm_add_nothing():
    axes = yardstick([[-10.0, -10.0]], ("max", "max"))
    assert axes.is_log
    assert axes.hypervolume(np.array([[-0.0, -10.0], [5.0, -20.0]])) == 0.0


def test_a_front_of_one_design_is_measured_within_a_decade():
    axes = yardstick([[2.0, 3.0]])
    assert axes.reference() == pytest.approx([2 * 10**1.1, 3 * 10**1.1])
    assert axes.hypervolume(np.array([[2.0, 3.0]])) == pytest.approx(1.0)


def test_a_constant_objective_keeps_its_width():
    axes = yardstick([[0.0, 3.0], [0.0, 4.0]])  # zero: linear axes
    assert not axes.is_log
    assert axes.reference() == pytest.approx([1.1, 4.1])


def test_an_empty_front_measures_nothing():
    axes = yardstick(np.empty((0, 2)))
    assert axes.hypervolume(np.empty((0, 2))) == 0.0
    assert np.isfinite(axes.reference()).all()


def test_growth_starts_when_a_design_is_better_than_the_reference():
    points = np.array([[1e3, 1e3], [1.0, 100.0], [10.0, 10.0], [100.0, 1.0]])
    volumes = growth(yardstick(FRONT), points, np.array([1, 2, 3, 4]), np.array([1, 2, 3, 4]))
    assert volumes == pytest.approx(np.array([0, 0.11, 0.41, 0.46]) / 1.21)
