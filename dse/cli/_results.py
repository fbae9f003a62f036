"""Printing fronts and summaries of studies."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING, Any

from dse.cli._text import aligned
from dse.units import format_quantity, unit_of_name

if TYPE_CHECKING:
    from dse._problem import Problem
    from dse._study import Study
    from dse.report.data import FrontTable, RunSummary


def varying(problem: Problem) -> list[str]:
    """Parameters that can differ between the designs of a problem."""
    return [p.name for p in problem.space.parameters if p.cardinality > 1]


def front_text(problem: Problem, table: FrontTable, limit: int) -> str:
    """The front as aligned text with units, spread evenly if it has more rows than the limit."""
    parameters = varying(problem)
    goals = [o.metric for o in problem.objectives]
    rows = [[*parameters, *goals]]
    picked = _spread(table.size, limit)
    rows += [
        [table.parameters[name][i] for name in parameters]
        + [format_quantity(float(table.metrics[name][i]), unit_of_name(name)) for name in goals]
        for i in picked
    ]
    more = (
        f"\n  ({len(picked)} of {table.size} designs, evenly spread)"
        if len(picked) < table.size
        else ""
    )
    return aligned(rows) + more


def _spread(size: int, limit: int) -> list[int]:
    if size <= limit:
        return list(range(size))
    return sorted({round(k * (size - 1) / (limit - 1)) for k in range(limit)})


def front_rows(problem: Problem, table: FrontTable) -> list[dict[str, Any]]:
    """The front as plain records: parameters as labels, metrics in SI units."""
    return [
        {name: labels[i] for name, labels in table.parameters.items()}
        | {name: float(values[i]) for name, values in table.metrics.items()}
        for i in range(table.size)
    ]


def as_csv(records: list[dict[str, Any]], fields: list[str]) -> str:
    """Records as CSV; a text that a spreadsheet would take for a formula is quoted with '."""
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, fieldnames=fields, lineterminator="\n")
    writer.writeheader()
    writer.writerows([{key: _harmless(value) for key, value in row.items()} for row in records])
    return buffer.getvalue()


def _harmless(value: Any) -> Any:
    return f"'{value}" if isinstance(value, str) and value[:1] in set("=+-@") else value


def as_json(value: Any) -> str:
    """Pretty JSON without NaN."""
    return json.dumps(value, indent=2, allow_nan=False)


def summaries_text(summaries: tuple[RunSummary, ...]) -> str:
    """One line per run."""
    rows = [
        [
            "searcher",
            "seed",
            "evaluations",
            "infeasible",
            "failed",
            "front",
            "hypervolume",
            "of the best",
        ]
    ]
    rows += [
        [s.searcher, str(s.seed), f"{s.evaluations:,}", f"{s.infeasible:,}", f"{s.failed:,}", f"{s.front_size:,}",
         f"{s.hypervolume:.4f}", f"{s.share_of_best:.2%}"]
        for s in summaries
    ]  # fmt: skip
    return aligned(rows)


def study_text(study: Study, limit: int) -> str:
    """State, runs and front of a study."""
    from dse.report.assemble import front_table, notes_of, summaries_of, yardstick_of

    yardstick = yardstick_of(study)
    table = front_table(study.problem, study.front())
    reference = ", ".join(
        f"{o.metric} {format_quantity(float(v), unit_of_name(o.metric))}"
        for o, v in zip(study.problem.objectives, yardstick.reference(), strict=True)
    )
    scale = "logarithmic" if yardstick.is_log else "linear"
    parts = [
        f"Front: {table.size} designs of {study.problem.space.size:,}",
        front_text(study.problem, table, limit),
        f"\nSearches (hypervolume on {scale} axes, reference point {reference})",
        summaries_text(summaries_of(study, yardstick)),
    ]
    parts += [f"\nNote: {note}" for note in notes_of(study)]
    return "\n".join(parts)
