"""Run tasks side by side on Ray: each worker holds one task at a time and returns its steps.

A worker that dies is replaced; its task starts again from the ledger, which answers everything
that was already recorded.
"""

from __future__ import annotations

import os
import re
import signal
import socket
import time
from collections import deque
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dse.errors import DSEError, EnvironmentRefusal, InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from dse._steps import Step
    from dse._tasks import Task

_REPLY_S = 0.25
_POLL_S = 0.2
_GRACE_S = 10.0
_MAX_RETRIES = 1
_CONNECT_S = 3.0
_HOST_PORT = re.compile(r"(?:ray://)?([^\s:/]+):(\d{1,5})")
_SETTINGS = {
    "OMP_NUM_THREADS": "1",  # workers side by side: threads would fight over the cores
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
}


class _Worker:
    """Holds the steps of one task; an actor's body."""

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


@dataclass(frozen=True)
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

    def run(self, tasks: Sequence[Task], stopping: Callable[[], bool]) -> Iterator[Step]:
        """Yield steps as they come until all tasks are done or `stopping` says so.

        Nothing is started when there is no task.

        Raises:
            InputError: More workers than the machine has cores, or Ray is not installed.
            EnvironmentRefusal: Ray does not start, or a task kills its worker again and again.
        """
        if not tasks:
            return
        ray = _start_ray(self.requested, self.address)
        try:
            cores = int(ray.cluster_resources().get("CPU", 1))
            check_workers(self.requested, cores)
            crew = _Crew(ray, deque(tasks), self.refresh)
            yield from crew.work(min(self.requested or cores, len(tasks)), stopping)
        finally:
            ray.shutdown()


class _Crew:
    """The workers of one run, and what each of them is doing.

    Args:
        ray: The started Ray.
        queue: Tasks that nobody has begun.
        refresh: Rebuilds a task from the ledger.
    """

    def __init__(self, ray: Any, queue: deque[Task], refresh: Callable[[Task], Task]) -> None:
        self._ray = ray
        self._actor_class = ray.remote(num_cpus=1)(_Worker)
        self._queue = queue
        self._refresh = refresh
        self._pending: dict[Any, _Assignment] = {}

    def work(self, workers: int, stopping: Callable[[], bool]) -> Iterator[Step]:
        """Yield steps until all tasks are done; when stopping, only what is under way."""
        for _ in range(workers):
            self._assign(_Assignment(self._actor_class.remote(), self._queue.popleft()))
        while self._pending and not stopping():
            for assignment, steps in self._replies():
                yield from steps
                self._continue(assignment, steps)
        deadline = time.monotonic() + _GRACE_S
        while self._pending and time.monotonic() < deadline:
            for _, steps in self._replies():
                yield from steps

    def _replies(self) -> Iterator[tuple[_Assignment, list[Step]]]:
        """What workers have returned by now; a worker that died is replaced."""
        ready, _ = self._ray.wait(list(self._pending), num_returns=1, timeout=_POLL_S)
        for reference in ready:
            assignment = self._pending.pop(reference)
            try:
                steps = self._ray.get(reference)
            except self._ray.exceptions.RayActorError:
                self._retry(assignment)
            except self._ray.exceptions.RayTaskError as error:
                raise _cause(error) from None
            else:
                yield assignment, steps

    def _assign(self, assignment: _Assignment) -> None:
        self._pending[assignment.actor.start.remote(assignment.task)] = assignment

    def _continue(self, assignment: _Assignment, steps: list[Step]) -> None:
        """Ask for more; at the end of a task, hand out the next one."""
        if steps:
            self._pending[assignment.actor.more.remote()] = assignment
        elif self._queue:
            self._assign(_Assignment(assignment.actor, self._queue.popleft()))

    def _retry(self, assignment: _Assignment) -> None:
        if assignment.retries >= _MAX_RETRIES:
            raise EnvironmentRefusal(
                f"search {assignment.task.run} killed its worker {assignment.retries + 1} times",
                next_step="look for memory limits or crashing native code in the model, "
                "then `dse resume`",
            )
        task = self._refresh(assignment.task)
        self._assign(_Assignment(self._actor_class.remote(), task, assignment.retries + 1))


def _cause(error: Any) -> Exception:
    """What a worker raised: an error of ours as it was, another with its message."""
    cause = getattr(error, "cause", error)
    return cause if isinstance(cause, DSEError) else RuntimeError(str(cause).splitlines()[0])


def _require_reachable(address: str) -> None:
    """Refuse a HOST:PORT where nobody listens; Ray itself would try for long and log much.

    Raises:
        EnvironmentRefusal: No connection within a few seconds.
    """
    match = _HOST_PORT.fullmatch(address)
    if not match:
        return
    try:
        socket.create_connection((match[1], int(match[2])), timeout=_CONNECT_S).close()
    except (OSError, OverflowError) as error:
        raise EnvironmentRefusal(
            f"no Ray cluster at {address}: {error}",
            next_step="check the address (`ray status` on the head node prints it), "
            "or leave it out to start Ray on this machine",
        ) from None


def _start_ray(requested: int | None, address: str | None) -> Any:
    for name, value in _SETTINGS.items() if address is None else ():
        os.environ.setdefault(name, value)
    try:
        import ray
    except ImportError:
        raise InputError(
            "executor 'ray' needs Ray, which is not installed",
            next_step="pip install ray, or use executor: local",
        ) from None
    if address:
        _require_reachable(address)
    size = {} if address else {"num_cpus": requested or len(os.sched_getaffinity(0))}
    try:
        with _our_signals():
            ray.init(
                address=address,
                include_dashboard=False,
                logging_level="error",
                log_to_driver=False,
                **size,
            )
    except (OSError, RuntimeError, ValueError) as error:
        raise EnvironmentRefusal(
            f"Ray does not start: {str(error).splitlines()[0]}",
            next_step="use executor: local, or give a reachable --ray-address",
        ) from None
    return ray


@contextmanager
def _our_signals() -> Iterator[None]:
    """Undo that Ray makes SIGTERM end the process at once."""
    handler = signal.getsignal(signal.SIGTERM)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, handler)


def check_workers(requested: int | None, cores: int | None = None) -> None:
    """Refuse more workers than there are cores.

    Args:
        requested: Number asked for; None is always right.
        cores: Cores of the cluster; of this machine if None.

    Raises:
        InputError: More workers than cores.
    """
    available = len(os.sched_getaffinity(0)) if cores is None else cores
    if requested is not None and requested > available:
        raise InputError(
            f"{requested} workers, but there are {available} cores",
            allowed=f"1 to {available}, or auto",
        )
