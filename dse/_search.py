"""One search: ask, evaluate, tell, until the budget is spent."""

from __future__ import annotations

import json
import time
import zlib
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from dse._model import FEASIBLE
from dse._outcomes import GaveUpError, Outcome, SafeEvaluator, no_outcome
from dse._plugins import load
from dse._steps import Known, SearchStep, design_keys
from dse.job.resolve import Job, searcher_settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dse._columns import IntArray
    from dse._problem import Problem
    from dse._searcher import Searcher
    from dse._tasks import SearchTask
    from dse.job.schema import SearchSection

_SLICE_S = 0.5
_FIRST_SLICE = 8
_LARGEST_SLICE = 100_000
_CHECKPOINT_S = 1.0
_IDLE_ASKS = 100
_ROOM = 1024


class Search:
    """The state of one running search.

    The ledger may be ahead of the search: after an interruption the searcher goes on from its
    last checkpoint and proposes the same designs again, which the ledger then answers. What the
    search does therefore depends on its job and seed only, never on slices, checkpoints or time.

    Args:
        task: What to search, and what the ledger holds of it.
    """

    def __init__(self, task: SearchTask) -> None:
        job, self._problem = load_resolved(task.job)
        entry = job.spec.search[task.entry]
        size = self._problem.space.size
        self._run = task.run
        self._rng = search_rng(entry.searcher, task.seed)
        self._budget = min(entry.budget or size, size)
        self._searcher = make_searcher(self._problem, entry, self._rng, self._budget)
        self._evaluate = SafeEvaluator(self._problem.model, job.spec.limits.identical_failures)
        self._ledger = _Ledger(self._problem.model.metric_names)
        self._reached = 0  # distinct designs that the search itself has proposed
        self._idle = 0  # proposals in a row without a new design
        self._slice = _FIRST_SLICE
        self._end = ""
        self._saved_at = time.monotonic()
        if task.known is not None:
            self._restore(task.known)

    def _restore(self, known: Known) -> None:
        self._ledger.add(design_keys(known.codes), known.outcome)
        self._evaluate.learn(known.outcome)
        if known.checkpoint is not None:
            self._searcher.load_state_dict(known.checkpoint["searcher"])
            self._rng.bit_generator.state = known.checkpoint["rng"]
            self._reached = known.checkpoint["reached"]
            self._idle = known.checkpoint["idle"]

    def steps(self) -> Iterator[SearchStep]:
        """Yield new evaluations as they come, and at the end why it is one."""
        nothing = np.empty((0, len(self._problem.space.shape)), dtype=np.int64)
        while not self._end:
            codes = self._ask()
            if not len(codes):
                self._end = "nothing left to propose"
                break
            keys = design_keys(codes)
            fresh = self._fresh_rows(keys)
            unknown = [row for row in fresh if keys[row] not in self._ledger.position]
            yield from self._evaluated(codes, keys, unknown)
            if not self._end:
                self._learn(codes, keys, len(fresh))
                if not self._end and time.monotonic() - self._saved_at > _CHECKPOINT_S:
                    yield self._step(nothing, checkpoint=self._state())
        yield self._step(nothing, checkpoint=self._state())

    def _ask(self) -> IntArray:
        wanted = min(self._searcher.batch_size, self._budget - self._reached)
        return self._problem.space.encode(self._searcher.ask(wanted))

    def _fresh_rows(self, keys: list[bytes]) -> list[int]:
        """Rows of designs that this search proposes for the first time, within the budget."""
        first: dict[bytes, int] = {}
        for row, key in enumerate(keys):
            if self._ledger.position.get(key, self._reached) >= self._reached:
                first.setdefault(key, row)
        return list(first.values())[: self._budget - self._reached]

    def _evaluated(
        self, codes: IntArray, keys: list[bytes], rows: list[int]
    ) -> Iterator[SearchStep]:
        """Evaluate in slices of about half a second, so that little is lost with the process."""
        while rows and not self._end:
            now, rows = rows[: self._slice], rows[self._slice :]
            started = time.monotonic()
            try:
                outcome = self._evaluate(self._problem.space.decode(codes[now]))
            except GaveUpError as error:
                outcome, self._end = error.outcome, f"gave up: {error}"
            per_s = len(now) / max(time.monotonic() - started, 1e-4)
            self._slice = max(1, min(int(per_s * _SLICE_S), 8 * self._slice, _LARGEST_SLICE))
            now = now[: len(outcome)]
            step = self._step(codes[now], outcome)
            self._ledger.add([keys[row] for row in now], outcome)
            yield step

    def _learn(self, codes: IntArray, keys: list[bytes], fresh: int) -> None:
        """Tell the searcher everything it asked that has a result: all within the budget."""
        told = [row for row, key in enumerate(keys) if key in self._ledger.position]
        if told:
            metrics = self._ledger.told([keys[row] for row in told])
            self._searcher.tell(self._problem.space.decode(codes[told]), metrics)
        self._reached += fresh
        self._idle = 0 if fresh else self._idle + 1
        if self._reached >= self._budget:
            self._end = "budget spent"
        elif self._idle >= _IDLE_ASKS:
            self._end = f"no new design in {_IDLE_ASKS} proposals in a row"

    def _step(
        self,
        codes: IntArray,
        outcome: Outcome | None = None,
        checkpoint: dict[str, Any] | None = None,
    ) -> SearchStep:
        outcome = outcome or no_outcome(self._problem.model.metric_names)
        position = len(self._ledger.position)
        return SearchStep(self._run, position, codes, outcome, checkpoint, self._end)

    def _state(self) -> dict[str, Any]:
        self._saved_at = time.monotonic()
        return {
            "searcher": self._searcher.state_dict(),
            "diagnostics": self._searcher.diagnostics(),
            "rng": self._rng.bit_generator.state,
            "reached": self._reached,
            "idle": self._idle,
        }


