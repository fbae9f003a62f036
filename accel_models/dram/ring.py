"""The requests under way, from the oldest that waits for its response to the newest.

A request is known by its number in the trace, counted from 0. Its record is used again once its
response has reached the player, so a simulation touches the same few cache lines however long its
trace. A controller that overtakes a request again and again makes the ring grow, at worst to the
length of the trace.
"""

from __future__ import annotations

from typing import Any

from accel_models.dram.compiled import inlined


@inlined
def at(q: Any, request: int) -> int:
    """Where the record of a request is; the room of the ring is a power of two."""
    return request & (len(q) - 1)


@inlined
def enter(s: Any, q: Any, trace: Any, request: int, due: int) -> None:
    """Read a request that goes on the bus, and see whether there is room for the one after it."""
    entered = q[at(q, request)]
    entered.is_under_way = 1
    entered.begun = due
    entered.ready = 0
    entered.address = trace.address[request]
    entered.row = trace.row[request]
    entered.bank = trace.bank[request]
    entered.is_write = trace.is_write[request]
    s.sent = request + 1
    s.is_ring_full = q[at(q, request + 1)].is_under_way
