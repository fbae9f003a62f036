"""From the accesses of a file to requests of a memory controller.

In this order: instruction fetches are dropped or kept, accesses are split into bursts, addresses
are mapped into the memory, a cache takes what hits, times become clock cycles, and the rest is
cut off. Each step is an explicit parameter; nothing that changes a trace happens by default
without its format saying so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Literal

import numpy as np

from dse.errors import WorkloadError
from workloads.traces.block import TraceBlock

if TYPE_CHECKING:
    from workloads.traces.format import TimeUnit

__all__ = ["MAX_ACCESS_BYTES", "PAGE_BYTES", "Preparation", "Remap"]

Remap = Literal["none", "wrap", "pages"]
_Stage = Callable[[TraceBlock], TraceBlock]

MAX_ACCESS_BYTES = 4096
PAGE_BYTES = 4096
_PS_PER_S = 10**12
_EXACT = 2**63


@dataclass(frozen=True, kw_only=True)
class Preparation:
    """How requests to a memory are made of the accesses in a trace.

    Attributes:
        limit: Use this many requests at most, counted after everything else; all if null.
        issue_gap_cycles: Issue one request every so many memory clock cycles and ignore recorded
            times; null keeps these, and formats without times demand a number.
        time_scale: Recorded times are multiplied by this, for example 0.25 for a core of four
            times the memory clock.
        from_zero: Whether recorded times are shifted so that the first is 0.
        clock_hz: The memory clock, for formats that record physical time.
        burst_bytes: Accesses of a known size become aligned requests of this many bytes.
        remap: What happens to addresses beyond the memory: "none" refuses them, "wrap" takes the
            address modulo the capacity, "pages" gives pages of 4 KiB consecutive places in order
            of first use.
        capacity_bytes: Of the memory.
        instruction_fetches: Whether instruction fetches count, where a format records them.
        cache_bytes: Capacity of a write-back cache in front of the memory; 0 states that there is
            none. CPU-level formats demand a number.
        cache_ways: Its associativity; least recently used lines leave first.
    """

    limit: int | None = None
    issue_gap_cycles: int | None = None
    time_scale: float = 1.0
    from_zero: bool = False
    clock_hz: float = 800e6
    burst_bytes: int = 64
    remap: Remap = "none"
    capacity_bytes: int = 2**30
    instruction_fetches: bool = False
    cache_bytes: int | None = None
    cache_ways: int = 16

    def __post_init__(self) -> None:
        line_set = self.burst_bytes * self.cache_ways
        size = self.cache_bytes or 0
        burst = self.burst_bytes
        for name, right, allowed in (
            ("limit", self.limit is None or self.limit > 0, "at least 1, or null"),
            ("issue_gap_cycles", (self.issue_gap_cycles or 0) >= 0, "0, 1, 2, ... or null"),
            ("time_scale", self.time_scale > 0, "more than 0"),
            ("clock_hz", self.clock_hz > 0, "more than 0"),
            ("burst_bytes", 8 <= burst <= PAGE_BYTES and not burst & (burst - 1),
             f"a power of two from 8 to {PAGE_BYTES}"),
            ("capacity_bytes", self.capacity_bytes > 0 and not self.capacity_bytes % PAGE_BYTES,
             f"a multiple of {PAGE_BYTES}"),
            ("cache_ways", self.cache_ways > 0, "at least 1"),
            ("cache_bytes", size >= 0 and not size % max(line_set, 1),
             f"a multiple of burst_bytes x cache_ways = {line_set}, or 0, or null"),
        ):  # fmt: skip
            if not right:
                raise WorkloadError(f"{name} = {getattr(self, name)}", allowed=allowed)

    def check(self, name: str, unit: TimeUnit, is_cpu_level: bool) -> None:
        """Demand what the format leaves open.

        Args:
            name: Of the format.
            unit: What its times count.
            is_cpu_level: Whether it records accesses before any cache.

        Raises:
            WorkloadError: A parameter must be stated for this format.
        """
        if unit == "none" and self.issue_gap_cycles is None:
            raise WorkloadError(
                f"{name} traces hold no times and issue_gap_cycles is not given",
                allowed="issue_gap_cycles: 1 (one request per memory clock), or more",
            )
        if is_cpu_level and self.cache_bytes is None:
            raise WorkloadError(
                f"{name} traces are recorded before any cache and cache_bytes is not given",
                allowed="cache_bytes: 1048576 for a cache of 1 MiB, or 0 for none",
            )
        if unit == "delays" and self.issue_gap_cycles is None and self.cache_bytes:
            raise WorkloadError(
                f"cache_bytes = {self.cache_bytes}, but {name} times count from a request that "
                "the cache may take",
                allowed="no cache, or issue_gap_cycles: a number",
            )

    def apply(self, blocks: Iterator[TraceBlock], unit: TimeUnit) -> Iterator[TraceBlock]:
        """Make requests of accesses, block by block.

        Args:
            blocks: As read.
            unit: What their times count.

        Yields:
            Requests with times in memory clock cycles, or delays if `unit` is "delays".

        Raises:
            WorkloadError: An address beyond the memory, or an access of more than 4 KiB.
        """
        stages = self._stages(unit)
        left = self.limit
        for accesses in blocks:
            block = accesses
            for stage in stages:
                block = stage(block)
            block = block if left is None else block.take(slice(left))
            yield block
            if left is not None:
                left -= len(block)
                if not left:
                    return

    def _stages(self, unit: TimeUnit) -> list[_Stage]:
        stages: list[_Stage] = [] if self.instruction_fetches else [_without_fetches]
        stages.append(_Splitter(self.burst_bytes, unit == "delays"))
        stages.append(_MAPPERS[self.remap](self.capacity_bytes))
        if self.cache_bytes:
            from workloads.traces.cache import CacheFilter

            stages.append(CacheFilter(self.cache_bytes, self.cache_ways, self.burst_bytes))
        stages.append(self._clock(unit))
        return stages

    def _clock(self, unit: TimeUnit) -> _Stage:
        if self.issue_gap_cycles is not None:
            return _FixedGap(self.issue_gap_cycles)
        ratio = Fraction(str(self.time_scale))
        if unit == "picoseconds":
            ratio *= Fraction(str(self.clock_hz)) / _PS_PER_S
        return _Recorded(ratio, self.from_zero and unit != "delays")


def _without_fetches(block: TraceBlock) -> TraceBlock:
    return block.take(~block.is_fetch) if block.is_fetch.any() else block


class _Splitter:
    """Aligned bursts instead of accesses of a known size."""

    def __init__(self, burst_bytes: int, is_relative: bool) -> None:
        self._burst = np.uint64(burst_bytes)
        self._is_relative = is_relative

    def __call__(self, block: TraceBlock) -> TraceBlock:
        known = block.size_bytes > 0
        if not known.any():
            return block
        bursts = self._bursts(block)
        row = np.repeat(np.arange(len(block)), bursts)
        within = np.arange(len(row)) - np.repeat(np.cumsum(bursts) - bursts, bursts)
        split = block.take(row)
        aligned = (split.address // self._burst + within.astype(np.uint64)) * self._burst
        address = np.where(split.size_bytes > 0, aligned, split.address)
        time = np.where(within > 0, 0, split.time) if self._is_relative else split.time
        return TraceBlock.of(time, address, split.is_write)

    def _bursts(self, block: TraceBlock) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
        """Number of bursts that each access touches."""
        size = np.maximum(block.size_bytes, 1).astype(np.uint64)
        last = block.address + size - np.uint64(1)
        wrong = (size > MAX_ACCESS_BYTES) | (last < block.address)
        if wrong.any():
            at = int(np.argmax(wrong))
            raise WorkloadError(
                f"an access of {int(block.size_bytes[at]):,} bytes at {int(block.address[at]):#x}",
                allowed=f"up to {MAX_ACCESS_BYTES} bytes, within 64-bit addresses",
            )
        return (last // self._burst - block.address // self._burst).astype(np.int64) + 1


class _Refuse:
    """Addresses must lie in the memory."""

    def __init__(self, capacity_bytes: int) -> None:
        self._capacity = capacity_bytes
        self._passed = 0

    def __call__(self, block: TraceBlock) -> TraceBlock:
        beyond = block.address >= np.uint64(self._capacity)
        if beyond.any():
            at = int(np.argmax(beyond))
            raise WorkloadError(
                f"the address {int(block.address[at]):#x} of request {self._passed + at + 1:,} "
                f"lies beyond the memory of {self._capacity:,} bytes, and remap is 'none'",
                allowed="remap: wrap (modulo the capacity) or pages (in order of first use), or "
                "a larger capacity_bytes",
            )
        self._passed += len(block)
        return block


class _Wrap:
    """Addresses modulo the capacity."""

    def __init__(self, capacity_bytes: int) -> None:
        self._capacity = np.uint64(capacity_bytes)

    def __call__(self, block: TraceBlock) -> TraceBlock:
        return TraceBlock.of(block.time, block.address % self._capacity, block.is_write)


class _Pages:
    """Pages get consecutive frames in order of first use."""

    def __init__(self, capacity_bytes: int) -> None:
        self._most = capacity_bytes // PAGE_BYTES
        self._pages = np.empty(0, np.uint64)
        self._frames = np.empty(0, np.uint64)

    def __call__(self, block: TraceBlock) -> TraceBlock:
        page, offset = np.divmod(block.address, np.uint64(PAGE_BYTES))
        self._learn(page)
        frame = self._frames[np.searchsorted(self._pages, page)]
        return TraceBlock.of(block.time, frame * np.uint64(PAGE_BYTES) + offset, block.is_write)

    def _learn(self, page: np.ndarray[tuple[int], np.dtype[np.uint64]]) -> None:
        """Give a frame to each page not seen before."""
        distinct, first_use = np.unique(page, return_index=True)
        new = ~np.isin(distinct, self._pages, assume_unique=True)
        fresh = distinct[new][np.argsort(first_use[new])]
        used = len(self._pages)
        if used + len(fresh) > self._most:
            raise WorkloadError(
                f"the trace touches more than the {self._most:,} pages of 4 KiB that "
                f"capacity_bytes = {self._most * PAGE_BYTES:,} holds",
                allowed="a larger capacity_bytes, remap: wrap, or a limit",
            )
        pages = np.concatenate((self._pages, fresh))
        order = np.argsort(pages)
        frames = np.arange(used, used + len(fresh), dtype=np.uint64)
        self._frames = np.concatenate((self._frames, frames))[order]
        self._pages = pages[order]


_MAPPERS: dict[Remap, Callable[[int], _Stage]] = {"none": _Refuse, "wrap": _Wrap, "pages": _Pages}


class _FixedGap:
    """One request every so many cycles."""

    def __init__(self, gap_cycles: int) -> None:
        self._gap = gap_cycles
        self._passed = 0

    def __call__(self, block: TraceBlock) -> TraceBlock:
        time = (self._passed + np.arange(len(block), dtype=np.int64)) * self._gap
        self._passed += len(block)
        return TraceBlock.of(time, block.address, block.is_write)


class _Recorded:
    """Recorded times as cycles, rounded down."""

    def __init__(self, ratio: Fraction, from_zero: bool) -> None:
        self._ratio = ratio
        self._start: int | None = None if from_zero else 0

    def __call__(self, block: TraceBlock) -> TraceBlock:
        if not len(block):
            return block
        if self._start is None:
            self._start = int(block.time[0])
        time = self._scaled(block.time - self._start)
        return TraceBlock.of(time, block.address, block.is_write)

    def _scaled(
        self, time: np.ndarray[tuple[int], np.dtype[np.int64]]
    ) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
        """Exact where 64 bits hold the product."""
        over, under = self._ratio.numerator, self._ratio.denominator
        if int(time.max()) * over < _EXACT:
            return time * over // under
        return (time.astype(np.float64) * float(self._ratio)).astype(np.int64)
