"""The tables of the study, as Markdown."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from marl_study.scoring import needed, paired_p, quartile_cell, ratios

if TYPE_CHECKING:
    from collections.abc import Sequence

    from marl_study.cases import Case
    from marl_study.searching import Score

TEAMS = ("mappo", "ippo", "shared-ppo")
SINGLES = ("ppo", "sac", "random")
TARGETS = {"to_5": "5 %", "to_1": "1 %", "to_01": "0.1 %"}


def markdown(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def report(cases: Sequence[Case], scores: Sequence[Score], searchers: Sequence[str]) -> str:
    """All tables."""
    return "\n\n".join(
        (
            "What random search lives on: share of the space near the optimum",
            case_table(cases),
            "Regret in % by budget: median (quartiles) over workloads, goals and seeds",
            regret_table(scores, searchers),
            (
                "Evaluations to the target at the largest budget: median (quartiles) over "
                "workloads and goals, of medians over seeds"
            ),
            needed_table(scores, searchers),
            (
                "Evaluations that a team needs over those of a single agent: median of the ratios "
                "over workloads and goals, share of them at most 1/2, and paired one-sided p"
            ),
            ratio_table(scores, searchers),
        )
    )


def case_table(cases: Sequence[Case]) -> str:
    """How hard each case is."""
    rows = [
        [
            case.workload,
            case.goal.name,
            f"{case.optimum:.4g}",
            f"{np.isfinite(case.values).mean():.2%}",
            f"{case.share_within(0.05):.3%}",
            f"{case.share_within(0.01):.3%}",
            f"{case.share_within(0.001):.3%}",
        ]
        for case in cases
    ]
    header = [
        "workload",
        "goal",
        "optimum (SI)",
        "admissible",
        "within 5 %",
        "within 1 %",
        "within 0.1 %",
    ]
    return markdown(header, rows)


def regret_table(scores: Sequence[Score], searchers: Sequence[str]) -> str:
    """One row per searcher, one column per budget."""
    budgets = sorted({score.budget for score in scores})
    rows = [
        [
            searcher,
            *(
                quartile_cell(
                    [100 * s.regret for s in scores if (s.searcher, s.budget) == (searcher, b)],
                    ".2f",
                )
                for b in budgets
            ),
        ]
        for searcher in searchers
    ]
    return markdown(["searcher", *(f"{budget:,}" for budget in budgets)], rows)


def needed_table(scores: Sequence[Score], searchers: Sequence[str]) -> str:
    """One row per searcher, one column per target."""
    rows = [
        [s, *(quartile_cell(list(needed(scores, s, value).values()), ".0f") for value in TARGETS)]
        for s in searchers
    ]
    return markdown(["searcher", *(f"within {name}" for name in TARGETS.values())], rows)


def ratio_table(scores: Sequence[Score], searchers: Sequence[str]) -> str:
    """Every team against every single agent."""
    rows = []
    for team in (name for name in TEAMS if name in searchers):
        for single in (name for name in SINGLES if name in searchers):
            cells = [_ratio_cell(scores, team, single, value) for value in TARGETS]
            rows.append([f"{team} / {single}", *cells])
    return markdown(["pair", *(f"within {name}" for name in TARGETS.values())], rows)


def _ratio_cell(scores: Sequence[Score], team: str, single: str, value: str) -> str:
    ratio = ratios(scores, team, single, value)
    halved = float((ratio <= 0.5).mean())
    return f"{np.median(ratio):.2f}, {halved:.0%}, p = {paired_p(ratio):.2g}"
