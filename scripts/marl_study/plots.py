"""The pictures of the study."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from marl_study.scoring import needed, quartiles

from dse.report.labels import colour

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from marl_study.searching import Score
    from matplotlib.axes import Axes

_FLOOR = 1e-4
"""Regrets below this are drawn here: a logarithmic axis has no 0."""
_TARGETS = {
    "to_5": "within 5 % of the optimum",
    "to_1": "within 1 %",
    "to_01": "within 0.1 %",
}


def plot_regret(scores: Sequence[Score], searchers: Sequence[str], path: Path) -> None:
    """Regret against budget: median over workloads and seeds, one panel per goal."""
    from matplotlib.figure import Figure

    goals = list(dict.fromkeys(score.goal for score in scores))
    budgets = sorted({score.budget for score in scores})
    figure = Figure(figsize=(4.2 * len(goals), 4.0), layout="constrained")
    panels = np.atleast_1d(figure.subplots(1, len(goals), sharey=True))
    for axes, goal in zip(panels, goals, strict=True):
        for position, searcher in enumerate(searchers):
            own = [s for s in scores if (s.goal, s.searcher) == (goal, searcher)]
            _draw_regret(axes, own, searcher, colour(position))
        axes.set(title=goal, xlabel="evaluations", xscale="log", yscale="log")
        axes.set_xticks(budgets, [f"{budget:,}" for budget in budgets])
        axes.minorticks_off()
        axes.spines[["top", "right"]].set_visible(False)
    panels[0].set_ylabel("regret (share above the optimum)")
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", frameon=False, ncols=len(labels))
    figure.savefig(path, dpi=160)


def _draw_regret(axes: Axes, scores: Sequence[Score], label: str, shade: str) -> None:
    budgets = sorted({score.budget for score in scores})
    spread = [quartiles([s.regret for s in scores if s.budget == b]) for b in budgets]
    low, middle, high = (np.maximum(column, _FLOOR) for column in np.array(spread).T)
    axes.plot(budgets, middle, "o-", color=shade, ms=4, label=label)
    axes.fill_between(budgets, low, np.minimum(high, 1e3), color=shade, alpha=0.08, lw=0)


def plot_needed(scores: Sequence[Score], searchers: Sequence[str], path: Path) -> None:
    """Evaluations to each target: a point per workload and goal, a bar at the median."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(12.6, 3.8), layout="constrained")
    for axes, (value, title) in zip(
        figure.subplots(1, len(_TARGETS), sharey=True), _TARGETS.items(), strict=True
    ):
        for position, searcher in enumerate(searchers):
            points = np.array(list(needed(scores, searcher, value).values()))
            places = position + np.linspace(-0.25, 0.25, len(points))
            axes.plot(places, np.sort(points), ".", color=colour(position), ms=5)
            axes.plot(position + np.array([-0.35, 0.35]), [np.median(points)] * 2, color="#2b2f36")
        axes.set(title=title, yscale="log")
        axes.set_xticks(range(len(searchers)), searchers, rotation=30, ha="right")
        axes.spines[["top", "right"]].set_visible(False)
        axes.grid(axis="y", color="#e8eaee")
    axes.figure.axes[0].set_ylabel("evaluations (median over seeds)")
    figure.savefig(path, dpi=160)
