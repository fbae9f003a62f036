"""Problems: what is asked, and how designs score."""

import numpy as np
import pytest
from support.toy import ToyAccelerator, ToyWork, toy_problem

from dse import Problem
from dse.errors import InputError

DESIGNS = {
    "style": np.zeros(3),
    "lanes": np.array([1.0, 2.0, 4.0]),
    "banks": np.ones(3),
    "frequency_hz": np.full(3, 1e9),
}


def score(latency, area, constraints=(), objectives=None, feasible=True):
    metrics = {"latency_s": np.array(latency), "area_mm2": np.array(area), "feasible": feasible}
    return toy_problem(constraints, objectives).score(DESIGNS, metrics)


def test_the_models_objectives_and_space_are_the_default():
    problem = Problem.of(ToyAccelerator(ToyWork()))
    assert problem.objective_names == ("latency_s", "area_mm2")
    assert problem.space.size == 256


def test_minimised_objectives_are_left_alone():
    assert score([1.0, 2.0, 3.0], [6.0, 5.0, 4.0]).objectives.tolist() == [[1, 6], [2, 5], [3, 4]]


def test_maximised_objectives_change_sign():
    found = score([1.0, 2.0, 3.0], [6.0, 5.0, 4.0], objectives={"area_mm2": "max"})
    assert found.objectives.tolist() == [[-6], [-5], [-4]]


def test_signs_follow_the_directions():
    assert toy_problem(objectives={"area_mm2": "max", "energy_j": "min"}).signs.tolist() == [-1, 1]


def test_violations_of_all_constraints_add_up():
    # area 6, 5, 4 against 4: 0.5, 0.25, 0; lanes 1, 2, 4 against 2: 0, 0, 1
    constraints = ("area_mm2 <= 4", "lanes <= 2")
    found = score([1.0, 2.0, 3.0], [6.0, 5.0, 4.0], constraints)
    assert found.violation.tolist() == [0.5, 0.25, 1.0]
    assert not found.admissible.any()


def test_without_constraints_every_working_design_is_admissible():
    assert score([1.0, 2.0, 3.0], [6.0, 5.0, 4.0]).admissible.all()


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_row_that_is_not_finite_scores_infinity_throughout(bad):
    found = score([1.0, bad, 3.0], [6.0, 5.0, 4.0])
    assert found.objectives.tolist() == [[1, 6], [np.inf, np.inf], [3, 4]]
    assert found.violation.tolist() == [0, np.inf, 0]
    assert found.admissible.tolist() == [True, False, True]


def test_an_infeasible_row_scores_infinity_whatever_its_metrics_say():
    found = score([1.0, 2.0, 3.0], [6.0, 5.0, 4.0], feasible=np.array([True, False, True]))
    assert found.objectives[1].tolist() == [np.inf, np.inf]
    assert found.admissible.tolist() == [True, False, True]


def test_a_constraint_that_cannot_be_computed_scores_infinity():
    found = score([1.0, 2.0, 3.0], [6.0, 5.0, 4.0], ("(lanes - 2) ** 0.5 <= 9",))
    assert found.admissible.tolist() == [False, True, True]
    assert found.violation[0] == np.inf


def test_only_what_is_read_is_wanted():
    problem = toy_problem(["energy_j * lanes <= 4"], {"area_mm2": "min"})
    assert problem.wanted == {"area_mm2", "energy_j"}


def test_no_objective_is_refused():
    with pytest.raises(InputError, match="no objective") as caught:
        toy_problem(objectives={})
    assert caught.value.allowed == "at least one of latency_s, energy_j, area_mm2"


def test_an_unknown_metric_gets_a_hint():
    with pytest.raises(InputError, match=r"unknown metric 'latency'. Did you mean 'latency_s'"):
        toy_problem(objectives={"latency": "min"})


@pytest.mark.parametrize("direction", ["minimum", "", None, 1])
def test_an_unknown_direction_is_refused(direction):
    with pytest.raises(InputError, match="objective latency_s: direction") as caught:
        toy_problem(objectives={"latency_s": direction})
    assert caught.value.allowed == "min, max"


def test_a_malformed_constraint_is_refused():
    with pytest.raises(InputError, match="is not a constraint"):
        toy_problem(["area_mm2"])