class _Ledger:
    """What a searcher may learn of the designs evaluated so far, found by their keys.

    Attributes:
        position: Key of a design -> its position in the order of evaluation.
    """

    def __init__(self, metric_names: tuple[str, ...]) -> None:
        self.position: dict[bytes, int] = {}
        self._columns: dict[str, Any] = {name: np.empty(_ROOM) for name in metric_names}
        self._columns[FEASIBLE] = np.empty(_ROOM, dtype=bool)

    def add(self, keys: list[bytes], outcome: Outcome) -> None:
        """Append results; room doubles, so that many small additions stay cheap."""
        start, stop = len(self.position), len(self.position) + len(keys)
        self.position.update(zip(keys, range(start, stop), strict=True))
        for name, values in outcome.told().items():
            column = self._columns[name]
            if stop > len(column):
                column = np.resize(column, max(stop, 2 * len(column)))
                self._columns[name] = column
            column[start:stop] = values

    def told(self, keys: list[bytes]) -> dict[str, Any]:
        """Metrics, and `feasible`, of evaluated designs."""
        rows = [self.position[key] for key in keys]
        return {name: column[rows] for name, column in self._columns.items()}


@lru_cache(maxsize=4)
def _load_text(text: str) -> tuple[Job, Problem]:
    job = Job.from_resolved(json.loads(text))
    return job, job.problem()


def load_resolved(resolved: dict[str, Any]) -> tuple[Job, Problem]:
    """The job of a task and its problem; built once per process."""
    return _load_text(json.dumps(resolved))  # unsorted: objectives have an order


def make_searcher(
    problem: Problem, entry: SearchSection, rng: np.random.Generator, budget: int
) -> Searcher:
    """The searcher of one entry of a job's `search` list."""
    settings = searcher_settings(entry)
    searcher: Searcher = load("searchers", entry.searcher)(problem, rng, budget, settings)
    return searcher


def search_rng(searcher: str, seed: int) -> np.random.Generator:
    """The generator of a search: it depends on the searcher's name and the seed, nothing else."""
    return np.random.default_rng(np.random.SeedSequence([seed, zlib.crc32(searcher.encode())]))
