"""What the study optimises: memory controllers on traces, and attention accelerators under caps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from marl_study.tables import Table, Tabulated, tabulate

from dse import Problem
from dse._build import build_problem

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from dse._columns import FloatArray

TRACES = ("stream", "random", "cloud-1", "cloud-2", "triad_stride", "8stream", "uniform_rw")
TUNING_TRACES: Mapping[str, dict[str, Any]] = {
    "mixed": {"name": "trace-mixed", "requests": 2000},
    "busy": {"name": "trace-mixed", "requests": 2000, "mean_gap_cycles": 2.0, "seed": 1},
    "scattered": {"name": "trace-random", "requests": 2000, "read_share": 0.6, "gap_cycles": 4},
}
"""Generated traces; none of them is part of the study."""

LATENCY_SLACK = 1.1
"""The bound of "power": 10 % above the smallest latency."""


@dataclass(frozen=True)
class Goal:
    """What to make small.

    Attributes:
        name: In the tables.
        metric: To minimise.
        caps: Metric -> bound, as a multiple of its smallest value if `relative`.
        relative: Whether the bounds are multiples.
    """

    name: str
    metric: str
    caps: tuple[tuple[str, float], ...] = ()
    relative: bool = False


DRAM_GOALS = (
    Goal("power", "power_w", (("latency_s", LATENCY_SLACK),), relative=True),
    Goal("latency", "latency_s"),
    Goal("both", "energy_delay_product_js"),
)
"""The targets of the paper: low power, here under a bound on latency; low latency; both."""

FUSEMAX_GOALS = (
    Goal("power", "power_w", (("latency_s", 4.0),), relative=True),
    Goal("latency", "latency_s", (("area_mm2", 400.0),)),
    Goal("both", "energy_delay_product_js", (("area_mm2", 400.0),)),
)

FUSEMAX_WORKLOADS: Mapping[str, dict[str, Any]] = {
    "bert-64K": {"name": "bert", "seq_len": 65536},
    "xlm-16K": {"name": "xlm", "seq_len": 16384},
    "t5-4K": {"name": "t5", "seq_len": 4096},
}


@dataclass(frozen=True)
class Case:
    """One problem of which every design is known.

    Attributes:
        workload: Its name.
        goal: What to make small.
        problem: With a model that looks designs up.
        optimum: The smallest admissible value.
        values: Of each design of the space (D); +inf where it is not admissible.
    """

    workload: str
    goal: Goal
    problem: Problem
    optimum: float
    values: FloatArray

    def share_within(self, excess: float) -> float:
        """Share of the space within an excess over the optimum: what random search lives on."""
        return float((self.values <= self.optimum * (1 + excess)).mean())


def case_of(workload: str, goal: Goal, original: Problem, table: Table) -> Case:
    """A goal on a tabulated problem."""
    caps = {
        metric: bound * (float(np.nanmin(table.columns[metric])) if goal.relative else 1.0)
        for metric, bound in goal.caps
    }
    values = np.array(table.of_designs(goal.metric))
    for metric, bound in caps.items():
        values[~(table.of_designs(metric) <= bound)] = np.inf
    values[np.isnan(values)] = np.inf
    constraints = [f"{metric} <= {bound!r}" for metric, bound in caps.items()]
    model = Tabulated(original, table)
    problem = Problem.of(model, {goal.metric: "min"}, constraints, original.space)
    return Case(workload, goal, problem, float(values.min()), values)


def dram_cases(trace: str, folder: Path, tables: Path, requests: int | None = None) -> list[Case]:
    """The goals on one trace; the table is simulated at the first call and kept.

    Args:
        trace: Name of a trace.
        folder: Where the traces are.
        tables: Where tables are kept.
        requests: Use this many requests at most.
    """
    workload = _trace_workload(trace, folder, requests)
    original = build_problem(
        model="dram/controller", workload=workload.pop("name"), workload_options=workload
    )
    suffix = "" if requests is None else f"-{requests}"
    table = _kept(tables / f"dram-{trace}{suffix}.npz", original, DRAM_GOALS)
    return [case_of(trace, goal, original, table) for goal in DRAM_GOALS]


def _trace_workload(trace: str, folder: Path, requests: int | None) -> dict[str, Any]:
    if trace in TUNING_TRACES:
        return dict(TUNING_TRACES[trace])
    found: dict[str, Any] = {"name": "trace-file", "file": folder / f"{trace}.stl"}
    return found if requests is None else {**found, "limit": requests}


def fusemax_cases(workload: str, tables: Path) -> list[Case]:
    """The goals on one attention layer."""
    options = dict(FUSEMAX_WORKLOADS[workload])
    original = build_problem(
        model="attention/fusemax", workload=options.pop("name"), workload_options=options
    )
    table = _kept(tables / f"fusemax-{workload}.npz", original, FUSEMAX_GOALS)
    return [case_of(workload, goal, original, table) for goal in FUSEMAX_GOALS]


def _kept(path: Path, original: Problem, goals: tuple[Goal, ...]) -> Table:
    """The table of a file, which is made if it is not there."""
    if path.exists():
        return Table.load(path)
    metrics = dict.fromkeys(
        name for goal in goals for name in (goal.metric, *(metric for metric, _ in goal.caps))
    )
    table = tabulate(original, list(metrics))
    path.parent.mkdir(parents=True, exist_ok=True)
    table.save(path)
    return table
