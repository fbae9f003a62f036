"""The study of multi-agent learning: tables, scores and statistics by hand, and a reduced study."""

import numpy as np
import pytest
from click.testing import CliRunner
from marl_study.cases import Goal, case_of
from marl_study.plots import plot_needed, plot_regret
from marl_study.reporting import ratio_table, regret_table
from marl_study.scoring import append_score, needed, paired_p, quartile_cell, ratios, read_scores
from marl_study.searching import Score, found_values, run
from marl_study.tables import Table, Tabulated, tabulate
from marl_study.tuning import badness, trials
from reproduce_marl import main
from support.toy import toy_problem

from dse._build import build_problem


def score(searcher="ppo", seed=0, budget=64, to_5=8.0, to_1=16.0, workload="w", regret=0.1):
    return Score(workload, "both", searcher, seed, budget, budget, regret, to_5, to_1, np.inf)


@pytest.fixture
def toy():
    problem = toy_problem()
    return problem, tabulate(problem, ["latency_s", "area_mm2"])


# -- tables --------------------------------------------------------------------------------------


def test_a_table_holds_what_the_model_says(toy):
    problem, table = toy
    everything = problem.space.at(np.arange(problem.space.size))
    expected = problem.model.compute(everything)["latency_s"]
    assert np.array_equal(table.of_designs("latency_s"), expected, equal_nan=True)


def test_a_tabulated_model_looks_up_flat_batches_grids_and_single_designs(toy):
    problem, table = toy
    model = Tabulated(problem, table)
    batch = problem.space.at(np.array([3, 77, 200]))
    single = {name: float(column[1]) for name, column in batch.items()}
    expected = problem.model.compute(batch)
    for name in ("latency_s", "area_mm2"):
        found = model.compute(batch)[name]
        assert np.array_equal(found, expected[name], equal_nan=True)
        assert np.array_equal(model.compute(single)[name], found[1], equal_nan=True)
    assert np.array_equal(model.compute(batch)["feasible"], expected["feasible"])


def test_a_table_survives_a_file(toy, tmp_path):
    table = toy[1]
    table.save(tmp_path / "t.npz")
    found = Table.load(tmp_path / "t.npz")
    assert np.array_equal(found.row, table.row)
    assert np.array_equal(found.columns["latency_s"], table.columns["latency_s"], equal_nan=True)


def test_controllers_that_cannot_differ_share_a_row():
    problem = build_problem(
        model="dram/controller",
        workload="trace-random",
        workload_options={"requests": 40},
        space={"max_active_transactions": [1, 2], "request_buffer_size": [1, 8]},
    )
    table = tabulate(problem, ["latency_s"])
    everything = problem.space.at(np.arange(problem.space.size))
    assert len(table.columns["latency_s"]) < problem.space.size / 4
    expected = problem.model.compute(everything)["latency_s"]
    assert np.array_equal(table.of_designs("latency_s"), expected)


def test_caps_bound_the_optimum(toy):
    problem, table = toy
    free = case_of("toy", Goal("latency", "latency_s"), problem, table)
    capped = case_of("toy", Goal("capped", "latency_s", (("area_mm2", 10.0),)), problem, table)
    assert free.optimum == np.nanmin(table.columns["latency_s"])
    admissible = table.of_designs("area_mm2") <= 10.0
    assert capped.optimum == np.nanmin(table.of_designs("latency_s")[admissible])


def test_relative_caps_are_multiples_of_the_smallest_value(toy):
    problem, table = toy
    goal = Goal("near", "area_mm2", (("latency_s", 1.5),), relative=True)
    case = case_of("toy", goal, problem, table)
    near = table.of_designs("latency_s") <= 1.5 * np.nanmin(table.columns["latency_s"])
    assert case.optimum == table.of_designs("area_mm2")[near].min()


# -- scores --------------------------------------------------------------------------------------


def test_a_search_arrives_at_the_first_design_near_enough(toy):
    problem, table = toy
    case = case_of("toy", Goal("latency", "latency_s"), problem, table)
    values = found_values(case, "random", {}, seed=0, budget=200)
    found = run(case, "random", {}, seed=0, budget=200)
    assert found.to_1 == 1 + np.argmax(values <= case.optimum * 1.01)
    assert found.to_5 <= found.to_1
    assert found.regret == values.min() / case.optimum - 1
    assert found.spent == 200


