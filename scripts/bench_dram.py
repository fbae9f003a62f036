"""Measure the memory-controller simulator: requests per CPU second, compiled and warm.

python scripts/bench_dram.py            speed on one core, many controllers, compile time
python scripts/bench_dram.py --scaling  cost per request from 1e4 to 1e7 requests as well
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import numpy as np

from accel_models.dram.simulation import simulate_controllers
from accel_models.dram.specification import load_specification
from workloads.traces.trace import MemoryTrace

if TYPE_CHECKING:
    from collections.abc import Callable

MEMORY = load_specification("ddr3-1600")
CONTROLLER = np.array([[0, 1, 0, 8, 0, 1, 8, 8, 0, 1, 0]])
"""Open, FrFcfsGrp, Bankwise 8, Fifo, AllBank 8-8, Simple."""

DRAMSYS = {"stream": 0.160843, "random": 0.097167}
"""Million requests per CPU second of DRAMSys 4.0 on such traces."""

STREAM_NS = 5088902.5
"""Simulated time of 1M sequential reads in DRAMSys."""


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--scaling", action="store_true", help="1e4 to 1e7 requests, a minute")
    arguments = parser.parse_args()
    print(f"compile, or load from disk: {seconds_of(lambda: simulate(trace('stream', 10))):.2f} s")
    print(f"a new process, compiled code on disk: {fresh_process_s():.2f} s")
    for kind, theirs in DRAMSYS.items():
        print_speed(kind, theirs)
    print_many()
    if arguments.scaling:
        for count in (10**4, 10**5, 10**6, 10**7):
            print_scaling(count)


def trace(kind: str, count: int) -> MemoryTrace:
    """Reads, one per cycle: 64-byte steps from 0, or uniform over 1 GiB."""
    rng = np.random.default_rng(0)
    line = np.arange(count) if kind == "stream" else rng.integers(0, 2**24, count)
    return MemoryTrace(
        name=kind,
        arrival_cycles=np.arange(count),
        address=(line % 2**24 * 64).astype(np.uint64),
        is_write=np.zeros(count, dtype=bool),
    )


def simulate(requests: MemoryTrace, controllers: np.ndarray = CONTROLLER, threads: int = 1) -> int:
    """The simulated cycles of the first controller."""
    found = simulate_controllers(controllers, MEMORY, MEMORY.maps["rbc"], requests, threads)
    return int(found["total_time"][0])


def seconds_of(
    action: Callable[[], object], clock: Callable[[], float] = time.process_time
) -> float:
    """Seconds that an action takes; of the processor unless another clock is given."""
    start = clock()
    action()
    return clock() - start


def fresh_process_s() -> float:
    """Wall time of a process that imports everything and simulates ten requests."""
    code = "import bench_dram as b; b.simulate(b.trace('stream', 10))"
    command = [sys.executable, "-c", code]
    folder = __file__.rpartition("/")[0] or "."
    run = lambda: subprocess.run(command, check=True, cwd=folder)  # noqa: E731, S603 - our own
    return seconds_of(run, time.perf_counter)


def print_speed(kind: str, theirs: float, count: int = 10**6) -> None:
    """Best of three, in million requests per CPU second."""
    requests = trace(kind, count)
    best = min(seconds_of(lambda: simulate(requests)) for _ in range(3))
    ours = count / best / 1e6
    exact = ""
    if kind == "stream":
        simulated_ns = simulate(requests) * MEMORY.clock_ps / 1000
        exact = f"; simulated {simulated_ns} ns, DRAMSys {STREAM_NS}"
    print(f"{kind}: {ours:.2f} M requests per CPU second, {ours / theirs:.0f} x DRAMSys{exact}")


def print_many() -> None:
    """320 random controllers on 3,000 requests, on two cores."""
    rng = np.random.default_rng(0)
    powers = 2 ** np.arange(8)
    options = [range(4), range(3), range(3), powers, range(2), range(2), powers[:4], powers[:4],
               range(3), powers, [0]]  # fmt: skip
    controllers = np.stack([rng.choice(values, 320) for values in options], axis=1)
    for kind in DRAMSYS:
        requests = trace(kind, 3000)
        wall_s = seconds_of(lambda: simulate(requests, controllers, threads=2), time.perf_counter)  # noqa: B023 - called at once
        print(f"320 controllers x 3,000 {kind} requests, 2 threads: {wall_s:.2f} s")


def print_scaling(count: int) -> None:
    """CPU time per request of the random trace."""
    requests = trace("random", count)
    print(
        f"{count:>10,} requests: {seconds_of(lambda: simulate(requests)) / count * 1e6:.3f} us each"
    )


if __name__ == "__main__":
    main()
