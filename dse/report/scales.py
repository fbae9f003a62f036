"""Numbers behind the pictures: which pairs, which scale, which ticks, which median."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from dse.report.labels import ordered_labels

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from dse._columns import FloatArray, IntArray
    from dse.report.data import AxisInfo, FrontTable, RunCurve

MAX_PAIRS = 15
"""Panels drawn at most: all pairs of six objectives."""


def objective_pairs(objectives: Sequence[AxisInfo]) -> list[tuple[AxisInfo, AxisInfo]]:
    """The pairs of objectives to draw against each other, at most `MAX_PAIRS`."""
    return list(combinations(objectives, 2))[:MAX_PAIRS]


def finite(*columns: FloatArray) -> FloatArray:
    """All finite values of some columns, end to end."""
    joined = np.concatenate([np.empty(0), *columns])
    return np.asarray(joined[np.isfinite(joined)], dtype=np.float64)


def wants_log(values: FloatArray) -> bool:
    """Whether finite values are positive and span more than a factor of 3."""
    return bool(len(values) and values.min() > 0 and values.max() > 3 * values.min())


def with_margin(values: FloatArray, *, is_log: bool) -> tuple[float, float]:
    """The range of finite values with 5 % on either side, of the logarithm if `is_log`."""
    ends = np.array([values.min(), values.max()])
    ends = np.log10(ends) if is_log else ends
    margin = 0.05 * (ends[1] - ends[0]) or 0.05 * abs(ends[0]) or 0.05
    low, high = ends + np.array([-margin, margin])
    return (float(10.0**low), float(10.0**high)) if is_log else (float(low), float(high))


def whole_decades(values: FloatArray) -> int:
    """How many powers of ten lie within the range of positive values."""
    return int(np.floor(np.log10(values.max())) - np.ceil(np.log10(values.min())) + 1)


def log_ticks(low: float, high: float) -> FloatArray:
    """Round numbers from low to high: decades, or 1-2-5 where there are few decades."""
    first, last = np.floor(np.log10(low)), np.ceil(np.log10(high))
    stride = 1 + int(last - first) // 10
    decades = 10.0 ** np.arange(first, last + 1, stride)
    fine = np.log10(high / low) < 2.5
    ticks = np.outer(decades, [1.0, 2.0, 5.0]).ravel() if fine else decades
    inside = (ticks >= low * (1 - 1e-9)) & (ticks <= high * (1 + 1e-9))
    return np.asarray(ticks[inside], dtype=np.float64)


def linear_ticks(low: float, high: float) -> FloatArray:
    """Four to eight round numbers from low to high; the value itself if they are equal."""
    if low == high:
        return np.array([low])
    raw = (high - low) / 8
    power = 10.0 ** np.floor(np.log10(raw))
    step = power * next(m for m in (1, 2, 5, 10) if m * power >= raw * (1 - 1e-9))
    first, last = np.ceil(low / step - 1e-9), np.floor(high / step + 1e-9)
    return np.asarray(step * np.arange(first, last + 1), dtype=np.float64)


def front_groups(front: FrontTable, categorical: str | None) -> dict[str, IntArray]:
    """Rows of the front by the label of one parameter; all in one group without a parameter."""
    if categorical not in front.parameters:
        return {"Pareto front": np.arange(front.size)}
    labels = np.array(front.parameters[categorical], dtype=object)
    return {label: np.flatnonzero(labels == label) for label in ordered_labels(categorical, labels)}


def curves_by_searcher(curves: Iterable[RunCurve]) -> dict[str, list[RunCurve]]:
    """The curves of each searcher, in order of first appearance; empty curves are left out."""
    found: dict[str, list[RunCurve]] = {}
    for curve in curves:
        if len(curve.evaluations):
            found.setdefault(curve.searcher, []).append(curve)
    return found


def median_curve(curves: Sequence[RunCurve]) -> tuple[IntArray, FloatArray]:
    """The median over seeds of hypervolume against evaluations.

    A curve is a step function: between two records the earlier value holds, and after the last
    one the run's final value. The median starts where every run has a record.

    Returns:
        Evaluations and median hypervolume, of equal length.
    """
    start = max(int(curve.evaluations[0]) for curve in curves)
    grid = np.unique(np.concatenate([curve.evaluations for curve in curves]))
    grid = grid[grid >= start]
    steps = [_step(curve, grid) for curve in curves]
    return grid, np.asarray(np.median(steps, axis=0), dtype=np.float64)


def _step(curve: RunCurve, grid: IntArray) -> FloatArray:
    return curve.hypervolume[np.searchsorted(curve.evaluations, grid, side="right") - 1]
