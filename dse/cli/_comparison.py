"""Several studies on common axes."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING, Any

import numpy as np

from dse._quality import Yardstick
from dse.errors import InputError
from dse.report.assemble import curve_of
from dse.units import format_quantity, unit_of_name

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dse._study import Study
    from dse.report.data import RunCurve


@dataclass(frozen=True)
class Comparison:
    """Searchers of several studies, measured alike.

    Attributes:
        records: One per study and searcher, plain data.
        rows: The same as text.
        curves: One per run.
        scale: "logarithmic" or "linear".
        reference: The reference point, for people.
    """

    records: list[dict[str, Any]]
    rows: list[list[str]]
    curves: list[RunCurve]
    scale: str
    reference: str


def compared(studies: Mapping[str, Study]) -> Comparison:
    """Measure every search of every study with one yardstick.

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
    points = [np.concatenate([s.admissible().points, s.front().points]) for s in studies.values()]
    yardstick = Yardstick.of(first, np.concatenate(points))
    total = yardstick.hypervolume(np.concatenate([s.front().points for s in studies.values()]))
    records: list[dict[str, Any]] = []
    curves: list[RunCurve] = []
    for name, study in studies.items():
        found = [curve_of(study, info, yardstick) for info in study.store.runs()]
        curves += found
        for searcher in dict.fromkeys(curve.searcher for curve in found):
            records.append(
                _record(name, searcher, [c for c in found if c.searcher == searcher], total)
            )
    reference = ", ".join(
        f"{o.metric} {format_quantity(float(v), unit_of_name(o.metric))}"
        for o, v in zip(first.objectives, yardstick.reference(), strict=True)
    )
    scale = "logarithmic" if yardstick.is_log else "linear"
    return Comparison(records, [_row(r) for r in records], curves, scale, reference)


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


def _row(record: dict[str, Any]) -> list[str]:
    volumes = record["hypervolume"]
    return [
        record["study"], record["searcher"], str(len(record["seeds"])), f"{max(record['evaluations']):,}",
        f"{record['hypervolume_median']:.4f}", f"{min(volumes):.4f}", f"{max(volumes):.4f}",
        f"{record['share_of_best']:.2%}",
    ]  # fmt: skip
