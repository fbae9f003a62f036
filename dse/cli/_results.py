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

    Columns are the parameters that differ, the objectives, and what constraints read. Parameters
    with one value on the whole front are named once, below; those that cannot vary are left out.
    """
    varying, same = _split_parameters(problem, table)
    metrics = [*problem.objective_names, *_constrained(problem)]
    picked = _spread(problem, table, limit)
    rows = [
        [table.parameters[name][i] for name in varying]
        + [format_quantity(float(table.metrics[name][i]), unit_of_name(name)) for name in metrics]
        for i in picked
    ]
    lines = [aligned([[*varying, *metrics], *rows])]
    if len(picked) < table.size:
        lines.append(f"  ({len(picked):,} of {table.size:,} designs, evenly spread)")
    if same:
        values = ", ".join(f"{name} = {table.parameters[name][0]}" for name in same)
        lines.append(f"  the same in all: {values}")
    return "\n".join(lines)


def _split_parameters(problem: Problem, table: FrontTable) -> tuple[list[str], list[str]]:
    """Parameters that differ on the front, and those that could but do not.

    A single design differs from nothing: all its parameters that could vary count as different.
    """
    free = [p.name for p in problem.space.parameters if p.cardinality > 1]
    varying = [name for name in free if len(set(table.parameters[name])) > 1]
    if not varying:
        return free or list(problem.space.names), []
    return varying, [name for name in free if name not in varying]


def _constrained(problem: Problem) -> list[str]:
    """Metrics that constraints read and that are no objectives, in the model's order."""
    read = problem.wanted - set(problem.objective_names)
    return [name for name in problem.model.metric_names if name in read]


def _spread(problem: Problem, table: FrontTable, limit: int) -> list[int]:
    """Evenly spread rows; every named option on the front is among them if the limit allows."""
    if table.size <= limit:
        return list(range(table.size))
    named = [table.parameters[p.name] for p in problem.space.parameters if not p.is_ordered]
    for n_even in range(limit, 1, -1):
        rows = _even(table.size, n_even)
        for labels in named:
            shown = {labels[row] for row in rows}
            rows |= {_middle(labels, option) for option in set(labels) - shown}
        if len(rows) <= limit:
            return sorted(rows)
    return sorted(_even(table.size, limit))


def _even(size: int, count: int) -> set[int]:
    return {round(k * (size - 1) / (count - 1)) for k in range(count)}


def _middle(labels: list[str], option: str) -> int:
    """The middle one of the rows with this label."""
    rows = [row for row, label in enumerate(labels) if label == option]
    return rows[len(rows) // 2]


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


def summaries_text(problem: Problem, summaries: tuple[RunSummary, ...]) -> str:
    """One line per run: hypervolume, or with one objective its best value."""
    head = ["searcher", "seed", "evaluations", "infeasible", "failed", "admissible", "front"]
    outcome = _best_cells if len(problem.objectives) == 1 else _volume_cells
    rows = [
        [
            s.searcher,
            str(s.seed),
            f"{s.evaluations:,}",
            f"{s.infeasible:,}",
            f"{s.failed:,}",
            f"{s.admissible:,}",
            f"{s.front_size:,}",
            *outcome(problem, s),
        ]
        for s in summaries
    ]
    return aligned([[*head, *_outcome_head(problem)], *rows])


def _outcome_head(problem: Problem) -> list[str]:
    if len(problem.objectives) == 1:
        return [f"best {problem.objective_names[0]}", "ratio to the best of all"]
    return ["hypervolume", "of all together"]


def _volume_cells(_: Problem, summary: RunSummary) -> list[str]:
    return [f"{summary.hypervolume:.4f}", f"{summary.share_of_best:.2%}"]


def _best_cells(problem: Problem, summary: RunSummary) -> list[str]:
    unit = unit_of_name(problem.objective_names[0])
    best = "-" if summary.best is None else format_quantity(summary.best, unit)
    ratio = "-" if summary.ratio_to_best is None else f"{summary.ratio_to_best:.4f}"
    return [best, ratio]


def count_text(count: int, noun: str) -> str:
    """A number of things: "1 design", "1,024 designs"."""
    return f"{count:,} {noun}" + ("" if count == 1 else "s")


def study_text(study: Study, limit: int) -> str:
    """State, runs and front of a study."""
    from dse._quality import Yardstick
    from dse.report.assemble import front_table, notes_of, summaries_of

    problem, front = study.problem, study.front()
    yardstick = Yardstick.of(problem, front.points)
    table = front_table(study, front)
    parts = [f"Front: {count_text(table.size, 'design')} of {problem.space.size:,}"]
    if table.size:
        parts.append(front_text(problem, table, limit))
    uses_volume = table.size and len(problem.objectives) > 1
    measured = f" ({yardstick_text(problem, yardstick)})" if uses_volume else ""
    parts.append(f"\nSearches{measured}")
    parts.append(summaries_text(problem, summaries_of(study, yardstick, front)))
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
