"""Ranks, crowding order, scaling and penalties, against figures worked out by hand."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents._ranking import Pool, best_first, log_scaled, penalised, ranks, survivors
from dse import Scores, nondominated

INF = np.inf


def scores_of(objectives, violation=None):
    objectives = np.array(objectives, dtype=float)
    violation = np.zeros(len(objectives)) if violation is None else np.array(violation)
    return Scores(objectives, violation)


def test_ranks_are_pareto_fronts():
    assert ranks(scores_of([[1, 4], [2, 2], [4, 1], [3, 3], [5, 5]])).tolist() == [0, 0, 0, 1, 2]


def test_ranks_of_one_objective_are_its_order():
    assert ranks(scores_of([[3], [1], [2], [1]])).tolist() == [2, 0, 1, 0]


def test_violated_designs_rank_behind_all_admissible_ones():
    scores = scores_of([[9, 9], [1, 1], [8, 8], [INF, INF]], [0, 0.5, 0.1, INF])
    assert ranks(scores).tolist() == [0, 2, 1, 3]


def test_ranks_without_admissible_designs_go_by_violation():
    assert ranks(scores_of([[1, 1], [2, 2], [INF, INF]], [0.3, 0.1, INF])).tolist() == [1, 0, 2]


@settings(deadline=None)
@given(st.lists(st.tuples(*[st.integers(1, 9)] * 3), min_size=1, max_size=30))
def test_rank_zero_is_the_front(points):
    array = np.array(points, dtype=float)
    front = {tuple(row) for row in array[ranks(scores_of(points)) == 0]}
    assert front == {tuple(row) for row in array[nondominated(array)]}


def test_ends_of_a_front_come_first_and_crowded_members_last():
    order, _ = best_first(scores_of([[1, 100], [10, 10], [11, 9], [100, 1], [2, 60]]))
    assert set(order[:2].tolist()) == {0, 3}


def test_first_front_is_kept_whole():
    pool = Pool(np.arange(5).reshape(-1, 1), scores_of([[1, 5], [2, 4], [3, 3], [4, 4], [5, 5]]))
    assert sorted(survivors(pool, 2).codes.ravel().tolist()) == [0, 1, 2]


def test_population_is_filled_from_the_next_fronts():
    pool = Pool(np.arange(4).reshape(-1, 1), scores_of([[1, 1], [2, 2], [3, 3], [4, 4]]))
    assert survivors(pool, 3).codes.ravel().tolist() == [0, 1, 2]


def test_decades_are_evenly_spaced():
    scaled = log_scaled(np.array([[1.0], [10.0], [1000.0]]))
    assert scaled.ravel() == pytest.approx([0, 1 / 3, 1])


def test_maximised_objectives_keep_their_order():
    scaled = log_scaled(np.array([[-100.0], [-10.0], [-1.0]]))
    assert scaled.ravel() == pytest.approx([0, 0.5, 1])


def test_values_around_zero_stay_on_a_linear_axis():
    assert log_scaled(np.array([[-1.0], [0.0], [3.0]])).ravel() == pytest.approx([0, 0.25, 1])


def test_useless_designs_stay_infinite_and_do_not_disturb_the_scale():
    scaled = log_scaled(np.array([[1.0, 1.0], [INF, INF], [10.0, 1.0]]))
    assert scaled.tolist() == [[0, 0], [INF, INF], [1, 0]]


def test_penalty_is_the_augmented_norm_of_the_weighted_objectives():
    cost = penalised(np.array([[0.5, 1.0]]), np.zeros(1), np.array([0.8, 0.2]))
    assert cost == pytest.approx([0.4 + 0.05 * 0.6])


def test_any_violation_costs_more_than_the_worst_admissible_design():
    scaled = np.array([[1.0, 1.0], [0.0, 0.0]])
    worst, violated = penalised(scaled, np.array([0.0, 1e-9]), np.array([0.5, 0.5]))
    assert violated > worst
