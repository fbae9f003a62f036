"""The study's ledger: SQLite in WAL mode, one transaction per step.

A result acknowledged is a result kept: whatever kills the process, every committed step is there
afterwards, complete. (A power cut may take the last moments with it, never the consistency.)
"""

from __future__ import annotations

import json
import sqlite3
from contextlib import contextmanager
from dataclasses import astuple, dataclass
from itertools import repeat
from typing import TYPE_CHECKING, Any

import numpy as np

from dse._outcomes import Outcome, State, join
from dse._steps import design_keys
from dse.errors import EnvironmentRefusal, StudyError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from dse._columns import Columns, FloatArray, IntArray
    from dse._steps import RangeStep, SearchStep

SCHEMA = 1
_FETCH = 50_000

_TABLES = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE runs (
    run INTEGER PRIMARY KEY, entry INTEGER NOT NULL, searcher TEXT NOT NULL, seed INTEGER NOT NULL,
    budget INTEGER NOT NULL, enumerates INTEGER NOT NULL, finished TEXT NOT NULL DEFAULT '');
CREATE TABLE checkpoints (run INTEGER PRIMARY KEY, state TEXT NOT NULL);
CREATE TABLE errors (reason TEXT PRIMARY KEY, traceback TEXT NOT NULL);
CREATE TABLE ranges (
    run INTEGER NOT NULL, start INTEGER NOT NULL, stop INTEGER NOT NULL,
    infeasible INTEGER NOT NULL, admissible INTEGER NOT NULL, PRIMARY KEY (run, start));
