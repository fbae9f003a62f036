"""Searches of attention accelerators, scored against what they should have found."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from dse._grid import enumerate_range
from dse._quality import Yardstick
from dse._search import load_resolved
from dse._steps import SearchStep
from dse._tasks import SearchTask
from dse.errors import InputError
from dse.job import Job

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dse import Problem
    from dse._columns import FloatArray, IntArray

SEARCHERS = ("random", "sobol", "annealing", "ant-colony", "nsga2")
ONE_OBJECTIVE_ONLY = ("genetic",)
FRONT_TARGET = 0.985
OPTIMUM_TARGET = 1.0 - 1e-9  # the optimum itself, whatever its last bit


@dataclass(frozen=True)
class Case:
    """What is optimised, under which caps.

    Attributes:
        objective: The metric to minimise; the model's default objectives if None.
        constraints: For example ("area_mm2 <= 400",).
    """

    objective: str | None = None
    constraints: tuple[str, ...] = ()

    @property
    def searchers(self) -> tuple[str, ...]:
        """The searchers that can work on it."""
        return SEARCHERS + (ONE_OBJECTIVE_ONLY if self.objective else ())

    @property
    def title(self) -> str:
        """For example "latency_s with area_mm2 <= 400"."""
        caps = " and ".join(self.constraints)
        return f"{self.objective or 'front'}{' with ' if caps else ''}{caps}"

    def job(
        self, workload: dict[str, Any], budgets: Sequence[int] = (1,), seeds: Sequence[int] = (0,)
    ) -> dict[str, Any]:
        """The resolved job that searches the case with every searcher and every budget."""
        job = {
            "study": "bench-search",
            "model": "attention/fusemax",
            "workload": workload,
            "objectives": {self.objective: "min"} if self.objective else None,
            "constraints": list(self.constraints),
            "search": [
                {"searcher": searcher, "budget": budget, "seeds": list(seeds)}
                for searcher in self.searchers
                for budget in budgets
            ],
        }
        return Job.from_resolved(job).resolved()


FRONT = Case()
CAPPED = (
    Case("latency_s", ("area_mm2 <= 400",)),
    Case("latency_s", ("power_w <= 300",)),
    Case("latency_s", ("area_mm2 <= 400", "power_w <= 300")),
    Case("energy_delay_product_js", ("area_mm2 <= 400", "power_w <= 300")),
)
ENUMERATED = (
    *(Case("latency_s", (f"area_mm2 <= {cap}",)) for cap in (20, 50, 100, 1600)),
    *(Case("latency_s", (f"power_w <= {cap}",)) for cap in (10, 30, 100, 3000)),
)
"""Further caps, to see which configuration wins."""


@dataclass(frozen=True)
class Truth:
    """What an exhaustive search finds; objectives are minimised and, if single, positive.

    Attributes:
        problem: The problem.
        front: Objectives of the whole front (F x m); with one objective, the optimum.
        ids: Indices of its designs.
        working: How many designs can work.
    """

    problem: Problem
    front: FloatArray
    ids: IntArray
    working: int

    @classmethod
    def of(cls, problem: Problem) -> Truth:
        """Enumerate the space.

        Raises:
            InputError: No design satisfies the constraints.
        """
        size = problem.space.size
        whole = enumerate_range(problem, 0, size)
        if not len(whole.front.ids):
            caps = " and ".join(constraint.text for constraint in problem.constraints)
            raise InputError(f"no design satisfies {caps}", next_step="try --no-capped")
        return cls(problem, whole.front.points, whole.front.ids, size - whole.infeasible)

    @property
    def target(self) -> float:
        """The quality that counts as done."""
        return OPTIMUM_TARGET if len(self.problem.objectives) == 1 else FRONT_TARGET

    @cached_property
    def yardstick(self) -> Yardstick:
        """Axes over the exhaustive front; the reference point lies 10 % beyond its worst values.

        Designs much worse than the front do not stretch them.
        """
        return Yardstick.of(self.problem, self.front)

    @cached_property
    def volume(self) -> float:
        """Hypervolume of the whole front."""
        return self.yardstick.hypervolume(self.front)

    def quality(self, points: FloatArray) -> float:
        """How much of the truth some admissible designs hold: from 0, without any, to 1.

        Args:
            points: N x m. With several objectives the quality is the ratio of hypervolumes; with
                one, the optimum over the best value.
        """
        if not len(points):
            return 0.0
        if len(self.problem.objectives) == 1:
            return float(self.front.min() / points.min())
        return self.yardstick.hypervolume(points) / self.volume

    def evaluations_to_target(self, points: FloatArray, positions: IntArray) -> int | None:
        """After how many evaluations a search first met the target; None if it never did.

        Args:
            points: Its admissible designs in order (N x m).
            positions: How many designs it had evaluated when each was, itself included (N).
        """
        counts = range(1, len(points) + 1)
        first = bisect_left(counts, self.target, key=lambda n: self.quality(points[:n]))
        return int(positions[first]) if first < len(counts) else None


@dataclass(frozen=True)
class Result:
    """One search, scored.

    Attributes:
        searcher: Its name.
        budget: What it was given.
        seed: Its seed.
        evaluations: What it used.
        quality: Of all it found, see `Truth.quality`.
        reached: Evaluations it needed for the target; None if it missed it.
    """

    searcher: str
    budget: int
    seed: int
    evaluations: int
    quality: float
    reached: int | None


def run_search(truth: Truth, task: SearchTask) -> Result:
    """Run one search in this process and score it."""
    space = truth.problem.space
    points = [np.empty((0, len(truth.problem.objectives)))]
    positions = [np.empty(0, dtype=np.int64)]
    evaluations = 0
    for step in task.steps():
        assert isinstance(step, SearchStep)
        scores = truth.problem.score(space.decode(step.codes), step.outcome.told())
        points.append(scores.objectives[scores.admissible])
        positions.append(step.position + 1 + np.flatnonzero(scores.admissible))
        evaluations += len(step.codes)
    found, when = np.concatenate(points), np.concatenate(positions)
    entry = task.job["search"][task.entry]
    return Result(
        entry["searcher"], entry["budget"], task.seed, evaluations,
        truth.quality(found), truth.evaluations_to_target(found, when),
    )  # fmt: skip


@dataclass(frozen=True)
class Measured:
    """A case, its truth, and how every search did on it."""

    case: Case
    truth: Truth
    results: tuple[Result, ...]

    @classmethod
    def of(
        cls, case: Case, workload: dict[str, Any], budgets: Sequence[int], seeds: Sequence[int]
    ) -> Measured:
        """Enumerate, search and score."""
        job = case.job(workload, budgets, seeds)
        truth = Truth.of(load_resolved(job)[1])
        entries = range(len(job["search"]))
        tasks = [SearchTask(0, job, entry, seed) for entry in entries for seed in seeds]
        return cls(case, truth, tuple(run_search(truth, task) for task in tasks))

    @property
    def budgets(self) -> list[int]:
        """Ascending."""
        return sorted({result.budget for result in self.results})

    def group(self, searcher: str, budget: int) -> list[Result]:
        """The results of one searcher with one budget, one per seed."""
        return [r for r in self.results if (r.searcher, r.budget) == (searcher, budget)]

    def plain(self) -> dict[str, Any]:
        """JSON-able data."""
        problem = self.truth.problem
        return {
            "objectives": list(problem.objective_names),
            "constraints": list(self.case.constraints),
            "front": self.truth.front.tolist(),
            "designs": problem.space.plain(problem.space.at(self.truth.ids)),
            "target": self.truth.target,
            "results": [asdict(result) for result in self.results],
        }
