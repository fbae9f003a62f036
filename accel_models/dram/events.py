"""Events in the order of the SystemC kernel, on which the results depend (specification 3.1)."""

from __future__ import annotations

from typing import Any

from accel_models.dram.compiled import called, inlined
from accel_models.dram.state import TIME_SHIFT

PLAYER, ARBITER, PLAN, RESPONSE, ARRIVAL, RELEASE = range(6)
CONTROLLER = 2
"""Processes have the numbers of their first event."""

_SERIALS = 2**20 - 1
_NEXT_PASS = -1


@called
def notify(s: Any, event: int, delay: int) -> None:
    """Notify an event for the next pass (delay 0) or for a later instant."""
    pending = s.pending[event]
    if pending == _NEXT_PASS:
        return
    if delay == 0:
        s.pending[event] = _NEXT_PASS
        s.next_pass = s.next_pass << 3 | (event + 1)
        return
    time = s.now + delay
    if pending and (pending >> TIME_SHIFT) <= time:
        return
    s.serial = (s.serial + 1) & _SERIALS
    entry = time << TIME_SHIFT | s.serial << 3 | event
    s.pending[event] = entry
    _push(s, entry)


@inlined
def _push(s: Any, entry: int) -> None:
    """Insert into the heap; entries of the same time stay behind those already there."""
    if s.heap_size + 1 >= len(s.heap):
        s.is_heap_full = 1
        s.finished = 1
        return
    s.heap_size += 1
    position = s.heap_size
    time = entry >> TIME_SHIFT
    while position > 1 and (s.heap[position >> 1] >> TIME_SHIFT) > time:
        s.heap[position] = s.heap[position >> 1]
        position >>= 1
    s.heap[position] = entry


@inlined
def _pop(s: Any) -> int:
    """Remove the root: the last entry sinks from there, leftwards where children are equal."""
    top = s.heap[1]
    size = s.heap_size - 1
    s.heap_size = size
    entry = s.heap[size + 1]
    time = entry >> TIME_SHIFT
    position = 1
    while True:
        child = 2 * position
        if child > size:
            break
        child_time = s.heap[child] >> TIME_SHIFT
        if child < size and (s.heap[child + 1] >> TIME_SHIFT) < min(child_time, time):
            child += 1
            child_time = s.heap[child] >> TIME_SHIFT
        if child_time >= time:
            break
        s.heap[position] = s.heap[child]
        position = child
    s.heap[position] = entry
    return int(top)


@called
def _triggered(order: int, event: int) -> int:
    """Add the process of an event to the order of a pass; each runs once."""
    process = min(event, CONTROLLER) + 1
    digits = order
    shift = 0
    while digits:
        if digits & 3 == process:
            return order
        digits >>= 2
        shift += 2
    return order | process << shift


@called
def next_order(s: Any) -> int:
    """The processes of the next pass, two bits each from the lowest; 0 if nothing is left."""
    order = 0
    events = s.next_pass
    if events:
        s.next_pass = 0
        while events:
            event = (events & 7) - 1
            events >>= 3
            s.pending[event] = 0
            order = _triggered(order, event)
        return order
    while order == 0 and s.heap_size:
        time = s.heap[1] >> TIME_SHIFT
        s.now = time
        while s.heap_size and (s.heap[1] >> TIME_SHIFT) == time:
            entry = _pop(s)
            event = entry & 7
            if s.pending[event] == entry:
                s.pending[event] = 0
                order = _triggered(order, event)
    return order
