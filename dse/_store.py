"""The study's ledger: SQLite in WAL mode, one transaction per step.

A result acknowledged is a result kept: whatever kills the process, every committed step is there
afterwards, complete. (A power cut may take the last moments with it, never the consistency.)
"""

from __future__ import annotations

import json
import sqlite3
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from dse._outcomes import Outcome, State
from dse.errors import EnvironmentRefusal, StudyError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from dse._columns import FloatArray
    from dse._tasks import RangeStep, SearchStep

SCHEMA = 1

_TABLES = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE runs (
    run INTEGER PRIMARY KEY, entry INTEGER NOT NULL, searcher TEXT NOT NULL, seed INTEGER NOT NULL,
    budget INTEGER NOT NULL, enumerates INTEGER NOT NULL, finished TEXT NOT NULL DEFAULT '');
CREATE TABLE checkpoints (run INTEGER PRIMARY KEY, state TEXT NOT NULL);
CREATE TABLE errors (reason TEXT PRIMARY KEY, traceback TEXT NOT NULL);
CREATE TABLE ranges (
    run INTEGER NOT NULL, start INTEGER NOT NULL, stop INTEGER NOT NULL,
    infeasible INTEGER NOT NULL, worst TEXT NOT NULL, PRIMARY KEY (run, start));
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
        run: Run of each row.
        position: Position within the run.
        keys: Codes of each design (N x P).
        outcome: Results.
    """

    run: Any
    position: Any
    keys: Any
    outcome: Outcome


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
        """A new ledger with its searches entered."""
        store = cls(path, parameters, metrics)
        columns = "".join(f", {_quoted(name)} REAL" for name in (*parameters, *metrics))
        with store._transaction():
            for statement in _TABLES.split(";"):
                store._db.execute(statement)
            store._db.execute(
                "CREATE TABLE evaluations (run INTEGER NOT NULL, position INTEGER NOT NULL, "
                f"key BLOB NOT NULL, state INTEGER NOT NULL, reason TEXT NOT NULL{columns}, "
                "PRIMARY KEY (run, position), UNIQUE (run, key)) WITHOUT ROWID"
            )
            store._db.execute("INSERT INTO meta VALUES ('schema', ?)", (str(SCHEMA),))
            store._db.executemany(
                "INSERT INTO runs VALUES (?, ?, ?, ?, ?, ?, ?)",
                [
                    (r.run, r.entry, r.searcher, r.seed, r.budget, int(r.enumerates), r.finished)
                    for r in runs
                ],
            )
        return store

    @classmethod
    def open(cls, path: Path, parameters: Sequence[str], metrics: Sequence[str]) -> Store:
        """An existing ledger.

        Raises:
            StudyError: Not a ledger, or of another schema version.
        """
        store = cls(path, parameters, metrics)
        try:
            found = store._db.execute("SELECT value FROM meta WHERE key = 'schema'").fetchone()
        except sqlite3.DatabaseError as error:
            raise StudyError(f"not a study ledger ({error})", where=str(path)) from None
        if found is None or int(found[0]) != SCHEMA:
            version = "none" if found is None else found[0]
            raise StudyError(
                f"ledger of schema version {version}", where=str(path), allowed=f"version {SCHEMA}"
            )
        return store

    def close(self) -> None:
        """Close the database."""
        self._db.close()

    # -- writing -------------------------------------------------------------------------------

    def record(self, steps: Sequence[SearchStep], designs: Sequence[dict[str, Any]]) -> None:
        """Commit steps of searches: rows, checkpoints and ends, all or nothing.

        Args:
            steps: The steps.
            designs: Columns of each step's designs.
        """
        with self._transaction():
            for step, columns in zip(steps, designs, strict=True):
                self._insert(step, columns)
                if step.checkpoint is not None:
                    state = json.dumps(step.checkpoint)
                    self._db.execute(
                        "INSERT OR REPLACE INTO checkpoints VALUES (?, ?)", (step.run, state)
                    )
                if step.finished:
                    self._finish(step.run, step.finished)

    def record_range(self, step: RangeStep, ids: Any, points: FloatArray, finished: str) -> None:
        """Commit one enumerated range together with the running front that includes it."""
        with self._transaction():
            row = (step.run, step.start, step.stop, step.infeasible, json.dumps(step.worst))
            self._db.execute("INSERT INTO ranges VALUES (?, ?, ?, ?, ?)", row)
            front = (step.run, json.dumps(ids.tolist()), json.dumps(points.tolist()))
            self._db.execute("INSERT OR REPLACE INTO fronts VALUES (?, ?, ?)", front)
            if finished:
                self._finish(step.run, finished)

    def _insert(self, step: SearchStep, columns: dict[str, Any]) -> None:
        if not len(step.codes):
            return
        outcome = step.outcome
        keys = [row.tobytes() for row in step.codes.astype("<i4")]
        values = [columns[name].tolist() for name in self._parameters]
        values += [outcome.metrics[name].tolist() for name in self._metrics]
        rows = zip(
            [step.run] * len(keys), range(step.position, step.position + len(keys)), keys,
            outcome.state.tolist(), outcome.reason, *values, strict=True,
        )  # fmt: skip
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
        return [RunInfo(*row[:5], bool(row[5]), row[6]) for row in rows]

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
        chosen = "".join(f", {_quoted(name)}" for name in names)
        where = "" if run is None else "WHERE run = ?"
        cursor = self._db.execute(
            f"SELECT run, position, key, state, reason{chosen} FROM evaluations {where} "  # noqa: S608 - quoted
            "ORDER BY run, position",
            () if run is None else (run,),
        )
        rows = cursor.fetchall()
        columns = list(zip(*rows, strict=True)) if rows else [()] * (5 + len(names))
        width = len(self._parameters)
        keys = np.frombuffer(b"".join(columns[2]), dtype="<i4").reshape(-1, width).astype(np.int64)
        values = {
            name: np.array(c, dtype=np.float64) for name, c in zip(names, columns[5:], strict=True)
        }
        outcome = Outcome(values, np.array(columns[3], dtype=np.int8), list(columns[4]))
        return Evaluations(
            np.array(columns[0], dtype=np.int64),
            np.array(columns[1], dtype=np.int64),
            keys,
            outcome,
        )

    def checkpoint(self, run: int) -> dict[str, Any] | None:
        """The last saved state of a search."""
        row = self._db.execute("SELECT state FROM checkpoints WHERE run = ?", (run,)).fetchone()
        return None if row is None else json.loads(row[0])

    def ranges(self, run: int) -> list[tuple[int, int, int, list[float]]]:
        """Enumerated ranges: start, stop, infeasible designs, worst objectives."""
        rows = self._db.execute(
            "SELECT start, stop, infeasible, worst FROM ranges WHERE run = ? ORDER BY start", (run,)
        )
        return [
            (start, stop, infeasible, json.loads(worst)) for start, stop, infeasible, worst in rows
        ]

    def front(self, run: int) -> tuple[Any, FloatArray]:
        """The running front of an enumeration: indices and objectives (minimised)."""
        row = self._db.execute("SELECT ids, points FROM fronts WHERE run = ?", (run,)).fetchone()
        if row is None:
            return np.empty(0, dtype=np.int64), np.empty((0, 0))
        return np.array(json.loads(row[0]), dtype=np.int64), np.array(
            json.loads(row[1]), dtype=np.float64
        )

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
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")

    @contextmanager
    def _refusing(self) -> Iterator[None]:
        """Turn a full disk, a held lock or missing permissions into a refusal."""
        try:
            yield
        except sqlite3.OperationalError as error:
            raise EnvironmentRefusal(
                f"cannot write the ledger: {error}", where=str(self._path),
                next_step="free space or permissions, then `dse resume` the study",
            ) from None  # fmt: skip


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
