"""Compare every built-in searcher with the truth, on the attention accelerators of FuseMax.

The space is small enough to enumerate, so a search is scored against what it should have found:
the hypervolume of the exhaustive front on logarithmic axes, or the optimum of a problem with one
objective under caps. Searchers pace themselves by their budget, so each budget is a search of its
own. Counts are evaluations, never seconds.

    python scripts/bench_search.py --plot docs/images
    python scripts/bench_search.py --workload xlm --seq-len 16384 --no-capped
"""

from __future__ import annotations

import json
from bisect import bisect_left
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import numpy as np

from dse._grid import enumerate_range
from dse._quality import Yardstick
from dse._search import load_resolved
from dse._steps import SearchStep
from dse._tasks import SearchTask
from dse.errors import DSEError, InputError
from dse.job import Job
from dse.report.labels import colour
from dse.units import format_quantity, unit_of_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from matplotlib.axes import Axes

    from dse import Problem
    from dse._columns import FloatArray, IntArray

SEARCHERS = ("random", "sobol", "annealing", "ant-colony", "nsga2")
ONE_OBJECTIVE_ONLY = ("genetic",)
FRONT_TARGET = 0.985
OPTIMUM_TARGET = 1.0 - 1e-9  # the optimum itself, whatever its last bit
TOP = 0.9999  # where the picture's axis ends: a logit axis has no 1


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


# -- tables --------------------------------------------------------------------------------------


def share_cell(results: Sequence[Result]) -> str:
    """Share of the hypervolume in per cent: median (smallest-largest)."""
    shares = [100 * result.quality for result in results]
    return f"{np.median(shares):.2f} ({min(shares):.2f}-{max(shares):.2f})"


def excess(quality: float) -> float:
    """Best value over optimum; infinite without an admissible design."""
    return 1 / quality if quality else float("inf")


def excess_cell(results: Sequence[Result]) -> str:
    """Best value over optimum: median (smallest-largest), and how many seeds found nothing."""
    values = [excess(result.quality) for result in results]
    middle, low, high = (
        f"{value:.3f}" if np.isfinite(value) else "none"
        for value in (np.median(values), min(values), max(values))
    )
    nothing = values.count(float("inf"))
    return f"{middle} ({low}-{high})" + (f", {nothing} x none" if nothing else "")


