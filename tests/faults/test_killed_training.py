"""Learning agents are killed: every evaluation is kept, training goes on identically."""

import pytest
from support.studies import evaluated, query, run_job, spawn, table, wait_until, write_job

from dse._study import Study

pytestmark = pytest.mark.faults

SEARCH = [
    {"searcher": "mappo", "budget": 64},
    {"searcher": "sac", "budget": 48},
]
BUDGET = 64 + 48
SLOW = {"sleep_s": 0.05}


def curves(study):
    """What every run told of its learning."""
    found = Study(study)
    return [
        {name: column.tolist() for name, column in found.diagnostics(run).items()}
        for run in range(len(SEARCH))
    ]


def test_killed_training_goes_on_from_its_last_checkpoint(tmp_path):
    code, whole = run_job(tmp_path, *SEARCH, study="whole")
    assert code == 0
    study = tmp_path / "study"
    process = spawn("run", write_job(tmp_path, *SEARCH, work=SLOW), "--study", study, "--quiet")
    for share in (0.4, 0.8):
        wait_until(lambda share=share: evaluated(study) > share * BUDGET)
        process.kill()
        process.communicate()
        kept = table(study)
        assert kept == [row for row in table(whole) if row in set(kept)]
        assert query(study, "SELECT COUNT(*) FROM checkpoints") != [(0,)]
        process = spawn("resume", study, "--quiet")
    _, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    assert table(study) == table(whole)
    assert curves(study) == curves(whole)
    assert all(columns["evaluations"][-1] > 0 for columns in curves(study))
