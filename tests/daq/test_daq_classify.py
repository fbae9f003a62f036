"""Thresholds: hand-calculated decisions, limits, and what holds for all of them."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from accel_models.daq.classify import Scores, decide
from workloads.pipelines.schema import Gaussian
from workloads.pipelines.scores import ScoreTable, load_scores

UNIT = Scores.of(Gaussian(skill=0.0))
HLT = load_scores("cms-hlt")
RATIOS = st.floats(1.0, 1e4)
RATES = st.floats(1.0, 1e8)


def table(scores, background, signal):
    return Scores.of(ScoreTable(name="own", scores=scores, background=background, signal=signal))


def drawn_scores(rng, skill, events=2000):
    """A table of scores that were drawn at random: a staircase in small steps."""
    edges = np.linspace(-5.0, skill + 5.0, 200)
    survival = [
        tuple((rng.normal(mean, 1.0, events)[:, None] >= edges).mean(axis=0))
        for mean in (0.0, skill)
    ]
    return table(tuple(edges), *survival)


def test_without_skill_the_threshold_is_the_median():
    found = decide(UNIT, 500.0, 500.0, 2.0, 0.0)
    assert found.threshold == pytest.approx(0.0, abs=1e-12)
    assert found.background == found.signal == pytest.approx(0.5, rel=1e-14)


def test_gaussian_run_3_of_the_source():
    # 40 MHz, 1000 relevant events per second, 1 in 400; notebook of the source
    found = decide(UNIT, 39_999_000.0, 1000.0, 400.0, 3.0)
    assert found.threshold == pytest.approx(2.80889, rel=2e-6)
    assert found.signal == pytest.approx(0.575782, rel=1e-6)
    assert found.background == pytest.approx(0.00248567, rel=1e-6)


def test_linear_table():
    # S0 = 1 - t, S1 = 1 - t / 2 on 0..1: (1 - t) + (1 - t / 2) = 2 / 4 at t = 1
    found = decide(table((0.0, 1.0), (1.0, 0.0), (1.0, 0.5)), 10.0, 10.0, 2.0, 0.0)
    # half of all: 2 - 1.5 t = 1, t = 2/3, S0 = 1/3, S1 = 2/3
    assert found == pytest.approx((2 / 3, 1 / 3, 2 / 3), rel=1e-9)


def test_boost_shifts_the_signal():
    # S1(t - 0.5) = 1 below 0.5: with t = 0.5 half of the background and all of the signal pass
    found = decide(table((0.0, 1.0), (1.0, 0.0), (1.0, 0.0)), 10.0, 10.0, 4 / 3, 0.5)
    assert found == pytest.approx((0.5, 0.5, 1.0), rel=1e-9)


def test_events_of_one_score_are_shared():
    # every background event has score 0; 3 in 10 are wanted: all 10 % signal, and 2 in 9 of those
    steps = table((0.0, 1.0), (0.0, 0.0), (1.0, 1.0))
    found = decide(steps, 90.0, 10.0, 10 / 3, 0.0)
    assert found.threshold == pytest.approx(0.0, abs=1e-9)
    assert found.signal == 1.0
    assert found.background == pytest.approx(20 / 90, rel=1e-9)


def test_ratio_one_passes_everything():
    assert decide(UNIT, 90.0, 10.0, 1.0, 3.0)[1:] == (1.0, 1.0)


def test_nothing_in_nothing_out():
    found = decide(UNIT, 0.0, 0.0, 2.0, 3.0)
    assert np.isfinite(found).all()


@given(RATES, RATES, RATIOS, st.floats(0.0, 8.0), st.floats(0.1, 5.0))
def test_gaussians_meet_their_ratio(negatives, positives, ratio, skill, sd):
    found = decide(Scores.of(Gaussian(skill=skill, sd=sd)), negatives, positives, ratio, skill)
    accepted = negatives * found.background + positives * found.signal
    assert accepted == pytest.approx((negatives + positives) / ratio, rel=1e-11)


@given(RATES, RATES, RATIOS, st.floats(0.0, 1.0))
def test_tables_meet_their_ratio(negatives, positives, ratio, boost):
    found = decide(Scores.of(HLT), negatives, positives, ratio, boost)
    accepted = negatives * found.background + positives * found.signal
    assert accepted == pytest.approx((negatives + positives) / ratio, rel=1e-9)
    assert 0.0 <= found.background <= 1.0
    assert 0.0 <= found.signal <= 1.0


@given(RATIOS, st.floats(1.0, 3.0), st.floats(0.0, 8.0))
def test_a_higher_ratio_raises_the_threshold(ratio, factor, skill):
    low = decide(UNIT, 900.0, 100.0, ratio, skill)
    high = decide(UNIT, 900.0, 100.0, ratio * factor, skill)
    assert high.threshold >= low.threshold - 1e-9
    assert high.background <= low.background
    assert high.signal <= low.signal


@given(RATIOS, st.floats(0.0, 7.0), st.floats(0.0, 1.0))
def test_more_skill_keeps_more_signal(ratio, skill, gain):
    less = decide(UNIT, 900.0, 100.0, ratio, skill)
    more = decide(UNIT, 900.0, 100.0, ratio, skill + gain)
    assert more.signal >= less.signal - 1e-12


@pytest.mark.parametrize("seed", range(100))
def test_precision_stays_below_one_where_scores_overlap(seed):
    rng = np.random.default_rng(seed)
    scores = drawn_scores(rng, skill=rng.uniform(0.5, 2.0))
    ratio = rng.uniform(10.0, 500.0)
    positives = 40e6 / ratio  # as many relevant events as are kept
    found = decide(scores, 40e6 - positives, positives, ratio, 0.0)
    false, true = (40e6 - positives) * found.background, positives * found.signal
    assert true / (true + false) < 1.0
    assert true + false == pytest.approx(positives, rel=1e-9)


@pytest.mark.parametrize("seed", range(100))
def test_precision_stays_below_one_on_the_tables_of_the_hlt(seed):
    # the search of the source stopped above the last background score here
    rng = np.random.default_rng(seed)
    positives = rng.uniform(2000.0, 7500.0)
    negatives = rng.uniform(1e5, 7.5e5)
    ratio = (negatives + positives) / positives
    found = decide(Scores.of(HLT), negatives, positives, ratio, 0.0)
    assert found.background > 0.0
    assert found.signal < 1.0


@settings(max_examples=20)
@given(st.integers(1, 50))
def test_arrays_equal_single_values(length):
    rng = np.random.default_rng(length)
    ratios, skills = rng.uniform(1, 500, length), rng.uniform(0, 5, length)
    together = decide(UNIT, 1e6, 1e3, ratios, skills)
    for i in range(length):
        alone = decide(UNIT, 1e6, 1e3, float(ratios[i]), float(skills[i]))
        assert alone == tuple(column[i] for column in together)
