"""The compiled simulator: one channel, one controller, one trace."""

from __future__ import annotations

from typing import Any

from accel_models.dram.background import close_window
from accel_models.dram.compiled import called, compiled, inlined
from accel_models.dram.events import next_order
from accel_models.dram.frontend import run_arbiter, run_player, start_player
from accel_models.dram.state import MAX_RANKS, NEVER, NONE, NOP
from accel_models.dram.wakeup import wake_controller

_PAST = -(2**40)


@compiled
def simulate(s: Any, q: Any, trace: Any, log: Any) -> None:
    """Run to the last response, or until the ring is full: then go on with a larger one.

    Args:
        s: A zeroed record of `state_dtype` with configuration, geometry and timings filled in;
            the results are left in it.
        q: The ring, zeroed records of `REQUEST`; a power of two of them, two or more.
        trace: The `Requests`.
        log: int64[L, 3] of time, command and place, filled as far as it goes; L may be 0.
    """
    if s.sent == 0:
        _start(s, q, trace, log)
    s.is_ring_full = 0
    order = next_order(s)
    while order:
        s.player_now, s.player_next, s.player_sent = s.player_next, 0, 0
        s.arbiter_now, s.arbiter_next, s.arbiter_sent = s.arbiter_next, 0, 0
        while order:
            process = order & 3
            order >>= 2
            if process == 1:
                run_player(s, q, trace)
            elif process == 2:
                run_arbiter(s, q)
            else:
                wake_controller(s, q)
                _log(s, log)
        if s.is_ring_full:
            return
        if s.finished:
            break
        order = next_order(s)
    close_window(s)


@called
def _start(s: Any, q: Any, trace: Any, log: Any) -> None:
    """The first instant."""
    _prepare(s)
    start_player(s, q, trace)
    wake_controller(s, q)
    _log(s, log)


@inlined
def _log(s: Any, log: Any) -> None:
    """Write down the command that the wake-up issued, if any."""
    if s.issued == NOP:
        return
    if s.logged < len(log):
        log[s.logged, 0] = s.now
        log[s.logged, 1] = s.issued
        log[s.logged, 2] = s.issued_place
    s.logged += 1
    s.issued = NOP


@called
def _prepare(s: Any) -> None:
    s.request_due = s.response_due = s.player_response_due = NEVER
    s.end_request_at = s.end_response_at = s.last_command_at = _PAST
    s.release_at = s.bank_best_at = NEVER
    s.slot = s.response_head = s.return_head = s.replan_bank = NONE
    s.refresh_due = s.managers_at = NEVER
    s.last_precharge_at = _PAST
    s.last_completion = 1
    for bank in range(s.ranks * s.banks_per_rank):
        s.rank_of[bank] = bank // s.banks_per_rank
        s.group_of[bank] = bank * s.groups_per_rank // s.banks_per_rank
        s.head[bank] = s.tail[bank] = s.candidate[bank] = NONE
    for i in range(4 * MAX_RANKS):
        s.last_acts[i] = _PAST
    for rank in range(s.ranks):
        s.is_idle[rank] = s.is_entering[rank] = 1
        s.due[rank] = NEVER
        if s.refresh:
            s.due[rank] = s.REFI - rank * s.REFI // s.ranks
            s.refresh_due = min(s.refresh_due, s.due[rank])
    s.managers_at = s.refresh_due
