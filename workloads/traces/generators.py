"""Synthetic memory traces.

All requests are reads and writes of 64 bytes. The same arguments give the same trace.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dse.errors import WorkloadError
from workloads.traces.trace import MemoryTrace

if TYPE_CHECKING:
    import numpy.typing as npt

    Ints = npt.NDArray[np.int64]

__all__ = [
    "burst_trace",
    "mixed_trace",
    "pointer_chase_trace",
    "random_trace",
    "stream_trace",
    "strided_trace",
]

_LINE_BYTES = 64
_MOST_REQUESTS = 10**8
_LARGEST_BYTES = 2**46
_LONGEST_GAP = 10**9


def stream_trace(
    *,
    requests: int = 10_000,
    footprint_bytes: int = 2**30,
    gap_cycles: int = 1,
    read_share: float = 1.0,
    seed: int = 0,
) -> MemoryTrace:
    """Synthetic: one line after the other, from address 0.

    Args:
        requests: How many.
        footprint_bytes: After so many bytes the stream starts again.
        gap_cycles: Memory clock cycles from one request to the next.
        read_share: Share of reads; the writes are chosen at random.
        seed: For the choice of writes.
    """
    _check(requests, footprint_bytes, read_share, gap_cycles=gap_cycles)
    line = np.arange(requests) % (footprint_bytes // _LINE_BYTES)
    writes = _writes(np.random.default_rng(seed), requests, read_share)
    return _trace("stream", _steady(requests, gap_cycles), line, writes)


def random_trace(
    *,
    requests: int = 10_000,
    footprint_bytes: int = 2**30,
    gap_cycles: int = 1,
    read_share: float = 1.0,
    seed: int = 0,
) -> MemoryTrace:
    """Synthetic: lines drawn at random from the footprint.

    Args:
        requests: How many.
        footprint_bytes: Lines come from the first so many bytes.
        gap_cycles: Memory clock cycles from one request to the next.
        read_share: Share of reads.
        seed: For lines and writes.
    """
    _check(requests, footprint_bytes, read_share, gap_cycles=gap_cycles)
    rng = np.random.default_rng(seed)
    line = rng.integers(footprint_bytes // _LINE_BYTES, size=requests)
    writes = _writes(rng, requests, read_share)
    return _trace("random", _steady(requests, gap_cycles), line, writes)


def strided_trace(
    *,
    requests: int = 10_000,
    stride_bytes: int = 8192,
    arrays: int = 1,
    written_arrays: int = 0,
    footprint_bytes: int = 2**30,
    gap_cycles: int = 1,
) -> MemoryTrace:
    """Synthetic: arrays walked side by side with a fixed stride.

    Args:
        requests: How many, in turn to each array.
        stride_bytes: From one element of an array to its next.
        arrays: Arrays that share the footprint evenly; 3 with one written make a triad.
        written_arrays: The last so many are written, the others read.
        footprint_bytes: Of all arrays; walks start again at the end of their array.
        gap_cycles: Memory clock cycles from one request to the next.
    """
    _check(requests, footprint_bytes, 1.0, gap_cycles=gap_cycles)
    share_bytes = footprint_bytes // max(arrays, 1) // _LINE_BYTES * _LINE_BYTES
    _demand("arrays", arrays, 1, footprint_bytes // _LINE_BYTES)
    _demand("written_arrays", written_arrays, 0, arrays)
    _demand("stride_bytes", stride_bytes, 1, _LARGEST_BYTES)
    element, array = np.divmod(np.arange(requests), arrays)
    line = (array * share_bytes + element * stride_bytes % share_bytes) // _LINE_BYTES
    writes = array >= arrays - written_arrays
    return _trace("strided", _steady(requests, gap_cycles), line, writes)


def pointer_chase_trace(
    *,
    requests: int = 10_000,
    footprint_bytes: int = 2**26,
    gap_cycles: int = 45,
    seed: int = 0,
) -> MemoryTrace:
    """Synthetic: reads along one random cycle through all lines of the footprint.

    Args:
        requests: How many.
        footprint_bytes: What the cycle covers.
        gap_cycles: Memory clock cycles from one request to the next: the time a dependent load
            takes.
        seed: For the cycle.
    """
    _check(requests, footprint_bytes, 1.0, gap_cycles=gap_cycles)
    _demand("footprint_bytes", footprint_bytes, _LINE_BYTES, 2**34)
    cycle = np.random.default_rng(seed).permutation(footprint_bytes // _LINE_BYTES)
    line = cycle[np.arange(requests) % len(cycle)]
    return _trace("pointer-chase", _steady(requests, gap_cycles), line, np.zeros(requests, bool))


def burst_trace(
    *,
    requests: int = 10_000,
    burst_requests: int = 32,
    idle_cycles: int = 2000,
    footprint_bytes: int = 2**30,
    read_share: float = 1.0,
    seed: int = 0,
) -> MemoryTrace:
    """Synthetic: runs of consecutive lines at one request per cycle, idle time between.

    Args:
        requests: How many in all.
        burst_requests: Requests of one run; each run is of reads or of writes.
        idle_cycles: Memory clock cycles from the last request of a run to the next run.
        footprint_bytes: Runs start at random lines of the first so many bytes.
        read_share: Share of runs that read.
        seed: For the starts and directions.
    """
    _check(requests, footprint_bytes, read_share, idle_cycles=idle_cycles)
    _demand("burst_requests", burst_requests, 1, requests)
    rng = np.random.default_rng(seed)
    run, within = np.divmod(np.arange(requests), burst_requests)
    runs = int(run[-1]) + 1
    lines = footprint_bytes // _LINE_BYTES
    line = (rng.integers(lines, size=runs)[run] + within) % lines
    time = run * (burst_requests - 1 + idle_cycles) + within
    return _trace("bursts", time, line, _writes(rng, runs, read_share)[run])


def mixed_trace(
    *,
    requests: int = 10_000,
    streams: int = 8,
    random_share: float = 0.25,
    footprint_bytes: int = 2**30,
    mean_gap_cycles: float = 5.0,
    read_share: float = 0.75,
    seed: int = 0,
) -> MemoryTrace:
    """Synthetic: several sequential streams and random accesses, interleaved at random.

    Args:
        requests: How many in all.
        streams: Sequential streams that share the footprint evenly.
        random_share: Share of requests that go to random lines instead.
        footprint_bytes: Of everything.
        mean_gap_cycles: Mean of the geometrically distributed memory clock cycles between
            requests; at least 1.
        read_share: Share of reads.
        seed: For all choices.
    """
    _check(requests, footprint_bytes, read_share)
    lines = footprint_bytes // _LINE_BYTES
    _demand("streams", streams, 1, min(lines, 2**16))
    _demand("random_share", random_share, 0, 1)
    _demand("mean_gap_cycles", mean_gap_cycles, 1, _LONGEST_GAP)
    rng = np.random.default_rng(seed)
    chosen = rng.integers(streams, size=requests)
    share = lines // streams
    line = chosen * share + _rank_within(chosen) % share
    is_random = rng.random(requests) < random_share
    line = np.where(is_random, rng.integers(lines, size=requests), line)
    gaps = rng.geometric(1.0 / mean_gap_cycles, size=requests)
    time = np.cumsum(gaps) - gaps[0]
    return _trace("mixed", time, line, _writes(rng, requests, read_share))


def _rank_within(group: Ints) -> Ints:
    """For each entry, how many before it are of the same group."""
    order = np.argsort(group, kind="stable")
    ordered = group[order]
    first = np.searchsorted(ordered, ordered)
    rank = np.empty(len(group), np.int64)
    rank[order] = np.arange(len(group)) - first
    return rank


def _steady(requests: int, gap_cycles: int) -> Ints:
    return np.arange(requests, dtype=np.int64) * gap_cycles


def _writes(rng: np.random.Generator, count: int, read_share: float) -> npt.NDArray[np.bool_]:
    return rng.random(count) >= read_share


def _trace(name: str, time: Ints, line: Ints, is_write: npt.NDArray[np.bool_]) -> MemoryTrace:
    address = line.astype(np.uint64) * np.uint64(_LINE_BYTES)
    return MemoryTrace(name=name, arrival_cycles=time, address=address, is_write=is_write)


def _check(requests: int, footprint_bytes: int, read_share: float, **cycles: int) -> None:
    _demand("requests", requests, 1, _MOST_REQUESTS)
    _demand("footprint_bytes", footprint_bytes, _LINE_BYTES, _LARGEST_BYTES)
    _demand("read_share", read_share, 0, 1)
    for name, value in cycles.items():
        _demand(name, value, 0, _LONGEST_GAP)


def _demand(name: str, value: float, low: float, high: float) -> None:
    if not low <= value <= high:
        raise WorkloadError(f"{name} = {value}", allowed=f"from {low:,} to {high:,}")
