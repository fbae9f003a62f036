"""A study: the folder that a job leaves, and the loop that fills it."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from pydantic import ValidationError

from dse import _study_folder as files
from dse._grid import block_starts
from dse._outcomes import State
from dse._pareto import RunningFront, nondominated
from dse._plugins import load
from dse._steps import Known, SearchStep
from dse._store import RunInfo, Store
from dse._tasks import RangeTask, SearchTask
from dse.errors import StudyError
from dse.job.resolve import Job

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

    from dse._columns import FloatArray, IntArray
    from dse._problem import Problem
    from dse._steps import RangeStep, Step
    from dse._tasks import Task

_RANGE = 4_000_000
"""Designs of one `RangeTask`, or a little more: a fraction of a second of work."""


class Executor(Protocol):
    """Runs tasks somewhere and yields their steps."""

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

    Raises:
        StudyError: Not a study folder, or its files are damaged.
        InputError: A plug-in of the study is no longer installed, or has changed.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.resolved = files.read_job(folder)
        try:
            self.job = Job.from_resolved(self.resolved)
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            key = ".".join(str(part) for part in first["loc"])
            raise files.damaged(folder / files.JOB, f"{key}: {first['msg']}") from None
        self.problem: Problem = self.job.problem()
        names = self.problem.space.names, self.problem.model.metric_names
        self.store = Store.open(folder / files.LEDGER, *names)

    @classmethod
    def create(cls, folder: Path, job: Job) -> Study:
        """Make the folder of a new study.

        Raises:
            StudyError: The folder exists and is not empty.
            EnvironmentRefusal: The folder cannot be written.
        """
        problem, resolved = job.problem(), job.resolved()
        names = problem.space.names, problem.model.metric_names
        runs = _runs(job, problem)

        def fill(partial: Path) -> None:
            files.write_job(partial, resolved)
            files.write_environment(partial, resolved, problem.model.version)
            Store.create(partial / files.LEDGER, *names, runs).close()

        files.make_folder(folder, fill)
        return cls(folder)

    def discard_if_empty(self) -> None:
        """Remove the folder of a study that could not begin, so that it is not in the way."""
        if not any(sum(self.counts(info).values()) for info in self.store.runs()):
            self.store.close()
            shutil.rmtree(self.folder, ignore_errors=True)

    def locked(self) -> AbstractContextManager[None]:
        """Hold the study's lock.

        Raises:
            EnvironmentRefusal: Another process is running this study.
        """
        return files.locked(self.folder)

    @cached_property
    def environment(self) -> dict[str, Any]:
        """Versions, seeds and machine at the start."""
        return files.read_environment(self.folder)

    def require_same_model(self) -> None:
        """Refuse to add results of another version of the model to those there are.

        Raises:
            StudyError: The model's version has changed since the study began.
        """
        before, now = self.environment.get("model_version"), self.problem.model.version
        if before != now:
            raise StudyError(
                f"the study began with version {before} of {self.job.spec.model.name}, "
                f"and version {now} is installed",
                where=str(self.folder),
                allowed="the version the study began with",
                next_step="install it again, or run the job as a new study",
            )

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
        if not isinstance(task, SearchTask):
            return task
        return self._search_task(self.store.runs()[task.run])

    def _search_task(self, info: RunInfo) -> SearchTask:
        rows = self.store.evaluations(info.run)
        known = None
        if len(rows.outcome):
            known = Known(rows.codes, rows.outcome, self.store.checkpoint(info.run))
        return SearchTask(info.run, self.resolved, info.entry, info.seed, known)

    def _range_tasks(self, info: RunInfo) -> list[Task]:
        done = {part.start for part in self.store.ranges(info.run)}
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
                self.store.record(step, self.problem.space.decode(step.codes))
            else:
                self._record_range(step, fronts[step.run])
            watch(step)

    def _running(self, info: RunInfo) -> RunningFront:
        found = self.store.front(info.run)
        if found is None:
            return RunningFront.empty(len(self.problem.objectives))
        ids, points = found
        return RunningFront(points, ids)

    def _record_range(self, step: RangeStep, front: RunningFront) -> None:
        front.update(step.points, step.ids)
        covered = sum(part.stop - part.start for part in self.store.ranges(step.run))
        is_last = covered + step.stop - step.start == self.problem.space.size
        finished = "whole space enumerated" if is_last else ""
        self.store.record_range(step, front.ids, front.points, finished)

    # -- results ---------------------------------------------------------------------------------

    @property
    def is_finished(self) -> bool:
        """Whether every search has ended."""
        return all(info.finished for info in self.store.runs())

    @property
    def gave_up(self) -> list[RunInfo]:
        """Searches that ended because the model failed again and again."""
        return [info for info in self.store.runs() if info.finished.startswith("gave up")]

    def admissible(self, run: int | None = None) -> Front:
        """All stored designs that work and satisfy the constraints, in order of evaluation."""
        rows = self.store.evaluations(run, sorted(self.problem.wanted))
        scores = self.problem.score(self.problem.space.decode(rows.codes), rows.outcome.told())
        kept = scores.admissible
        return Front(rows.codes[kept], scores.objectives[kept])

    def front(self, run: int | None = None) -> Front:
        """The Pareto front of one run, or of everything in the study, in order of codes."""
        runs = [info for info in self.store.runs() if run in (None, info.run)]
        parts = [self.admissible(run), *(self._enumerated(i) for i in runs if i.enumerates)]
        codes = np.concatenate([part.codes for part in parts])
        points = np.concatenate([part.points for part in parts])
        order = np.lexsort(codes.T[::-1])  # of equal points, the design with the smallest codes
        member = order[nondominated(points[order])]
        return Front(codes[member], points[member])

    def _enumerated(self, info: RunInfo) -> Front:
        front = self._running(info)
        return Front(self.problem.space.codes_of_index(front.ids), front.points)

    def metrics_of(self, codes: IntArray) -> dict[str, FloatArray]:
        """All metrics of designs, from the ledger; only those it does not hold are evaluated.

        Args:
            codes: N x P codes, of the front for example.
        """
        names = self.problem.model.metric_names
        values = np.full((len(codes), len(names)), np.nan)
        stored = self.store.metrics_of(codes)
        for row, found in stored.items():
            values[row] = found
        missing = np.setdiff1d(np.arange(len(codes)), list(stored)).astype(np.intp)
        if len(missing):
            computed = self.problem.model.compute(self.problem.space.decode(codes[missing]))
            for j, name in enumerate(names):
                values[missing, j] = computed[name]
        return {name: values[:, j] for j, name in enumerate(names)}

    def diagnostics(self, run: int) -> dict[str, FloatArray]:
        """What the searcher of a run tells of its learning (`Searcher.diagnostics`), so far."""
        columns = (self.store.checkpoint(run) or {}).get("diagnostics", {})
        return {name: np.array(values, dtype=np.float64) for name, values in columns.items()}

    def counts(self, info: RunInfo) -> dict[State, int]:
        """How many designs of a run ended in which state."""
        if not info.enumerates:
            return self.store.counts(info.run)
        parts = self.store.ranges(info.run)
        total = sum(part.stop - part.start for part in parts)
        infeasible = sum(part.infeasible for part in parts)
        return {State.DONE: total - infeasible, State.INFEASIBLE: infeasible, State.FAILED: 0}

    @property
    def failed_share(self) -> float:
        """Share of all evaluations that failed."""
        counts = [self.counts(info) for info in self.store.runs()]
        total = sum(sum(states.values()) for states in counts)
        return sum(states[State.FAILED] for states in counts) / total if total else 0.0


def _runs(job: Job, problem: Problem) -> list[RunInfo]:
    """One run per entry of `search` and seed."""
    runs: list[RunInfo] = []
    size = problem.space.size
    for entry, spec in enumerate(job.spec.search):
        searcher = load("searchers", spec.searcher)
        budget = min(spec.budget or size, size)
        enumerates = searcher.covers_space and budget == size and size > job.spec.limits.store_rows
        for seed in spec.seeds:
            runs.append(RunInfo(len(runs), entry, spec.searcher, seed, budget, enumerates))
    return runs


def _ranges(problem: Problem) -> list[tuple[int, int]]:
    """Cut the whole space into ranges of whole grid blocks."""
    bounds: list[int] = []
    for start in block_starts(problem.space):
        if not bounds or start - bounds[-1] >= _RANGE:
            bounds.append(start)
    return list(pairwise([*bounds, problem.space.size]))
