"""Printing fronts and summaries of studies."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from dse.cli._text import aligned
from dse.units import format_quantity, unit_of_name

if TYPE_CHECKING:
    from dse._problem import Problem
    from dse._quality import Yardstick
    from dse._study import Study
    from dse.report.data import FrontTable, RunSummary


def front_text(problem: Problem, table: FrontTable, limit: int) -> str:
    """The front as aligned text with units, evenly picked if it has more rows than the limit.

    Parameters that cannot vary are left out.
    """
    parameters = [p.name for p in problem.space.parameters if p.cardinality > 1]
    goals = [o.metric for o in problem.objectives]
    picked = _spread(table.size, limit)
    rows = [
        [table.parameters[name][i] for name in parameters]
        + [format_quantity(float(table.metrics[name][i]), unit_of_name(name)) for name in goals]
        for i in picked
    ]
    text = aligned([[*parameters, *goals], *rows])
    if len(picked) == table.size:
        return text
    return f"{text}\n  ({len(picked)} of {table.size} designs, evenly spread)"


def _spread(size: int, limit: int) -> list[int]:
    if size <= limit:
        return list(range(size))
    return sorted({round(k * (size - 1) / (limit - 1)) for k in range(limit)})


def as_json(value: Any) -> str:
    """Pretty JSON without NaN."""
    return json.dumps(value, indent=2, allow_nan=False)


def yardstick_text(problem: Problem, yardstick: Yardstick) -> str:
    """On which axes and from which point hypervolume is measured."""
    reference = ", ".join(
        f"{o.metric} {format_quantity(float(value), unit_of_name(o.metric))}"
        for o, value in zip(problem.objectives, yardstick.reference(), strict=True)
    )
    scale = "logarithmic" if yardstick.is_log else "linear"
    return f"hypervolume on {scale} axes, reference point {reference}"


def summaries_text(summaries: tuple[RunSummary, ...]) -> str:
    """One line per run."""
    head = "searcher, seed, evaluations, infeasible, failed, front, hypervolume, of the best"
    rows = [
        [
            s.searcher,
            str(s.seed),
            f"{s.evaluations:,}",
            f"{s.infeasible:,}",
            f"{s.failed:,}",
            f"{s.front_size:,}",
            f"{s.hypervolume:.4f}",
            f"{s.share_of_best:.2%}",
        ]
        for s in summaries
    ]
    return aligned([head.split(", "), *rows])


def study_text(study: Study, limit: int) -> str:
    """State, runs and front of a study."""
    from dse.report.assemble import front_table, notes_of, summaries_of, yardstick_of

    yardstick = yardstick_of(study)
    front = study.front()
    table = front_table(study, front)
    parts = [f"Front: {table.size} designs of {study.problem.space.size:,}"]
    if table.size:
        parts.append(front_text(study.problem, table, limit))
    parts.append(f"\nSearches ({yardstick_text(study.problem, yardstick)})")
    parts.append(summaries_text(summaries_of(study, yardstick, front)))
    parts += [f"\nNote: {note}" for note in notes_of(study, front)]
    return "\n".join(parts)


def verdict(study: Study) -> list[str]:
    """Why the exit code of a finished study is not 0, one sentence each."""
    from dse._run import failed_too_often

    found = [f"{i.searcher}, seed {i.seed} {i.finished}" for i in study.gave_up]
    if failed_too_often(study):
        allowed = study.job.spec.limits.max_failed_share
        found.append(
            f"{study.failed_share:.1%} of the evaluations failed; "
            f"limits.max_failed_share allows {allowed:.1%}"
        )
    return found
