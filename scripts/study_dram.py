"""Find the best memory controllers for a trace by trying them all, and score a job's searches.

Controllers that cannot differ on the trace are simulated once, which makes the 442,368 controllers
of ArchGym's space some ten thousands of simulations.

    python scripts/study_dram.py                        the job examples/dram_edp.yaml
    python scripts/study_dram.py --job my_job.yaml --budgets 100,1000
    python scripts/study_dram.py --estimate             only how long it would take
"""

from __future__ import annotations

import os
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import numpy as np

from accel_models.dram.controller import DRAMController
from accel_models.dram.equivalence import canonical
from dse._pareto import nondominated
from dse._steps import SearchStep
from dse._tasks import SearchTask
from dse.errors import DSEError, InputError
from dse.job import Job, load_job
from dse.report.labels import colour, quantity_of_name
from dse.units import format_quantity, unit_of_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from matplotlib.axes import Axes

    from dse import Problem
    from dse._columns import Columns, FloatArray, IntArray
    from workloads.traces.trace import MemoryTrace

JOB = Path(__file__).parents[1] / "examples" / "dram_edp.yaml"
OPTIMISED = ("energy_delay_product_js", "latency_s", "energy_j", "power_w", "average_latency_s")
FRONTS = (("latency_s", "energy_j"), ("latency_s", "average_latency_s"))
SAMPLE = 400


def trace_of(problem: Problem) -> MemoryTrace:
    """What the controllers of the problem serve.

    Raises:
        InputError: It is about another model.
    """
    if not isinstance(problem.model, DRAMController):
        raise InputError("the job is not about dram/controller", next_step="name another --job")
    return problem.model.workload


@dataclass(frozen=True)
class Behaviours:
    """The controllers of a space, grouped by what they do on the trace.

    Attributes:
        first: Index of the first controller of each group (D).
        counts: Controllers in each group (D).
    """

    first: IntArray
    counts: IntArray

    @classmethod
    def of(cls, problem: Problem) -> Behaviours:
        """Group all controllers of the problem's space.

        Raises:
            InputError: Another model, or a space too large to list.
        """
        trace, space = trace_of(problem), problem.space
        space.require_index()
        designs = space.at(np.arange(space.size))
        names = [name for name in space.names if name != "address_map"]
        controllers = np.stack([designs[name] for name in names], axis=1).astype(np.int64)
        alike = canonical(controllers, has_writes=bool(trace.is_write.any()))
        rows = np.column_stack([alike, designs["address_map"].astype(np.int64)])
        _, first, counts = np.unique(
            np.ravel_multi_index(tuple(rows.T), tuple(rows.max(axis=0) + 1)),
            return_index=True,
            return_counts=True,
        )
        return cls(first, counts)


@dataclass(frozen=True)
class Truth:
    """What simulating every behaviour gives.

    Attributes:
        problem: The problem of the job.
        behaviours: The groups.
        metrics: One row per group.
        wall_s: Time that the simulations took.
        cpu_s: Processor time that they took, over all threads.
    """

    problem: Problem
    behaviours: Behaviours
    metrics: Columns
    wall_s: float
    cpu_s: float

    @classmethod
    def of(cls, problem: Problem, behaviours: Behaviours) -> Truth:
        """Simulate every behaviour once."""
        wall, cpu = time.perf_counter(), time.process_time()
        metrics = problem.model.compute(problem.space.at(behaviours.first))
        spent = time.perf_counter() - wall, time.process_time() - cpu
        return cls(problem, behaviours, metrics, *spent)

    def best(self, metric: str) -> int:
        """Row of the group with the smallest value; of equal ones the first by index."""
        values = self.metrics[metric]
        equal = np.flatnonzero(values == values.min())
        return int(equal[np.argmin(self.behaviours.first[equal])])

    def front(self, names: Sequence[str]) -> IntArray:
        """Rows of the front over some metrics; of equal points the first by index."""
        points = np.stack([self.metrics[name] for name in names], axis=1)
        rows = np.flatnonzero(nondominated(points))
        rows = rows[np.argsort(self.behaviours.first[rows], kind="stable")]
        _, distinct = np.unique(points[rows], axis=0, return_index=True)
        return np.asarray(rows[distinct])


# -- searches ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Result:
    """One search, scored by the best value that it found.

    Attributes:
        searcher: Its name.
        budget: What it was given.
        regret: Best value over optimum, minus 1.
        reached: Evaluations until the optimum; infinite if it was missed.
    """

    searcher: str
    budget: int
    regret: float
    reached: float


