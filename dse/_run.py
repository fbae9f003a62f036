"""Running a study to its end, with interruption and exit code."""

from __future__ import annotations

import os
import signal
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from dse.executors.local import LocalExecutor
from dse.executors.ray import RayExecutor

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from dse._study import Executor, Study
    from dse._tasks import Step
    from dse.job.schema import ExecutorSection

INTERRUPTED = 130


class Interruption:
    """Whether someone asked to stop: Ctrl-C or SIGTERM once stops cleanly, twice at once."""

    def __init__(self) -> None:
        self.requested = False

    def __call__(self) -> bool:
        return self.requested

    def _on_signal(self, number: int, frame: Any) -> None:  # noqa: ARG002 - the signature of a handler
        if self.requested:
            os._exit(INTERRUPTED)
        self.requested = True

    @contextmanager
    def listening(self) -> Iterator[Interruption]:
        """Handle SIGINT and SIGTERM while the block runs."""
        numbers = (signal.SIGINT, signal.SIGTERM)
        before = [signal.signal(number, self._on_signal) for number in numbers]
        try:
            yield self
        finally:
            for number, handler in zip(numbers, before, strict=True):
                signal.signal(number, handler)


def make_executor(section: ExecutorSection, study: Study) -> Executor:
    """The executor that a job asks for."""
    if section.kind == "local":
        return LocalExecutor()
    requested = None if section.workers == "auto" else section.workers
    return RayExecutor(requested, section.address, study.refreshed)


def run_study(study: Study, section: ExecutorSection, watch: Callable[[Step], None]) -> int:
    """Run what is left of a study.

    Args:
        study: The study; its lock is taken.
        section: Where to run.
        watch: Called with each committed step.

    Returns:
        Exit code: 0 done, 1 too many failed evaluations, 130 interrupted and resumable.
    """
    with study.locked(), Interruption().listening() as stopping:
        study.execute(make_executor(section, study), stopping, watch)
    if not study.is_finished:
        return INTERRUPTED
    gave_up = any(info.finished.startswith("gave up") for info in study.store.runs())
    return int(gave_up or study.failed_share > study.job.spec.limits.max_failed_share)
