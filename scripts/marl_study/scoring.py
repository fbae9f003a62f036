"""From scores to tables: medians, interquartile ranges, ratios, and a paired test."""

from __future__ import annotations

import csv
from dataclasses import astuple
from typing import TYPE_CHECKING, Any

import numpy as np
from marl_study.searching import SCORE_FIELDS, Score
from scipy.stats import wilcoxon

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from dse._columns import FloatArray

_TYPES: tuple[Callable[[str], Any], ...] = (str, str, str, int, int, int, *[float] * 4)


def write_scores(path: Path, scores: Iterable[Score]) -> None:
    """Scores as CSV, in an order of their own."""
    rows = sorted(scores, key=lambda score: score.key)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(SCORE_FIELDS)
        writer.writerows(astuple(score) for score in rows)


def append_score(path: Path, score: Score) -> None:
    """Keep a score at once, so that an interrupted study goes on where it was."""
    is_new = not path.exists()
    with path.open("a", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        if is_new:
            writer.writerow(SCORE_FIELDS)
        writer.writerow(astuple(score))


def read_scores(path: Path) -> list[Score]:
    """What was kept."""
    if not path.exists():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))[1:]
    return [Score(*(t(cell) for t, cell in zip(_TYPES, row, strict=True))) for row in rows]


def quartiles(values: Sequence[float]) -> tuple[float, float, float]:
    """Lower quartile, median, upper quartile; of values that may be infinite."""
    low, middle, high = np.quantile(values, [0.25, 0.5, 0.75], method="inverted_cdf")
    return float(low), float(middle), float(high)


def quartile_cell(values: Sequence[float], form: str) -> str:
    """For example "12 (9-31)": median and quartiles; ">" where a search never arrived."""
    low, middle, high = (_number(value, form) for value in quartiles(values))
    return f"{middle} ({low}-{high})"


def _number(value: float, form: str) -> str:
    return format(value, form) if np.isfinite(value) else "never"


def medians(scores: Sequence[Score], value: str) -> dict[tuple[str, str], float]:
    """(workload, goal) -> median over seeds of an attribute of the scores."""
    cells: dict[tuple[str, str], list[float]] = {}
    for score in scores:
        cells.setdefault((score.workload, score.goal), []).append(getattr(score, value))
    return {cell: quartiles(values)[1] for cell, values in cells.items()}


def needed(scores: Sequence[Score], searcher: str, value: str) -> dict[tuple[str, str], float]:
    """Median evaluations to the target of one searcher at its largest budget.

    A median search that never arrived counts twice the budget.
    """
    own = [score for score in scores if score.searcher == searcher]
    budget = max(score.budget for score in own)
    found = medians([score for score in own if score.budget == budget], value)
    return {cell: min(median, 2.0 * budget) for cell, median in found.items()}


def ratios(scores: Sequence[Score], one: str, other: str, value: str) -> FloatArray:
    """Evaluations that one searcher needs over those of another, for every workload and goal."""
    mine, theirs = needed(scores, one, value), needed(scores, other, value)
    return np.array([mine[cell] / theirs[cell] for cell in sorted(mine)])


def paired_p(ratio: FloatArray) -> float:
    """P-value of Wilcoxon's signed-rank test that the ratios are below 1 (one-sided, paired)."""
    logs = np.log(ratio)
    return float(wilcoxon(logs, alternative="less").pvalue) if np.any(logs) else 1.0
