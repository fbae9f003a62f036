"""What `dse describe --sensitivity` tells. Imports numpy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from dse._model import FEASIBLE, REASON
from dse._sensitivity import MOST_LEVELS, STEP, sensitivities, shares
from dse.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dse._problem import Problem

__all__ = ["for_people", "sensitivity_facts"]

_DOC = f"""How much each parameter matters while all others stay at the design below.

elasticity: by how many per cent the metric changes per per cent of the parameter (difference of
logarithms over +-{STEP:.1%}); span: the metric's largest over its smallest value at the levels of
the parameter, {MOST_LEVELS} of them at most. There is no elasticity ("-") where a parameter takes
steps only, and neither figure where the metric is not positive."""


def sensitivity_facts(problem: Problem, given: Mapping[str, Any]) -> dict[str, Any]:
    """Elasticities, spans, shares of parts and what has no effect, for every metric.

    Args:
        problem: The model's default problem.
        given: Values of parameters that leave their defaults.

    Raises:
        DesignError: An unknown parameter, or a value outside its range.
        InputError: The design cannot work.
    """
    space = problem.model.space
    design = space.parse(given)
    _require_feasible(problem, design)
    found = sensitivities(problem, design)
    return {
        "doc": _DOC,
        "design": {name: space[name].label(number) for name, number in design.items()},
        "sensitivity": [
            {
                "parameter": entry.parameter,
                "usable": f"{entry.usable} of {entry.levels} levels",
                "elasticity": dict(entry.elasticity),
                "span": dict(entry.span),
            }
            for entry in found
        ],
        "shares": shares(problem, design),
        "without effect at this design": [entry.parameter for entry in found if entry.is_dead],
    }


def _require_feasible(problem: Problem, design: Mapping[str, float]) -> None:
    batch = {name: np.array([value]) for name, value in design.items()}
    found = problem.model.compute(batch)
    if not found[FEASIBLE][0]:
        raise InputError(
            f"the design cannot work: {problem.model.reasons[int(found[REASON][0])]}",
            next_step="choose another with --set NAME=VALUE",
        )


def for_people(facts: Mapping[str, Any], metrics: tuple[str, ...]) -> dict[str, Any]:
    """The facts with one cell per parameter and metric, and shares in per cent.

    Args:
        facts: Of `sensitivity_facts`.
        metrics: The metrics to show.
    """
    rows = [
        {
            "parameter": entry["parameter"],
            "usable": entry["usable"],
            **{f"{m} elasticity": _cell(entry["elasticity"].get(m)) for m in metrics},
            **{f"{m} span": _cell(entry["span"][m]) for m in metrics},
        }
        for entry in facts["sensitivity"]
    ]
    parts = {metric: _by_share(parts) for metric, parts in facts["shares"].items()}
    return {**facts, "sensitivity": rows, "shares": parts}


def _cell(value: float | None) -> str:
    return "-" if value is None else f"{value:.4g}"


def _by_share(parts: Mapping[str, float]) -> str:
    """Largest first: "HLT 99.81 %, L1 0.15 %"; parts without a share are left out."""
    ordered = sorted(parts.items(), key=lambda item: -item[1])
    return ", ".join(f"{part} {100 * share:.4g} %" for part, share in ordered if share)