CREATE TABLE fronts (run INTEGER PRIMARY KEY, ids TEXT NOT NULL, points TEXT NOT NULL);
"""


@dataclass(frozen=True)
class RunInfo:
    """One search of a study.

    Attributes:
        run: Its number.
        entry: Which entry of the job's `search` list it belongs to.
        searcher: Name of the searcher.
        seed: Its seed.
        budget: Distinct designs to evaluate.
        enumerates: Whether it keeps a running front in place of every row.
        finished: Why it ended; empty while it has not.
    """

    run: int
    entry: int
    searcher: str
    seed: int
    budget: int
    enumerates: bool
    finished: str = ""


@dataclass(frozen=True)
class Evaluations:
    """Rows of the ledger, in order.

    Attributes:
        run: Run of each row (N).
        position: Position within the run (N).
        codes: Codes of each design (N x P).
        outcome: Results.
    """

    run: IntArray
    position: IntArray
    codes: IntArray
    outcome: Outcome


@dataclass(frozen=True)
class EnumeratedPart:
    """One range of an enumeration.

    Attributes:
        start: First index.
        stop: One past the last index.
        infeasible: Designs that cannot work.
        admissible: How many designs work and satisfy every constraint.
    """

    start: int
    stop: int
    infeasible: int
    admissible: int


class Store:
    """The ledger of one study.

    Args:
        path: The database file.
        parameters: Names of the parameters, in order.
        metrics: Names of the metrics, in order.
    """

    def __init__(self, path: Path, parameters: Sequence[str], metrics: Sequence[str]) -> None:
        self._parameters = tuple(parameters)
        self._metrics = tuple(metrics)
        self._path = path
        with self._refusing():
            self._db = sqlite3.connect(path, isolation_level=None)
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute("PRAGMA synchronous=NORMAL")

    @classmethod
    def create(
        cls, path: Path, parameters: Sequence[str], metrics: Sequence[str], runs: Sequence[RunInfo]
    ) -> Store:
        """A new ledger with its searches entered.

        Raises:
            EnvironmentRefusal: It cannot be written.
        """
        store = cls(path, parameters, metrics)
        with store._transaction():
            for statement in (*_TABLES.split(";"), _evaluations_table(parameters, metrics)):
                store._db.execute(statement)
            store._db.execute("INSERT INTO meta VALUES ('schema', ?)", (str(SCHEMA),))
            store._db.executemany(
                "INSERT INTO runs VALUES (?, ?, ?, ?, ?, ?, ?)", map(astuple, runs)
            )
        return store

    @classmethod
    def open(cls, path: Path, parameters: Sequence[str], metrics: Sequence[str]) -> Store:
        """An existing ledger.

        Raises:
            StudyError: Not a ledger, or of another schema version.
            EnvironmentRefusal: It cannot be opened.
        """
        store = cls(path, parameters, metrics)
        with store._refusing():
            tables = store._db.execute("SELECT name FROM sqlite_master WHERE name = 'meta'")
            found = None
            if tables.fetchone():
                query = "SELECT value FROM meta WHERE key = 'schema'"
                found = store._db.execute(query).fetchone()
        if found is None or found[0] != str(SCHEMA):
            store.close()
            version = "no" if found is None else f"another ({found[0]})"
            raise StudyError(
                f"the ledger has {version} schema version",
                where=str(path),
                allowed=f"version {SCHEMA}",
                next_step="use the release of accel-dse that made the study",
            )
        return store

    def close(self) -> None:
        """Close the database."""
        self._db.close()

    # -- writing -------------------------------------------------------------------------------

    def record(self, step: SearchStep, designs: Columns) -> None:
        """Commit a step of a search: rows, checkpoint and end, all or nothing.

        Args:
            step: The step.
            designs: The columns that its codes stand for.
        """
        with self._transaction():
            self._insert(step, designs)
            if step.checkpoint is not None:
                state = (step.run, json.dumps(step.checkpoint))
                self._db.execute("INSERT OR REPLACE INTO checkpoints VALUES (?, ?)", state)
            if step.finished:
                self._finish(step.run, step.finished)

    def record_range(
        self, step: RangeStep, ids: IntArray, points: FloatArray, finished: str
    ) -> None:
        """Commit one enumerated range together with the running front that includes it.

        Args:
            step: The range.
            ids: Indices of the designs on the running front (N).
            points: Their objectives (N x m, minimised).
            finished: Why the enumeration has ended; empty while it has not.
        """
        with self._transaction():
            row = (step.run, step.start, step.stop, step.infeasible, step.admissible)
            self._db.execute("INSERT INTO ranges VALUES (?, ?, ?, ?, ?)", row)
            front = (step.run, json.dumps(ids.tolist()), json.dumps(points.tolist()))
            self._db.execute("INSERT OR REPLACE INTO fronts VALUES (?, ?, ?)", front)
            if finished:
                self._finish(step.run, finished)

    def _insert(self, step: SearchStep, designs: Columns) -> None:
        if not len(step.codes):
            return
        outcome = step.outcome
        keys = design_keys(step.codes)
        values = [designs[name].tolist() for name in self._parameters]
        values += [outcome.metrics[name].tolist() for name in self._metrics]
        positions = range(step.position, step.position + len(keys))
        results = outcome.state.tolist(), outcome.reason
        rows = zip(repeat(step.run, len(keys)), positions, keys, *results, *values, strict=True)
        marks = ", ".join("?" * (5 + len(values)))
        self._db.executemany(f"INSERT INTO evaluations VALUES ({marks})", rows)  # noqa: S608 - only marks
        self._db.executemany(
            "INSERT OR IGNORE INTO errors VALUES (?, ?)", outcome.tracebacks.items()
        )

    def _finish(self, run: int, reason: str) -> None:
        self._db.execute("UPDATE runs SET finished = ? WHERE run = ?", (reason, run))

    # -- reading -------------------------------------------------------------------------------

    def runs(self) -> list[RunInfo]:
        """The searches, in order."""
        rows = self._db.execute("SELECT * FROM runs ORDER BY run").fetchall()
        return [
            RunInfo(run, entry, searcher, seed, budget, bool(enumerates), finished)
            for run, entry, searcher, seed, budget, enumerates, finished in rows
        ]

    def counts(self, run: int) -> dict[State, int]:
        """Rows of a run by state."""
        rows = self._db.execute(
            "SELECT state, COUNT(*) FROM evaluations WHERE run = ? GROUP BY state", (run,)
        )
        found = dict(rows.fetchall())
        return {state: found.get(int(state), 0) for state in State}

    def evaluations(
        self, run: int | None = None, metrics: Sequence[str] | None = None
    ) -> Evaluations:
        """Rows of one run, or of all, with all metrics or some."""
        names = self._metrics if metrics is None else tuple(metrics)
        chosen = "".join(f", {_quoted(f'metric.{name}')}" for name in names)
        where = "" if run is None else "WHERE run = ?"
        cursor = self._db.execute(
            f"SELECT run, position, key, state, reason{chosen} FROM evaluations {where} "  # noqa: S608 - quoted
            "ORDER BY run, position",
            () if run is None else (run,),
        )
        parts = [_columns([], names, len(self._parameters))]
        while rows := cursor.fetchmany(_FETCH):  # rows of Python objects take much memory
            parts.append(_columns(rows, names, len(self._parameters)))
        return Evaluations(
            np.concatenate([part.run for part in parts]),
            np.concatenate([part.position for part in parts]),
            np.concatenate([part.codes for part in parts]),
            join([part.outcome for part in parts]),
        )

    def metrics_of(self, codes: IntArray) -> dict[int, tuple[float, ...]]:
        """Row of `codes` (N x P) -> metrics, for designs that some search has evaluated well."""
        columns = ", ".join(_quoted(f"metric.{name}") for name in self._metrics)
        query = f"SELECT {columns} FROM evaluations WHERE run = ? AND key = ? AND state = ?"  # noqa: S608 - quoted
        found: dict[int, tuple[float, ...]] = {}
        keys = dict(enumerate(design_keys(codes)))
        for info in self.runs():
            for row in keys.keys() - found.keys():
                values = self._db.execute(query, (info.run, keys[row], int(State.DONE))).fetchone()
                if values is not None:
                    found[row] = values
        return found

    def checkpoint(self, run: int) -> dict[str, Any] | None:
        """The last saved state of a search."""
        row = self._db.execute("SELECT state FROM checkpoints WHERE run = ?", (run,)).fetchone()
        return None if row is None else json.loads(row[0])

    def ranges(self, run: int) -> list[EnumeratedPart]:
        """The ranges that an enumeration has covered, in order."""
        rows = self._db.execute(
            "SELECT start, stop, infeasible, admissible FROM ranges WHERE run = ? ORDER BY start",
            (run,),
        )
        return [
            EnumeratedPart(start, stop, infeasible, admissible)
            for start, stop, infeasible, admissible in rows
        ]

    def front(self, run: int) -> tuple[IntArray, FloatArray] | None:
        """The running front of an enumeration: indices and objectives (minimised)."""
        row = self._db.execute("SELECT ids, points FROM fronts WHERE run = ?", (run,)).fetchone()
        if row is None:
            return None
        ids, points = (np.array(json.loads(text)) for text in row)
        return (ids, points) if len(ids) else None

    def errors(self) -> dict[str, str]:
        """Reason -> traceback of every distinct error."""
        return dict(self._db.execute("SELECT reason, traceback FROM errors").fetchall())

    # -- transactions ----------------------------------------------------------------------------

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        with self._refusing():
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._db.execute("COMMIT")
            finally:
                # A full disk may have rolled back already.
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")

    @contextmanager
    def _refusing(self) -> Iterator[None]:
        """Turn a full disk, missing permissions or a damaged file into an error of ours."""
        try:
            yield
        except sqlite3.OperationalError as error:
            raise EnvironmentRefusal(
                f"the ledger cannot be read or written: {error}",
                where=str(self._path),
                next_step="free space or permissions, then `dse resume` the study",
            ) from None
        except sqlite3.IntegrityError:
            raise
        except sqlite3.DatabaseError as error:
            raise StudyError(f"not a ledger: {error}", where=str(self._path)) from None


def _evaluations_table(parameters: Sequence[str], metrics: Sequence[str]) -> str:
    names = [f"design.{name}" for name in parameters] + [f"metric.{name}" for name in metrics]
    columns = "".join(f", {_quoted(name)} REAL" for name in names)
    return (
        "CREATE TABLE evaluations (run INTEGER NOT NULL, position INTEGER NOT NULL, "
        f"key BLOB NOT NULL, state INTEGER NOT NULL, reason TEXT NOT NULL{columns}, "
        "PRIMARY KEY (run, position), UNIQUE (run, key)) WITHOUT ROWID"
    )


def _columns(rows: list[tuple[Any, ...]], names: Sequence[str], width: int) -> Evaluations:
    """Some rows of the query in `Store.evaluations` as arrays."""
    columns = list(zip(*rows, strict=True)) or [()] * (5 + len(names))
    codes = np.frombuffer(b"".join(columns[2]), dtype="<i4").astype(np.int64)
    values = (np.array(column, dtype=np.float64) for column in columns[5:])
    state = np.array(columns[3], dtype=np.int8)
    return Evaluations(
        np.array(columns[0], dtype=np.int64),
        np.array(columns[1], dtype=np.int64),
        codes.reshape(-1, width),
        Outcome(dict(zip(names, values, strict=True)), state, list(columns[4])),
    )


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