def test_every_case_has_its_own_luck(toy):
    problem, table = toy
    one, other = (case_of(name, Goal("g", "latency_s"), problem, table) for name in "ab")
    assert not np.array_equal(
        found_values(one, "random", {}, 0, 50), found_values(other, "random", {}, 0, 50)
    )


def test_scores_are_kept_one_by_one(tmp_path):
    path = tmp_path / "scores.csv"
    kept = [score(seed=0), score(seed=1, to_1=float("inf"))]
    for each in kept:
        append_score(path, each)
    assert read_scores(path) == kept


def test_quartiles_of_searches_of_which_some_never_arrive():
    assert quartile_cell([4.0, 8.0, 16.0, np.inf, np.inf], ".0f") == "16 (8-never)"


def test_a_median_that_never_arrives_counts_twice_the_budget():
    scores = [score(seed=s, to_1=np.inf) for s in range(3)]
    assert needed(scores, "ppo", "to_1") == {("w", "both"): 128.0}


def test_ratios_are_paired_by_workload_and_goal():
    scores = [
        score("mappo", workload="a", to_1=4.0),
        score("ppo", workload="a", to_1=16.0),
        score("mappo", workload="b", to_1=30.0),
        score("ppo", workload="b", to_1=10.0),
    ]
    assert ratios(scores, "mappo", "ppo", "to_1").tolist() == [0.25, 3.0]


def test_the_paired_test_sees_a_consistent_advantage_and_no_difference():
    assert paired_p(np.full(10, 0.5) * np.linspace(0.9, 1.1, 10)) == pytest.approx(2**-10)
    assert paired_p(np.ones(10)) == 1.0


def test_tables_name_every_searcher_and_pair():
    scores = [score(name, seed) for name in ("mappo", "ppo") for seed in range(3)]
    assert "| mappo | 10.00 (10.00-10.00) |" in regret_table(scores, ["mappo", "ppo"])
    assert "| mappo / ppo | 1.00, 0%, p = 1 | 1.00, 0%, p = 1 |" in ratio_table(
        scores, ["mappo", "ppo"]
    )


def test_plots_are_pictures(tmp_path):
    scores = [score(n, s, b) for n in ("mappo", "ppo") for s in range(3) for b in (16, 64)]
    plot_regret(scores, ["mappo", "ppo"], tmp_path / "r.png")
    plot_needed(scores, ["mappo", "ppo"], tmp_path / "n.png")
    assert all((tmp_path / f).read_bytes().startswith(b"\x89PNG") for f in ("r.png", "n.png"))


# -- tuning --------------------------------------------------------------------------------------


def test_trials_begin_with_the_defaults_and_are_distinct():
    found = trials({"a": [1, 2, 3], "b": [4, 5]}, 5)
    assert found[0] == {}
    assert len({tuple(sorted(t.items())) for t in found}) == len(found) == 5


def test_nothing_to_tune_is_one_trial():
    assert trials({}, 12) == [{}]


def test_badness_punishes_searches_that_never_arrive():
    assert badness([score(to_1=1.0)]) < badness([score(to_1=64.0)]) < badness([score(to_1=np.inf)])


# -- the whole ------------------------------------------------------------------------------------


def test_an_interrupted_study_goes_on_where_it_was(tmp_path):
    arguments = [
        "--workloads", "random", "--searchers", "random,genetic", "--budgets", "16",
        "--seeds", "2", "--requests", "20", "--workers", "1", "--work", str(tmp_path),
    ]  # fmt: skip
    first = CliRunner().invoke(main, arguments, catch_exceptions=False)
    kept = (tmp_path / "scores-dram-20.csv").read_text()
    second = CliRunner().invoke(main, arguments, catch_exceptions=False)
    assert first.stdout == second.stdout
    assert kept.count("\n") == 1 + 2 * 3 * 2
    assert (tmp_path / "scores-dram-20.csv").read_text() == kept


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_reduced_study_agrees_with_the_whole_one(tmp_path):
    """A team needs fewer designs than luck to come within 0.1 % of the optimum."""
    arguments = [
        "--workloads", "cloud-1,uniform_rw", "--searchers", "mappo,random", "--budgets", "128",
        "--seeds", "3", "--requests", "300", "--workers", "2", "--work", str(tmp_path),
    ]  # fmt: skip
    CliRunner().invoke(main, arguments, catch_exceptions=False)
    scores = read_scores(tmp_path / "scores-dram-300.csv")
    assert len(scores) == 2 * 3 * 2 * 3
    assert np.exp(np.log(ratios(scores, "mappo", "random", "to_01")).mean()) < 1.0
