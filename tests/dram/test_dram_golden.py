"""Every figure of every measured run, and the anchors of ArchGym."""

import json
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from _reproduction import as_json
from dram.dram_cases import DDR3, GOLDEN
from reproduce_dram import differing_runs

from accel_models.comparison import Comparison
from accel_models.dram.controller import DRAMController
from accel_models.dram.reproduction import _trace, compare_all, controller_of, figures
from accel_models.dram.simulation import simulate_controllers
from dse.errors import InputError


@pytest.fixture(scope="module")
def comparisons():
    return compare_all(GOLDEN)


@pytest.mark.slow
def test_every_measured_figure_is_exact(comparisons):
    assert [c for c in comparisons if not c.passes] == []


@pytest.mark.slow
def test_no_run_is_left_out(comparisons):
    runs = Counter(table for table, _ in {(c.file, c.row) for c in comparisons})
    assert runs == {
        "microcases": 12,
        "dramsys_sweep_shared": 1280,
        "dramsys_full10k_shared": 40,
        "dramsys_variants_shared": 120,
    }


@pytest.mark.slow
def test_figures_are_plain_numbers_that_json_takes(comparisons):
    assert json.loads(as_json(comparisons))["passed"] is True


@pytest.mark.slow
def test_verdict_counts_runs(comparisons):
    assert differing_runs(comparisons) == "all 1452 runs are exact"


def test_a_run_differs_however_many_of_its_figures_do():
    exact = Comparison("sweep", "stream #1", "n_ACT", 8, 8, 0)
    wrong = replace(exact, row="stream #2", ours=7)
    runs = [exact, wrong, replace(wrong, column="n_PRE")]
    assert differing_runs(runs) == "1 of 2 runs differ"


def run(row, trace):
    (result,) = simulate_controllers(
        np.array([controller_of(row)]), DDR3, DDR3.maps["rbc"], trace, threads=1
    )
    return figures(result, DDR3, len(trace))


DEFAULT_POLICY = {
    "PagePolicy": "Open", "Scheduler": "Fifo", "SchedulerBuffer": "Bankwise",
    "RequestBufferSize": 1, "RespQueue": "Fifo", "RefreshPolicy": "NoRefresh",
    "RefreshMaxPostponed": 1, "RefreshMaxPulledin": 1, "Arbiter": "Simple",
    "MaxActiveTransactions": 1,
}  # fmt: skip
ISSUE_139 = {
    "PagePolicy": "OpenAdaptive", "Scheduler": "FrFcfs", "SchedulerBuffer": "Shared",
    "RequestBufferSize": 1, "RespQueue": "Reorder", "RefreshPolicy": "NoRefresh",
    "RefreshMaxPostponed": 2, "RefreshMaxPulledin": 2, "Arbiter": "Reorder",
}  # fmt: skip


@pytest.mark.parametrize(
    ("trace", "total_ns"),
    [("stream", 51595), ("random", 287980), ("cloud-1", 174755), ("cloud-2", 168947.5)],
)
def test_default_policy_of_archgym(trace, total_ns):
    found = run(DEFAULT_POLICY, _trace(GOLDEN / "traces" / "full10k" / f"{trace}.stl"))
    assert found["total_time_ns"] == total_ns


@pytest.mark.parametrize(
    ("active", "total_ns", "energy_pj", "power_mw"),
    [(1, 430895, 432139050, 1002.89), (2, 288003.75, 354977775, 1232.55)],
)
def test_issue_139_of_archgym(active, total_ns, energy_pj, power_mw):
    trace = _trace(GOLDEN / "traces" / "full10k" / "random.stl")
    found = run({**ISSUE_139, "MaxActiveTransactions": active}, trace)
    assert found["total_time_ns"] == total_ns
    assert found["energy_pJ"] == pytest.approx(energy_pj, abs=0.01)
    assert found["avg_power_mW"] == pytest.approx(power_mw, abs=0.005)


def test_si_metrics_are_the_figures_in_other_units():
    trace = _trace(GOLDEN / "traces" / "chase.stl")
    expected = run(DEFAULT_POLICY, trace)
    model = DRAMController(trace)
    design = {
        "page_policy": "Open", "scheduler": "Fifo", "scheduler_buffer": "Bankwise",
        "request_buffer_size": 1, "response_queue": "Fifo", "refresh_policy": "NoRefresh",
        "arbiter": "Simple",
    }  # fmt: skip
    found = model.evaluate(model.space.parse(design))
    for metric, figure, unit in (
        ("latency_s", "total_time_ns", 1e-9),
        ("average_latency_s", "avg_latency_ns", 1e-9),
        ("max_latency_s", "max_latency_ns", 1e-9),
        ("average_accepted_latency_s", "avg_latency_from_accept_ns", 1e-9),
        ("max_accepted_latency_s", "max_latency_from_accept_ns", 1e-9),
        ("energy_j", "energy_pJ", 1e-12),
        ("power_w", "avg_power_mW", 1e-3),
    ):
        assert found[metric] == pytest.approx(expected[figure] * unit, rel=1e-12)


def test_missing_tables_are_named(tmp_path):
    with pytest.raises(InputError, match=r"microcases\.csv"):
        compare_all(tmp_path)
