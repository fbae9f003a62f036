"""Run one searcher on one case, and score what it found against the truth."""

from __future__ import annotations

import zlib
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

import numpy as np

from dse._plugins import load
from dse._search import search_rng
from dse.testing.searcher_contract import drive

if TYPE_CHECKING:
    from collections.abc import Mapping

    from marl_study.cases import Case

    from dse._columns import FloatArray

EXCESSES = (0.05, 0.01, 0.001)
"""A search has arrived when it is within this share of the optimum."""


@dataclass(frozen=True)
class Score:
    """What one search found.

    Attributes:
        workload: The trace or layer.
        goal: What was made small.
        searcher: Its name.
        seed: Its seed.
        budget: Evaluations it was given; searchers may pace themselves by it.
        spent: Evaluations it made.
        regret: Best admissible value over the optimum, minus 1; +inf without an admissible design.
        to_5: Evaluations until within 5 % of the optimum; +inf if that never happened.
        to_1: The same for 1 %.
        to_01: The same for 0.1 %.
    """

    workload: str
    goal: str
    searcher: str
    seed: int
    budget: int
    spent: int
    regret: float
    to_5: float
    to_1: float
    to_01: float

    @property
    def key(self) -> tuple[str, str, str, int, int]:
        """What was run."""
        return self.workload, self.goal, self.searcher, self.seed, self.budget


SCORE_FIELDS = tuple(field.name for field in fields(Score))


def found_values(
    case: Case, searcher: str, settings: Mapping[str, Any], seed: int, budget: int
) -> FloatArray:
    """The value of every distinct design in the order of evaluation; +inf if not admissible."""
    kind = load("searchers", searcher)
    # A generator of its own for every case, or luck would repeat itself from case to case.
    rng = search_rng(searcher, zlib.crc32(f"{case.workload} {case.goal.name} {seed}".encode()))
    history = drive(kind(case.problem, rng, budget, kind.Settings(**settings)), budget)
    return np.where(history.violation == 0.0, history.objectives[:, 0], np.inf)


def run(case: Case, searcher: str, settings: Mapping[str, Any], seed: int, budget: int) -> Score:
    """One search and its score."""
    values = found_values(case, searcher, settings, seed, budget)
    arrivals = (_arrival(values, case.optimum * (1 + excess)) for excess in EXCESSES)
    best = float(values.min()) if len(values) else float("inf")
    regret = best / case.optimum - 1.0
    return Score(
        case.workload, case.goal.name, searcher, seed, budget, len(values), regret, *arrivals
    )


def _arrival(values: FloatArray, target: float) -> float:
    arrived = np.flatnonzero(values <= target)
    return float(arrived[0] + 1) if len(arrived) else float("inf")
