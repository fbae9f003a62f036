"""The comparison of searchers as Markdown tables and as pictures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from search_study.measuring import ENUMERATED, FRONT_TARGET, Measured, Result, Truth

from dse._search import load_resolved
from dse.report.labels import colour
from dse.units import format_quantity, unit_of_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from matplotlib.axes import Axes

TOP = 0.9999  # where the picture's axis ends: a logit axis has no 1

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
