"""Measure the memory-controller simulator: requests per CPU second, compiled and warm.

python scripts/bench_dram.py            speed on one core, many controllers, compile time
python scripts/bench_dram.py --scaling  cost per request from 1e4 to 1e7 requests, two minutes
python scripts/bench_dram.py --profile  what a request costs, and where the time goes, two minutes
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from bisect import bisect_right
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from _measure import Spread, machine_state, pin_threads

pin_threads()

import numpy as np  # noqa: E402 - after the threads are pinned

from accel_models.dram import simulation  # noqa: E402
from accel_models.dram.simulation import simulate_controllers  # noqa: E402
from accel_models.dram.specification import load_specification  # noqa: E402
from accel_models.dram.state import REQUEST, RING, Requests, state_dtype  # noqa: E402
from workloads.traces.trace import MemoryTrace  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Callable

MEMORY = load_specification("ddr3-1600")
CONTROLLER = np.array([[0, 1, 0, 8, 0, 1, 8, 8, 0, 1, 0]])
"""Open, FrFcfsGrp, Bankwise 8, Fifo, AllBank 8-8, Simple."""

DRAMSYS = {"stream": 0.160843, "random": 0.097167}
"""Million requests per CPU second of DRAMSys 4.0 on such traces."""

STREAM_NS = 5088902.5
"""Simulated time of 1M sequential reads in DRAMSys."""

LENGTHS = (10**4, 10**5, 10**6, 10**7)
ROUNDS = 5
SHORTEST = 10**6
"""Requests that a measurement takes at least; short traces are repeated."""

COUNTED = 4000
"""Requests of the run without a compiler, which takes about 2 ms for each."""
STEPS = {
    "next_order": "passes",
    "run_player": "player runs",
    "run_arbiter": "arbiter runs",
    "wake_controller": "controller wake-ups",
    "notify": "notifications",
    "_push": "of them timed",
    "plan": "banks planned",
    "find_best": "searches for the best bank",
    "record": "commands",
}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--scaling", action="store_true", help="1e4 to 1e7 requests, two minutes")
    parser.add_argument("--profile", action="store_true", help="where the time goes, two minutes")
    arguments = parser.parse_args()
    print(machine_state())
    print(f"compile, or load from disk: {seconds_of(lambda: simulate(trace('stream', 10))):.2f} s")
    print(f"a new process, compiled code on disk: {fresh_process_s():.2f} s")
    for kind, theirs in DRAMSYS.items():
        print_speed(kind, theirs)
    print_many()
    for kind in DRAMSYS:
        if arguments.scaling:
            print_scaling(kind)
        if arguments.profile:
            print_counts(kind)
    if arguments.profile:
        print_samples()


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


def in_own_process(code: str, **environment: str) -> str:
    """What a new Python process prints that runs code beside this script, as `b`."""
    command = [sys.executable, "-c", f"import bench_dram as b; {code}"]
    folder = __file__.rpartition("/")[0] or "."
    run = subprocess.run(  # noqa: S603 - our own
        command, check=True, cwd=folder, env=os.environ | environment, stdout=subprocess.PIPE
    )
    return run.stdout.decode()


def fresh_process_s() -> float:
    """Wall time of a process that imports everything and simulates ten requests."""
    run = lambda: in_own_process("b.simulate(b.trace('stream', 10))")  # noqa: E731
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


def print_scaling(kind: str) -> None:
    """Cost of a request by length; every trace is the beginning of the longest one."""
    longest = trace(kind, LENGTHS[-1])
    traces = [beginning(longest, count) for count in LENGTHS]
    rounds = [[cost(requests) for requests in traces] for _ in range(ROUNDS)]
    for count, measured in zip(LENGTHS, zip(*rounds, strict=True), strict=True):
        microseconds, faults = zip(*measured, strict=True)
        print(
            f"{kind} {count:>10,} requests: {Spread(microseconds).text('.3f')} us each; "
            f"page faults per 1,000 {Spread(faults).text('.2f')}"
        )


def beginning(requests: MemoryTrace, count: int) -> MemoryTrace:
    """The first requests of a trace."""
    return MemoryTrace(
        name=requests.name,
        arrival_cycles=requests.arrival_cycles[:count],
        address=requests.address[:count],
        is_write=requests.is_write[:count],
    )


def cost(requests: MemoryTrace) -> tuple[float, float]:
    """CPU microseconds per request, and page faults per thousand requests."""
    calls = max(1, SHORTEST // len(requests))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    taken_s = seconds_of(lambda: [simulate(requests) for _ in range(calls)])
    faults = resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before
    simulated = calls * len(requests)
    return taken_s / simulated * 1e6, faults / simulated * 1e3


def print_counts(kind: str) -> None:
    """How often each step runs per request, counted in the same code run without a compiler."""
    found = json.loads(in_own_process(f"b.count_calls({kind!r})", NUMBA_DISABLE_JIT="1"))
    print(f"{kind}, per request, counted over {COUNTED:,}:")
    for step, meaning in STEPS.items():
        print(f"  {found[step] / COUNTED:6.2f} {meaning}")
    trace_bytes = sum(column.itemsize for column in prepared(kind, 1))
    kept_bytes = state_dtype().itemsize + RING * REQUEST.itemsize
    print(f"  {trace_bytes:6} bytes of the trace read; {kept_bytes:,} bytes kept in all")


def count_calls(kind: str) -> None:
    """Print how often each function runs, as JSON; for a process with numba switched off."""
    from accel_models.dram.kernel import simulate as run

    state = np.zeros(1, dtype=state_dtype()).view(np.recarray)[0]
    simulation._configure(state, CONTROLLER[0], MEMORY)  # noqa: SLF001 - our own
    ring = np.zeros(RING, dtype=REQUEST).view(np.recarray)
    calls: Counter[str] = Counter()

    def count(frame: Any, event: str, _: Any) -> None:
        if event == "call":
            calls[frame.f_code.co_name] += 1

    requests, log = prepared(kind, COUNTED), np.empty((0, 3), dtype=np.int64)
    sys.setprofile(count)
    run(state, ring, requests, log)
    sys.setprofile(None)
    print(json.dumps(calls))


def prepared(kind: str, count: int) -> Requests:
    """A trace as the compiled code reads it."""
    return simulation._requests(MEMORY, MEMORY.maps["rbc"], trace(kind, count))  # noqa: SLF001


def print_samples() -> None:
    """Shares of the compiled functions in the time, sampled with `perf` where it is installed."""
    if not (shutil.which("perf") and shutil.which("nm")):
        print("install perf and nm (linux-perf, binutils) to see the shares of the functions")
        return
    with tempfile.TemporaryDirectory() as folder:
        # Addresses are known only of what a process compiled itself, hence a cache of its own.
        found = json.loads(in_own_process("b.sample()", NUMBA_CACHE_DIR=folder))
    for kind, samples in found.items():
        total = sum(samples.values())
        print(f"{kind}, {total:,} samples by function, with what the compiler made part of it:")
        for name, count in Counter(samples).most_common(8):
            print(f"  {count / total:6.1%} {name}")


def sample() -> None:
    """Print samples by kind of trace and function, as JSON."""
    simulate(trace("stream", 10))
    symbols = compiled_functions()
    found = {}
    for kind in DRAMSYS:
        names = (function_at(address, symbols) for address in sampled_addresses(trace(kind, 10**6)))
        found[kind] = Counter(name for name in names if name)
    print(json.dumps(found))


def sampled_addresses(requests: MemoryTrace, repeats: int = 10) -> list[int]:
    """Where this process was, 5,000 times a second, while it simulated a trace."""
    with tempfile.NamedTemporaryFile() as data:
        record = ("perf", "record", "-q", "-e", "cpu-clock", "-F", "4999", "-o", data.name)
        with subprocess.Popen((*record, "-p", str(os.getpid()))) as perf:  # noqa: S603
            time.sleep(1)  # until perf watches
            for _ in range(repeats):
                simulate(requests)
            perf.send_signal(signal.SIGINT)
        script = ("perf", "script", "-F", "ip", "-i", data.name)
        lines = subprocess.run(script, check=True, capture_output=True).stdout.split()  # noqa: S603
    return [int(line, 16) for line in lines]


def compiled_functions() -> list[tuple[int, int, str]]:
    """Address, size and mangled name of the simulator's functions, which this process compiled."""
    from accel_models.dram.kernel import simulate as run

    (compiled,) = run.overloads.values()  # type: ignore[attr-defined]
    library = compiled.library
    with tempfile.NamedTemporaryFile(suffix=".o") as file:
        Path(file.name).write_bytes(library._get_compiled_object())  # noqa: SLF001
        command = ("nm", "-S", "--defined-only", file.name)
        table = subprocess.run(command, check=True, capture_output=True, text=True).stdout  # noqa: S603
    rows = [line.split() for line in table.splitlines() if len(line.split()) == 4]
    # Every function lies where it was compiled first, not where this file has it.
    address = {name: library.get_pointer_to_function(name) for _, _, _, name in rows}
    return sorted((address[name], int(size, 16), name) for _, size, _, name in rows)


def function_at(address: int, symbols: list[tuple[int, int, str]]) -> str:
    """The simulator's function at an address, or nothing."""
    at = bisect_right(symbols, address, key=lambda symbol: symbol[0]) - 1
    if at < 0 or address >= symbols[at][0] + symbols[at][1]:
        return ""
    return plain_name(symbols[at][2])


def plain_name(mangled: str) -> str:
    """The last part of a mangled name: lengths, each followed by so many characters."""
    part, rest = "", mangled.removeprefix("_ZN")
    while digits := "".join(itertools.takewhile(str.isdigit, rest)):
        end = len(digits) + int(digits)
        part, rest = rest[len(digits) : end], rest[end:]
    return part


if __name__ == "__main__":
    main()
