"""Progress of a running study: rate, remaining time, best so far, front size."""

from __future__ import annotations

import os
import sys
import time
from collections import deque
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from dse._pareto import RunningFront
from dse._steps import RangeStep
from dse.units import format_quantity, unit_of_name

if TYPE_CHECKING:
    from collections.abc import Callable

    from dse._steps import Step
    from dse._study import Study

_LINE_EVERY_S = 5.0
_WINDOW_S = 20.0
_SETTLED_S = 2.0
_BAR_WIDTH = 24

_WORTH_SAYING = 0.01
"""Share of the work to be done before the time left is worth saying."""


class Pace:
    """Designs per second over the recent past, and the time that is left.

    The clock starts with the first result, so that starting Ray counts as no time.

    Args:
        clock: Seconds from some moment on.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._marks: deque[tuple[float, int]] = deque()
        self._first: tuple[float, int] | None = None

    def note(self, done: int) -> None:
        """Take note that so many designs are done."""
        now = self._clock()
        self._first = self._first or (now, done)
        self._marks.append((now, done))
        while len(self._marks) > 2 and self._marks[1][0] < now - _WINDOW_S:
            self._marks.popleft()

    @property
    def per_s(self) -> float | None:
        """Designs per second lately; None while it is too early to say."""
        if self._first is None or self._clock() - self._first[0] < _SETTLED_S:
            return None
        since, before = self._marks[0]
        return (self._marks[-1][1] - before) / max(self._clock() - since, 1e-3)

    @property
    def elapsed_s(self) -> float:
        """Seconds since the first result."""
        return self._clock() - self._first[0] if self._first else 0.0


class Progress:
    """Shows committed steps: live on a terminal, as a line every few seconds elsewhere.

    Args:
        study: The study; what its ledger holds already counts as done.
        quiet: Show nothing.
        console: Where to show it; stderr if None.
        clock: Seconds from some moment on.
    """

    def __init__(
        self,
        study: Study,
        *,
        quiet: bool = False,
        console: Console | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._problem = study.problem
        self._runs = {info.run: info for info in study.store.runs()}
        self._done = {info.run: sum(study.counts(info).values()) for info in self._runs.values()}
        for info in self._runs.values():
            if info.finished:
                self._finish(info.run)
        self._before = sum(self._done.values())
        self._front = RunningFront.empty(len(study.problem.objectives))
        self._seen = 0
        self._learn(study.front().points)
        self._clock = clock
        self._pace = Pace(clock)
        self._last_line_s = clock()
        self._stopping = False
        self._console = console or Console(stderr=True)
        self._shows = not quiet and not study.is_finished
        self._live: Live | None = None
        if self._shows and self._console.is_terminal:
            self._live = Live(
                console=self._console, refresh_per_second=4, get_renderable=self._picture
            )

    def __enter__(self) -> Progress:  # noqa: PYI034 - nobody derives from it
        if self._live:
            self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._live:
            self._live.stop()
        if self._shows and self._pace.elapsed_s:
            self._print(self.summary())

    def __call__(self, step: Step) -> None:
        """Take note of a committed step."""
        if isinstance(step, RangeStep):
            self._done[step.run] += step.stop - step.start
            self._learn(step.points)
        else:
            self._done[step.run] += len(step.codes)
            designs = self._problem.space.decode(step.codes)
            scores = self._problem.score(designs, step.outcome.told())
            self._learn(scores.objectives[scores.admissible])
            if step.finished:
                self._finish(step.run)
        self._pace.note(sum(self._done.values()))
        if self._live is None and self._clock() - self._last_line_s > _LINE_EVERY_S:
            self._last_line_s = self._clock()
            self._print(self.line())

    def announce_stop(self) -> None:
        """Say that the work stops soon; safe to call from a signal handler."""
        self._stopping = True
        if self._live is None:
            note = b"Stopping after the running evaluations; Ctrl-C again stops at once.\n"
            os.write(sys.stderr.fileno(), note)

    def _finish(self, run: int) -> None:
        """A search may end early: what is left of its budget is no longer to come."""
        self._runs[run] = replace(self._runs[run], budget=self._done[run])

    def _learn(self, points: Any) -> None:
        self._front.update(points, np.arange(self._seen, self._seen + len(points)))
        self._seen += len(points)

    def _print(self, line: str) -> None:
        if self._shows:
            self._console.print(line, markup=False, highlight=False, soft_wrap=True)

    # -- texts -----------------------------------------------------------------------------------

    def line(self) -> str:
        """The state in one line."""
        return f"{self._status()}; {self._best()}"

    def summary(self) -> str:
        """What this session did, in one line."""
        count = sum(self._done.values()) - self._before
        elapsed_s = self._pace.elapsed_s
        return f"{count:,} designs evaluated in {duration(elapsed_s)}; {self._best()}"

    def _status(self) -> str:
        done = sum(self._done.values())
        total = sum(info.budget for info in self._runs.values())
        share = f"{done:,} of {total:,} designs ({done / max(total, 1):.0%})"
        per_s = self._pace.per_s
        if self._stopping:
            return f"{share}; stopping after the running evaluations; Ctrl-C again stops at once"
        if per_s is None:
            return f"{share}, estimating"
        if per_s <= 0:
            left = "waiting for a result"
        elif done < total * _WORTH_SAYING:
            left = "estimating the time left"  # searches start one by one: the pace will rise
        else:
            left = f"{duration((total - done) / per_s)} left"
        return f"{share}, {_count(per_s)}/s, {left}"

    def _best(self) -> str:
        if not len(self._front.points):
            return "no admissible design yet"
        best = self._front.points.min(axis=0) * self._problem.signs
        values = [
            f"{o.metric} {format_quantity(float(value), unit_of_name(o.metric))}"
            for o, value in zip(self._problem.objectives, best, strict=True)
        ]
        return f"front {len(self._front.ids):,}; best {', '.join(values)}"

    def _picture(self) -> Group:
        """One bar per searcher, however many seeds it has, then the state."""
        bars = Table.grid(padding=(0, 2))
        entries: dict[int, list[int]] = {}
        for run, info in self._runs.items():
            entries.setdefault(info.entry, []).append(run)
        for runs in entries.values():
            done = sum(self._done[run] for run in runs)
            total = sum(self._runs[run].budget for run in runs)
            bars.add_row(
                Text(self._runs[runs[0]].searcher),
                Text(f"{len(runs)} seeds" if len(runs) > 1 else ""),
                Text(_bar(done / max(total, 1))),
                Text(f"{done:,}/{total:,}"),
            )
        return Group(bars, Text(self._status()), Text(self._best()))


def _bar(share: float) -> str:
    """A bar that needs no colours to be read."""
    filled = int(_BAR_WIDTH * min(share, 1.0))
    return f"[{'#' * filled}{'.' * (_BAR_WIDTH - filled)}]"


def _count(value: float) -> str:
    """A rate for people: decimals only where they matter."""
    return f"{value:,.0f}" if value >= 10 else f"{value:.2g}"


def duration(seconds: float) -> str:
    """Like "3 s", "2 min 5 s" or "4 h 10 min"."""
    whole = int(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"
