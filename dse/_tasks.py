"""A search as a generator of steps.

A task is plain data: it can be sent to another process, and run there or here with the same
result. Executors decide where the generators live; they know nothing else about searching.
"""

from __future__ import annotations

import json
import time
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from dse._columns import IntArray
from dse._grid import enumerate_range
from dse._outcomes import GaveUpError, Outcome, SafeEvaluator, join, no_outcome
from dse._plugins import load
from dse.job.resolve import Job, searcher_settings

if TYPE_CHECKING:
    from dse._problem import Problem
    from dse._searcher import Searcher
    from dse.job.schema import SearchSection

_SLICE_S = 0.5
_CHECKPOINT_S = 1.0
_IDLE_ASKS = 100
_LARGEST_SLICE = 100_000


@dataclass(frozen=True)
class Known:
    """What the ledger already holds of a search.

    Attributes:
        codes: N x P codes of the evaluated designs, in order.
        outcome: Their results.
        checkpoint: The last saved state, if any.
    """

    codes: IntArray
    outcome: Outcome
    checkpoint: dict[str, Any] | None = None


@dataclass(frozen=True)
class SearchStep:
    """New evaluations of one search, and perhaps a state from which it can go on.

    Attributes:
        run: Number of the search within the study.
        position: How many distinct designs the search had evaluated before these.
        codes: N x P codes of the new designs.
        outcome: Their results.
        checkpoint: State of the searcher after learning them, now and then; None otherwise.
        finished: Why the search ended; empty while it goes on.
    """

    run: int
    position: int
    codes: IntArray
    outcome: Outcome
    checkpoint: dict[str, Any] | None = None
    finished: str = ""


@dataclass(frozen=True)
class RangeStep:
    """The front of one enumerated range.

    Attributes:
        run: Number of the enumeration within the study.
        start: First index.
        stop: One past the last index.
        points: Objectives of the range's front (minimised).
        ids: Indices of its designs.
        infeasible: Designs that cannot work.
        worst: Largest value of each objective among admissible designs.
    """

    run: int
    start: int
    stop: int
    points: Any
    ids: Any
    infeasible: int
    worst: list[float]


Step = SearchStep | RangeStep


class Task(Protocol):
    """A unit of work that yields steps."""

    @property
    def run(self) -> int:
        """Number of the search within the study."""

    def steps(self) -> Iterator[Step]:
        """Do the work."""


@dataclass(frozen=True)
class RangeTask:
    """Enumerate a range of designs.

    Attributes:
        run: Number of the enumeration within the study.
        job: The resolved job.
        start: First index, at a block boundary.
        stop: One past the last index, at a block boundary.
    """

    run: int
    job: dict[str, Any]
    start: int
    stop: int

    def steps(self) -> Iterator[Step]:
        """One step: the front of the range."""
        _, problem = load_resolved(self.job)
        part = enumerate_range(problem, self.start, self.stop)
        yield RangeStep(
            self.run, part.start, part.stop, part.front.points, part.front.ids, part.infeasible,
            [float(v) for v in part.worst],
        )  # fmt: skip


@dataclass(frozen=True)
class SearchTask:
    """Run one searcher with one seed until its budget is spent.

    Attributes:
        run: Number of the search within the study.
        job: The resolved job.
        entry: Which entry of the job's `search` list.
        seed: The seed.
        known: Results from before an interruption.
    """

    run: int
    job: dict[str, Any]
    entry: int
    seed: int
    known: Known | None = None

    def steps(self) -> Iterator[Step]:
        """Ask, evaluate, tell, until the budget is spent or nothing new is proposed."""
        return _Search(self).steps()


@dataclass
class _Ledger:
    """Evaluated designs of one search, found again by their codes."""

    position: dict[bytes, int] = field(default_factory=dict)
    outcomes: list[Outcome] = field(default_factory=list)
    joined: Outcome | None = None

    def __len__(self) -> int:
        return len(self.position)

    def add(self, keys: list[bytes], outcome: Outcome) -> None:
        start = len(self.position)
        self.position.update({key: start + i for i, key in enumerate(keys[: len(outcome)])})
        self.outcomes.append(outcome)
        self.joined = None

    def find(self, keys: list[bytes]) -> Outcome:
        if self.joined is None:
            self.joined = join(self.outcomes)
            self.outcomes = [self.joined]
        return self.joined.rows([self.position[key] for key in keys])


