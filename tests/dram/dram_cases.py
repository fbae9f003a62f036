"""Traces, memories and random controllers for the tests of the memory controller."""

from dataclasses import replace
from pathlib import Path

import numpy as np
from hypothesis import strategies as st

from accel_models.dram.specification import load_specification
from workloads.traces.trace import MemoryTrace

GOLDEN = Path(__file__).parents[1] / "golden" / "dram"
DDR3 = load_specification("ddr3-1600")
DDR4 = load_specification("ddr4-2400")
HIGHEST = [3, 2, 2, 128, 1, 1, 8, 8, 2, 128, 1]
LOWEST = [0, 0, 0, 1, 0, 0, 1, 1, 0, 1, 0]
DEFAULT = [0, 2, 0, 8, 0, 1, 8, 8, 0, 8, 0]


def trace_of(*requests, is_relative=False):
    """A trace of (cycle, "R" or "W", address)."""
    times, kinds, addresses = zip(*requests, strict=True)
    return MemoryTrace(
        name="test",
        arrival_cycles=np.array(times),
        address=np.array(addresses, dtype=np.uint64),
        is_write=np.array([kind == "W" for kind in kinds]),
        is_relative=is_relative,
    )


def random_requests(rng, count, *, gap, locality, writes):
    """A trace of random requests: how dense, how local, how many writes."""
    jumps = rng.random(count) > locality
    address = np.cumsum(np.where(jumps, rng.integers(0, 2**24, count), 1)) % 2**24 * 64
    gaps = rng.geometric(1 / gap, count) - 1
    gaps[rng.random(count) < 0.02] += 400
    return MemoryTrace(
        name="random",
        arrival_cycles=np.cumsum(gaps),
        address=address.astype(np.uint64),
        is_write=rng.random(count) < writes,
    )


@st.composite
def traces(draw, longest=400, read_only=False):
    """Random traces of at most `longest` requests."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    return random_requests(
        rng,
        draw(st.integers(1, longest)),
        gap=draw(st.sampled_from([1.0, 2.0, 8.0, 60.0])),
        locality=draw(st.sampled_from([0.0, 0.5, 0.9, 1.0])),
        writes=0.0 if read_only else draw(st.sampled_from([0.0, 0.3, 1.0])),
    )


SIZES = st.sampled_from([1, 2, 3, 4, 8, 32, 128])
CONTROLLERS = st.tuples(
    *(
        st.integers(low, high) if high < 128 else SIZES
        for low, high in zip(LOWEST, HIGHEST, strict=True)
    )
).map(np.array)


def with_ranks(memory, ranks):
    """The memory with more ranks, selected by the bits above its map."""
    maps = {}
    for name, address_map in memory.maps.items():
        top = 1 + max(bit for bits in address_map.fields.values() for bit in bits)
        bits = tuple(range(top, top + ranks.bit_length() - 1))
        maps[name] = replace(address_map, fields={**address_map.fields, "rank": bits})
    return replace(memory, geometry={**memory.geometry, "ranks": ranks}, maps=maps)


def refreshing_often(memory, interval):
    """The memory with a shorter refresh interval, so that short traces meet many refreshes."""
    return replace(memory, timing={**memory.timing, "REFI": interval})
