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

    from dse._steps import Step
    from dse._study import Executor, Study
    from dse.job.schema import ExecutorSection

INTERRUPTED = 130


class Interruption:
    """Whether someone asked to stop: Ctrl-C or SIGTERM once stops cleanly, twice at once.

    Args:
        announce: Called at the first request, from a signal handler.
    """

    def __init__(self, announce: Callable[[], None]) -> None:
        self._announce = announce
        self._requested = False

    def __call__(self) -> bool:
        return self._requested

    def _on_signal(self, _number: int, _frame: Any) -> None:
        if self._requested:
            os._exit(INTERRUPTED)
        self._requested = True
        self._announce()

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


def run_study(
    study: Study,
    section: ExecutorSection,
    watch: Callable[[Step], None],
    announce: Callable[[], None],
) -> int:
    """Run what is left of a study; nothing is started when nothing is left.

    Args:
        study: The study.
        section: Where to run.
        watch: Called with each committed step.
        announce: Called, from a signal handler, when someone asks to stop.

    Returns:
        Exit code: 0 done, 1 too many failed evaluations, 130 interrupted and resumable.

    Raises:
        StudyError: The model's version has changed since the study began.
        EnvironmentRefusal: Another process is running the study, or disk or Ray say no.
    """
    if not study.is_finished:
        study.require_same_model()
        with Interruption(announce).listening() as stopping, study.locked():
            study.execute(_executor(section, study), stopping, watch)
    return exit_code(study)


def exit_code(study: Study) -> int:
    """The exit code that the state of a study stands for."""
    if not study.is_finished:
        return INTERRUPTED
    return int(bool(study.gave_up) or failed_too_often(study))


def failed_too_often(study: Study) -> bool:
    """Whether more evaluations failed than the job allows."""
    return study.failed_share > study.job.spec.limits.max_failed_share


def _executor(section: ExecutorSection, study: Study) -> Executor:
    if section.kind == "local":
        return LocalExecutor()
    requested = None if section.workers == "auto" else section.workers
    return RayExecutor(requested, section.address, study.refreshed)
