"""Run tasks side by side on Ray: each worker holds one task at a time and returns its steps.

A worker that dies is replaced; its task starts again from the ledger, which answers everything
that was already recorded.
"""

from __future__ import annotations

import os
import time
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from dse.errors import EnvironmentRefusal, InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from dse._tasks import Step, Task

_REPLY_S = 0.25
_POLL_S = 0.2
_MAX_RETRIES = 1
_END: list[Any] = []


class _Worker:
    """Holds the generator of one task; an actor's body."""

    def __init__(self) -> None:
        self._steps: Iterator[Step] = iter(())

    def start(self, task: Task) -> list[Step]:
        self._steps = task.steps()
        return self.more()

    def more(self) -> list[Step]:
        """The steps of the next quarter of a second, at least one; none at the end."""
        started = time.monotonic()
        found: list[Step] = []
        for step in self._steps:
            found.append(step)
            if time.monotonic() - started > _REPLY_S:
                break
        return found


@dataclass
class _Assignment:
    actor: Any
    task: Task
    retries: int = 0


@dataclass
class RayExecutor:
    """Executor on Ray.

    Attributes:
        requested: Number of workers; None for one per core (of the cluster).
        address: A running cluster; None starts Ray on this machine.
        refresh: Rebuilds a task from the ledger after its worker died.
    """

    requested: int | None
    address: str | None
    refresh: Callable[[Task], Task]
    workers: int = 0
    _pending: dict[Any, _Assignment] = field(default_factory=dict)

    def run(self, tasks: Sequence[Task], stopping: Callable[[], bool]) -> Iterator[Step]:
        """Yield steps as they come until all tasks are done or `stopping` says so.

        Raises:
            InputError: More workers than the machine has cores, or Ray is not installed.
            EnvironmentRefusal: Ray does not start, or a task kills its worker again and again.
        """
        ray = _start_ray(self.requested, self.address)
        try:
            cores = int(ray.cluster_resources().get("CPU", 1))
            self.workers = min(self.requested or cores, len(tasks))
            check_workers(self.requested, cores)
            yield from self._dispatch(ray, deque(tasks), stopping)
        finally:
            self._pending.clear()
            ray.shutdown()

    def _dispatch(
        self, ray: Any, queue: deque[Task], stopping: Callable[[], bool]
    ) -> Iterator[Step]:
        actor_class = ray.remote(num_cpus=1)(_Worker)
        for _ in range(self.workers):
            self._assign(_Assignment(actor_class.remote(), queue.popleft()))
        while self._pending and not stopping():
            ready, _ = ray.wait(list(self._pending), num_returns=1, timeout=_POLL_S)
            for reference in ready:
                assignment = self._pending.pop(reference)
                try:
                    steps = ray.get(reference)
                except ray.exceptions.RayActorError:
                    self._retry(assignment, actor_class)
                    continue
                yield from steps
                self._continue(assignment, steps, queue)

    def _assign(self, assignment: _Assignment) -> None:
        self._pending[assignment.actor.start.remote(assignment.task)] = assignment

    def _continue(self, assignment: _Assignment, steps: list[Step], queue: deque[Task]) -> None:
        """Ask for more; at the end of a task, hand out the next one."""
        if steps:
            self._pending[assignment.actor.more.remote()] = assignment
        elif queue:
            self._assign(_Assignment(assignment.actor, queue.popleft()))

    def _retry(self, assignment: _Assignment, actor_class: Any) -> None:
        if assignment.retries >= _MAX_RETRIES:
            raise EnvironmentRefusal(
                f"search {assignment.task.run} killed its worker {assignment.retries + 1} times",
                next_step="look for memory limits or crashing native code in the model, then `dse resume`",
            )
        task = self.refresh(assignment.task)
        self._assign(_Assignment(actor_class.remote(), task, assignment.retries + 1))


def _start_ray(requested: int | None, address: str | None) -> Any:
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    try:
        import ray
    except ImportError:
        raise InputError(
            "executor 'ray' needs Ray, which is not installed",
            next_step="pip install ray, or use executor: local",
        ) from None
    try:
        size = {} if address else {"num_cpus": requested or len(os.sched_getaffinity(0))}
        ray.init(
            address=address, include_dashboard=False, configure_logging=True, logging_level="error",
            log_to_driver=False, **size,
        )  # fmt: skip
    except (OSError, RuntimeError, ConnectionError, ValueError) as error:
        raise EnvironmentRefusal(
            f"Ray does not start: {str(error).splitlines()[0]}",
            next_step="use executor: local, or give a reachable --ray-address",
        ) from None
    return ray


def check_workers(requested: int | None, cores: int | None = None) -> None:
    """Refuse more workers than there are cores.

    Args:
        requested: Number asked for; None is always right.
        cores: Cores of the cluster; of this machine if None.
    """
    available = len(os.sched_getaffinity(0)) if cores is None else cores
    if requested is not None and requested > available:
        raise InputError(
            f"{requested} workers, but there are {available} cores",
            allowed=f"1 to {available}, or auto",
        )