class _Search:
    """The state of one running search.

    The ledger may be ahead of the search: after an interruption the searcher continues from its
    last checkpoint and proposes the same designs again, which the ledger then answers. `reached`
    is how many distinct designs the search itself has proposed.
    """

    def __init__(self, task: SearchTask) -> None:
        job, self.problem = load_resolved(task.job)
        entry = job.spec.search[task.entry]
        self.run = task.run
        self.rng = search_rng(entry.searcher, task.seed)
        self.budget = min(entry.budget or self.problem.space.size, self.problem.space.size)
        self.searcher = make_searcher(self.problem, entry, self.rng, self.budget)
        self.evaluate = SafeEvaluator(self.problem.model, job.spec.limits.identical_failures)
        self.ledger = _Ledger()
        self.reached = 0
        self.slice = 8
        self.end = ""
        self.saved_at = time.monotonic()
        self._restore(task.known)

    def _restore(self, known: Known | None) -> None:
        if known is None:
            return
        self.ledger.add(design_keys(known.codes), known.outcome)
        if known.checkpoint is not None:
            self.searcher.load_state_dict(known.checkpoint["searcher"])
            self.rng.bit_generator.state = known.checkpoint["rng"]
            self.reached = known.checkpoint["reached"]

    def steps(self) -> Iterator[Step]:
        """Ask, evaluate what the ledger does not hold, tell; until the budget is spent."""
        idle = 0
        while not self.end:
            codes = self._ask()
            if not len(codes):
                self.end = "nothing left to propose"
                break
            keys = design_keys(codes)
            fresh = self._fresh_rows(keys)
            yield from self._evaluated(
                codes, keys, [i for i in fresh if keys[i] not in self.ledger.position]
            )
            if self.end:
                break
            self.reached += len(fresh)
            self._tell(codes, keys)
            idle = 0 if fresh else idle + 1
            if self.reached >= self.budget:
                self.end = "budget spent"
            elif idle >= _IDLE_ASKS:
                self.end = f"no new design in {_IDLE_ASKS} proposals in a row"
            elif time.monotonic() - self.saved_at > _CHECKPOINT_S:
                yield self._step(codes[:0], checkpoint=self._state())
        yield self._step(np.empty((0, len(self.problem.space.shape)), np.int64), self._state())

    def _ask(self) -> IntArray:
        wanted = min(self.searcher.batch_size, self.budget - self.reached)
        return self.problem.space.encode(self.searcher.ask(wanted))

    def _fresh_rows(self, keys: list[bytes]) -> list[int]:
        """Rows of designs that this search proposes for the first time, within the budget."""
        first: dict[bytes, int] = {}
        for row, key in enumerate(keys):
            if self.ledger.position.get(key, self.reached) >= self.reached:
                first.setdefault(key, row)
        return list(first.values())[: self.budget - self.reached]

    def _evaluated(self, codes: IntArray, keys: list[bytes], rows: list[int]) -> Iterator[Step]:
        """Evaluate in slices of about half a second, so that little is lost with the process."""
        while rows and not self.end:
            now, rows = rows[: self.slice], rows[self.slice :]
            started = time.monotonic()
            try:
                outcome = self.evaluate(self.problem.space.decode(codes[now]))
            except GaveUpError as error:
                outcome, self.end = error.outcome, f"gave up: {error}"
            rate = len(now) / max(time.monotonic() - started, 1e-4)
            self.slice = max(1, min(int(rate * _SLICE_S), 8 * self.slice, _LARGEST_SLICE))
            now = now[: len(outcome)]
            step = self._step(codes[now], outcome=outcome)
            self.ledger.add([keys[i] for i in now], outcome)
            yield step

    def _tell(self, codes: IntArray, keys: list[bytes]) -> None:
        """Everything asked that has a result; designs beyond the budget have none."""
        told = [row for row, key in enumerate(keys) if key in self.ledger.position]
        if told:
            outcome = self.ledger.find([keys[row] for row in told])
            self.searcher.tell(self.problem.space.decode(codes[told]), outcome.told())

    def _step(
        self,
        codes: IntArray,
        checkpoint: dict[str, Any] | None = None,
        outcome: Outcome | None = None,
    ) -> SearchStep:
        nothing = no_outcome(self.problem.model.metric_names)
        return SearchStep(
            self.run, len(self.ledger), codes, outcome or nothing, checkpoint, self.end
        )

    def _state(self) -> dict[str, Any]:
        self.saved_at = time.monotonic()
        return {
            "searcher": self.searcher.state_dict(),
            "rng": self.rng.bit_generator.state,
            "reached": self.reached,
        }


@lru_cache(maxsize=4)
def _load_text(text: str) -> tuple[Job, Problem]:
    job = Job.from_resolved(json.loads(text))
    return job, job.problem()


def load_resolved(resolved: dict[str, Any]) -> tuple[Job, Problem]:
    """The job of a task and its problem; built once per process."""
    return _load_text(json.dumps(resolved, sort_keys=True))


def make_searcher(
    problem: Problem, entry: SearchSection, rng: np.random.Generator, budget: int
) -> Searcher:
    """The searcher of one entry of a job's `search` list."""
    searcher: Searcher = load("searchers", entry.searcher)(
        problem, rng, budget, searcher_settings(entry)
    )
    return searcher


def search_rng(searcher: str, seed: int) -> np.random.Generator:
    """The generator of a search: it depends on the searcher's name and the seed, nothing else."""
    return np.random.default_rng(np.random.SeedSequence([seed, zlib.crc32(searcher.encode())]))


def design_keys(codes: IntArray) -> list[bytes]:
    """One key per design: its codes as bytes."""
    return [row.tobytes() for row in codes.astype("<i4")]
