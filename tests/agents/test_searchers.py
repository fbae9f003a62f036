"""What distinguishes each searcher."""

import numpy as np
import pytest
from log_smooth_search import excess_of_best, log_smooth_problem, mean_share
from support.toy import toy_problem

from agents.annealing import SimulatedAnnealing
from agents.ant_colony import AntColony
from agents.exhaustive import Exhaustive
from agents.genetic import Genetic
from agents.nsga2 import NSGA2
from agents.random_search import RandomSearch
from agents.sobol import Sobol, sobol_points
from dse import DesignSpace, Integer, Problem
from dse.errors import DesignError, InputError
from dse.testing.searcher_contract import drive


def searcher_of(searcher_type, problem, budget, **settings):
    chosen = searcher_type.Settings(**settings)
    return searcher_type(problem, np.random.default_rng(0), budget, chosen)


def indices(problem, history):
    return problem.space.index_of_codes(history.codes)


def test_exhaustive_takes_every_design_once_and_in_order():
    problem = toy_problem()
    history = drive(searcher_of(Exhaustive, problem, 1000, batch=60), 1000)
    assert np.array_equal(indices(problem, history), np.arange(256))
    assert history.ended


def test_exhaustive_refuses_a_space_too_large_to_number():
    toy = toy_problem()
    space = DesignSpace(tuple(Integer(f"p{i}", 0, 999) for i in range(10)))
    with pytest.raises(DesignError, match="too many to enumerate"):
        searcher_of(Exhaustive, Problem(toy.model, space, toy.objectives), 10)


def test_random_covers_a_small_space_without_a_repeat():
    problem = toy_problem()
    history = drive(searcher_of(RandomSearch, problem, 1000, batch=100), 1000)
    assert np.array_equal(np.sort(indices(problem, history)), np.arange(256))


def test_random_state_stays_small():
    searcher = searcher_of(RandomSearch, log_smooth_problem(), 20_000)
    drive(searcher, 20_000)
    assert len(str(searcher.state_dict())) < 100


def test_sobol_visits_every_level_equally_often():
    problem = log_smooth_problem()
    searcher = searcher_of(Sobol, problem, 256, batch=64)
    codes = problem.space.encode(searcher.ask(64))
    frequencies = np.bincount(codes[:, problem.space.names.index("frequency_hz")])
    assert np.abs(frequencies - 8).max() <= 1  # a point that repeats a design is replaced


def test_sobol_sequence_goes_on_where_it_stopped():
    whole = sobol_points(0, 96, 3, seed=5)
    parts = [sobol_points(0, 30, 3, seed=5), sobol_points(30, 66, 3, seed=5)]
    assert np.array_equal(np.concatenate(parts), whole)


def test_annealing_cools_geometrically():
    searcher = searcher_of(SimulatedAnnealing, log_smooth_problem(), 100, hot=1.0, cold=0.01)
    drive(searcher, 50)
    assert searcher.temperature == pytest.approx(0.1)


def test_annealing_moves_to_neighbours_after_scouting():
    problem = log_smooth_problem()
    searcher = searcher_of(SimulatedAnnealing, problem, 400, chains=1, scouting=0.1)
    drive(searcher, 40)
    place = searcher._chains.codes[0].copy()
    move = problem.space.encode(searcher.ask(1))[0]
    assert (move != place).sum() == 1


def test_annealing_beats_random():
    assert mean_share(SimulatedAnnealing) > mean_share(RandomSearch) + 0.03


def test_nsga2_beats_random_with_six_times_the_budget():
    assert mean_share(NSGA2, 500) > mean_share(RandomSearch, 3000) - 0.01


def test_nsga2_keeps_the_whole_front_as_parents():
    problem = toy_problem()
    searcher = searcher_of(NSGA2, problem, 200, population=2)
    history = drive(searcher, 200)
    admissible = history.objectives[history.violation == 0.0]
    front = {tuple(row) for row in np.unique(admissible, axis=0) if _is_best(row, admissible)}
    assert front == {tuple(row) for row in searcher._pool.scores.objectives}


def _is_best(row, others):
    return not ((others <= row).all(axis=1) & (others < row).any(axis=1)).any()


def test_nsga2_starts_with_a_share_of_the_budget_and_goes_on_in_small_steps():
    searcher = searcher_of(NSGA2, log_smooth_problem(), 200, initial=0.1)
    assert searcher.batch_size == 20
    drive(searcher, 20)
    assert searcher.batch_size == searcher.settings.offspring


def test_large_budgets_are_spent_in_larger_steps():
    searcher = searcher_of(NSGA2, log_smooth_problem(), 50_000)
    drive(searcher, 40)
    assert searcher.batch_size == 100


def test_ant_colony_beats_random():
    assert mean_share(AntColony) > mean_share(RandomSearch) + 0.03


def test_ant_colony_trails_are_probabilities_above_the_floor():
    searcher = searcher_of(AntColony, log_smooth_problem(), 300, floor=0.2, evaporation=1.0)
    drive(searcher, 300)
    for trail in searcher._trails:
        assert trail.sum() == pytest.approx(1.0)
        assert trail.min() >= 0.2 / len(trail) - 1e-12


@pytest.mark.parametrize("searcher_type", [Genetic, SimulatedAnnealing, AntColony, NSGA2])
def test_single_objective_under_constraints_comes_nearer_than_random(searcher_type):
    assert excess_of_best(searcher_type) < 0.5 * excess_of_best(RandomSearch)


def test_genetic_refuses_several_objectives():
    with pytest.raises(InputError) as caught:
        searcher_of(Genetic, toy_problem(), 100)
    assert "latency_s, area_mm2" in str(caught.value)
    assert "nsga2" in caught.value.next_step


@pytest.mark.parametrize(
    ("searcher_type", "setting", "value", "allowed"),
    [
        (RandomSearch, "batch", 0, "at least 1"),
        (Exhaustive, "batch", 2.5, "a whole number"),
        (Sobol, "batch", "many", "a whole number"),
        (SimulatedAnnealing, "chains", 0, "at least 1"),
        (SimulatedAnnealing, "cold", 0.5, "at most hot = 0.02"),
        (SimulatedAnnealing, "hot", 0.0, "above 0"),
        (SimulatedAnnealing, "scouting", 2, "at most 1"),
        (NSGA2, "population", 1, "at least 2"),
        (NSGA2, "mutation", 1.5, "at most 1"),
        (Genetic, "crossover", True, "a number"),
        (AntColony, "floor", float("nan"), "above 0"),
        (AntColony, "elite", -1, "at least 1"),
    ],
)
def test_bad_setting_is_named_with_its_value_and_what_is_allowed(
    searcher_type, setting, value, allowed
):
    with pytest.raises(InputError) as caught:
        searcher_type.Settings(**{setting: value})
    assert f"{setting} = {value!r}" in caught.value.what
    assert allowed in caught.value.allowed
