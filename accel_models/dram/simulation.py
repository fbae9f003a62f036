"""From controllers and a trace to the results of the simulator."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from accel_models.dram.equivalence import canonical
from accel_models.dram.state import (
    COMMANDS,
    CONTROLLER_FIELDS,
    HEAP,
    REQUEST,
    RESULT_FIELDS,
    RING,
    TIME_SHIFT,
    Requests,
    state_dtype,
)
from accel_models.parallel import run_all, thread_count
from dse.errors import WorkloadError

if TYPE_CHECKING:
    import numpy.typing as npt

    from accel_models.dram.address import AddressMap
    from accel_models.dram.specification import Specification
    from dse._columns import IntArray
    from workloads.traces.trace import MemoryTrace

RESULT = np.dtype([*((name, np.int64) for name in RESULT_FIELDS), ("commands", np.int64, COMMANDS)])
"""What `simulate_controllers` returns for each controller; times in cycles."""

_LATEST = 2 ** (62 - TIME_SHIFT)
_SLOWEST = 2**12
"""Cycles that a request takes at the very most, refreshes included."""

_DECODED_AT_ONCE = 2**14
_COMMANDS_PER_REQUEST = 8
_MORE_HEAP = 16
_BUFFER_SIZE = CONTROLLER_FIELDS.index("request_buffer_size")


def simulate_controllers(
    controllers: IntArray,
    memory: Specification,
    address_map: AddressMap,
    trace: MemoryTrace,
    threads: int | None = None,
) -> npt.NDArray[np.void]:
    """Simulate many controllers on one trace; those that cannot differ are simulated once.

    Args:
        controllers: N x 11, the columns of `state.CONTROLLER_FIELDS`.
        memory: The memory.
        address_map: How addresses map to it.
        trace: The requests.
        threads: How many run side by side; None for as many as `thread_count` finds.

    Returns:
        N records of `RESULT`.

    Raises:
        WorkloadError: The trace is too long in time, or its requests do not fit a burst.
    """
    requests = _requests(memory, address_map, trace)
    rows = canonical(controllers, has_writes=bool(trace.is_write.any()))
    _, first, position = np.unique(_keys(rows), return_index=True, return_inverse=True)
    distinct = rows[first]
    results = np.zeros(len(distinct), dtype=RESULT)
    no_log = np.empty((0, 3), dtype=np.int64)

    def run(index: int) -> None:
        state = _run(distinct[index], memory, trace.is_relative, requests, no_log)
        results[index] = tuple(state[field] for field in RESULT.names or ())

    run_all(run, _slowest_first(distinct), threads or thread_count())
    return results[position]


def command_log(
    controller: IntArray, memory: Specification, address_map: AddressMap, trace: MemoryTrace
) -> IntArray:
    """All commands of one simulation.

    Args:
        controller: The 11 values of `state.CONTROLLER_FIELDS`.
        memory: The memory.
        address_map: How addresses map to it.
        trace: The requests.

    Returns:
        L x 3: the cycle, the command (`state.Command`), and the bank counted through all ranks,
        or the rank for a command to all its banks.

    Raises:
        WorkloadError: As `simulate_controllers`.
    """
    requests = _requests(memory, address_map, trace)
    length = _COMMANDS_PER_REQUEST * len(trace)
    while True:
        log = np.empty((length, 3), dtype=np.int64)
        logged = int(_run(controller, memory, trace.is_relative, requests, log)["logged"])
        if logged <= length:
            return log[:logged]
        length = logged


def _requests(memory: Specification, address_map: AddressMap, trace: MemoryTrace) -> Requests:
    """The trace with its addresses decoded: what all simulations read."""
    _check(trace, memory)
    bank = np.empty(len(trace), dtype=np.uint8)
    row = np.empty(len(trace), dtype=np.int32)
    for start in range(0, len(trace), _DECODED_AT_ONCE):
        part = slice(start, start + _DECODED_AT_ONCE)
        bank[part], row[part] = address_map.decode(trace.address[part])
    return Requests(trace.arrival_cycles, trace.address, bank, row, trace.is_write)


def _check(trace: MemoryTrace, memory: Specification) -> None:
    if trace.request_bytes > memory.burst_bytes:
        raise WorkloadError(
            f"requests of {trace.request_bytes} B",
            where=trace.name,
            allowed=f"at most the {memory.burst_bytes} B of one access to {memory.name}",
            next_step="split the requests when the trace is read",
        )
    arrival = trace.arrival_cycles
    span = float(arrival.sum(dtype=np.float64)) if trace.is_relative else float(arrival[-1])
    longest = _LATEST - _SLOWEST * len(trace)
    if span > longest:
        raise WorkloadError(
            f"the trace takes {span:,.0f} cycles",
            where=trace.name,
            allowed=f"at most {max(longest, 0):,} cycles",
        )


def _keys(rows: IntArray) -> IntArray:
    """One integer per row, equal where rows are equal."""
    keys: IntArray = np.ravel_multi_index(tuple(rows.T), tuple(rows.max(axis=0) + 1))
    return keys


def _run(
    controller: IntArray,
    memory: Specification,
    is_relative: bool,
    requests: Requests,
    log: IntArray,
) -> Any:
    """Simulate one controller; returns the final state."""
    from accel_models.dram.kernel import simulate  # compiles, or loads what was compiled

    room = HEAP
    while True:
        state = np.zeros(1, dtype=state_dtype(room))[0]
        _configure(state, controller, memory)
        state["is_relative"] = is_relative
        ring = np.zeros(RING, dtype=REQUEST)
        simulate(state, ring, requests, log)
        while state["is_ring_full"]:
            ring = _larger(ring, int(state["sent"]))
            simulate(state, ring, requests, log)
        if not state["is_heap_full"]:
            return state
        room *= _MORE_HEAP


def _larger(ring: npt.NDArray[np.void], sent: int) -> npt.NDArray[np.void]:
    """The same requests in a ring of twice the room."""
    larger = np.zeros(2 * len(ring), dtype=REQUEST)
    requests = np.arange(sent - len(ring), sent)
    larger[requests % len(larger)] = ring[requests % len(ring)]
    return larger


def _configure(state: Any, controller: IntArray, memory: Specification) -> None:
    for name, value in zip(CONTROLLER_FIELDS, controller, strict=True):
        state[name] = value
    for name, cycles in memory.timing.items():
        state[name] = cycles
    state["ranks"] = memory.geometry["ranks"]
    state["groups_per_rank"] = memory.geometry["bank_groups"]
    state["banks_per_rank"] = memory.geometry["banks"]


def _slowest_first(controllers: IntArray) -> list[int]:
    """Large buffers first: searching them takes longest, and all threads should end together."""
    return [int(i) for i in np.argsort(-controllers[:, _BUFFER_SIZE], kind="stable")]
