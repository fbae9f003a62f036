"""A study: the folder that a job leaves, and the loop that fills it."""

from __future__ import annotations

import fcntl
import json
import os
import platform
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from importlib import metadata
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import yaml

from dse._grid import block_starts
from dse._outcomes import State
from dse._pareto import RunningFront, nondominated
from dse._plugins import load
from dse._store import RunInfo, Store
from dse._tasks import Known, RangeStep, RangeTask, SearchStep, SearchTask, Step, Task
from dse.errors import EnvironmentRefusal, StudyError
from dse.job.resolve import Job

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from dse._columns import FloatArray, IntArray
    from dse._problem import Problem

_RANGE = 4_000_000
_PACKAGES = (
    "accel-dse",
    "numpy",
    "moocore",
    "pymoo",
    "ray",
    "scipy",
    "gymnasium",
    "stable-baselines3",
)


class Executor(Protocol):
    """Runs tasks somewhere and yields their steps."""

    workers: int

    def run(self, tasks: Sequence[Task], stopping: Callable[[], bool]) -> Iterator[Step]:
        """Yield steps until all tasks are done or `stopping` says so."""


@dataclass(frozen=True)
class Front:
    """Non-dominated designs of a study, or of one run.

    Attributes:
        codes: N x P codes.
        points: N x m objectives (minimised).
    """

    codes: IntArray
    points: FloatArray


class Study:
    """An open study folder.

    Args:
        folder: The folder; holds study.yaml, environment.json and study.db.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.resolved = _read_resolved(folder)
        self.job = Job.from_resolved(self.resolved)
        self.problem: Problem = self.job.problem()
        names = self.problem.space.names, self.problem.model.metric_names
        self.store = Store.open(folder / "study.db", *names)

    @classmethod
    def create(cls, folder: Path, job: Job) -> Study:
        """Make the folder of a new study.

        Raises:
            StudyError: The folder exists and is not empty.
            EnvironmentRefusal: The folder cannot be written.
        """
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise StudyError(
                "the study folder exists already", where=str(folder),
                next_step=f"`dse resume {folder}` continues it; `--study DIR` or another `study:` name starts anew",
            )  # fmt: skip
        problem = job.problem()
        resolved = job.resolved()
        try:
            folder.mkdir(parents=True, exist_ok=True)
            text = yaml.safe_dump(resolved, sort_keys=False, allow_unicode=True)
            (folder / "study.yaml").write_text(text, encoding="utf-8")
            environment = json.dumps(_environment(resolved, problem), indent=2)
            (folder / "environment.json").write_text(environment + "\n", encoding="utf-8")
        except OSError as error:
            raise EnvironmentRefusal(
                f"cannot write the study: {error}", where=str(folder)
            ) from None
        runs = _runs(job, problem)
        Store.create(
            folder / "study.db", problem.space.names, problem.model.metric_names, runs
        ).close()
        return cls(folder)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the study's lock; the kernel frees it however the process ends.

        Raises:
            EnvironmentRefusal: Another process is running this study.
        """
        with (self.folder / "study.lock").open("a+", encoding="utf-8") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                file.seek(0)
                raise EnvironmentRefusal(
                    f"the study is being run by {file.read().strip() or 'another process'}", where=str(self.folder),
                    next_step="wait for it, or end that process, then `dse resume`",
                ) from None  # fmt: skip
            file.truncate(0)
            file.write(f"process {os.getpid()} on {platform.node()}")
            file.flush()
            yield

    # -- running ---------------------------------------------------------------------------------

    def tasks(self) -> list[Task]:
        """What is left to do, built from the ledger."""
        tasks: list[Task] = []
        for info in self.store.runs():
            if not info.finished:
                tasks += self._range_tasks(info) if info.enumerates else [self._search_task(info)]
        return tasks

    def refreshed(self, task: Task) -> Task:
        """The same task with everything the ledger has learned since."""
        infos = {info.run: info for info in self.store.runs()}
        return self._search_task(infos[task.run]) if isinstance(task, SearchTask) else task

    def _search_task(self, info: RunInfo) -> SearchTask:
        rows = self.store.evaluations(info.run)
        known = None
        if len(rows.outcome):
            known = Known(rows.keys, rows.outcome, self.store.checkpoint(info.run))
        return SearchTask(info.run, self.resolved, info.entry, info.seed, known)

    def _range_tasks(self, info: RunInfo) -> list[Task]:
        done = {start for start, *_ in self.store.ranges(info.run)}
        return [
            RangeTask(info.run, self.resolved, start, stop)
            for start, stop in _ranges(self.problem)
            if start not in done
        ]

    def execute(
        self, executor: Executor, stopping: Callable[[], bool], watch: Callable[[Step], None]
    ) -> None:
        """Run what is left, committing every step before anyone hears of it.

        Args:
            executor: Where the tasks run.
            stopping: Asked after each step; True ends the work cleanly.
            watch: Called with each committed step.
        """
        fronts = {info.run: self._running(info) for info in self.store.runs() if info.enumerates}
        for step in executor.run(self.tasks(), stopping):
            if isinstance(step, SearchStep):
                designs = self.problem.space.decode(step.codes)
                self.store.record([step], [designs])
            else:
                self._record_range(step, fronts[step.run])
            watch(step)

    def _running(self, info: RunInfo) -> RunningFront:
        ids, points = self.store.front(info.run)
        empty = RunningFront.empty(len(self.problem.objectives))
        return RunningFront(points, ids) if len(ids) else empty

    def _record_range(self, step: RangeStep, front: RunningFront) -> None:
        front.update(step.points, step.ids)
        covered = sum(stop - start for start, stop, *_ in self.store.ranges(step.run))
        done = covered + step.stop - step.start == self.problem.space.size
        self.store.record_range(
            step, front.ids, front.points, "whole space enumerated" if done else ""
        )

    # -- results ---------------------------------------------------------------------------------

    @cached_property
    def environment(self) -> dict[str, Any]:
        """Versions, seeds and machine at the start."""
        found: dict[str, Any] = json.loads(
            (self.folder / "environment.json").read_text(encoding="utf-8")
        )
        return found

    @property
    def is_finished(self) -> bool:
        """Whether every search has ended."""
        return all(info.finished for info in self.store.runs())

    def admissible(self, run: int | None = None) -> Front:
        """All stored designs that work and satisfy the constraints, in order of evaluation."""
        rows = self.store.evaluations(run)
        scores = self.problem.score(self.problem.space.decode(rows.keys), rows.outcome.told())
        kept = scores.admissible
        return Front(rows.keys[kept], scores.objectives[kept])

    def front(self, run: int | None = None) -> Front:
        """The Pareto front of one run, or of everything in the study."""
        runs = [info for info in self.store.runs() if run is None or info.run == run]
        parts = [self.admissible(run)] + [
            self._enumerated(info) for info in runs if info.enumerates
        ]
        codes = np.concatenate([part.codes for part in parts])
        points = np.concatenate([part.points for part in parts])
        order = np.lexsort(codes.T[::-1])
        codes, points = codes[order], points[order]
        first = (
            np.r_[True, (codes[1:] != codes[:-1]).any(axis=1)] if len(codes) else np.zeros(0, bool)
        )
        codes, points = codes[first], points[first]
        member = nondominated(points)
        return Front(codes[member], points[member])

    def _enumerated(self, info: RunInfo) -> Front:
        ids, points = self.store.front(info.run)
        if not len(ids):
            return Front(
                np.empty((0, len(self.problem.space.shape)), np.int64),
                np.empty((0, len(self.problem.objectives))),
            )
        return Front(self.problem.space.codes_of_index(ids), points)

    def counts(self, info: RunInfo) -> dict[State, int]:
        """How many designs of a run ended in which state."""
        if not info.enumerates:
            return self.store.counts(info.run)
        ranges = self.store.ranges(info.run)
        total = sum(stop - start for start, stop, *_ in ranges)
        infeasible = sum(entry[2] for entry in ranges)
        return {State.DONE: total - infeasible, State.INFEASIBLE: infeasible, State.FAILED: 0}

    @property
    def failed_share(self) -> float:
        """Share of all evaluations that failed."""
        counts = [self.counts(info) for info in self.store.runs()]
        total = sum(sum(c.values()) for c in counts)
        return sum(c[State.FAILED] for c in counts) / total if total else 0.0


