"""Progress of a running study: rate, remaining time, best so far, front size."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Any

import numpy as np
from rich.console import Console
from rich.live import Live
from rich.table import Table

from dse._pareto import RunningFront
from dse._tasks import RangeStep
from dse.units import format_quantity, unit_of_name

if TYPE_CHECKING:
    from dse._store import RunInfo
    from dse._study import Study
    from dse._tasks import Step

_LINE_EVERY_S = 5.0


class Progress:
    """Shows committed steps, live on a terminal, as a line every few seconds elsewhere.

    Args:
        study: The study; what its ledger holds already counts as done.
        quiet: Show nothing.
    """

    def __init__(self, study: Study, *, quiet: bool = False) -> None:
        self._study = study
        self._runs = {info.run: info for info in study.store.runs()}
        self._done = {info.run: sum(study.counts(info).values()) for info in self._runs.values()}
        self._before = sum(self._done.values())
        self._front = RunningFront.empty(len(study.problem.objectives))
        self._seen = 0
        self._started = self._last_line = time.monotonic()
        self._console = Console(stderr=True)
        live = self._console.is_terminal and not quiet
        self._live = (
            Live(console=self._console, refresh_per_second=4, get_renderable=self._table)
            if live
            else None
        )
        self._lines = not live and not quiet
        self._learn(study.front().points)

    def __enter__(self) -> Progress:
        if self._live:
            self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._live:
            self._live.stop()

    def __call__(self, step: Step) -> None:
        """Take note of a committed step."""
        if isinstance(step, RangeStep):
            self._done[step.run] += step.stop - step.start
            self._learn(step.points)
        else:
            self._done[step.run] += len(step.codes)
            problem = self._study.problem
            scores = problem.score(problem.space.decode(step.codes), step.outcome.told())
            self._learn(scores.objectives[scores.admissible])
            if step.finished:
                self._finish(self._runs[step.run])
        if self._lines and time.monotonic() - self._last_line > _LINE_EVERY_S:
            self._last_line = time.monotonic()
            print(self._line(), file=sys.stderr, flush=True)

    def _finish(self, info: RunInfo) -> None:
        """A search may end early: what is left of its budget is no longer to come."""
        self._runs[info.run] = type(info)(**{**vars(info), "budget": self._done[info.run]})

    def _learn(self, points: Any) -> None:
        self._front.update(points, np.arange(self._seen, self._seen + len(points)))
        self._seen += len(points)

    @property
    def _totals(self) -> tuple[int, int, float]:
        """Designs done, to do in all, and the rate per second of this session."""
        done = sum(self._done.values())
        elapsed = max(time.monotonic() - self._started, 1e-3)
        return (
            done,
            sum(info.budget for info in self._runs.values()),
            (done - self._before) / elapsed,
        )

    def _status(self) -> str:
        done, total, rate = self._totals
        left = f"{_duration((total - done) / rate)} left" if rate > 0 else "starting"
        return f"{done:,} of {total:,} designs ({done / max(total, 1):.0%}), {rate:,.0f}/s, {left}"

    def _best(self) -> str:
        problem = self._study.problem
        if not len(self._front.points):
            return "no admissible design yet"
        best = self._front.points.min(axis=0) * problem.signs
        values = [
            f"{o.metric} {format_quantity(float(v), unit_of_name(o.metric))}"
            for o, v in zip(problem.objectives, best, strict=True)
        ]
        return f"front {len(self._front.ids):,}; best {', '.join(values)}"

    def _line(self) -> str:
        return f"{self._status()}; {self._best()}"

    def _table(self) -> Table:
        table = Table.grid(padding=(0, 2))
        for run, info in self._runs.items():
            done = self._done[run]
            share = min(done / max(info.budget, 1), 1.0)
            bar = "#" * int(24 * share)
            table.add_row(
                f"{info.searcher}",
                f"seed {info.seed}",
                f"[{bar:<24}]".replace("[", "\\["),
                f"{done:,}/{info.budget:,}",
            )
        outer = Table.grid()
        outer.add_row(table)
        outer.add_row(self._status())
        outer.add_row(self._best())
        return outer


def _duration(seconds: float) -> str:
    """Like "3 s", "2 min 5 s" or "4 h 10 min"."""
    whole = int(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"
