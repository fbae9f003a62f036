"""From a study to what its report shows."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np
import yaml

from dse._columns import take
from dse._outcomes import SafeEvaluator, State
from dse._quality import Yardstick, growth, marks_up_to
from dse.report.data import (
    AxisInfo,
    FrontTable,
    ReportData,
    RunCurve,
    RunDiagnostics,
    RunSummary,
)
from dse.units import unit_of_name

if TYPE_CHECKING:
    from dse._columns import BoolArray, FloatArray, IntArray
    from dse._outcomes import Outcome
    from dse._problem import Problem
    from dse._store import RunInfo
    from dse._study import Front, Study

_CLOUD = 4000
_WITNESSES = 4096
_ZERO_BOUND = re.compile(r"=\s*[+-]?0*\.?0*\s*$")


def front_table(study: Study, front: Front) -> FrontTable:
    """A front for people: labels and all metrics, best first objective first."""
    codes = _best_first(front)
    labels = study.problem.space.labels(study.problem.space.decode(codes))
    return FrontTable(labels, study.metrics_of(codes), axes(study.problem))


def front_records(study: Study, front: Front) -> list[dict[str, Any]]:
    """A front as plain data in SI units, in the order of `front_table`."""
    codes = _best_first(front)
    columns = study.problem.space.plain(study.problem.space.decode(codes))
    columns |= {name: values.tolist() for name, values in study.metrics_of(codes).items()}
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def _best_first(front: Front) -> IntArray:
    return front.codes[np.argsort(front.points[:, 0], kind="stable")]


def axes(problem: Problem) -> tuple[AxisInfo, ...]:
    """The objectives as axes."""
    return tuple(
        AxisInfo(o.metric, unit_of_name(o.metric), o.direction) for o in problem.objectives
    )


def categorical_of(problem: Problem) -> str | None:
    """The first parameter whose options are names, to colour designs by."""
    return next((p.name for p in problem.space.parameters if not p.is_ordered), None)


def _run_points(study: Study, info: RunInfo) -> tuple[FloatArray, IntArray]:
    """Admissible objectives of a run, and how many designs it had evaluated at each."""
    rows = study.store.evaluations(info.run, sorted(study.problem.wanted))
    scores = study.problem.score(study.problem.space.decode(rows.codes), rows.outcome.told())
    return scores.objectives[scores.admissible], rows.position[scores.admissible] + 1


def curve_of(study: Study, info: RunInfo, yardstick: Yardstick) -> RunCurve:
    """Hypervolume against evaluations of one run."""
    label = _label(info)
    if info.enumerates:
        ranges = study.store.ranges(info.run)
        total = sum(part.stop - part.start for part in ranges)
        volume = yardstick.hypervolume(study.front(info.run).points)
        return RunCurve(label, info.searcher, info.seed, np.array([total]), np.array([volume]))
    points, positions = _run_points(study, info)
    marks = marks_up_to(sum(study.counts(info).values()))
    return RunCurve(
        label, info.searcher, info.seed, marks, growth(yardstick, points, positions, marks)
    )


def diagnostics_of(study: Study) -> tuple[RunDiagnostics, ...]:
    """What the searchers tell of their learning, for the runs that have something to tell."""
    found = ((info, study.diagnostics(info.run)) for info in study.store.runs())
    return tuple(
        RunDiagnostics(_label(info), info.searcher, info.seed, columns)
        for info, columns in found
        if columns
    )


def _label(info: RunInfo) -> str:
    return f"{info.searcher}, seed {info.seed}"


def summary_of(study: Study, info: RunInfo, yardstick: Yardstick, whole: Front) -> RunSummary:
    """What came out of one run.

    Args:
        study: The study.
        info: The run.
        yardstick: Axes to measure on.
        whole: The study's whole front, which counts as 100 %.
    """
    counts = study.counts(info)
    front = study.front(info.run)
    volume, total = (yardstick.hypervolume(found.points) for found in (front, whole))
    best, best_of_all = (_best(study.problem, found) for found in (front, whole))
    return RunSummary(
        searcher=info.searcher,
        seed=info.seed,
        evaluations=sum(counts.values()),
        infeasible=counts[State.INFEASIBLE],
        failed=counts[State.FAILED],
        admissible=_n_admissible(study, info, counts),
        front_size=len(front.codes),
        hypervolume=volume,
        share_of_best=volume / total if total > 0 else 0.0,
        best=best,
        ratio_to_best=best / best_of_all if best is not None and best_of_all else None,
    )


def _best(problem: Problem, front: Front) -> float | None:
    """The value of the only objective; None if there are several, or no design."""
    if len(problem.objectives) > 1 or not len(front.points):
        return None
    return float(front.points[0, 0] * problem.signs[0])


def _n_admissible(study: Study, info: RunInfo, counts: dict[State, int]) -> int:
    if not study.problem.constraints:
        return counts[State.DONE]
    if info.enumerates:
        return sum(part.admissible for part in study.store.ranges(info.run))
    return len(study.admissible(info.run).codes)


def summaries_of(study: Study, yardstick: Yardstick, front: Front) -> tuple[RunSummary, ...]:
    """One summary per run.

    Args:
        study: The study.
        yardstick: Axes to measure on.
        front: The study's whole front, which counts as 100 %.
    """
    return tuple(summary_of(study, info, yardstick, front) for info in study.store.runs())


def notes_of(study: Study, front: Front) -> tuple[str, ...]:
    """What the reader should know before trusting the figures.

    Args:
        study: The study.
        front: Its whole front.
    """
    notes: list[str] = []
    open_runs = sum(not info.finished for info in study.store.runs())
    if open_runs:
        verb = "searches have" if open_runs > 1 else "search has"
        notes.append(f"{open_runs} {verb} not ended: `dse resume {study.folder}` goes on.")
    notes += [f"{info.searcher}, seed {info.seed} {info.finished}." for info in study.gave_up]
    failed = sum(study.counts(info)[State.FAILED] for info in study.store.runs())
    if failed:
        verb = "evaluations" if failed > 1 else "evaluation"
        notes.append(f"{failed} {verb} failed ({study.failed_share:.1%}); none is on a front.")
    if not len(front.codes):
        notes.append(f"No admissible design was found. {most_violated(study)}".rstrip())
    return tuple(notes)


def most_violated(study: Study) -> str:
    """Which constraint, or which reason, stood in the way most often; and how near it was."""
    designs, outcome = _witnesses(study)
    columns = {**designs, **outcome.metrics}
    misses: dict[str, FloatArray] = {}
    for constraint in study.problem.constraints:
        violation = np.broadcast_to(constraint.violation(columns), len(outcome))
        misses[constraint.text] = violation[violation > 0]
    missed = Counter({text: len(amounts) for text, amounts in misses.items()})
    missed.update(reason for reason in outcome.reason if reason)
    if not any(missed.values()):
        return ""
    name = max(missed, key=lambda key: missed[key])
    near = f"; the closest missed it by {_miss(name, misses[name])}" if name in misses else ""
    return f"Most often in the way: {name} ({missed[name]:,} of {len(outcome):,} designs{near})."


def _miss(constraint: str, amounts: FloatArray) -> str:
    """The smallest violation in words; one of a bound of zero is no percentage."""
    smallest = float(amounts.min())
    if _ZERO_BOUND.search(constraint):
        return f"{smallest:.4g}"
    return f"{smallest:,.1%} of its bound"


def _witnesses(study: Study) -> tuple[dict[str, Any], Outcome]:
    """All stored designs; a sample of the space where an enumeration has stored none."""
    space = study.problem.space
    rows = study.store.evaluations()
    if len(rows.outcome) or not any(info.enumerates for info in study.store.runs()):
        return space.decode(rows.codes), rows.outcome
    sample = space.at(np.linspace(0, space.size - 1, _WITNESSES).astype(np.int64))
    return sample, SafeEvaluator(study.problem.model, _WITNESSES + 1)(sample)


def report_data(study: Study) -> ReportData:
    """Everything the report of a study shows."""
    problem, front = study.problem, study.front()
    yardstick = Yardstick.of(problem, front.points)
    cloud, searchers, violating = _cloud(study)
    runs = study.store.runs() if len(front.codes) else []
    return ReportData(
        title=study.job.spec.study,
        subtitle=_subtitle(study),
        objectives=axes(problem),
        front=front_table(study, front),
        cloud=cloud,
        cloud_searcher=searchers,
        violating=violating,
        curves=tuple(curve_of(study, info, yardstick) for info in runs),
        diagnostics=diagnostics_of(study),
        summaries=summaries_of(study, yardstick, front),
        reference_point=reference_point(problem, yardstick, front),
        notes=notes_of(study, front),
        job_yaml=yaml.safe_dump(study.resolved, sort_keys=False, allow_unicode=True),
        environment=_flat(study.environment),
        categorical=categorical_of(problem),
    )


def reference_point(problem: Problem, yardstick: Yardstick, front: Front) -> dict[str, float]:
    """Objective -> the value from which hypervolume is measured; empty with an empty front."""
    if not len(front.codes):
        return {}
    return dict(zip(problem.objective_names, yardstick.reference().tolist(), strict=True))


def _subtitle(study: Study) -> str:
    workload = study.resolved["workload"]
    details = ", ".join(
        f"{key} {value}" for key, value in workload.items() if key != "name" and value is not None
    )
    goals = ", ".join(f"{name} {way}" for name, way in study.resolved["objectives"].items())
    caps = ", ".join(constraint.text for constraint in study.problem.constraints)
    return (
        f"{study.resolved['model']['name']} running {workload['name']} ({details}); "
        f"{study.problem.space.size:,} designs; {goals}"
    ) + (f"; constraints: {caps}" if caps else "")


def _cloud(study: Study) -> tuple[dict[str, FloatArray], list[str], dict[str, FloatArray]]:
    """Even samples of the evaluated designs, to draw behind the front.

    Returns:
        Objectives of admissible designs, their searchers, and objectives of designs that work but
        violate a constraint.
    """
    problem = study.problem
    rows = study.store.evaluations(metrics=sorted(problem.wanted))
    scores = problem.score(problem.space.decode(rows.codes), rows.outcome.told())
    admissible = _thinned(scores.admissible)
    violating = _thinned(np.isfinite(scores.violation) & ~scores.admissible)
    searcher = {info.run: info.searcher for info in study.store.runs()}
    metrics = {name: rows.outcome.metrics[name] for name in problem.objective_names}
    return (
        take(metrics, admissible),
        [searcher[run] for run in rows.run[admissible].tolist()],
        take(metrics, violating),
    )


def _thinned(chosen: BoolArray) -> IntArray:
    """Every n-th of the chosen rows, some thousands at most."""
    rows = np.flatnonzero(chosen)
    return rows[:: -(-len(rows) // _CLOUD) or 1]


def _flat(environment: dict[str, Any]) -> dict[str, str]:
    """Nested mappings as "outer inner" -> text."""
    found: dict[str, str] = {}
    for key, value in environment.items():
        if isinstance(value, dict):
            found |= {name: str(text) for name, text in value.items()}
        else:
            found[key] = str(value)
    return found
