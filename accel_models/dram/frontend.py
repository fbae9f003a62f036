"""The trace player and the arbiter between it and the controller (specification 3.2)."""

from __future__ import annotations

from typing import Any

from accel_models.dram.compiled import called, inlined
from accel_models.dram.events import ARBITER, ARRIVAL, PLAYER, RELEASE, notify
from accel_models.dram.ring import at, enter
from accel_models.dram.state import ARBITER_REORDER, NEVER, NONE, SIMPLE

BEGIN_REQUEST, END_REQUEST, BEGIN_RESPONSE, END_RESPONSE = 1, 2, 3, 4
_RETURNED = -1
"""In `ready`: the response waits in the arbiter."""


@inlined
def tell_arbiter(s: Any, message: int) -> None:
    """Send a message for the next pass."""
    s.arbiter_next |= message << s.arbiter_sent
    s.arbiter_sent += 4
    notify(s, ARBITER, 0)


@inlined
def _tell_player(s: Any, message: int) -> None:
    s.player_next |= message << s.player_sent
    s.player_sent += 4
    notify(s, PLAYER, 0)


@inlined
def return_response(s: Any, request: int, delay: int) -> None:
    """The controller begins a response: now, or in the next cycle."""
    s.arbiter_response = request
    if delay == 0:
        tell_arbiter(s, BEGIN_RESPONSE)
        return
    s.response_due = s.now + delay
    s.response_first = int(s.request_due == NEVER)
    notify(s, ARBITER, delay)


@inlined
def start_player(s: Any, q: Any, trace: Any) -> None:
    """Send the first request."""
    due = trace.arrival_cycles[0]
    enter(s, q, trace, 0, due)
    if due == 0:
        tell_arbiter(s, BEGIN_REQUEST)
    else:
        s.request_due = due
        notify(s, ARBITER, due)


@called
def run_player(s: Any, q: Any, trace: Any) -> None:
    """Handle what the arbiter sent: acceptances and responses."""
    messages = s.player_now
    s.player_now = 0
    while messages:
        if messages & 15 == END_REQUEST:
            _send_next(s, q, trace)
        else:
            _receive(s, q, trace)
        messages >>= 4
    if s.player_response_due <= s.now:
        s.player_response_due = NEVER
        _receive(s, q, trace)
    elif s.player_response_due < NEVER:
        notify(s, PLAYER, s.player_response_due - s.now)


@inlined
def _send_next(s: Any, q: Any, trace: Any) -> None:
    """The last request is accepted: the next one follows when its time has come."""
    request = s.sent
    q[at(q, request - 1)].accepted = s.now
    if request == len(trace.address):
        return
    arrival = trace.arrival_cycles[request]
    if s.is_relative:
        arrival += s.now
    due = max(arrival, s.now + 1)
    enter(s, q, trace, request, due)
    s.request_due = due
    s.response_first = int(s.response_due < NEVER)
    notify(s, ARBITER, due - s.now)


@inlined
def _receive(s: Any, q: Any, trace: Any) -> None:
    received = q[at(q, s.player_response)]
    received.is_under_way = 0
    latency = s.now - received.begun
    accepted_latency = s.now - received.accepted
    s.latency_sum += latency
    s.latency_max = max(s.latency_max, latency)
    s.accepted_latency_sum += accepted_latency
    s.accepted_latency_max = max(s.accepted_latency_max, accepted_latency)
    tell_arbiter(s, END_RESPONSE)
    s.received += 1
    if s.received == len(trace.address):
        s.total_time = s.now
        s.finished = 1


@called
def run_arbiter(s: Any, q: Any) -> None:
    """Handle messages of the last pass in sending order, then those due now."""
    messages = s.arbiter_now
    s.arbiter_now = 0
    while messages:
        _handle(s, q, messages & 15)
        messages >>= 4
    now = s.now
    if s.response_first and s.response_due <= now:
        s.response_due = NEVER
        _handle(s, q, BEGIN_RESPONSE)
    if s.request_due <= now:
        s.request_due = NEVER
        _handle(s, q, BEGIN_REQUEST)
    if s.response_due <= now:
        s.response_due = NEVER
        _handle(s, q, BEGIN_RESPONSE)
    due = min(s.request_due, s.response_due)
    if due < NEVER:
        notify(s, ARBITER, due - now)


@inlined
def _handle(s: Any, q: Any, message: int) -> None:
    if s.arbiter == SIMPLE:
        _handle_simply(s, message)
    elif message == BEGIN_REQUEST:
        _admit(s)
    elif message == END_REQUEST:
        s.end_request_at = s.now
        s.is_slot_taken = 0
        _fill_slot(s, 1)
    elif message == BEGIN_RESPONSE:
        _keep_response(s, q)
    else:
        _finish_response(s, q)


@inlined
def _handle_simply(s: Any, message: int) -> None:
    """The Simple arbiter passes everything on; one player never finds the slot taken."""
    if message == BEGIN_REQUEST:
        s.slot = s.sent - 1
        s.slot_due = s.now
        notify(s, ARRIVAL, 0)
    elif message == END_REQUEST:
        _tell_player(s, END_REQUEST)
    elif message == BEGIN_RESPONSE:
        s.player_response = s.arbiter_response
        _tell_player(s, BEGIN_RESPONSE)
    else:
        s.release_at = s.now
        notify(s, RELEASE, 0)


@inlined
def _admit(s: Any) -> None:
    """Accept the player's request if the limit of active ones allows, else hold it."""
    if s.active < s.max_active:
        s.active += 1
        _accept(s)
    else:
        s.is_held = 1


@inlined
def _accept(s: Any) -> None:
    _tell_player(s, END_REQUEST)
    s.queue_tail += 1
    _fill_slot(s, int(s.end_request_at == s.now))


@inlined
def _fill_slot(s: Any, delay: int) -> None:
    """Hand the oldest queued request to the controller if that has room for one."""
    if s.is_slot_taken or s.queue_head == s.queue_tail:
        return
    s.is_slot_taken = 1
    s.slot = s.queue_head
    s.slot_due = s.now + delay
    s.queue_head += 1
    notify(s, ARRIVAL, delay)


@inlined
def _keep_response(s: Any, q: Any) -> None:
    """Queue a response of the controller, which is free again at once."""
    s.release_at = s.now
    notify(s, RELEASE, 0)
    request = s.arbiter_response
    kept = q[at(q, request)]
    kept.ready = _RETURNED
    kept.next = NONE
    if s.return_head == NONE:
        s.return_head = request
    else:
        q[at(q, s.return_tail)].next = request
    s.return_tail = request
    if not s.is_player_busy:
        _return_next(s, q, int(s.end_response_at == s.now))


@inlined
def _finish_response(s: Any, q: Any) -> None:
    """The player took a response; a held request takes over its place."""
    s.end_response_at = s.now
    if s.is_held:
        s.is_held = 0
        _accept(s)
    else:
        s.active -= 1
    s.is_player_busy = 0
    _return_next(s, q, 1)


@inlined
def _return_next(s: Any, q: Any, delay: int) -> None:
    """Send the player the next response: the oldest here, or the next in request order."""
    if s.arbiter == ARBITER_REORDER:
        request = s.return_next
        if request == s.sent or q[at(q, request)].ready != _RETURNED:
            return
        s.return_next = request + 1
    else:
        request = s.return_head
        if request == NONE:
            return
        s.return_head = q[at(q, request)].next
    s.is_player_busy = 1
    s.player_response = request
    if delay == 0:
        _tell_player(s, BEGIN_RESPONSE)
    else:
        s.player_response_due = s.now + delay
        notify(s, PLAYER, delay)
