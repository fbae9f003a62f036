"""The measured figures of DRAMSys 4.0 beside ours: every figure of every run.

Source of the measured figures: `tests/golden/dram`. Where they were printed with fewer digits, ours
must round to them; elsewhere nothing but floating-point noise may differ.
"""

from __future__ import annotations

import math
from functools import cache
from itertools import groupby
from typing import TYPE_CHECKING, Any

import numpy as np

from accel_models.comparison import Comparison, read_figures
from accel_models.dram import controller as options
from accel_models.dram.energy import energy_parts_pj, window_cycles
from accel_models.dram.simulation import simulate_controllers
from accel_models.dram.specification import load_specification
from accel_models.dram.state import Command
from workloads.traces.block import TraceBlock
from workloads.traces.dramsys import Stl
from workloads.traces.trace import MemoryTrace

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from accel_models.dram.specification import Specification

TABLES = {
    "dramsys_sweep_shared": "",
    "dramsys_full10k_shared": "full10k",
    "dramsys_variants_shared": "",
}
"""Table of measured runs -> folder of its traces below `traces`."""

_NOISE = 1e-12
_TIES = 1 + 1e-9
"""A figure that ends with a 5 may have been rounded up or down."""

_NAMED: dict[str, tuple[str, ...]] = {
    "PagePolicy": options.PAGE_POLICIES,
    "Scheduler": options.SCHEDULERS,
    "SchedulerBuffer": options.SCHEDULER_BUFFERS,
    "RequestBufferSize": (),
    "RespQueue": options.RESPONSE_QUEUES,
    "RefreshPolicy": options.REFRESH_POLICIES,
    "RefreshMaxPostponed": (),
    "RefreshMaxPulledin": (),
    "Arbiter": options.ARBITERS,
    "MaxActiveTransactions": (),
}
"""ArchGym's parameters; the names of their options, or nothing where they are numbers."""

_COMMANDS = ("ACT", "RD", "RDA", "WR", "WRA", "PRE", "PREA", "REFA", "PDEA", "PDEP", "PDXP")
_MICROCASE_CONTROLLER = {
    "Scheduler": "FrFcfs", "SchedulerBuffer": "Bankwise", "RequestBufferSize": "8",
    "RespQueue": "Fifo", "RefreshPolicy": "NoRefresh", "RefreshMaxPostponed": "8",
    "RefreshMaxPulledin": "8", "Arbiter": "Simple", "MaxActiveTransactions": "8",
}  # fmt: skip


def compare_all(folder: Path) -> list[Comparison]:
    """Every measured figure beside ours.

    Args:
        folder: `tests/golden/dram`, or one like it.

    Raises:
        InputError: A table or a trace is missing.
    """
    found = list(_compare_microcases(folder))
    for table, traces in TABLES.items():
        runs = sorted(read_figures(folder / f"{table}.csv"), key=_workload)
        for key, rows in groupby(runs, key=_workload):
            trace = _trace(folder / "traces" / traces / f"{key[0]}.stl")
            found += _compare_runs(table, trace, key[1], list(rows))
    return found


def _workload(row: Mapping[str, str]) -> tuple[str, str]:
    """Trace and variant of a run."""
    return row["trace"], row.get("variant", "")


@cache
def _trace(path: Path) -> MemoryTrace:
    with Stl().open(path) as reading:
        block = TraceBlock.joined(list(reading.blocks))
    return MemoryTrace(
        name=path.stem, arrival_cycles=block.time, address=block.address, is_write=block.is_write
    )


