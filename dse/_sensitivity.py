"""How much each parameter matters around one design: elasticities, ranges, and shares of parts."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from dse._columns import take
from dse._model import FEASIBLE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dse._columns import Columns, FloatArray
    from dse._parameters import Parameter
    from dse._problem import Problem

STEP = 1e-3
"""Relative step of the elasticities."""
_NOISE = 1e-9
"""Elasticities below this are rounding."""
MOST_LEVELS = 17
"""Of parameters with more levels, so many are looked at, evenly spread from first to last."""


@dataclass(frozen=True)
class Sensitivity:
    """What one parameter does to the metrics while all others stay where they are.

    Attributes:
        parameter: Its name.
        elasticity: Metric -> d ln metric / d ln parameter: by how many per cent the metric
            changes per per cent of the parameter. Empty for parameters that take steps only; None
            where the metric is not positive.
        span: Metric -> largest over smallest value while the parameter takes its levels; None
            where the metric is not positive throughout.
        usable: Levels at which the design works, out of `levels`.
        levels: How many levels were looked at.
        is_dead: No metric changes at any level, and all levels work.
    """

    parameter: str
    elasticity: Mapping[str, float | None]
    span: Mapping[str, float | None]
    usable: int
    levels: int
    is_dead: bool


def sensitivities(problem: Problem, design: Columns) -> list[Sensitivity]:
    """One entry per parameter, in the order of the space.

    What the problem pins to one value takes all levels of the model's own space here.

    Args:
        problem: Whose model and space.
        design: One valid design, as `space.parse` gives it.
    """
    parameters = (
        parameter if parameter.cardinality > 1 else problem.model.space[parameter.name]
        for parameter in problem.space.parameters
    )
    return [_sensitivity(problem, design, p) for p in parameters if p.cardinality > 1]


def _sensitivity(problem: Problem, design: Columns, parameter: Parameter) -> Sensitivity:
    found = _varied(problem, design, parameter.name, _spread(parameter.levels))
    works = np.asarray(found[FEASIBLE], dtype=bool)
    metrics = {name: np.asarray(found[name]) for name in problem.model.metric_names}
    constant = all(_is_constant(column) for column in metrics.values())
    return Sensitivity(
        parameter.name,
        _elasticity(problem, design, parameter),
        {name: _span(column[works]) for name, column in metrics.items()},
        int(works.sum()),
        len(works),
        bool(works.all() and constant),
    )


def _spread(levels: FloatArray) -> FloatArray:
    """All levels, or an even choice of them."""
    kept = min(len(levels), MOST_LEVELS)
    return levels[np.linspace(0, len(levels) - 1, kept).round().astype(np.int64)]


def _varied(problem: Problem, design: Columns, name: str, values: Any) -> dict[str, Any]:
    """Metrics of the design with one parameter at each of the given values."""
    batch = {key: np.full(len(values), value) for key, value in design.items()}
    return problem.model.compute({**batch, name: np.asarray(values, dtype=np.float64)})


def _elasticity(problem: Problem, design: Columns, parameter: Parameter) -> dict[str, float | None]:
    """Central difference of the logarithms; one-sided at the end of the range."""
    centre = float(design[parameter.name])
    ends = [centre * factor for factor in (1 - STEP, 1 + STEP)]
    whole = problem.model.space[parameter.name]  # the problem may list a few of its values only
    low, high = (end if bool(whole.contains(end)) else centre for end in ends)
    if low == high or not parameter.is_ordered:
        return {}
    found = _varied(problem, design, parameter.name, [low, high])
    width = math.log(high / low)
    return {name: _slope(found[name], width) for name in problem.model.metric_names}


def _slope(ends: Any, width: float) -> float | None:
    low, high = (float(end) for end in ends)
    if not (low > 0 and high > 0):
        return None
    slope = math.log(high / low) / width
    return slope if abs(slope) > _NOISE else 0.0


def _span(values: Any) -> float | None:
    positive = len(values) and values.min() > 0
    return float(values.max() / values.min()) if positive else None


def _is_constant(column: Any) -> bool:
    return bool((column == column[0]).all())


def shares(problem: Problem, design: Columns) -> dict[str, dict[str, float]]:
    """Metric -> part -> its share of the metric at one design, for metrics with a breakdown.

    Args:
        problem: Whose model.
        design: One valid design, as `space.parse` gives it.
    """
    batch = {name: np.array([value]) for name, value in design.items()}
    found = take(problem.model.evaluate(batch, breakdown=True), 0)
    return {
        metric.name: {part: float(found[f"{metric.name}.{part}"]) / total for part in metric.parts}
        for metric in problem.model.metrics
        if metric.parts and (total := float(found[metric.name])) > 0
    }
