"""Run tasks in this process, one after the other."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from dse._steps import Step
    from dse._tasks import Task


class LocalExecutor:
    """The default: no start-up cost, no other process."""

    def run(self, tasks: Sequence[Task], stopping: Callable[[], bool]) -> Iterator[Step]:
        """Yield the steps of every task until all are done or `stopping` says so."""
        for task in tasks:
            for step in task.steps():
                yield step
                if stopping():
                    return
