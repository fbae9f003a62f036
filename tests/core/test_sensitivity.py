"""Elasticities of power laws are their exponents; spans and shares are counted by hand."""

from dataclasses import dataclass

import pytest

from dse import Choice, CostModel, DesignSpace, Evaluation, Integer, Metric, Problem, Real
from dse._sensitivity import sensitivities, shares


@dataclass(frozen=True)
class Nothing:
    """A workload without content."""


class PowerLaw(CostModel):
    """energy = 3 x^2 / y + 1e-3 z, time = 2 at z = 3 and x otherwise."""

    env_id = "dse-test/PowerLaw-v0"
    version = "1"
    workload_type = Nothing
    metrics = (Metric("energy_j", "Energy", parts=("law", "rest")), Metric("latency_s", "Time"))
    default_objectives = {"energy_j": "min"}
    infeasibilities = ("z is 5",)

    @property
    def space(self):
        return DesignSpace(
            (
                Real("x", 1.0, 10.0, count=91, default=2.0, doc="Base"),
                Real("y", 0.1, 1.0, count=10, default=1.0, doc="Divisor, at its end"),
                Integer("z", 0, 5, default=0, doc="Steps"),
                Choice("unused", ("a", "b"), doc="Does nothing"),
                Integer("fixed", 7, 7, default=7, doc="One level"),
            )
        )

    def equations(self, x, ops, wanted):
        law, rest = 3.0 * x["x"] ** 2 / x["y"], 1e-3 * x["z"]
        latency = ops.where(x["z"] == 3, 2.0, x["x"])
        return Evaluation(
            {"energy_j": law + rest, "latency_s": latency},
            (x["z"] == 5,),
            {"energy_j.law": law, "energy_j.rest": rest},
        )


@pytest.fixture
def problem():
    return Problem.of(PowerLaw(Nothing()))


def around(problem, **given):
    found = sensitivities(problem, problem.space.parse(given))
    return {entry.parameter: entry for entry in found}


def test_elasticity_of_a_power_is_its_exponent(problem):
    assert around(problem)["x"].elasticity["energy_j"] == pytest.approx(2.0, abs=1e-9)


def test_elasticity_at_the_end_of_a_range_is_one_sided(problem):
    assert around(problem)["y"].elasticity["energy_j"] == pytest.approx(-1.0, abs=1e-9)


@pytest.mark.parametrize("name", ["z", "unused"])
def test_parameters_that_take_steps_have_no_elasticity(problem, name):
    assert around(problem)[name].elasticity == {}


def test_span_is_over_all_levels_that_work(problem):
    z = around(problem)["z"]
    assert z.span["energy_j"] == pytest.approx((12 + 4e-3) / 12)
    assert (z.usable, z.levels) == (5, 6)


def test_only_what_changes_nothing_is_dead(problem):
    found = around(problem)
    assert [name for name, entry in found.items() if entry.is_dead] == ["unused"]


def test_parameters_without_a_choice_are_left_out(problem):
    assert list(around(problem)) == ["x", "y", "z", "unused"]


def test_shares_sum_to_one(problem):
    found = shares(problem, problem.space.parse({"z": 4}))
    assert found == {"energy_j": {"law": 12 / 12.004, "rest": pytest.approx(4e-3 / 12.004)}}


def test_everything_is_measured_at_the_design_given(problem):
    assert around(problem, x=4.0)["z"].span["energy_j"] == pytest.approx((48 + 4e-3) / 48)


def test_what_the_problem_pins_varies_over_the_whole_space(problem):
    space = problem.space.narrowed({"z": [0]})
    pinned = Problem.of(problem.model, space=space)
    assert around(pinned)["z"].levels == 6


def test_of_many_levels_some_are_looked_at_from_first_to_last(problem):
    x = around(problem)["x"]
    assert x.levels == 17
    assert x.span["latency_s"] == 10.0


def test_an_elasticity_that_is_rounding_is_zero(problem):
    assert around(problem)["y"].elasticity["latency_s"] == 0.0
