"""The scoring of searches against the truth, by hand; and one small run of the script."""

import json

import numpy as np
import pytest
from bench_search import main
from click.testing import CliRunner
from search_study.measuring import CAPPED, FRONT, Case, Measured, Result, Truth, run_search
from search_study.output import (
    excess_cell,
    markdown,
    optimum_table,
    plot_capped,
    plot_front,
    reached_cell,
    share_cell,
)
from support.toy import toy_problem

from dse._tasks import SearchTask
from dse.errors import InputError

BERT = {"name": "bert", "seq_len": 65536}


def truth_by_hand():
    """Front (1, 100), (10, 10), (100, 1) on two decades per axis.

    On the axes of the yardstick: (0, 1), (0.5, 0.5), (1, 0), reference point (1.1, 1.1). Volume:
    0.11 + 0.36 + 0.11 - 0.06 - 0.06 - 0.01 + 0.01 = 0.46.
    """
    front = np.array([[1.0, 100.0], [10.0, 10.0], [100.0, 1.0]])
    return Truth(toy_problem(), front, np.arange(3), working=256)


def result(quality, reached=None):
    return Result("nsga2", 100, 0, 100, quality, reached)


@pytest.fixture(scope="module")
def reduced():
    return Measured.of(FRONT, BERT, budgets=(100, 300), seeds=(100,))


@pytest.fixture(scope="module")
def reduced_capped():
    return Measured.of(CAPPED[0], BERT, budgets=(100,), seeds=(100,))


# -- scores --------------------------------------------------------------------------------------


def test_the_whole_front_has_quality_one():
    truth = truth_by_hand()
    assert truth.quality(truth.front) == 1.0


def test_a_part_of_the_front_has_its_share_of_the_hypervolume():
    # The middle alone dominates 0.6 * 0.6 of 0.46.
    assert truth_by_hand().quality(np.array([[10.0, 10.0]])) == pytest.approx(0.36 / 0.46)


def test_dominated_designs_do_not_count():
    points = np.array([[10.0, 10.0], [20.0, 50.0]])
    assert truth_by_hand().quality(points) == pytest.approx(0.36 / 0.46)


def test_no_admissible_design_has_quality_zero():
    assert truth_by_hand().quality(np.empty((0, 2))) == 0.0


def test_with_one_objective_the_quality_is_optimum_over_best():
    truth = Truth(toy_problem(objectives={"latency_s": "min"}), np.array([[2.0]]), [0], 256)
    assert truth.quality(np.array([[5.0], [2.5], [4.0]])) == 0.8


def test_the_target_is_reached_with_the_design_that_completes_it():
    # Two further designs were evaluated in between and had no metrics: positions 2, 4 and 7.
    truth = truth_by_hand()
    assert truth.evaluations_to_target(truth.front, np.array([2, 4, 7])) == 7


def test_a_missed_target_is_none():
    truth = truth_by_hand()
    assert truth.evaluations_to_target(truth.front[:2], np.array([1, 2])) is None


def test_an_optimum_counts_as_reached_when_first_seen():
    truth = Truth(toy_problem(objectives={"latency_s": "min"}), np.array([[2.0]]), [0], 256)
    points = np.array([[4.0], [2.0], [2.0]])
    assert truth.evaluations_to_target(points, np.array([1, 2, 3])) == 2


def test_truth_of_a_toy_problem():
    # 1024 operations, fast style, 128 lanes on 4 banks, 2 GHz: 1024 / (2 * 128) / 2e9 s. The fast
    # style cannot work with its one-lane designs: 16 of 256.
    truth = Truth.of(toy_problem(objectives={"latency_s": "min"}))
    assert truth.front.tolist() == [[2e-9]]
    assert truth.working == 240


def test_caps_that_nothing_meets_are_refused():
    with pytest.raises(InputError, match="no design satisfies area_mm2 <= 1"):
        Truth.of(toy_problem(["area_mm2 <= 1"], {"latency_s": "min"}))


# -- tables --------------------------------------------------------------------------------------


def test_share_cell_has_median_and_extremes():
    assert share_cell([result(0.9), result(0.985), result(0.97)]) == "97.00 (90.00-98.50)"


def test_excess_cell_counts_searches_without_an_admissible_design():
    assert excess_cell([result(1.0), result(0.8), result(0.0)]) == "1.250 (1.000-none), 1 x none"


def test_reached_cell_counts_searches_that_missed_as_longest():
    assert reached_cell([result(1, 700), result(1, 1200), result(0.9)]) == "1,200 (2/3)"
    assert reached_cell([result(1, 700), result(0.9), result(0.9)]) == "- (1/3)"


def test_markdown_aligns_columns():
    assert (
        markdown(["a", "long"], [["xyz", "1"]]) == "| a   | long |\n| --- | ---- |\n| xyz | 1    |"
    )


def test_optimum_table_shows_the_winning_design(reduced_capped):
    row = optimum_table([reduced_capped.truth]).splitlines()[2]
    assert "18.28 s" in row
    assert "cascade" in row


# -- the script ----------------------------------------------------------------------------------


def test_every_search_spends_its_budget_and_no_more(reduced):
    assert {(r.budget, r.evaluations) for r in reduced.results} == {(100, 100), (300, 300)}


def test_no_search_beats_the_truth(reduced, reduced_capped):
    results = [*reduced.results, *reduced_capped.results]
    assert all(0.0 < r.quality <= 1.0 for r in results)


def test_a_larger_budget_finds_more(reduced):
    for searcher in FRONT.searchers:
        (small,), (large,) = reduced.group(searcher, 100), reduced.group(searcher, 300)
        assert large.quality > small.quality


def test_genetic_is_measured_with_one_objective_only():
    assert "genetic" not in FRONT.searchers
    assert "genetic" in Case("latency_s").searchers


def test_the_exhaustive_front_of_bert_64k(reduced):
    assert (reduced.truth.working, len(reduced.truth.ids)) == (57_024, 374)


def test_nsga2_needs_at_most_a_thousand_evaluations(reduced):
    job = FRONT.job(BERT, budgets=(1000,), seeds=(100,))
    found = run_search(reduced.truth, SearchTask(0, job, FRONT.searchers.index("nsga2"), 100))
    assert found.quality >= 0.985
    assert found.reached <= 1000


def test_pictures_are_written(reduced, reduced_capped, tmp_path):
    plot_front(reduced, tmp_path / "front.png")
    plot_capped([reduced_capped], tmp_path / "capped.png")
    assert {path.name for path in tmp_path.iterdir()} == {"front.png", "capped.png"}


def test_json_has_every_result():
    arguments = ["--seeds", "1", "--budgets", "50", "--no-capped", "--json"]
    (front,) = json.loads(CliRunner().invoke(main, arguments, catch_exceptions=False).output)
    assert [r["searcher"] for r in front["results"]] == list(FRONT.searchers)
    assert len(front["front"]) == len(front["designs"]["configuration"]) == 374


def test_an_unknown_workload_is_explained():
    outcome = CliRunner().invoke(main, ["--workload", "brt"])
    assert outcome.exit_code == 2
    assert "unknown workload 'brt'. Did you mean 'bert'?" in outcome.output


@pytest.mark.parametrize("budgets", ["0", "10,x", ""])
def test_budgets_that_are_none_are_refused(budgets):
    outcome = CliRunner().invoke(main, ["--budgets", budgets])
    assert outcome.exit_code == 2
    assert "whole numbers from 1" in outcome.output
