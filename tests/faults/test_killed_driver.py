"""The driver dies or is asked to stop: nothing lost, nothing repeated, the same answer."""

import os
import re
import signal

import pytest
from support.studies import evaluated, query, run_job, spawn, table, wait_until, write_job

from dse._study import Study
from dse.cli.main import invoke

pytestmark = pytest.mark.faults

SEARCH = [
    {"searcher": "nsga2", "budget": 80, "seeds": [0, 1]},
    {"searcher": "annealing", "budget": 40},
    {"searcher": "exhaustive"},
]
SLOW = {"sleep_s": 0.005}


@pytest.fixture
def uninterrupted(tmp_path):
    """A study of `SEARCH` that nobody disturbed."""
    code, study = run_job(tmp_path, *SEARCH, study="uninterrupted")
    assert code == 0
    return study


def start(folder, work=SLOW, **environment):
    """The same study in another process, under way."""
    job = write_job(folder, *SEARCH, work=work)
    study = folder / "study"
    process = spawn("run", job, "--study", study, "--quiet", **environment)
    return process, study


def assert_same_answer(study, other):
    assert table(study) == table(other)
    runs = "SELECT run, budget, finished FROM runs"
    assert query(study, runs) == query(other, runs)
    assert Study(study).front().codes.tolist() == Study(other).front().codes.tolist()


def test_killed_three_times_and_resumed(tmp_path, uninterrupted):
    process, study = start(tmp_path)
    for share in (0.07, 0.31, 0.62):
        wait_until(lambda share=share: evaluated(study) > share * 456)
        process.kill()
        process.communicate()
        kept = table(study)
        assert kept == [row for row in table(uninterrupted) if row in set(kept)]
        process = spawn("resume", study, "--quiet")
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    assert "Front: " in out
    assert_same_answer(study, uninterrupted)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_asked_to_stop_once(tmp_path, uninterrupted, number):
    calls = tmp_path / "calls"
    process, study = start(tmp_path, SLOW | {"calls": str(calls)})
    wait_until(lambda: evaluated(study) > 20)
    process.send_signal(number)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 130, err
    assert out == ""
    command = re.search(r"Go on with: dse (resume \S+)", err).group(1)
    assert calls.stat().st_size == evaluated(study) < 456
    assert invoke([*command.split(), "--quiet"]) == 0
    assert calls.stat().st_size == 456  # every evaluation was made once
    assert_same_answer(study, uninterrupted)


def test_asked_to_stop_twice(tmp_path):
    """A model that hangs is left at once at the second request."""
    process, study = start(tmp_path, {"sleep_s": 300.0})
    wait_until((study / "study.lock").exists)
    process.send_signal(signal.SIGINT)
    assert "Ctrl-C again stops at once" in process.stderr.readline()
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=10)
    assert process.returncode == 130


def test_resume_of_a_running_study_is_refused(tmp_path, capsys):
    process, study = start(tmp_path)
    wait_until(lambda: evaluated(study) > 0)
    assert invoke(["resume", str(study)]) == 3
    assert f"being run by process {process.pid} on " in capsys.readouterr().err
    assert invoke(["show", str(study)]) == 0
    assert "not ended" in capsys.readouterr().out
    process.kill()
    process.communicate()


def test_resume_with_another_version_of_the_model_is_refused(tmp_path):
    process, study = start(tmp_path)
    wait_until(lambda: evaluated(study) > 0)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=30)
    before = table(study)
    process = spawn("resume", study, FAULTY_VERSION="2")
    _, err = process.communicate(timeout=30)
    assert process.returncode == 2
    assert "began with version 1 of faulty, and version 2 is installed" in err
    assert table(study) == before


def test_full_disk_ends_with_exit_code_3_and_resumes(tmp_path, uninterrupted):
    """A limit on file sizes stands for a disk that fills up."""
    job = write_job(tmp_path, *SEARCH)
    study = tmp_path / "study"
    limit = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))"
    process = spawn("run", job, "--study", study, first=limit)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 3, err
    assert "the ledger cannot be read or written" in err
    assert "Traceback" not in err
    kept = table(study)
    assert kept == [row for row in table(uninterrupted) if row in set(kept)]
    assert invoke(["resume", str(study), "--quiet"]) == 0
    assert_same_answer(study, uninterrupted)


def test_no_process_is_left(tmp_path):
    process, study = start(tmp_path)
    wait_until(lambda: evaluated(study) > 0)
    process.kill()
    process.communicate()
    with pytest.raises(ProcessLookupError):
        os.killpg(process.pid, 0)
