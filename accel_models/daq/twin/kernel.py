"""The compiled engine: one network, one seed, from the first trigger to the last departure.

The loop handles *events of the simulation*: the arrival of a trigger, or the end of a service. It
stops when the last trigger has been dealt with and the network is empty.
"""

from __future__ import annotations

from typing import Any

from accel_models.daq.twin.compiled import compiled, inlined
from accel_models.daq.twin.gate import is_signal, is_vetoed, remember, schedule_next
from accel_models.daq.twin.heap import pop
from accel_models.daq.twin.state import (
    BUSY,
    DONE,
    PENDING,
    POOL_FULL,
    RUNNING,
    STALLED,
    UNBALANCED,
    VETOED,
)
from accel_models.daq.twin.stations import count_to_now, deliver, mark, settle, unload


@compiled
def simulate(state: Any) -> None:
    """Run to the end.

    Args:
        state: A `State` at time 0; the results are left in it.
    """
    run = state.run[0]
    schedule_next(state)
    while run.status == RUNNING:
        arrives = run.created < run.triggers
        if run.heap_size and (not arrives or state.heap_time[0] <= run.next_at):
            _finish_service(state)
        elif arrives:
            run.now = run.next_at
            _arrive(state)
            schedule_next(state)
        else:
            break
        settle(state)
        run.handled += 1
        if not _is_balanced(run, len(state.idle_items)):
            run.status = UNBALANCED
    if run.status == RUNNING:
        run.status = DONE if run.idle_items == len(state.idle_items) else STALLED
    for number in range(len(state.stations)):
        count_to_now(state, number)


@inlined
def _is_balanced(run: Any, pool: int) -> bool:
    """Offered = vetoed + lost + rejected + stored + in the system."""
    in_system = pool - run.idle_items
    outcomes = run.vetoed + run.busy + run.lost + run.rejected + run.stored
    return bool(run.created == outcomes + in_system)


@inlined
def _finish_service(state: Any) -> None:
    run = state.run[0]
    run.now = state.heap_time[0]
    slot = pop(state.heap_time, state.heap_slot, run.heap_size)
    run.heap_size -= 1
    unload(state, slot)


@inlined
def _arrive(state: Any) -> None:
    """A trigger: blocked by the rules, turned away, or sent to all entry stations."""
    run = state.run[0]
    number = run.created
    event = state.events[number]
    event.arrival = event.departure = run.now
    event.signal = is_signal(state, number)
    if number == run.warm_up:
        _open_window(state)
    run.created += 1
    if is_vetoed(state):
        event.outcome = VETOED
        run.vetoed += 1
    elif not _is_room(state):
        event.outcome = BUSY
        run.busy += 1
    elif run.idle_items == 0:
        run.created -= 1
        run.status = POOL_FULL
    else:
        remember(state)
        _enter(state, number)
    if run.created == run.triggers:
        _close_window(state)


@inlined
def _is_room(state: Any) -> bool:
    """Whether all entry stations that cannot lose an event have room for one."""
    for number in range(len(state.stations)):
        station = state.stations[number]
        if station.is_entry and station.blocks and station.count >= station.places:
            return False
    return True


@inlined
def _enter(state: Any, number: int) -> None:
    run = state.run[0]
    run.idle_items -= 1
    item = state.idle_items[run.idle_items]
    state.owners[item] = number
    state.events[number].outcome = PENDING
    for i in range(len(state.stations)):
        place = state.items[item, i]
        place.missing = state.stations[i].inputs
        place.is_placed = 0
    for i in range(len(state.stations)):
        if state.stations[i].is_entry:
            deliver(state, i, item)


@inlined
def _open_window(state: Any) -> None:
    """Measuring starts with the first trigger after the warm-up."""
    state.run[0].window_from = state.run[0].now
    for i in range(len(state.stations)):
        count_to_now(state, i)
        state.stations[i].window_start = state.stations[i].area


@inlined
def _close_window(state: Any) -> None:
    """Measuring ends with the last trigger; partial batches may go from here on."""
    run = state.run[0]
    run.window_to = run.now
    run.is_draining = 1
    for i in range(len(state.stations)):
        count_to_now(state, i)
        state.stations[i].window_end = state.stations[i].area
        mark(state, i)
