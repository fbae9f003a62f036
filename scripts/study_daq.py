"""The exact front of power and F1 for CMS at the HL-LHC, and how near searches come to it.

python scripts/study_daq.py                         the job examples/daq_hllhc_2032.yaml
python scripts/study_daq.py --budgets 500,2000
python scripts/study_daq.py --plot docs/images/daq_front.png
"""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from dse._grid import EnumeratedRange, enumerate_range
from dse._pareto import nondominated
from dse._quality import Yardstick
from dse._steps import SearchStep
from dse._tasks import SearchTask
from dse.errors import DSEError
from dse.job import Job, load_job

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from dse import Problem
    from dse._columns import FloatArray

JOB = Path(__file__).parents[1] / "examples" / "daq_hllhc_2032.yaml"
SYSTEMS = ("phase2-pu200", "gpu-farm", "l1-tracks", "full-upgrade")
CLOUD = 20_000


@dataclass(frozen=True)
class Result:
    """One search, scored by the hypervolume of its front over that of the exact one.

    Attributes:
        searcher: Its name.
        budget: What it was given.
        seed: Its seed.
        share: Hypervolume over the exact front's.
        points: Its front (minimised).
    """

    searcher: str
    budget: int
    seed: int
    share: float
    points: FloatArray


def run_searches(job: Job, budgets: Sequence[int], yardstick: Yardstick) -> Iterator[Result]:
    """Run every sampling search of the job, with every budget and each of its seeds."""
    plain, problem = job.resolved(), job.problem()
    for entry, search in enumerate(plain["search"]):
        if search["searcher"] == "exhaustive":
            continue
        for budget in budgets:
            search["budget"] = budget
            for seed in search["seeds"]:
                points = searched_front(problem, SearchTask(0, plain, entry, seed))
                share = yardstick.hypervolume(points)
                yield Result(search["searcher"], budget, seed, share, points)


def searched_front(problem: Problem, task: SearchTask) -> FloatArray:
    """Objectives of the admissible, non-dominated designs that a search evaluates."""
    found = []
    for step in task.steps():
        assert isinstance(step, SearchStep)
        scores = problem.score(problem.space.decode(step.codes), step.outcome.told())
        found.append(scores.objectives[scores.admissible])
    points = np.concatenate(found)
    return points[nondominated(points)]


def result_table(results: Sequence[Result], exact: float, budgets: Sequence[int]) -> str:
    """Median share of the exact hypervolume (smallest to largest seed), by budget."""
    lines = [
        f"| searcher | {' | '.join(f'{b:,}' for b in budgets)} |",
        "|---" * (1 + len(budgets)) + "|",
    ]
    for name in dict.fromkeys(result.searcher for result in results):
        cells = []
        for budget in budgets:
            shares = [r.share for r in results if (r.searcher, r.budget) == (name, budget)]
            low, middle, high = (f(shares) / exact for f in (min, np.median, max))
            cells.append(f"{middle:.2%} ({low:.2%} to {high:.2%})")
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines)


# -- picture -------------------------------------------------------------------------------------


def plot(problem: Problem, front: FloatArray, results: Sequence[Result], path: Path) -> None:
    """Random designs, the exact front, the front of the smallest NSGA-II run, and CMS systems."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7.6, 4.8), layout="constrained")
    axes = figure.subplots()
    cloud = random_points(problem)
    smallest = min((r for r in results if r.searcher == "nsga2"), key=lambda r: r.budget)
    axes.plot(*on_axes(cloud), ".", color="#c3c9d2", ms=2, mew=0, label="random designs")
    ordered = on_axes(front[np.argsort(front[:, 0])])
    axes.step(*ordered, where="post", color="#2b2f36", lw=1.2, label="exact front")
    label = f"NSGA-II, {smallest.budget:,} evaluations"
    axes.plot(*on_axes(smallest.points), "o", color="#D55E00", ms=5, mfc="none", label=label)
    for system, point in system_points().items():
        axes.plot(*point, "s", color="#0072B2", ms=6)
        axes.annotate(system, point, (6, -11), textcoords="offset points", fontsize=8.5)
    axes.set(xscale="log", xlabel="power in 2032 [MW]", ylabel="F1 of what is stored")
    axes.spines[["top", "right"]].set_visible(False)
    ticks = [1, 2, 5, 10, 20, 50]
    axes.set_xticks(ticks, [str(tick) for tick in ticks])
    axes.minorticks_off()
    axes.set(xlim=(0.7, 90), ylim=(0, 1))
    axes.legend(frameon=False, loc="lower right", markerscale=1.5)
    figure.savefig(path, dpi=160)


def on_axes(points: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Power in MW, and F1."""
    return points[:, 0] / 1e6, -points[:, 1]


def random_points(problem: Problem) -> FloatArray:
    """Objectives of random admissible designs."""
    designs = problem.space.sample(CLOUD, np.random.default_rng(0))
    scores = problem.score(designs, problem.model.compute(designs, problem.wanted))
    return scores.objectives[scores.admissible]


def system_points() -> dict[str, tuple[float, float]]:
    """Systems of the catalogue: power in MW, and F1, with 7.5 kHz of relevant events."""
    from accel_models.daq.pipeline import DAQPipeline
    from workloads.pipelines.catalogue import cms

    points = {}
    for system in SYSTEMS:
        model = DAQPipeline(cms(system=system))  # type: ignore[arg-type]
        found: dict[str, Any] = model.compute(model.space.parse({"relevant_rate_hz": 7500.0}))
        points[system] = (found["power_w"] / 1e6, found["f1"])
    return points


# -- command line --------------------------------------------------------------------------------


def enumerated(problem: Problem) -> EnumeratedRange:
    """Every design of the job; prints what it took."""
    started = time.process_time()
    found = enumerate_range(problem, 0, problem.space.size)
    spent = time.process_time() - started
    print(f"{problem.space.size:,} designs enumerated in {spent:.1f} CPU s;")
    print(f"{found.admissible:,} admissible, front of {len(found.front.ids)}\n")
    return found


def main() -> int:
    """Enumerate, search, print, and return the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--job", type=Path, default=JOB, help="a job file")
    parser.add_argument("--budgets", default="500,2000,8000", help="evaluations per search")
    parser.add_argument("--plot", type=Path, help="a picture")
    arguments = parser.parse_args()
    budgets = [int(budget) for budget in arguments.budgets.split(",")]
    try:
        job = load_job(arguments.job)
        problem = job.problem()
    except DSEError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    front = enumerated(problem).front.points
    yardstick = Yardstick.of(problem, front)
    results = list(run_searches(job, budgets, yardstick))
    print("Hypervolume over that of the exact front: median (lowest to highest seed), by budget\n")
    print(result_table(results, yardstick.hypervolume(front), budgets))
    if arguments.plot is not None:
        plot(problem, front, results, arguments.plot)
    return 0


if __name__ == "__main__":
    sys.exit(main())
