"""Rewards against hand-calculated values, and their limits."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dse.envs.rewards import (
    ARCHGYM_CLIP,
    DECADES,
    REWARDS,
    Outcome,
    archgym,
    find_reward,
    log_ratios,
    scalar,
    share,
)
from dse.errors import InputError

REFERENCE = np.array([10.0, 4.0])
FUNCTIONS = {**REWARDS, "archgym": archgym}
SIGNS = np.array([1.0, -1.0])  # the first objective is minimised, the second maximised


def outcome(values, violation=0.0, best=-DECADES, weights=(0.5, 0.5), targets=(10.0, 4.0)):
    values = np.array([values], dtype=float)
    usable = np.isfinite(values).all()
    return Outcome(
        values=values,
        log_ratios=log_ratios(values, REFERENCE, SIGNS),
        violation=np.array([violation if usable else np.inf]),
        best=np.array([best]),
        weights=np.array(weights),
        targets=np.array(targets),
    )


def one_objective(value, target):
    return Outcome(
        values=np.array([[value]]),
        log_ratios=np.zeros((1, 1)),
        violation=np.zeros(1),
        best=np.zeros(1),
        weights=np.ones(1),
        targets=np.array([target]),
    )


def reward(name, *args, **kwargs):
    return float(FUNCTIONS[name](outcome(*args, **kwargs))[0])


def test_log_ratio_counts_decades_worse():
    # 100 is one decade above 10, worse as it is minimised; 40 one above 4, better as maximised
    found = log_ratios(np.array([[100.0, 40.0]]), REFERENCE, SIGNS)
    np.testing.assert_allclose(found, [[1.0, -1.0]])


def test_log_ratio_is_clipped_at_six_decades():
    found = log_ratios(np.array([[1e30, 1e30]]), REFERENCE, SIGNS)
    np.testing.assert_array_equal(found, [[6.0, -6.0]])


def test_log_ratio_of_zero_is_the_clip():
    found = log_ratios(np.array([[0.0, 0.0]]), REFERENCE, SIGNS)
    np.testing.assert_array_equal(found, [[-6.0, 6.0]])


def test_log_ratio_of_nan_is_the_worst():
    found = log_ratios(np.array([[np.nan, np.nan]]), REFERENCE, SIGNS)
    np.testing.assert_array_equal(found, [[6.0, 6.0]])


def test_share_of_a_violation():
    np.testing.assert_array_equal(share(np.array([0.0, 1.0, 3.0, np.inf])), [0.0, 0.5, 0.75, 1.0])


def test_scalar_keeps_every_violating_design_below_every_admissible_one():
    ratios = np.array([[6.0, 6.0], [-6.0, -6.0]])
    worst_admissible, best_violating = scalar(ratios, np.array([0.5, 0.5]), np.array([0.0, 0.01]))
    assert best_violating < worst_admissible


@pytest.mark.parametrize(
    ("name", "expected"), [("log_sum", 0.0), ("inverse", 0.5), ("target", 1.0), ("archgym", 1e6)]
)
def test_reward_at_the_reference(name, expected):
    assert reward(name, (10.0, 4.0)) == pytest.approx(expected)


def test_log_sum_by_hand():
    # log-ratios 1 and -2 with weights 1/4 and 3/4: -(1/4 - 6/4) = 1.25
    assert reward("log_sum", (100.0, 400.0), weights=(0.25, 0.75)) == pytest.approx(1.25)


def test_improvement_counts_from_the_best_so_far():
    # log-ratios -1 and -1: scalar 1, which is 0.75 above 0.25
    assert reward("improvement", (1.0, 40.0), best=0.25) == pytest.approx(0.75)


def test_improvement_is_never_negative():
    assert reward("improvement", (1.0, 40.0), best=2.0) == 0.0


def test_inverse_by_hand():
    # 10 / (10 + 30) = 0.25 (min) and 12 / (4 + 12) = 0.75 (max): mean 0.5; weights 1:3 give 0.625
    assert reward("inverse", (30.0, 12.0), weights=(0.25, 0.75)) == pytest.approx(0.625)


def test_target_by_hand():
    # |15 - 10| / 10 = 0.5 -> 2/3; |1 - 4| / 4 = 0.75 -> 4/7
    assert reward("target", (15.0, 1.0)) == pytest.approx((2 / 3 + 4 / 7) / 2)


def test_archgym_is_the_product_of_the_inverse_distances():
    # 10 / |15 - 10| = 2 and 4 / |1 - 4| = 4/3
    assert reward("archgym", (15.0, 1.0)) == pytest.approx(8 / 3)


def test_archgym_of_one_objective():
    # its `power`: a target of 1 W and a design of 1.25 W give 1 / 0.25
    assert archgym(one_objective(1.25, target=1.0))[0] == pytest.approx(4.0)


def test_archgym_punishes_what_is_better_than_the_target():
    assert reward("archgym", (5.0, 1.0)) == reward("archgym", (15.0, 1.0))


@pytest.mark.parametrize("value", [0.1, 0.1 * (1 + 1e-4), 0.1 * (1 - 1e-9)])
def test_archgym_is_clipped_near_the_target(value):
    assert archgym(one_objective(value, target=0.1))[0] == ARCHGYM_CLIP


def test_archgym_is_clipped_factor_by_factor():
    # at the first target, and 4 / |2 - 4| = 2 for the second
    assert reward("archgym", (10.0, 2.0)) == pytest.approx(2000.0)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("log_sum", -6.5),
        ("improvement", 0.0),
        ("inverse", -0.5),
        ("target", -0.5),
        ("archgym", -0.5),
    ],
)
def test_penalty_of_a_violation_of_one(name, expected):
    assert reward(name, (1.0, 400.0), violation=1.0) == expected


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("log_sum", -7.0),
        ("improvement", 0.0),
        ("inverse", -1.0),
        ("target", -1.0),
        ("archgym", -1.0),
    ],
)
def test_penalty_without_usable_metrics(name, expected, value):
    assert reward(name, (value, 4.0)) == expected


@pytest.mark.parametrize("name", FUNCTIONS)
@given(
    first=st.floats(allow_nan=True, allow_infinity=True),
    second=st.floats(min_value=0.0),
    violation=st.floats(min_value=0.0),
    best=st.floats(min_value=-6.0, max_value=6.0),
)
def test_rewards_are_finite_for_any_metrics(name, first, second, violation, best):
    value = reward(name, (first, second), violation=violation, best=best)
    assert -7.0 <= value <= (ARCHGYM_CLIP**2 if name == "archgym" else 12.0)


def test_unknown_reward():
    with pytest.raises(InputError, match=r"unknown reward 'log_som'. Did you mean 'log_sum'\?"):
        find_reward("log_som")
