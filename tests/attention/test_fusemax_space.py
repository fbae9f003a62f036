"""The default problem: its size, its front, and the enumeration as an oracle."""

import csv
from pathlib import Path

import numpy as np
import pytest
from fusemax_cases import default_space

from accel_models.attention.fusemax import FuseMax
from dse import Problem, nondominated
from dse._grid import enumerate_range
from workloads.catalogue import bert

SUMMARY = Path(__file__).parents[1] / "golden" / "fusemax" / "front" / "bert_64k.csv"


@pytest.fixture(scope="module")
def problem():
    model = FuseMax(bert(seq_len=65536))
    return Problem.of(model, space=default_space(model))


@pytest.fixture(scope="module")
def found(problem):
    return enumerate_range(problem, 0, problem.space.size)


@pytest.fixture(scope="module")
def everything(problem):
    """Objectives of every design, from one flat batch."""
    designs = problem.space.at(np.arange(problem.space.size))
    return problem.score(designs, problem.model.compute(designs)).objectives


@pytest.fixture(scope="module")
def shares(problem, found):
    names = problem.space.labels(problem.space.at(found.front.ids))["configuration"]
    return {name: names.count(name) / len(names) for name in set(names)}


def test_default_problem_has_57024_working_designs(problem, found):
    assert problem.space.size - found.infeasible == 57024


def test_its_front_has_374_designs(found):
    assert len(found.front.ids) == 374


def test_front_is_that_of_a_brute_force_comparison(found, everything):
    assert np.array_equal(np.flatnonzero(nondominated(everything)), found.front.ids)


def test_no_random_design_beats_the_enumerated_front(found, everything):
    sample = everything[np.random.default_rng(0).integers(0, len(everything), 500)]
    for point in sample:
        dominated = (point <= found.front.points).all(axis=1) & (point < found.front.points).any(
            axis=1
        )
        assert not dominated.any()


@pytest.mark.parametrize(
    ("configuration", "low", "high"),
    [("binding", 0.75, 0.80), ("cascade", 0.12, 0.18), ("flat", 0.05, 0.08), ("unfused", 0, 0.02)],
)
def test_every_configuration_but_architecture_has_its_share_of_the_front(
    shares, configuration, low, high
):
    assert low < shares[configuration] < high


def test_architecture_ties_with_binding_at_best_and_is_not_on_the_front(shares):
    assert "architecture" not in shares


def test_front_reaches_over_the_whole_range_of_sizes_and_clocks(problem, found):
    front = problem.space.at(found.front.ids)
    for name in ("pe_dim", "pe_1d_ratio", "frequency_hz"):
        assert set(front[name]) == set(problem.space[name].levels)


def test_front_summary_is_the_recorded_one(problem, found):
    with SUMMARY.open(encoding="utf-8", newline="") as file:
        recorded = {(r["parameter"], r["level"]): int(r["designs"]) for r in csv.DictReader(file)}
    labels = problem.space.labels(problem.space.at(found.front.ids))
    ours = {(name, level): c.count(level) for name, c in labels.items() for level in set(c)}
    assert ours == recorded


def test_model_note_shows_the_recorded_front():
    note = (SUMMARY.parents[4] / "docs" / "models" / "fusemax.md").read_text(encoding="utf-8")
    with SUMMARY.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    explored = [r for r in rows if r["designs"] != "374"]
    assert len(explored) > 20
    assert [r for r in explored if f"{r['level']} ({r['designs']})" not in note] == []
