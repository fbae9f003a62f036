"""From a study to what its report shows."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np
import yaml

from dse._outcomes import SafeEvaluator, State
from dse._quality import Yardstick, growth, marks_up_to
from dse.report.data import AxisInfo, FrontTable, ReportData, RunCurve, RunSummary
from dse.units import unit_of_name

if TYPE_CHECKING:
    from dse._columns import FloatArray, IntArray
    from dse._outcomes import Outcome
    from dse._problem import Problem
    from dse._store import RunInfo
    from dse._study import Front, Study

_CLOUD = 4000
_WITNESSES = 4096


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


def seen_points(study: Study) -> FloatArray:
    """Objectives that span everything admissible that a study has seen (N x m, minimised)."""
    points = [study.admissible().points, study.front().points]
    for info in study.store.runs():
        worst = [part.worst for part in study.store.ranges(info.run)]
        points += [np.array([row]) for row in worst if np.isfinite(row).all()]
    return np.concatenate(points)


def yardstick_of(study: Study) -> Yardstick:
    """Axes that span everything admissible that a study has seen."""
    return Yardstick.of(study.problem, seen_points(study))


def _run_points(study: Study, info: RunInfo) -> tuple[FloatArray, IntArray]:
    """Admissible objectives of a run, and how many designs it had evaluated at each."""
    rows = study.store.evaluations(info.run, sorted(study.problem.wanted))
    scores = study.problem.score(study.problem.space.decode(rows.codes), rows.outcome.told())
    return scores.objectives[scores.admissible], rows.position[scores.admissible] + 1


def curve_of(study: Study, info: RunInfo, yardstick: Yardstick) -> RunCurve:
    """Hypervolume against evaluations of one run."""
    label = f"{info.searcher}, seed {info.seed}"
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


def summary_of(study: Study, info: RunInfo, yardstick: Yardstick, best: float) -> RunSummary:
    """What came out of one run."""
    counts = study.counts(info)
    front = study.front(info.run)
    volume = yardstick.hypervolume(front.points)
    return RunSummary(
        searcher=info.searcher,
        seed=info.seed,
        evaluations=sum(counts.values()),
        infeasible=counts[State.INFEASIBLE],
        failed=counts[State.FAILED],
        front_size=len(front.codes),
        hypervolume=volume,
        share_of_best=volume / best if best > 0 else 0.0,
    )


def summaries_of(study: Study, yardstick: Yardstick, front: Front) -> tuple[RunSummary, ...]:
    """One summary per run.

    Args:
        study: The study.
        yardstick: Axes to measure on.
        front: The study's whole front, which counts as 100 %.
    """
    best = yardstick.hypervolume(front.points)
    return tuple(summary_of(study, info, yardstick, best) for info in study.store.runs())


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
    """Which constraint, or which reason, stood in the way most often."""
    designs, outcome = _witnesses(study)
    columns = {**designs, **outcome.metrics}
    with np.errstate(all="ignore"):
        missed = {
            c.text: int(np.count_nonzero(c.violation(columns) > 0))
            for c in study.problem.constraints
        }
    missed |= Counter(reason for reason in outcome.reason if reason)
    if not any(missed.values()):
        return ""
    name = max(missed, key=lambda key: missed[key])
    return f"Most often in the way: {name} ({missed[name]:,} of {len(outcome):,} designs)."


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
    problem = study.problem
    yardstick, front = yardstick_of(study), study.front()
    cloud, searchers = _cloud(study)
    names = [o.metric for o in problem.objectives]
    return ReportData(
        title=study.job.spec.study,
        subtitle=_subtitle(study),
        objectives=axes(problem),
        front=front_table(study, front),
        cloud=cloud,
        cloud_searcher=searchers,
        curves=tuple(curve_of(study, info, yardstick) for info in study.store.runs()),
        summaries=summaries_of(study, yardstick, front),
        reference_point=dict(zip(names, yardstick.reference().tolist(), strict=True)),
        notes=notes_of(study, front),
        job_yaml=yaml.safe_dump(study.resolved, sort_keys=False, allow_unicode=True),
        environment=_flat(study.environment),
        categorical=next((p.name for p in problem.space.parameters if not p.is_ordered), None),
    )


def _subtitle(study: Study) -> str:
    workload = study.resolved["workload"]
    details = ", ".join(f"{key} {value}" for key, value in workload.items() if key != "name")
    goals = ", ".join(f"{name} {way}" for name, way in study.resolved["objectives"].items())
    return (
        f"{study.resolved['model']['name']} running {workload['name']} ({details}); "
        f"{study.problem.space.size:,} designs; {goals}"
    )


def _cloud(study: Study) -> tuple[dict[str, Any], list[str]]:
    """An even sample of the evaluated designs, to draw behind the front."""
    names = [o.metric for o in study.problem.objectives]
    rows = study.store.evaluations(metrics=names)
    every = max(1, len(rows.outcome) // _CLOUD)
    sample = slice(None, None, every)
    searcher = {info.run: info.searcher for info in study.store.runs()}
    values = {name: rows.outcome.metrics[name][sample] for name in names}
    return values, [searcher[run] for run in rows.run[sample].tolist()]


def _flat(environment: dict[str, Any]) -> dict[str, str]:
    """Nested mappings as "outer inner" -> text."""
    found: dict[str, str] = {}
    for key, value in environment.items():
        if isinstance(value, dict):
            found |= {name: str(text) for name, text in value.items()}
        else:
            found[key] = str(value)
    return found
