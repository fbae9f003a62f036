"""Several studies on common axes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from statistics import median
from typing import TYPE_CHECKING, Any

import numpy as np

from dse._pareto import nondominated
from dse._quality import Yardstick
from dse.cli._results import yardstick_text
from dse.cli._text import aligned
from dse.errors import InputError
from dse.report.assemble import curve_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dse._study import Study
    from dse.report.data import RunCurve


@dataclass(frozen=True)
class Comparison:
    """Searchers of several studies, measured alike.

    Attributes:
        records: One per study and searcher, plain data.
        curves: One per run; of several studies, each searcher is named with its study. None
            without an admissible design.
        yardstick: The axes and the reference point, for people.
    """

    records: list[dict[str, Any]]
    curves: list[RunCurve]
    yardstick: str


def compared(studies: Mapping[str, Study]) -> Comparison:
    """Measure every search of every study on axes that span the front of all of them.

    Raises:
        InputError: The studies have different objectives.
    """
    first = next(iter(studies.values())).problem
    for name, study in studies.items():
        if study.problem.objectives != first.objectives:
            raise InputError(
                f"{name} has other objectives",
                allowed=", ".join(f"{o.metric} {o.direction}" for o in first.objectives),
            )
    front = np.concatenate([study.front().points for study in studies.values()])
    front = front[nondominated(front)]
    yardstick = Yardstick.of(first, front)
    total = yardstick.hypervolume(front)
    records: list[dict[str, Any]] = []
    curves: list[RunCurve] = []
    for name, study in studies.items():
        found = [curve_of(study, info, yardstick) for info in study.store.runs()]
        prefix = f"{name}: " if len(studies) > 1 else ""
        curves += [replace(c, searcher=f"{prefix}{c.searcher}") for c in found if len(front)]
        by_searcher: dict[str, list[RunCurve]] = {}
        for curve in found:
            by_searcher.setdefault(curve.searcher, []).append(curve)
        records += [_record(name, *item, total) for item in by_searcher.items()]
    measured = yardstick_text(first, yardstick) if len(front) else "no admissible design"
    return Comparison(records, curves, measured)


def _record(study: str, searcher: str, curves: list[RunCurve], total: float) -> dict[str, Any]:
    volumes = [float(c.hypervolume[-1]) if len(c.hypervolume) else 0.0 for c in curves]
    middle = median(volumes)
    return {
        "study": study,
        "searcher": searcher,
        "seeds": [c.seed for c in curves],
        "evaluations": [int(c.evaluations[-1]) if len(c.evaluations) else 0 for c in curves],
        "hypervolume": volumes,
        "hypervolume_median": middle,
        "share_of_best": middle / total if total > 0 else 0.0,
    }


def comparison_text(comparison: Comparison) -> str:
    """One line per study and searcher."""
    counted = ["study", "searcher", "seeds", "evaluations"]
    head = [*counted, "hypervolume (median)", "lowest", "highest", "of all together"]
    rows = [
        [
            record["study"],
            record["searcher"],
            str(len(record["seeds"])),
            f"{max(record['evaluations']):,}",
            f"{record['hypervolume_median']:.4f}",
            f"{min(record['hypervolume']):.4f}",
            f"{max(record['hypervolume']):.4f}",
            f"{record['share_of_best']:.2%}",
        ]
        for record in comparison.records
    ]
    text = aligned([head, *rows])
    return f"{text}\n\nMeasured: {comparison.yardstick}"
