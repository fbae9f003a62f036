"""Honest measuring: CPU time, one thread, every case once per round, ratios within a round."""

from __future__ import annotations

import os
import platform
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

_SHORTEST_S = 0.05
_POLL_S = 0.05
_THREAD_VARIABLES = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
)


def pin_threads() -> None:
    """One thread per library; call it before NumPy is imported."""
    os.environ.update(dict.fromkeys(_THREAD_VARIABLES, "1"))


@dataclass(frozen=True)
class Case:
    """Something to time.

    Attributes:
        run: Does the work once.
        designs: How many designs one call evaluates.
    """

    run: Callable[[], object]
    designs: int


@dataclass(frozen=True)
class Spread:
    """Repeated measurements of one figure."""

    values: tuple[float, ...]

    @property
    def middle(self) -> float:
        """The median."""
        return median(self.values)

    def text(self, form: str) -> str:
        """Median (lowest to highest), each in a number format."""
        low, mid, high = (f"{v:{form}}" for v in (min(self.values), self.middle, max(self.values)))
        return f"{mid} ({low} to {high})"

    def over(self, other: Spread) -> Spread:
        """Ratio of two figures, round by round."""
        return Spread(tuple(a / b for a, b in zip(self.values, other.values, strict=True)))


def rates(cases: Mapping[str, Case], rounds: int) -> dict[str, Spread]:
    """Designs per CPU second of every case, measured in turn in each round.

    Short cases are repeated until they take 50 ms. A first, unrecorded round warms caches.
    """
    calls = {name: _calls_needed(case) for name, case in cases.items()}
    found: dict[str, list[float]] = {name: [] for name in cases}
    for _ in range(rounds):
        for name, case in cases.items():
            found[name].append(calls[name] * case.designs / _cpu_s(case.run, calls[name]))
    return {name: Spread(tuple(values)) for name, values in found.items()}


def _cpu_s(run: Callable[[], object], calls: int) -> float:
    started = time.process_time()
    for _ in range(calls):
        run()
    return time.process_time() - started


def _calls_needed(case: Case) -> int:
    case.run()
    calls = 1
    while (spent := _cpu_s(case.run, calls)) < _SHORTEST_S:
        calls = max(2 * calls, int(calls * _SHORTEST_S / max(spent, 1e-4)))
    return calls


def machine_state() -> str:
    """Processor, cores and load: what a reader needs to judge the figures."""
    model = platform.processor() or platform.machine()
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            model = line.split(":", 1)[1].strip()
            break
    load = " ".join(f"{value:.2f}" for value in os.getloadavg())
    return f"{model}, {os.cpu_count()} cores, load {load}, Python {platform.python_version()}"


@dataclass(frozen=True)
class Watched:
    """What a command took.

    Attributes:
        wall_s: Time from start to end.
        exit_code: Its exit code.
        peak_mib: Largest resident memory of each of its processes that ran Python.
    """

    wall_s: float
    exit_code: int
    peak_mib: dict[str, float]


def watch(command: Sequence[str]) -> Watched:
    """Run a command and follow the memory of the processes below it (Linux)."""
    started = time.monotonic()
    peaks: dict[str, float] = {}
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:  # noqa: S603
        while process.poll() is None:
            for number in _descendants(process.pid):
                peaks |= _peak(number)
            time.sleep(_POLL_S)
    return Watched(time.monotonic() - started, process.returncode, peaks)


def _descendants(root: int) -> list[int]:
    parents: dict[int, int] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text(encoding="utf-8").rsplit(")", 1)[1].split()
        except OSError:
            continue
        parents[int(path.parent.name)] = int(fields[1])
    below = {root}
    for _ in parents:
        more = {child for child, parent in parents.items() if parent in below} - below
        if not more:
            break
        below |= more
    return sorted(below)


def _peak(number: int) -> dict[str, float]:
    """Name and number of a process -> its largest resident memory so far."""
    try:
        status = Path(f"/proc/{number}/status").read_text(encoding="utf-8")
    except OSError:
        return {}
    fields = dict(line.split(":", 1) for line in status.splitlines() if ":" in line)
    if "VmHWM" not in fields:
        return {}
    return {f"{fields['Name'].strip()} {number}": int(fields["VmHWM"].split()[0]) / 1024}
