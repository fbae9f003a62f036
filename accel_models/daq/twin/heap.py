"""The servers at work, by the time they finish: a binary heap.

Of servers that finish at the same tick the one with the lower number goes first.
"""

from __future__ import annotations

from typing import Any

from accel_models.daq.twin.compiled import inlined


@inlined
def push(time: Any, slot: Any, size: int, new_time: int, new_slot: int) -> None:
    """Add an entry to a heap of `size` entries."""
    child = size
    while child:
        parent = (child - 1) >> 1
        if not _precedes(new_time, new_slot, time[parent], slot[parent]):
            break
        time[child], slot[child] = time[parent], slot[parent]
        child = parent
    time[child], slot[child] = new_time, new_slot


@inlined
def pop(time: Any, slot: Any, size: int) -> int:
    """Remove the first entry of a heap of `size` entries and return its slot."""
    first = slot[0]
    last = size - 1
    moved_time, moved_slot = time[last], slot[last]
    parent = 0
    child = 1
    while child < last:
        right = child + 1
        if right < last and _precedes(time[right], slot[right], time[child], slot[child]):
            child = right
        if not _precedes(time[child], slot[child], moved_time, moved_slot):
            break
        time[parent], slot[parent] = time[child], slot[child]
        parent = child
        child = 2 * parent + 1
    time[parent], slot[parent] = moved_time, moved_slot
    return int(first)


@inlined
def _precedes(time: int, slot: int, other_time: int, other_slot: int) -> bool:
    return time < other_time or (time == other_time and slot < other_slot)
