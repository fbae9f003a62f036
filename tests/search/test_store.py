"""The ledger: what goes in comes out, all or nothing."""

import sqlite3

import numpy as np
import pytest

from dse._outcomes import Outcome, State
from dse._steps import RangeStep, SearchStep
from dse._store import RunInfo, Store
from dse.errors import EnvironmentRefusal, StudyError

RUNS = [RunInfo(0, 0, "random", 7, 10, False), RunInfo(1, 1, "exhaustive", 0, 99, True)]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "study.db"


@pytest.fixture
def store(path):
    store = Store.create(path, ["a", "b"], ["latency_s"], RUNS)
    yield store
    store.close()


def a_step(position=0, codes=((0, 1), (2, 3)), **changes):
    outcome = Outcome(
        {"latency_s": np.array([0.1, np.nan])},
        np.array([State.DONE, State.FAILED]),
        ["", "boom"],
        {"boom": "Traceback ..."},
    )
    return SearchStep(0, position, np.array(codes), outcome, **changes)


DESIGNS = {"a": np.array([1.0, 2.0]), "b": np.array([3.0, 4.0])}


def test_runs_round_trip(store):
    assert store.runs() == RUNS


def test_step_round_trip(store):
    store.record(a_step(checkpoint={"x": 0.1}, finished="budget spent"), DESIGNS)
    rows = store.evaluations(0)
    np.testing.assert_array_equal(rows.codes, [[0, 1], [2, 3]])
    np.testing.assert_array_equal(rows.outcome.metrics["latency_s"], [0.1, np.nan])
    assert rows.outcome.reason == ["", "boom"]
    assert rows.position.tolist() == [0, 1]
    assert store.checkpoint(0) == {"x": 0.1}
    assert store.runs()[0].finished == "budget spent"
    assert store.errors() == {"boom": "Traceback ..."}
    assert store.counts(0) == {State.DONE: 1, State.INFEASIBLE: 0, State.FAILED: 1}


def test_metrics_of_finds_only_what_went_well(store):
    store.record(a_step(), DESIGNS)
    assert store.metrics_of(np.array([[9, 9], [2, 3], [0, 1]])) == {2: (0.1,)}


def test_empty_ledger_has_empty_columns(store):
    rows = store.evaluations()
    assert rows.codes.shape == (0, 2)
    assert len(rows.outcome) == 0


def test_range_round_trip(store):
    points, ids = np.array([[1.0, 2.0]]), np.array([5])
    step = RangeStep(1, 0, 10, points, ids, 3, 6)
    store.record_range(step, ids, points, "whole space enumerated")
    (part,) = store.ranges(1)
    assert (part.start, part.stop, part.infeasible, part.admissible) == (0, 10, 3, 6)
    np.testing.assert_array_equal(store.front(1)[0], ids)
    np.testing.assert_array_equal(store.front(1)[1], points)
    assert store.runs()[1].finished


def test_enumeration_without_members_has_no_front(store):
    step = RangeStep(1, 0, 10, np.empty((0, 2)), np.empty(0, np.int64), 10, 0)
    store.record_range(step, step.ids, step.points, "")
    assert store.front(1) is None


def test_a_step_is_recorded_whole_or_not_at_all(store):
    store.record(a_step(), DESIGNS)
    clash = a_step(position=2, codes=((8, 8), (0, 1)), checkpoint={"x": 1})
    with pytest.raises(sqlite3.IntegrityError):
        store.record(clash, DESIGNS)
    assert len(store.evaluations(0).outcome) == 2
    assert store.checkpoint(0) is None


def test_a_parameter_may_be_called_like_a_metric_or_a_column(path):
    store = Store.create(path, ["state", "latency_s"], ["latency_s"], RUNS)
    store.record(a_step(), {"state": DESIGNS["a"], "latency_s": DESIGNS["b"]})
    assert len(store.evaluations(0).outcome) == 2
    store.close()


def test_full_disk_refuses_and_keeps_what_there_was(store):
    store.record(a_step(), DESIGNS)
    (pages,) = store._db.execute("PRAGMA page_count").fetchone()
    store._db.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(EnvironmentRefusal, match="database or disk is full"):
        store.record(a_step(2, ((7, 7), (8, 8)), checkpoint={"x": "y" * 100_000}), DESIGNS)
    assert len(store.evaluations(0).outcome) == 2


def test_other_schema_is_refused(path, store):
    with sqlite3.connect(path) as database:
        database.execute("UPDATE meta SET value = '99'")
    database.close()
    with pytest.raises(StudyError, match="another \\(99\\) schema version"):
        Store.open(path, ["a", "b"], ["latency_s"])


def test_foreign_database_is_refused(path):
    sqlite3.connect(path).close()
    with pytest.raises(StudyError, match="no schema version"):
        Store.open(path, ["a"], ["m"])


def test_file_that_is_no_database_is_refused(path):
    path.write_bytes(b"hello, I am no database at all" * 100)
    with pytest.raises(StudyError, match="not a ledger"):
        Store.open(path, ["a"], ["m"])


def test_missing_folder_is_refused(tmp_path):
    with pytest.raises(EnvironmentRefusal, match="cannot be read or written"):
        Store.create(tmp_path / "none" / "study.db", ["a"], ["m"], RUNS)
