"""A trace file as the workload of a memory controller."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003 - the framework reads the annotations at run time

from dse.errors import WorkloadError
from workloads.traces.auto import format_named
from workloads.traces.block import TraceBlock
from workloads.traces.preparation import Preparation, Remap
from workloads.traces.trace import MemoryTrace

__all__ = ["trace_file"]


def trace_file(
    *,
    file: Path,
    format: str = "auto",  # noqa: A002 - the word users expect
    limit: int | None = None,
    issue_gap_cycles: int | None = None,
    time_scale: float = 1.0,
    from_zero: bool = False,
    clock_hz: float = 800e6,
    burst_bytes: int = 64,
    remap: Remap = "none",
    capacity_bytes: int = 2**30,
    instruction_fetches: bool = False,
    cache_bytes: int | None = None,
    cache_ways: int = 16,
) -> MemoryTrace:
    """Memory requests from a trace file: DRAMSys, Ramulator, DRAMsim3, gem5, ChampSim, ...

    Args:
        file: The trace; plain, gzip or xz.
        format: `dse list formats` shows what there is; "auto" recognises it by its content.
        limit: Use this many requests at most, counted after everything else; all if null.
        issue_gap_cycles: Issue one request every so many memory clock cycles and ignore recorded
            times; null keeps these, and formats without times demand a number.
        time_scale: Recorded times are multiplied by this, for example 0.25 for a core of four
            times the memory clock and one instruction per cycle.
        from_zero: Whether recorded times are shifted so that the first is 0.
        clock_hz: The memory clock, for formats that record physical time (gem5).
        burst_bytes: Accesses of a known size become aligned requests of this many bytes.
        remap: Addresses beyond the memory: "none" refuses them, "wrap" takes them modulo the
            capacity, "pages" places pages of 4 KiB in order of first use.
        capacity_bytes: Of the memory.
        instruction_fetches: Whether instruction fetches count, where a format records them.
        cache_bytes: Capacity of a write-back cache in front of the memory; 0 states that there
            is none. CPU-level formats demand a number.
        cache_ways: Its associativity; least recently used lines leave first.

    Raises:
        WorkloadError: A parameter out of range, or one that this format demands.
        InputError: The file is malformed; names the line.
    """
    preparation = Preparation(
        limit=limit,
        issue_gap_cycles=issue_gap_cycles,
        time_scale=time_scale,
        from_zero=from_zero,
        clock_hz=clock_hz,
        burst_bytes=burst_bytes,
        remap=remap,
        capacity_bytes=capacity_bytes,
        instruction_fetches=instruction_fetches,
        cache_bytes=cache_bytes,
        cache_ways=cache_ways,
    )
    with format_named(format).open(file, preparation) as reading:
        block = TraceBlock.joined(list(reading.blocks))
    if not len(block):
        raise WorkloadError(
            "no request reaches the memory: the cache or the choice of accesses takes all",
            where=str(file),
            next_step="use a smaller cache_bytes, or a longer trace",
        )
    return MemoryTrace(
        name=file.name,
        arrival_cycles=block.time,
        address=block.address,
        is_write=block.is_write,
        request_bytes=burst_bytes,
        is_relative=reading.is_relative,
    )
