"""How events move: entering, meeting, being served, waiting for room, leaving."""

from __future__ import annotations

from typing import Any

from accel_models.daq.twin.compiled import inlined
from accel_models.daq.twin.heap import push
from accel_models.daq.twin.sampling import passes, work_ticks
from accel_models.daq.twin.state import LOST, NONE, PENDING, REJECTED, STORED


@inlined
def mark(state: Any, number: int) -> None:
    """Something may have become possible at this station."""
    station = state.stations[number]
    if not station.is_dirty:
        station.is_dirty = 1
        run = state.run[0]
        state.dirty[run.dirty_size] = number
        run.dirty_size += 1


@inlined
def count_to_now(state: Any, number: int) -> None:
    """Bring the station's integral of events over time up to now."""
    station = state.stations[number]
    station.area += station.count * (state.run[0].now - station.changed_at)
    station.changed_at = state.run[0].now


@inlined
def _take_place(state: Any, number: int, item: int) -> None:
    station = state.stations[number]
    count_to_now(state, number)
    station.count += 1
    station.entered += 1
    station.peak = max(station.peak, station.count)
    place = state.items[item, number]
    place.is_placed = 1
    place.entered = state.run[0].now


@inlined
def _leave_place(state: Any, number: int, item: int) -> None:
    station = state.stations[number]
    count_to_now(state, number)
    station.count -= 1
    station.left += 1
    place = state.items[item, number]
    place.is_placed = 0
    station.sojourn += state.run[0].now - place.entered
    mark(state, number)


@inlined
def _resolve(state: Any, item: int) -> None:
    """The last fragment of an event has left: count what became of it and free its row."""
    run = state.run[0]
    event = state.events[state.owners[item]]
    event.departure = run.now
    if event.outcome == PENDING:
        event.outcome = STORED
        run.stored += 1
    elif event.outcome == REJECTED:
        run.rejected += 1
    else:
        run.lost += 1
    state.idle_items[run.idle_items] = item
    run.idle_items += 1


@inlined
def _give_up(state: Any, number: int, item: int) -> None:
    """An empty fragment of a lost event reaches this station, and in no time all that follow.

    Where the others of its event have been waiting for it, they are dropped.
    """
    while number != NONE:
        place = state.items[item, number]
        place.missing -= 1
        mark(state, number)
        if place.missing:
            return
        if place.is_placed:
            _leave_place(state, number, item)
        number = state.stations[number].next
    _resolve(state, item)


@inlined
def _lose(state: Any, number: int, item: int) -> None:
    """There is no room at this station."""
    event = state.events[state.owners[item]]
    event.outcome = LOST
    event.station = number
    _give_up(state, number, item)


@inlined
def deliver(state: Any, number: int, item: int) -> bool:
    """Hand a fragment to a station, or an event to the exit; False if it has to wait for room."""
    if number == NONE:
        _resolve(state, item)
        return True
    station = state.stations[number]
    place = state.items[item, number]
    if state.events[state.owners[item]].outcome == LOST:
        _give_up(state, number, item)
        return True
    if not place.is_placed:
        if station.count >= station.places:
            if station.blocks:
                return False
            _lose(state, number, item)
            return True
        _take_place(state, number, item)
    place.missing -= 1
    if place.missing == 0:
        _queue(state, number, item)
    return True


@inlined
def _queue(state: Any, number: int, item: int) -> None:
    """A whole event joins the queue for service."""
    station = state.stations[number]
    state.items[item, number].link = NONE
    if station.ready:
        state.items[station.ready_tail, number].link = item
    else:
        station.ready_head = item
    station.ready_tail = item
    station.ready += 1
    mark(state, number)


@inlined
def unload(state: Any, slot: int) -> None:
    """Judge the events of a finished batch and send them on, until one has to wait."""
    server = state.slots[slot]
    number = server.station
    station = state.stations[number]
    while server.head != NONE:
        item = server.head
        rest = state.items[item, number].link
        if not server.is_judged and not _serve(state, number, item):
            server.head = rest
            continue
        if not deliver(state, station.next, item):
            server.is_judged = 1
            _wait(state, slot, station.next)
            return
        server.is_judged = 0
        _leave_place(state, number, item)
        server.head = rest
    server.next = station.idle
    station.idle = slot
    mark(state, number)


@inlined
def _serve(state: Any, number: int, item: int) -> bool:
    """Count a served event; a rejected one leaves here."""
    station = state.stations[number]
    owner = state.owners[item]
    event = state.events[owner]
    if owner >= state.run[0].warm_up:
        station.served += 1
    if passes(station, state.keys[2 + number], owner, event.signal):
        return True
    event.outcome = REJECTED
    event.station = number
    _leave_place(state, number, item)
    _resolve(state, item)
    return False


@inlined
def _wait(state: Any, slot: int, number: int) -> None:
    """A server keeps its event until there is room at the station it goes to."""
    station = state.stations[number]
    server = state.slots[slot]
    server.next = NONE
    server.since = state.run[0].now
    if station.waiting_head == NONE:
        station.waiting_head = slot
    else:
        state.slots[station.waiting_tail].next = slot
    station.waiting_tail = slot


@inlined
def _can_enter(state: Any, number: int, slot: int) -> bool:
    """Whether the fragment that a waiting server holds could be delivered now."""
    station = state.stations[number]
    item = state.slots[slot].head
    has_place = state.items[item, number].is_placed
    is_lost = state.events[state.owners[item]].outcome == LOST
    return bool(station.count < station.places or has_place != 0 or is_lost)


@inlined
def _admit_waiting(state: Any, number: int) -> None:
    """Let waiting servers go on, in the order they came, as far as there is room.

    Where fragments meet, those of an event that has its place already may overtake.
    """
    station = state.stations[number]
    before = NONE
    slot = station.waiting_head
    while slot != NONE:
        server = state.slots[slot]
        following = server.next
        if _can_enter(state, number, slot):
            if before == NONE:
                station.waiting_head = following
            else:
                state.slots[before].next = following
            if following == NONE:
                station.waiting_tail = before
            state.stations[server.station].blocked_ticks += state.run[0].now - server.since
            unload(state, slot)
        elif station.inputs == 1:
            return
        else:
            before = slot
        slot = following


@inlined
def _start_services(state: Any, number: int) -> None:
    """Give batches to idle servers."""
    run = state.run[0]
    station = state.stations[number]
    while station.idle != NONE and station.ready:
        if station.ready < station.batch and not run.is_draining:
            return
        slot = station.idle
        server = state.slots[slot]
        station.idle = server.next
        duration = station.batch_overhead
        item = server.head = station.ready_head
        last = item
        for _ in range(min(station.batch, station.ready)):
            key = state.keys[2 + number]
            duration += work_ticks(station, state.table, key, state.owners[item])
            last = item
            item = state.items[item, number].link
            station.ready -= 1
        state.items[last, number].link = NONE
        station.ready_head = item
        ticks = int(duration + 0.5)
        station.busy_ticks += ticks
        push(state.heap_time, state.heap_slot, run.heap_size, run.now + ticks, slot)
        run.heap_size += 1


@inlined
def settle(state: Any) -> None:
    """Do everything that has become possible."""
    run = state.run[0]
    while run.dirty_size:
        run.dirty_size -= 1
        number = state.dirty[run.dirty_size]
        state.stations[number].is_dirty = 0
        _admit_waiting(state, number)
        _start_services(state, number)
