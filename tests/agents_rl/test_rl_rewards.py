"""Rewards of a search and their scale."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.toy import toy_problem

from agents.rl._rewards import Experience, by_rank, standard
from agents.rl._settings import RLSettings
from dse import Scores
from dse.errors import InputError

FINITE = st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=30)


def experience(**settings):
    return Experience(toy_problem(), RLSettings(**settings))


def told(found, *points, violation=None):
    """Add designs with these objectives."""
    objectives = np.array(points, dtype=float)
    usable = np.where(np.isfinite(objectives).all(axis=1), 0.0, np.inf)
    violation = usable if violation is None else np.array(violation)
    found.add(np.zeros((len(points), 4), dtype=np.int64), Scores(objectives, violation))
    return found.rewards


def test_ranks_become_normal_quantiles():
    # Blom's positions of three values: (1 - 0.375) / 3.25 = 0.1923, 0.5, 0.8077
    assert by_rank(np.array([5.0, -1.0, 100.0])) == pytest.approx([0.0, -0.8694, 0.8694], abs=1e-4)


def test_equal_rewards_get_equal_quantiles():
    assert by_rank(np.zeros(5)) == pytest.approx(np.zeros(5))


@given(FINITE)
def test_quantiles_keep_the_order(values):
    rewards = np.array(values)
    assert (np.diff(by_rank(rewards)[np.argsort(rewards)]) >= 0.0).all()


def test_standard_scale_has_mean_zero_and_unit_deviation():
    scaled = standard(np.array([1.0, 2.0, 3.0]))
    assert scaled == pytest.approx([-1.2247, 0.0, 1.2247], abs=1e-4)


def test_standard_scale_clips_what_lies_far_out():
    assert standard(np.array([0.0] * 99 + [-1e6]))[-1] == -3.0


@given(FINITE)
def test_both_scales_are_finite(values):
    assert np.isfinite(by_rank(np.array(values))).all()
    assert np.isfinite(standard(np.array(values))).all()


def test_first_design_that_works_is_the_reference():
    found = experience()
    rewards = told(found, (np.inf, np.inf), (1.0, 10.0), (0.1, 10.0))
    assert rewards[1] == 0.0
    assert rewards[2] == pytest.approx(0.5)  # ten times better in one of two objectives


def test_reference_stays_in_later_batches():
    found = experience()
    told(found, (1.0, 10.0))
    assert told(found, (1.0, 1.0))[-1] == pytest.approx(0.5)


def test_designs_that_cannot_work_earn_least():
    rewards = told(experience(), (1.0, 1.0), (np.inf, np.inf), (1e5, 1e5))
    assert np.argmin(rewards) == 1


def test_violations_cost_more_than_bad_objectives():
    rewards = told(experience(), (1.0, 1.0), (1e-3, 1e-3), violation=[0.0, 0.2])
    assert rewards[1] < rewards[0]


def test_weights_count():
    weights = {"latency_s": 3.0, "area_mm2": 1.0}
    rewards = told(experience(weights=weights), (1.0, 1.0), (0.1, 1.0))
    assert rewards[1] == pytest.approx(0.75)


def test_targets_are_for_the_rewards_that_use_them():
    targets = {"latency_s": 2.0, "area_mm2": 1.0}
    rewards = told(experience(reward="target", targets=targets), (2.0, 1.0))
    assert rewards[0] == 1.0


@pytest.mark.parametrize(
    ("settings", "what", "allowed"),
    [
        ({"weights": {"latency": 1.0}}, "'latency' is no objective. Did you mean", "latency_s"),
        ({"weights": {"latency_s": 1.0}}, "weights = ", "each of latency_s, area_mm2"),
        ({"weights": {"latency_s": 0.0, "area_mm2": 0.0}}, "weights = ", "not all of them 0"),
        ({"weights": {"latency_s": -1.0, "area_mm2": 2.0}}, "weights = ", "at least 0"),
        ({"reward": "target"}, "targets = {}", "each of latency_s, area_mm2"),
        ({"targets": {"latency_s": 1.0, "area_mm2": 1.0}}, "reward = 'log_sum'", "target"),
    ],
)
def test_weights_and_targets_that_do_not_fit_the_objectives(settings, what, allowed):
    with pytest.raises(InputError) as caught:
        experience(**settings)
    assert what in caught.value.what
    assert allowed in caught.value.allowed