def _compare_runs(
    table: str, trace: MemoryTrace, variant: str, rows: list[dict[str, str]]
) -> Iterator[Comparison]:
    """Every figure of runs on one trace and one variant of memory and controller."""
    memory = load_specification("ddr4-2400" if variant == "ddr4_2400" else "ddr3-1600")
    address_map = memory.maps["brc" if variant in ("ddr3_brc", "ddr4_2400") else "rbc"]
    sleeps = int(variant == "ddr3_staggered_pd")
    controllers = np.array([controller_of(row, sleeps) for row in rows])
    results = simulate_controllers(controllers, memory, address_map, trace)
    for row, result in zip(rows, results, strict=True):
        ours = figures(result, memory, len(trace))
        label = " ".join([*filter(None, _workload(row)), f"#{row['config_id']}"])
        yield from _compare_row(table, label, row, ours)


def controller_of(row: Mapping[str, str], powerdown_policy: int = 0) -> list[int]:
    """The controller of a run, as the simulator wants it."""
    named = [names.index(row[name]) if names else int(row[name]) for name, names in _NAMED.items()]
    return [*named, powerdown_policy]


def figures(result: Any, memory: Specification, requests: int) -> dict[str, float]:
    """Results under the names of the tables, in ns, pJ and mW.

    Args:
        result: One record of `simulate_controllers`.
        memory: The memory that was simulated.
        requests: Length of the trace.
    """
    energy_pj = sum(energy_parts_pj(result, memory).values())
    counts = {name: int(result["commands"][Command[name]]) for name in _COMMANDS}
    latencies = {
        f"{kind}_latency{suffix}_ns": result[field] * memory.clock_ps / (count * 1000)
        for kind, suffix, field, count in (
            ("avg", "", "latency_sum", requests),
            ("max", "", "latency_max", 1),
            ("avg", "_from_accept", "accepted_latency_sum", requests),
            ("max", "_from_accept", "accepted_latency_max", 1),
        )
    }
    return {
        "total_time_ns": result["total_time"] * memory.clock_ps / 1000,
        **latencies,
        "energy_pJ": energy_pj,
        "avg_power_mW": energy_pj / (window_cycles(result) * memory.energy_clock_ns),
        **{f"n_{name}": count for name, count in counts.items()},
        "row_hits_est": sum(counts[c] for c in ("RD", "RDA", "WR", "WRA")) - counts["ACT"],
    }


def _compare_row(
    table: str, label: str, row: Mapping[str, str], ours: Mapping[str, float]
) -> Iterator[Comparison]:
    for column in filter(ours.__contains__, row):
        theirs = float(row[column])
        rounding = _rounding(column, theirs)
        tolerance = rounding or _NOISE
        figure = float(ours[column])
        yield Comparison(table, label, column, figure, theirs, tolerance, rounding > 0)


def _rounding(column: str, printed: float) -> float:
    """Half a unit of the last digit where figures were printed rounded; 0 where exact."""
    if "latency" in column and printed:
        return 0.5 * 10.0 ** (math.floor(math.log10(printed)) - 5) * _TIES
    return 0.005 * _TIES if column == "avg_power_mW" else 0.0


def _compare_microcases(folder: Path) -> Iterator[Comparison]:
    memory = load_specification("ddr3-1600")
    for row in read_figures(folder / "microcases.csv"):
        trace = _microcase(row["requests"])
        controller = {**_MICROCASE_CONTROLLER, "PagePolicy": row["page_policy"]}
        controllers = np.array([controller_of(controller)])
        (result,) = simulate_controllers(controllers, memory, memory.maps["rbc"], trace)
        ours = figures(result, memory, len(trace))
        label = f"{row['case']} {row['page_policy']}"
        yield from _compare_row("microcases", label, row, ours)


def _microcase(text: str) -> MemoryTrace:
    """Requests such as "0 read 0x0; 200 read 0x40", or the one case that is a formula."""
    if text.startswith("t=i"):
        text = "; ".join(f"{i} read {i * 0x2000:#x}" for i in range(8))
    words = [request.split() for request in text.split("; ")]
    return MemoryTrace(
        name=text,
        arrival_cycles=np.array([int(time) for time, _, _ in words]),
        address=np.array([int(address, 16) for _, _, address in words], dtype=np.uint64),
        is_write=np.array([command == "write" for _, command, _ in words]),
    )
