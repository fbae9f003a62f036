"""Which parameters matter: elasticities, and where the power goes."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from dse import Choice, Real

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from accel_models.daq.pipeline import DAQPipeline
    from dse import Parameter

METRICS = ("power_w", "f1", "productivity")


def elasticities(
    model: DAQPipeline,
    design: Mapping[str, float] | None = None,
    metrics: Sequence[str] = METRICS,
    step: float = 1e-3,
) -> dict[str, dict[str, float]]:
    """Elasticities d ln metric / d ln parameter around a design.

    Central differences; one-sided at the end of a parameter's range.

    Args:
        model: The model.
        design: Parameter -> value; parameters not given take their defaults.
        metrics: Metrics to differentiate.
        step: Relative change of a parameter to either side.

    Returns:
        Parameter -> metric -> elasticity. Parameters that are names, whole numbers, or 0 at this
        design have none and are left out. 0 marks a dead parameter.
    """
    centre = model.space.parse(dict(design or {}))
    ends = {
        p.name: _neighbours(p, centre[p.name], step)
        for p in model.space.parameters
        if _is_real(p) and centre[p.name] > 0.0
    }
    batch = {name: np.full(2 * len(ends), value) for name, value in centre.items()}
    for position, (name, pair) in enumerate(ends.items()):
        batch[name][2 * position : 2 * position + 2] = pair
    found = model.compute(batch, frozenset(metrics))
    width = np.array([math.log(high / low) for low, high in ends.values()])
    slopes = {m: np.log(found[m][1::2] / found[m][::2]) / width for m in metrics}
    return {
        name: {metric: float(slopes[metric][position]) for metric in metrics}
        for position, name in enumerate(ends)
    }


def power_shares(model: DAQPipeline, design: Mapping[str, float] | None = None) -> dict[str, float]:
    """Share of the power of every node and link that uses any, the largest first."""
    found = model.compute(model.space.parse(dict(design or {})), frozenset({"power_w", "parts"}))
    prefix = "power_w."
    parts = {
        name.removeprefix(prefix): column / found["power_w"]
        for name, column in found.items()
        if name.startswith(prefix) and column > 0.0
    }
    return dict(sorted(parts.items(), key=lambda item: -item[1]))


def _is_real(parameter: Parameter) -> bool:
    listed = isinstance(parameter, Choice) and parameter.extent is not None
    return isinstance(parameter, Real) or listed


def _neighbours(parameter: Parameter, value: float, step: float) -> tuple[float, float]:
    """The values on either side, or at the end of the range, the value itself and one side."""
    low, high = value * (1.0 - step), value * (1.0 + step)
    return (
        low if parameter.contains(low) else value,
        high if parameter.contains(high) else value,
    )
