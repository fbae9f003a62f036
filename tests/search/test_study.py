"""Studies: made whole or not at all, locked, continued, and read."""

import json
from functools import partial
from itertools import count

import numpy as np
import pytest
from support.studies import resolved_job, table, write_job

from agents.random_search import RandomSearch
from dse import _grid, _study, _study_folder, _tasks
from dse._store import Store
from dse._study import Study
from dse.errors import EnvironmentRefusal, StudyError
from dse.executors.local import LocalExecutor
from dse.job.load import load_job


def new_study(folder, *search, name="study", **changes):
    return Study.create(folder / name, load_job(write_job(folder, *search, **changes)))


def run(study, steps=None):
    """Run until the end, or stop cleanly after a number of steps."""
    number = count(1)
    study.execute(LocalExecutor(), lambda: next(number) == steps, lambda step: None)
    return study


def test_create_writes_three_files(tmp_path):
    study = new_study(tmp_path)
    names = sorted(path.name for path in study.folder.iterdir() if "-" not in path.name)
    assert names == ["environment.json", "study.db", "study.yaml"]


def test_create_may_fill_an_empty_folder(tmp_path):
    (tmp_path / "study").mkdir()
    assert not new_study(tmp_path).is_finished


def test_create_refuses_a_folder_with_something_in_it(tmp_path):
    new_study(tmp_path)
    with pytest.raises(StudyError, match=r"exists already.*\n.*dse resume"):
        new_study(tmp_path)


def test_create_refuses_a_file(tmp_path):
    (tmp_path / "study").write_text("")
    with pytest.raises(StudyError, match="the study folder is a file"):
        new_study(tmp_path)


