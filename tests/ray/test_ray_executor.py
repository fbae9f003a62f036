"""The Ray executor: the same answer as in process, whatever the workers go through.

A fresh Ray costs seconds, so that each test checks several things with one.
"""

import os
import re
import signal
from contextlib import suppress
from pathlib import Path

import pytest
from support.studies import (
    evaluated,
    query,
    run_job,
    spawn,
    table,
    wait_until,
    write_job,
)

from dse._study import Study
from dse.cli.main import invoke
from dse.errors import InputError
from dse.executors import ray as ray_executor
from dse.executors.ray import RayExecutor, check_workers

SEARCH = [
    {"searcher": "nsga2", "budget": 60, "seeds": [0, 1]},
    {"searcher": "annealing", "budget": 40},
    {"searcher": "ppo", "budget": 32},
    {"searcher": "mappo", "budget": 32},
    {"searcher": "exhaustive"},
]


@pytest.fixture(autouse=True)
def _ray_environment(monkeypatch):
    monkeypatch.setenv("RAY_AUTH_MODE", "disabled")
    monkeypatch.setenv("RAY_USAGE_STATS_ENABLED", "0")


HELPERS = ("ray::DashboardAgent", "ray::RuntimeEnvAgent")
"""Idle helpers of Ray that may outlive a killed driver by their time-out of a minute."""


def processes_of(folder):
    """Processes that carry this test's folder in their environment, without Ray's idle helpers."""
    found = []
    for file in Path("/proc").glob("[0-9]*/environ"):
        with suppress(OSError):
            ours = f"DSE_TEST={folder}".encode() in file.read_bytes()
            title = file.with_name("cmdline").read_text()
            if ours and not title.startswith(HELPERS):
                found.append(title)
    return found


@pytest.mark.ray
@pytest.mark.parametrize("workers", [1, 2])
def test_the_same_evaluations_as_in_process(tmp_path, workers):
    """With two workers, one of them dies at its first design and is replaced."""
    limits = {"store_rows": 10 if workers == 2 else 1000}  # the exhaustive search: front or rows
    _, local = run_job(tmp_path, *SEARCH, study="local", limits=limits)
    work = {"dies_once": str(tmp_path / "died")} if workers == 2 else {}
    job = write_job(tmp_path, *SEARCH, work=work, limits=limits)
    study = tmp_path / "ray"
    process = spawn("run", job, "--study", study, "--executor", "ray", "--workers", workers)
    out, err = process.communicate(timeout=100)
    assert process.returncode == 0, err
    assert "Starting Ray" in err
    assert "Front: " in out
    assert table(study) == table(local)
    assert query(study, "SELECT * FROM fronts") == query(local, "SELECT * FROM fronts")
    assert Study(study).front().codes.tolist() == Study(local).front().codes.tolist()
    assert (tmp_path / "died").exists() == (workers == 2)


@pytest.mark.ray
def test_ctrl_c_stops_and_leaves_no_process(tmp_path):
    """As from a terminal: the signal reaches every process of the group."""
    job = write_job(tmp_path, *SEARCH, work={"sleep_s": 0.01})
    study = tmp_path / "study"
    options = ["--executor", "ray", "--workers", "2"]
    process = spawn("run", job, "--study", study, *options, DSE_TEST=str(tmp_path))
    wait_until(lambda: evaluated(study) > 10)
    assert len(processes_of(tmp_path)) > 2
    os.killpg(process.pid, signal.SIGINT)
    _, err = process.communicate(timeout=40)
    assert process.returncode == 130, err
    command = re.search(r"Go on with: dse (resume \S+)", err).group(1)
    wait_until(lambda: not processes_of(tmp_path), 10)
    assert 0 < evaluated(study) < 416
    assert invoke([*command.split(), "--executor", "local", "--quiet"]) == 0
    _, local = run_job(tmp_path, *SEARCH, study="local", options=["--quiet"])
    assert table(study) == table(local)


@pytest.mark.ray
def test_killed_driver_leaves_no_process(tmp_path):
    job = write_job(tmp_path, *SEARCH, work={"sleep_s": 0.005}, limits={"store_rows": 10})
    study = tmp_path / "study"
    options = ["--executor", "ray", "--workers", "2"]
    process = spawn("run", job, "--study", study, *options, DSE_TEST=str(tmp_path))
    wait_until(lambda: evaluated(study) > 10)
    process.kill()
    process.communicate()
    wait_until(lambda: not processes_of(tmp_path), 10)
    assert invoke(["resume", str(study), "--quiet"]) == 0
    _, local = run_job(tmp_path, *SEARCH, study="local", limits={"store_rows": 10})
    assert table(study) == table(local)
    assert query(study, "SELECT * FROM fronts") == query(local, "SELECT * FROM fronts")


def test_nothing_left_starts_no_ray(tmp_path, monkeypatch, capsys):
    _, study = run_job(tmp_path, {"searcher": "random", "budget": 5})
    monkeypatch.setattr(ray_executor, "_start_ray", None)
    assert invoke(["resume", str(study), "--executor", "ray"]) == 0
    captured = capsys.readouterr()
    assert "nothing is left to do" in captured.err
    assert "Starting Ray" not in captured.err


def test_no_task_starts_no_ray():
    assert list(RayExecutor(None, None, lambda task: task).run([], lambda: False)) == []


def test_more_workers_than_cores_are_refused():
    with pytest.raises(InputError, match="3 workers, but there are 2 cores"):
        check_workers(3, 2)
