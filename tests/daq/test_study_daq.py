"""The study of the exact front: what it prints on a small job, and its picture."""

import runpy
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "scripts" / "study_daq.py"
JOB = """\
study: tiny
model: {name: daq/pipeline, fixed: {relevant_rate_hz: 7.5 kHz}}
workload: {name: cms}
space:
  l1_reduction_ratio: [50, 100, 200]
  hlt_reduction_ratio: [50, 100]
  hlt_offload_share: [0, 1]
  hgcal_filter: [off]
  inner_tracker_filter: [off]
  front_end_bit_energy_j: [22.2e-12]
  aggregation_bit_energy_j: [25e-12]
  l1_bit_energy_j: [25e-12]
  hlt_bit_energy_j: [25e-12]
objectives: {power_w: min, f1: max}
search:
  - {searcher: nsga2, budget: 100, seeds: [0]}
  - {searcher: exhaustive}
executor: {kind: local}
"""


@pytest.fixture
def study(monkeypatch, capsys):
    def run(*arguments):
        monkeypatch.setattr("sys.argv", [str(SCRIPT), *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            runpy.run_path(str(SCRIPT), run_name="__main__")
        return ended.value.code, capsys.readouterr()

    return run


def test_front_and_scores(study, tmp_path):
    job, picture = tmp_path / "job.yaml", tmp_path / "front.png"
    job.write_text(JOB)
    code, printed = study("--job", job, "--budgets", "30", "--plot", picture)
    assert code == 0
    assert "588 designs enumerated" in printed.out
    assert "| nsga2 |" in printed.out
    assert "exhaustive" not in printed.out
    assert picture.stat().st_size > 10_000


def test_missing_job(study, tmp_path):
    code, printed = study("--job", tmp_path / "none.yaml")
    assert code == 2
    assert "no such file" in printed.err
