"""From a study to what its report shows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import yaml

from dse._outcomes import State
from dse._quality import Yardstick, growth, marks_up_to
from dse.report.data import AxisInfo, FrontTable, ReportData, RunCurve, RunSummary
from dse.units import unit_of_name

if TYPE_CHECKING:
    from dse._problem import Problem
    from dse._store import RunInfo
    from dse._study import Front, Study

_CLOUD = 4000


def front_table(problem: Problem, front: Front) -> FrontTable:
    """The front's designs as labels and all their metrics, best first objective first."""
    order = np.argsort(front.points[:, 0], kind="stable") if len(front.points) else []
    designs = problem.space.decode(front.codes[order])
    metrics = problem.model.compute(designs)
    values = {
        name: np.asarray(metrics[name], dtype=np.float64) for name in problem.model.metric_names
    }
    return FrontTable(problem.space.labels(designs), values, axes(problem))


def axes(problem: Problem) -> tuple[AxisInfo, ...]:
    """The objectives as axes."""
    return tuple(
        AxisInfo(o.metric, unit_of_name(o.metric), o.direction) for o in problem.objectives
    )


def yardstick_of(study: Study) -> Yardstick:
    """Axes that span everything the study has seen."""
    points = [study.admissible().points, study.front().points]
    for info in study.store.runs():
        worst = [entry[3] for entry in study.store.ranges(info.run)] if info.enumerates else []
        points += [np.array([row]) for row in worst if np.isfinite(row).all()]
    return Yardstick.of(study.problem, np.concatenate(points))


def run_points(study: Study, info: RunInfo) -> tuple[Any, Any]:
    """Admissible objectives of a run, and how many designs it had evaluated at each."""
    rows = study.store.evaluations(info.run)
    scores = study.problem.score(study.problem.space.decode(rows.keys), rows.outcome.told())
    return scores.objectives[scores.admissible], rows.position[scores.admissible] + 1


def curve_of(study: Study, info: RunInfo, yardstick: Yardstick) -> RunCurve:
    """Hypervolume against evaluations of one run."""
    label = f"{info.searcher}, seed {info.seed}"
    if info.enumerates:
        ranges = study.store.ranges(info.run)
        total = sum(stop - start for start, stop, *_ in ranges)
        volume = yardstick.hypervolume(study.front(info.run).points)
        return RunCurve(label, info.searcher, info.seed, np.array([total]), np.array([volume]))
    points, positions = run_points(study, info)
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


def summaries_of(study: Study, yardstick: Yardstick) -> tuple[RunSummary, ...]:
    """One summary per run."""
    best = yardstick.hypervolume(study.front().points)
    return tuple(summary_of(study, info, yardstick, best) for info in study.store.runs())


def notes_of(study: Study) -> tuple[str, ...]:
    """What the reader should know before trusting the figures."""
    notes: list[str] = []
    unfinished = [info for info in study.store.runs() if not info.finished]
    if unfinished:
        notes.append(
            f"{len(unfinished)} searches have not ended: `dse resume {study.folder}` continues them."
        )
    notes += [
        f"{i.searcher}, seed {i.seed}: {i.finished}"
        for i in study.store.runs()
        if i.finished.startswith("gave up")
    ]
    failed = sum(study.counts(info)[State.FAILED] for info in study.store.runs())
    if failed:
        notes.append(
            f"{failed} evaluations failed ({study.failed_share:.1%}); they are on no front."
        )
    if not len(study.front().codes):
        notes.append(f"No admissible design was found. {most_violated(study)}")
    return tuple(notes)


def most_violated(study: Study) -> str:
    """Which constraint, or which reason, stood in the way most often."""
    rows = study.store.evaluations()
    columns = {**study.problem.space.decode(rows.keys), **rows.outcome.metrics}
    with np.errstate(all="ignore"):
        missed = {
            c.text: int(np.count_nonzero(c.violation(columns) > 0))
            for c in study.problem.constraints
        }
    reasons, counts = np.unique([r for r in rows.outcome.reason if r], return_counts=True)
    missed |= dict(zip(reasons.tolist(), counts.tolist(), strict=True))
    if not missed:
        return ""
    name = max(missed, key=lambda key: missed[key])
    return f"Most violated: {name} ({missed[name]} of {len(rows.outcome)} designs)."


def report_data(study: Study) -> ReportData:
    """Everything the report of a study shows."""
    problem = study.problem
    yardstick = yardstick_of(study)
    cloud, searchers = _cloud(study)
    runs = study.store.runs()
    names = [o.metric for o in problem.objectives]
    return ReportData(
        title=study.job.spec.study,
        subtitle=_subtitle(study),
        objectives=axes(problem),
        front=front_table(problem, study.front()),
        cloud=cloud,
        cloud_searcher=searchers,
        curves=tuple(curve_of(study, info, yardstick) for info in runs),
        summaries=summaries_of(study, yardstick),
        reference_point=dict(zip(names, yardstick.reference().tolist(), strict=True)),
        notes=notes_of(study),
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