def test_create_below_a_file_is_refused_by_the_environment(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(EnvironmentRefusal, match="Not a directory"):
        new_study(tmp_path, name="file/study")


@pytest.mark.parametrize("existing", [True, False])
def test_create_that_fails_leaves_nothing(tmp_path, monkeypatch, existing):
    def refuse(*_):
        raise EnvironmentRefusal("disk full")

    monkeypatch.setattr(Store, "create", refuse)
    if existing:
        (tmp_path / "study").mkdir()
    with pytest.raises(EnvironmentRefusal, match="disk full"):
        new_study(tmp_path)
    left = [path for path in tmp_path.rglob("*") if path.name not in ("job.yaml", "study")]
    assert left == []


def test_a_folder_that_is_no_study(tmp_path):
    with pytest.raises(StudyError, match="not a study folder"):
        Study(tmp_path)


@pytest.mark.parametrize("text", ["[", "- 1", "study: x", "\x00"])
def test_a_damaged_job_is_named(tmp_path, text):
    study = new_study(tmp_path)
    (study.folder / "study.yaml").write_text(text)
    with pytest.raises(StudyError, match="damaged"):
        Study(study.folder)


def test_a_damaged_environment_is_named(tmp_path):
    study = new_study(tmp_path)
    (study.folder / "environment.json").write_text("{")
    with pytest.raises(StudyError, match=r"environment.json.*damaged"):
        study.require_same_model()


def test_another_version_of_the_model_is_refused(tmp_path):
    study = new_study(tmp_path)
    file = study.folder / "environment.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {"model_version": "0"}))
    with pytest.raises(StudyError, match="version 0 of faulty, and version 1 is installed"):
        study.require_same_model()


def test_a_held_lock_names_its_holder(tmp_path):
    study = new_study(tmp_path)
    with (
        study.locked(),
        pytest.raises(EnvironmentRefusal, match=r"being run by process .* since"),
        study.locked(),
    ):
        pass


def test_a_freed_lock_can_be_taken(tmp_path):
    study = new_study(tmp_path)
    for _ in range(2):
        with study.locked():
            pass


@pytest.mark.parametrize("steps", [1, 2, 5])
def test_a_study_cut_and_continued_equals_one_run_through(tmp_path, steps):
    search = [
        {"searcher": "nsga2", "budget": 60, "seeds": [0, 1]},
        {"searcher": "random", "budget": 30},
    ]
    whole = run(new_study(tmp_path, *search, name="whole"))
    cut = run(new_study(tmp_path, *search, name="cut"), steps)
    assert not cut.is_finished
    again = run(Study(cut.folder))
    assert again.is_finished
    assert table(cut.folder) == table(whole.folder)
    np.testing.assert_array_equal(again.front().codes, whole.front().codes)


# -- enumerations that keep only their front -------------------------------------------------------

LIMITED = {"constraints": ["energy_j <= 9"], "limits": {"store_rows": 10}}


@pytest.fixture
def small_ranges(monkeypatch):
    """An enumeration in ranges of 16 designs, a block each."""
    monkeypatch.setattr(_study, "_RANGE", 16)
    monkeypatch.setattr(_study, "block_starts", partial(_grid.block_starts, largest=16))
    monkeypatch.setattr(_tasks, "enumerate_range", partial(_grid.enumerate_range, largest=16))


def test_a_front_without_rows_equals_the_one_with_rows(tmp_path):
    stored = run(new_study(tmp_path, constraints=LIMITED["constraints"], name="stored"))
    ranged = run(new_study(tmp_path, **LIMITED, name="ranged"))
    assert table(ranged.folder) == []
    assert len(ranged.front().codes) > 1
    assert (ranged.metrics_of(ranged.front().codes)["energy_j"] <= 9).all()
    np.testing.assert_array_equal(ranged.front().codes, stored.front().codes)
    np.testing.assert_array_equal(ranged.front().points, stored.front().points)


def test_an_enumeration_cut_and_continued(tmp_path, small_ranges):
    whole = run(new_study(tmp_path, **LIMITED, name="whole"))
    cut = run(new_study(tmp_path, **LIMITED, name="cut"), 5)
    assert len(cut.tasks()) == 16 - 5
    again = run(Study(cut.folder))
    assert again.is_finished
    assert again.store.ranges(0) == whole.store.ranges(0)
    np.testing.assert_array_equal(again.front().codes, whole.front().codes)


def test_an_enumeration_counts_what_it_covered(tmp_path):
    study = run(new_study(tmp_path, **LIMITED))
    counts = study.counts(study.store.runs()[0])
    assert sum(counts.values()) == 256
    assert list(counts.values()) == [240, 16, 0]  # a = b = 0 cannot work, for 4 x 4 of c and d


@pytest.mark.parametrize(
    ("fault", "reason"), [("raise", "ValueError: as asked"), ("negative", "energy_j = -3")]
)
def test_an_enumeration_of_a_faulty_model_gives_up(tmp_path, fault, reason):
    study = run(new_study(tmp_path, **LIMITED, work={"fault": fault}))
    (info,) = study.gave_up
    assert reason in info.finished


def test_tasks_carry_plain_data(tmp_path):
    (task,) = new_study(tmp_path).tasks()
    assert task.job == json.loads(json.dumps(task.job)) == resolved_job(tmp_path)


def test_files_of_a_study_have_no_absolute_surprises(tmp_path):
    environment = _study_folder.read_environment(new_study(tmp_path).folder)
    assert environment["model_version"] == "1"
    assert environment["seeds"] == [[0]]


def test_what_a_searcher_tells_of_its_learning_is_kept(tmp_path, monkeypatch):
    told = {"evaluations": [4.0, 8.0], "entropy": [1.5, 0.5]}
    monkeypatch.setattr(RandomSearch, "diagnostics", lambda self: told)
    study = run(new_study(tmp_path, {"searcher": "random", "budget": 8}))
    kept = Study(study.folder).diagnostics(0)
    assert {name: column.tolist() for name, column in kept.items()} == told


def test_a_searcher_that_tells_nothing_leaves_nothing(tmp_path):
    assert run(new_study(tmp_path, {"searcher": "random", "budget": 8})).diagnostics(0) == {}