def run_searches(job: Job, budgets: Sequence[int], optimum: float) -> Iterator[Result]:
    """Run every search of a job with every budget and each of its seeds."""
    plain, problem = job.resolved(), job.problem()
    for entry, search in enumerate(plain["search"]):
        for budget in budgets:
            search["budget"] = budget
            for seed in search["seeds"]:
                values = searched_values(problem, SearchTask(0, plain, entry, seed))
                hits = np.flatnonzero(values <= optimum)
                reached = float(hits[0] + 1) if len(hits) else np.inf
                yield Result(search["searcher"], budget, values.min() / optimum - 1.0, reached)


def searched_values(problem: Problem, task: SearchTask) -> FloatArray:
    """The only objective of every design that a search evaluates, in order."""
    values = [np.array([np.inf])]
    for step in task.steps():
        assert isinstance(step, SearchStep)
        designs = problem.space.decode(step.codes)
        values.append(problem.score(designs, step.outcome.told()).objectives[:, 0])
    return np.concatenate(values)[1:]


# -- tables --------------------------------------------------------------------------------------


def quantity(metric: str, value: Any) -> str:
    """A value with its unit."""
    return format_quantity(float(value), unit_of_name(metric))


def markdown(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def design_cells(truth: Truth, row: int) -> list[str]:
    """The parameters of a group's first controller that the space leaves open."""
    space = truth.problem.space
    labels = space.labels(space.at(truth.behaviours.first[[row]]))
    return [labels[p.name][0] for p in space.parameters if p.cardinality > 1]


def parameter_names(truth: Truth) -> list[str]:
    """The heading of `design_cells`."""
    return [p.name for p in truth.problem.space.parameters if p.cardinality > 1]


def optimum_table(truth: Truth) -> str:
    """The best controller by each metric, and how many share its value."""
    rows = []
    for metric in OPTIMISED:
        row, values = truth.best(metric), truth.metrics[metric]
        alike = int(truth.behaviours.counts[values == values[row]].sum())
        others = [quantity(name, truth.metrics[name][row]) for name in OPTIMISED]
        rows.append([metric, *others, f"{alike:,}", *design_cells(truth, row)])
    return markdown(["smallest", *OPTIMISED, "controllers", *parameter_names(truth)], rows)


def front_table(truth: Truth, names: Sequence[str]) -> str:
    """A front, in the order of its first metric."""
    rows = [
        [*(quantity(name, truth.metrics[name][row]) for name in names), *design_cells(truth, row)]
        for row in truth.front(names).tolist()
    ]
    return markdown([*names, *parameter_names(truth)], rows)


def result_table(results: Sequence[Result], budgets: Sequence[int]) -> str:
    """Median regret in per cent (smallest-largest) and seeds that met the optimum, by budget."""
    rows = []
    for name in dict.fromkeys(result.searcher for result in results):
        groups = ([r for r in results if (r.searcher, r.budget) == (name, b)] for b in budgets)
        rows.append([name, *(result_cell(group) for group in groups)])
    return markdown(["searcher", *(f"{budget:,}" for budget in budgets)], rows)


def result_cell(results: Sequence[Result]) -> str:
    """For example "0.12 (0.00-0.30), 1/3": regret in per cent, and seeds that met the optimum."""
    regrets = [100 * result.regret for result in results]
    met = sum(np.isfinite(result.reached) for result in results)
    low, middle, high = (f"{v:.2f}" for v in (min(regrets), np.median(regrets), max(regrets)))
    return f"{middle} ({low}-{high}), {met}/{len(results)}"


# -- picture -------------------------------------------------------------------------------------


def plot(truth: Truth, path: Path) -> None:
    """All behaviours over the metrics of each front, by page policy."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10.4, 4.6), layout="constrained")
    for axes, names in zip(figure.subplots(1, len(FRONTS)), FRONTS, strict=True):
        draw(axes, truth, names)
    axes.set_yscale("log")
    handles, labels = axes.get_legend_handles_labels()
    style: dict[str, Any] = {"frameon": False, "ncols": len(labels), "markerscale": 2.5}
    figure.legend(handles, labels, loc="outside lower center", **style)
    figure.savefig(path, dpi=160)


def draw(axes: Axes, truth: Truth, names: Sequence[str]) -> None:
    """One panel: a point for each behaviour, and the front."""
    x, y = (1e6 * np.asarray(truth.metrics[name]) for name in names)
    space, front = truth.problem.space, truth.front(names)
    policies = np.array(space.labels(space.at(truth.behaviours.first))["page_policy"])
    for position, policy in enumerate(dict.fromkeys(policies.tolist())):
        rows = policies == policy
        axes.plot(x[rows], y[rows], ".", color=colour(position), ms=3, mew=0, label=policy)
    axes.plot(x[front], y[front], "o-", color="#2b2f36", ms=4, lw=1, mfc="none", label="front")
    axes.set(xlabel=axis_text(names[0]), ylabel=axis_text(names[1]))
    axes.spines[["top", "right"]].set_visible(False)


def axis_text(metric: str) -> str:
    """The label of an axis in millionths of the metric's unit."""
    return f"{quantity_of_name(metric)} [µ{unit_of_name(metric)}]"


# -- command line --------------------------------------------------------------------------------


def estimate_text(problem: Problem, behaviours: Behaviours) -> str:
    """How long all behaviours will take, from a random sample of them."""
    rng = np.random.default_rng(0)
    drawn = rng.choice(behaviours.first, min(SAMPLE, len(behaviours.first)), replace=False)
    problem.model.compute(problem.space.at(drawn[:2]))  # compiles
    started = time.perf_counter()
    problem.model.compute(problem.space.at(drawn))
    expected = (time.perf_counter() - started) * len(behaviours.first) / len(drawn)
    return (
        f"{problem.space.size:,} controllers, {len(behaviours.first):,} behaviours on "
        f"{len(trace_of(problem)):,} requests; about {expected:.0f} s to simulate"
    )


def time_text(truth: Truth) -> str:
    """What the enumeration took."""
    rate = len(truth.behaviours.first) * len(trace_of(truth.problem)) / truth.cpu_s
    return (
        f"{truth.wall_s:.0f} s, {truth.cpu_s:.0f} CPU s on {len(os.sched_getaffinity(0))} cores, "
        f"{rate / 1e6:.2f} million requests per CPU second"
    )


def _budgets(_context: click.Context, _parameter: click.Parameter, text: str) -> list[int]:
    parts = text.split(",")
    if not all(part.strip().isdecimal() and int(part) for part in parts):
        raise click.BadParameter(f"{text!r}; allowed: whole numbers from 1, commas between them")
    return sorted({int(part) for part in parts})


@click.command()
@click.option("--job", "job_path", type=click.Path(path_type=Path), default=JOB, help="A job file.")
@click.option("--budgets", default="16,64,250,1000", show_default=True, callback=_budgets)
@click.option("--estimate", is_flag=True, help="Only say how long it would take.")
@click.option("--plot", "plot_path", type=click.Path(path_type=Path), help="A picture.")
def main(*, job_path: Path, budgets: list[int], estimate: bool, plot_path: Path | None) -> None:
    """Simulate every controller of a job's space once, and score the job's searches."""
    try:
        study(load_job(job_path), budgets, plot_path, only_estimate=estimate)
    except DSEError as error:
        click.echo(str(error), err=True)
        sys.exit(error.exit_code)


def study(job: Job, budgets: Sequence[int], plot_path: Path | None, *, only_estimate: bool) -> None:
    """Print the estimate, then the optima, the front and the scores.

    Raises:
        InputError: The job has several objectives; regret is measured on one.
    """
    problem = job.problem()
    if len(problem.objectives) > 1:
        found = ", ".join(problem.objective_names)
        raise InputError(f"the job has several objectives: {found}", allowed="one objective")
    behaviours = Behaviours.of(problem)
    print(estimate_text(problem, behaviours), flush=True)
    if only_estimate:
        return
    truth = Truth.of(problem, behaviours)
    fronts = (front_table(truth, names) for names in FRONTS)
    print(time_text(truth), optimum_table(truth), *fronts, sep="\n\n", flush=True)
    if plot_path is not None:
        plot(truth, plot_path)
    (objective,) = problem.objective_names
    optimum = float(truth.metrics[objective].min())
    results = list(run_searches(job, budgets, optimum))
    print(f"\nRegret in % of {objective}, by budget: median (smallest-largest) over seeds,")
    print("and seeds that met the optimum\n", result_table(results, budgets), sep="\n")


if __name__ == "__main__":
    main()