def _runs(job: Job, problem: Problem) -> list[RunInfo]:
    """One run per entry of `search` and seed."""
    runs: list[RunInfo] = []
    size = problem.space.size
    for entry, spec in enumerate(job.spec.search):
        searcher = load("searchers", spec.searcher)
        budget = min(spec.budget or size, size)
        enumerates = searcher.covers_space and budget == size and size > job.spec.limits.store_rows
        runs += [
            RunInfo(len(runs) + i, entry, spec.searcher, seed, budget, enumerates)
            for i, seed in enumerate(spec.seeds)
        ]
    return runs


def _ranges(problem: Problem) -> list[tuple[int, int]]:
    """Cut the whole space into ranges of whole grid blocks, a second or so of work each."""
    bounds: list[int] = []
    for start in block_starts(problem.space):
        if not bounds or start - bounds[-1] >= _RANGE:
            bounds.append(start)
    return list(pairwise([*bounds, problem.space.size]))


def _read_resolved(folder: Path) -> dict[str, Any]:
    path = folder / "study.yaml"
    if not path.is_file() or not (folder / "study.db").is_file():
        raise StudyError(
            "not a study folder (study.yaml and study.db are not both there)", where=str(folder.absolute()),
            next_step="`dse run JOB.yaml` makes one",
        )  # fmt: skip
    try:
        found: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise StudyError(f"study.yaml cannot be read: {error}", where=str(path)) from None
    return found


def _environment(resolved: dict[str, Any], problem: Problem) -> dict[str, Any]:
    versions = {}
    for name in _PACKAGES:
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            versions[name] = "not installed"
    return {
        "python": sys.version.split()[0],
        "machine": platform.machine(),
        "system": platform.system(),
        "processors": os.cpu_count(),
        "versions": versions,
        "model_version": problem.model.version,
        "seeds": [spec["seeds"] for spec in resolved["search"]],
    }
