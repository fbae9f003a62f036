"""Small studies of the faulty model, in this process and in others."""

import os
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml
from plugins.fake_distributions import install

from dse.cli.main import invoke
from dse.job.load import load_job

TESTS = Path(__file__).parents[1]
POINTS = {
    "dse.models": {"faulty": "support.faulty:Faulty"},
    "dse.workloads": {"faulty-work": "support.faulty:faulty_work"},
}


@pytest.fixture(scope="session")
def plugin_folder(tmp_path_factory):
    """The faulty model is installed, here and in processes that `spawn` starts."""
    folder = install(tmp_path_factory.mktemp("faulty"), "faulty-package", POINTS)
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(folder)
        patch.setenv("PYTHONPATH", os.pathsep.join(map(str, (folder, TESTS, TESTS.parent))))
        patch.setenv("OMP_NUM_THREADS", "1")
        yield folder


def write_job(folder, *search, work=None, **changes):
    """A job file of the faulty model in `folder`; `search` lists its searches."""
    content = {
        "study": "small",
        "model": "faulty",
        "workload": {"name": "faulty-work", **(work or {})},
        "search": list(search) or [{"searcher": "exhaustive"}],
        **changes,
    }
    path = folder / "job.yaml"
    path.write_text(yaml.safe_dump(content))
    return path


def resolved_job(folder, *search, **changes):
    """The same as the resolved job that tasks carry."""
    return load_job(write_job(folder, *search, **changes)).resolved()


def run_job(folder, *search, study="study", options=(), **changes):
    """Run a job in this process: exit code and study folder."""
    path = write_job(folder, *search, **changes)
    target = folder / study
    return invoke(["run", str(path), "--study", str(target), *options]), target


DSE = "import sys; from dse.cli.main import invoke; sys.exit(invoke(sys.argv[1:]))"


def spawn(*arguments, first="", stderr=subprocess.PIPE, **environment):
    """Start `dse` in a process of its own, as leader of a process group.

    Args:
        arguments: Of `dse`.
        first: Python to run before.
        stderr: Where its stderr goes.
        environment: Variables to set.
    """
    command = [sys.executable, "-c", f"{first}\n{DSE}", *map(str, arguments)]
    return subprocess.Popen(
        command,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=stderr,
        text=True,
        start_new_session=True,
    )


def wait_until(condition, seconds=40):
    """Poll until a condition holds."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited too long"
        time.sleep(0.02)


def query(study, sql):
    """Rows of a study's ledger."""
    path = study / "study.db"
    if not path.exists():
        return []
    with sqlite3.connect(path) as database:
        rows = database.execute(sql).fetchall()
    database.close()
    return rows


def table(study):
    """Every evaluation of a study, bit by bit."""
    return query(study, "SELECT * FROM evaluations ORDER BY run, position")


def evaluated(study):
    """How many evaluations are committed."""
    rows = query(study, "SELECT COUNT(*) FROM evaluations")
    return rows[0][0] if rows else 0
