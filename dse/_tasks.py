"""Units of work that yield steps.

A task is plain data: it can be sent to another process, and run there or here with the same
result. Executors decide where tasks run; they know nothing else about searching.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from dse._grid import enumerate_range
from dse._outcomes import SafeEvaluator, State, no_outcome
from dse._search import Search, load_resolved
from dse._steps import Known, RangeStep, SearchStep

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dse._columns import IntArray
    from dse._problem import Problem
    from dse._steps import Step


class Task(Protocol):
    """A unit of work that yields steps."""

    @property
    def run(self) -> int:
        """Number of the search within the study."""

    def steps(self) -> Iterator[Step]:
        """Do the work."""


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
        return Search(self).steps()


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
        """One step: the front of the range, or the end of the enumeration if the model fails."""
        _, problem = load_resolved(self.job)
        try:
            part = enumerate_range(problem, self.start, self.stop)
        except GeneratorExit:
            raise
        except BaseException as error:  # noqa: BLE001 - a plug-in may raise anything, SystemExit too
            yield self._given_up(problem, f"{type(error).__name__}: {error}")
            return
        fault = _fault_on_front(problem, part.front.ids)
        if fault:
            yield self._given_up(problem, fault)
            return
        yield RangeStep(
            self.run,
            part.start,
            part.stop,
            part.front.points,
            part.front.ids,
            part.infeasible,
            part.admissible,
        )

    def _given_up(self, problem: Problem, reason: str) -> SearchStep:
        codes = np.empty((0, len(problem.space.shape)), dtype=np.int64)
        where = f"gave up in designs {self.start:,} to {self.stop - 1:,}: {reason}"
        outcome = no_outcome(problem.model.metric_names)
        return SearchStep(self.run, 0, codes, outcome, finished=where)


def _fault_on_front(problem: Problem, ids: IntArray) -> str:
    """Why a member of a front cannot be believed; "" if all can.

    An enumeration computes only what objectives need and keeps no failed row, so a physically
    impossible value, always tempting, is looked for where it would do harm.
    """
    if not len(ids):
        return ""
    outcome = SafeEvaluator(problem.model, len(ids) + 1)(problem.space.at(ids))
    failed = np.flatnonzero(outcome.state == State.FAILED)
    return outcome.reason[failed[0]] if len(failed) else ""
