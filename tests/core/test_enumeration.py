"""Enumeration on open grids against flat evaluation of every design."""

import numpy as np
import pytest
from support.toy import toy_problem

from dse import _grid as grid
from dse import nondominated
from dse._grid import block_starts, enumerate_range
from dse._ops import ARRAYS, _distinct_by_hash

OBJECTIVES = [None, {"area_mm2": "min", "energy_j": "min"}, {"energy_j": "max"}]
CONSTRAINTS = [(), ("area_mm2 <= 40",), ("area_mm2 <= 40", "energy_j / banks >= 500")]


def exhaustive_ids(problem):
    """The front by evaluating every design in one flat batch."""
    designs = problem.space.at(np.arange(problem.space.size))
    scores = problem.score(designs, problem.model.compute(designs))
    points = np.where(scores.admissible[:, None], scores.objectives, np.nan)
    return np.flatnonzero(nondominated(points)).tolist(), points


@pytest.mark.parametrize("objectives", OBJECTIVES)
@pytest.mark.parametrize("constraints", CONSTRAINTS)
@pytest.mark.parametrize("largest", [1, 7, 40, 1000])
def test_enumeration_finds_the_exact_front(objectives, constraints, largest):
    problem = toy_problem(constraints, objectives)
    found = enumerate_range(problem, 0, problem.space.size, largest)
    ids, points = exhaustive_ids(problem)
    assert found.front.ids.tolist() == ids
    np.testing.assert_array_equal(found.front.points, points[ids])


def test_scouts_do_not_change_the_front(monkeypatch):
    problem = toy_problem()
    plain = enumerate_range(problem, 0, problem.space.size, 40)
    monkeypatch.setattr(grid, "_WORTH_SCOUTING", 1)
    monkeypatch.setattr(grid, "_SCOUTS", 20)
    scouted = enumerate_range(problem, 0, problem.space.size, 40)
    assert scouted.front.ids.tolist() == plain.front.ids.tolist()


def test_scouts_stay_within_the_range(monkeypatch):
    problem = toy_problem()
    monkeypatch.setattr(grid, "_WORTH_SCOUTING", 1)
    start, stop = list(block_starts(problem.space, 40))[1:3]
    front = enumerate_range(problem, start, stop, 40).front
    assert start <= front.ids.min() <= front.ids.max() < stop


def test_infeasible_designs_are_counted():
    problem = toy_problem()
    found = enumerate_range(problem, 0, problem.space.size, 40)
    assert found.infeasible == 1 * 1 * 4 * 4  # fast, one lane


@pytest.mark.parametrize("constraints", [(), ("area_mm2 <= 40",), ("energy_j <= 2600",)])
@pytest.mark.parametrize("largest", [7, 40, 1000])
def test_admissible_designs_are_counted(constraints, largest):
    problem = toy_problem(constraints)
    found = enumerate_range(problem, 0, problem.space.size, largest)
    designs = problem.space.at(np.arange(problem.space.size))
    scores = problem.score(designs, problem.model.compute(designs))
    assert found.admissible == np.count_nonzero(scores.admissible)


# -- tables over many keys -----------------------------------------------------------------------


def test_table_over_a_long_column_equals_a_loop():
    keys = np.random.default_rng(0).choice([0.5, 3.0, 7.0, 96.0], size=(2, 2000))
    (found,) = ARRAYS.table(lambda a, b: (a / b,), *keys)
    assert found.tolist() == [a / b for a, b in keys.T.tolist()]


def test_table_over_many_distinct_keys_sorts_instead():
    keys = np.arange(20_000, dtype=np.float64)
    assert _distinct_by_hash(keys) is None
    (found,) = ARRAYS.table(lambda a: (a + 1,), keys)
    assert found.tolist() == (keys + 1).tolist()


def test_hash_tells_values_one_bit_apart():
    keys = np.tile([1.0, np.nextafter(1.0, 2.0)], 1000)
    values, position = _distinct_by_hash(keys)
    assert values[position].tolist() == keys.tolist()