def reached_cell(results: Sequence[Result]) -> str:
    """Evaluations to the target: median over all seeds (seeds that met it / seeds)."""
    counts = [np.inf if result.reached is None else result.reached for result in results]
    middle = sorted(counts)[len(counts) // 2]
    met = f"({len(counts) - counts.count(np.inf)}/{len(counts)})"
    return f"{middle:,} {met}" if np.isfinite(middle) else f"- {met}"


def markdown(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """An aligned Markdown table."""
    lines = [header, *rows]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    lines.insert(1, ["-" * width for width in widths])
    padded = [[cell.ljust(w) for cell, w in zip(line, widths, strict=True)] for line in lines]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in padded)


def result_table(measured: Measured, cell: Callable[[Sequence[Result]], str]) -> str:
    """One row per searcher, one column per budget."""
    header = ["searcher", *(f"{budget:,}" for budget in measured.budgets)]
    rows = (
        [name, *(cell(measured.group(name, budget)) for budget in measured.budgets)]
        for name in measured.case.searchers
    )
    return markdown(header, rows)


def optimum_table(truths: Sequence[Truth]) -> str:
    """The best design under each set of caps; of equal ones the first by index."""
    names = [p.name for p in truths[0].problem.space.parameters if p.cardinality > 1]
    rows = []
    for truth in truths:
        problem, metric = truth.problem, truth.problem.objectives[0].metric
        labels = problem.space.labels(problem.space.at(truth.ids[:1]))
        caps = " and ".join(constraint.text for constraint in problem.constraints)
        value = format_quantity(float(truth.front[0, 0]), unit_of_name(metric))
        rows.append([metric, caps, value, *(labels[name][0] for name in names)])
    return markdown(["minimised", "caps", "optimum", *names], rows)


def tables(front: Measured, capped: Sequence[Measured], workload: dict[str, Any]) -> list[str]:
    """Everything that is printed, block by block."""
    truth = front.truth
    blocks = [
        f"{truth.working:,} working designs, {len(truth.ids)} on the exhaustive front.",
        "Share of its hypervolume in %, by budget: median (smallest-largest) over seeds",
        result_table(front, share_cell),
        f"Evaluations to {FRONT_TARGET:.1%} of it, by budget: median (seeds that reached it)",
        result_table(front, reached_cell),
    ]
    if capped:
        further = [Truth.of(load_resolved(case.job(workload))[1]) for case in ENUMERATED]
        blocks += [
            "Optima under caps, enumerated; of equal designs the first by index",
            optimum_table([*(measured.truth for measured in capped), *further]),
        ]
    for measured in capped:
        blocks += [
            f"{measured.case.title}: best value over optimum, by budget",
            result_table(measured, excess_cell),
            "Evaluations to the optimum, by budget: median (seeds that found it)",
            result_table(measured, reached_cell),
        ]
    return blocks


# -- pictures ------------------------------------------------------------------------------------


def draw_band(axes: Axes, measured: Measured, value: Callable[[float], float]) -> None:
    """One line per searcher: the median over seeds, in a band from smallest to largest."""
    budgets = measured.budgets
    for position, name in enumerate(measured.case.searchers):
        values = np.array([[value(r.quality) for r in measured.group(name, b)] for b in budgets])
        low, middle, high = np.quantile(values, [0.0, 0.5, 1.0], axis=1, method="nearest")
        axes.fill_between(budgets, low, high, color=colour(position), alpha=0.08, lw=0)
        axes.plot(budgets, middle, "o-", color=colour(position), ms=4, label=name)
    axes.set_xscale("log")
    axes.set_xticks(budgets, [f"{budget:,}" for budget in budgets])
    axes.set_xlabel("budget [evaluations]")
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(visible=True, color="#e8eaee", linewidth=0.8)


def plot_front(measured: Measured, path: Path) -> None:
    """Share of the hypervolume against the budget."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7.2, 4.4), layout="constrained")
    axes = figure.add_subplot()
    draw_band(axes, measured, lambda quality: min(quality, TOP))
    axes.axhline(FRONT_TARGET, color="#2b2f36", linestyle="--", lw=1)
    axes.set_yscale("logit")  # the last per cent is the dear one
    ticks = [0.7, 0.8, 0.9, 0.95, FRONT_TARGET, 0.995, 0.999, TOP]
    axes.set_yticks(ticks, [f"{100 * tick:g} %" for tick in ticks])
    axes.minorticks_off()
    axes.set_ylabel("share of the exhaustive front's hypervolume")
    axes.legend(frameon=False, loc="lower right")
    figure.savefig(path, dpi=160)


def plot_capped(capped: Sequence[Measured], path: Path) -> None:
    """Best value over optimum against the budget, one panel per problem."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9.6, 7.2), layout="constrained")
    panels = figure.subplots(-(-len(capped) // 2), 2, sharey=True, squeeze=False).flat
    for axes, measured in zip(panels, capped, strict=False):
        draw_band(axes, measured, excess)
        axes.set_title(measured.case.title, loc="left", fontsize=8)
        axes.set_yscale("log")
        ticks = [1, 1.2, 1.5, 2, 3, 4]
        axes.set_yticks(ticks, [f"{tick:g}" for tick in ticks])
        axes.minorticks_off()
    figure.supylabel("best value over optimum")
    handles, labels = axes.get_legend_handles_labels()
    figure.legend(handles, labels, frameon=False, loc="outside lower center", ncols=len(labels))
    figure.savefig(path, dpi=160)


# -- command line --------------------------------------------------------------------------------


def _budgets(_context: click.Context, _parameter: click.Parameter, text: str) -> list[int]:
    try:
        budgets = [int(part) for part in text.split(",")]
    except ValueError:
        budgets = [0]
    if min(budgets) < 1:
        raise click.BadParameter(f"{text!r}; allowed: whole numbers from 1, commas between them")
    return sorted(set(budgets))


@click.command()
@click.option("--seeds", default=5, show_default=True, type=click.IntRange(1), help="How many.")
@click.option("--first-seed", default=100, show_default=True, type=click.IntRange(0))
@click.option("--budgets", default="100,300,1000,3000", show_default=True, callback=_budgets)
@click.option("--workload", default="bert", show_default=True)
@click.option("--seq-len", default=65536, show_default=True, type=click.IntRange(1))
@click.option("--capped/--no-capped", default=True, help="With the capped problems, or without.")
@click.option("--plot", type=click.Path(file_okay=False, path_type=Path), help="Folder for plots.")
@click.option("--json", "as_json", is_flag=True, help="Every single result, as JSON.")
def main(
    *,
    seeds: int,
    first_seed: int,
    budgets: list[int],
    workload: str,
    seq_len: int,
    capped: bool,
    plot: Path | None,
    as_json: bool,
) -> None:
    """Score every searcher against the exhaustive front, and the optima under caps."""
    work = {"name": workload, "seq_len": seq_len}
    chosen = range(first_seed, first_seed + seeds)
    try:
        front, *others = (
            Measured.of(case, work, budgets, chosen)
            for case in (FRONT, *(CAPPED if capped else ()))
        )
        if as_json:
            print(json.dumps([measured.plain() for measured in (front, *others)]))
        else:
            print("\n\n".join(tables(front, others, work)))
    except DSEError as error:
        click.echo(str(error), err=True)
        raise SystemExit(error.exit_code) from None
    if plot is not None:
        plot.mkdir(parents=True, exist_ok=True)
        plot_front(front, plot / "search_hypervolume.png")
        if others:
            plot_capped(others, plot / "search_capped.png")


if __name__ == "__main__":
    main()
