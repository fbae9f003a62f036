"""One wake-up of the controller, step by step (specification 3.3)."""

from __future__ import annotations

from typing import Any

from accel_models.dram.background import account
from accel_models.dram.banks import find_best, has_space, plan, plan_arrival, remove, store
from accel_models.dram.compiled import called, inlined
from accel_models.dram.events import PLAN, RESPONSE, notify
from accel_models.dram.frontend import END_REQUEST, return_response, tell_arbiter
from accel_models.dram.managers import (
    became_idle,
    note_bank_command,
    note_rank_command,
    plan_managers,
    request_came,
)
from accel_models.dram.ring import at
from accel_models.dram.state import ACT, NEVER, NONE, NOP, PRE, PREA, RD, RDA, REFA, WRA
from accel_models.dram.timing import record


@called
def wake_controller(s: Any, q: Any) -> None:
    """Answer, accept, let the managers plan, issue at most one command, and plan again."""
    _respond(s, q)
    changed = _accept(s, q)
    has_managers = s.power_down or s.now >= s.refresh_due or s.refresh_offers > 0
    if has_managers:
        plan_managers(s)
    if changed or s.now > s.bank_best_at:
        find_best(s)
    issued = _issue_best(s, q, has_managers)
    if issued or s.is_replan_due or has_managers:
        _plan_again(s, q)
        plan_managers(s)
        find_best(s)
    at = min(s.bank_best_at, s.managers_at)
    if at < NEVER:
        notify(s, PLAN, max(0, at - s.now))


@inlined
def _respond(s: Any, q: Any) -> None:
    """Finish the response under way if its end came now, and begin the next one."""
    if s.is_responding:
        if s.release_at != s.now:
            return
        s.is_responding = 0
        s.outstanding -= 1
        if s.outstanding == 0:
            return
    request = _pop_response(s, q)
    if request == NONE:
        _set_response_timer(s, q)
        return
    return_response(s, request, int(s.release_at == s.now))
    s.release_at = NEVER
    s.is_responding = 1


@inlined
def _head_response(s: Any, q: Any) -> int:
    """The request whose response is next: by issue, or by arrival; NONE if not issued yet."""
    if not s.reorder_responses:
        return int(s.response_head)
    request = s.response_next
    if request == s.sent or q[at(q, request)].ready == 0:
        return NONE
    return int(request)


@inlined
def _pop_response(s: Any, q: Any) -> int:
    request = _head_response(s, q)
    if request == NONE or q[at(q, request)].ready > s.now:
        return NONE
    if s.reorder_responses:
        s.response_next = request + 1
    else:
        s.response_head = q[at(q, request)].next
    return request


@inlined
def _set_response_timer(s: Any, q: Any) -> None:
    request = _head_response(s, q)
    if request == NONE:
        return
    ready = q[at(q, request)].ready
    if ready > s.now:
        notify(s, RESPONSE, ready - s.now)


@inlined
def _queue_response(s: Any, q: Any, request: int, ready: int) -> None:
    queued = q[at(q, request)]
    queued.ready = ready
    if s.reorder_responses:
        return
    queued.next = NONE
    if s.response_head == NONE:
        s.response_head = request
    else:
        q[at(q, s.response_tail)].next = request
    s.response_tail = request


@called
def _accept(s: Any, q: Any) -> bool:
    """Take the request in the slot if the buffer admits it, and plan its bank."""
    request = s.slot
    if request == NONE or s.slot_due > s.now or not has_space(s):
        return False
    s.slot = NONE
    bank = q[at(q, request)].bank
    rank = s.rank_of[bank]
    s.outstanding += 1
    if s.rank_count[rank] == 0:
        request_came(s, rank)
    s.rank_count[rank] += 1
    store(s, q, request)
    plan_arrival(s, q, bank)
    tell_arbiter(s, END_REQUEST)
    return True


@inlined
def _issue_best(s: Any, q: Any, has_managers: bool) -> bool:
    """Issue the earliest offer if its time is now; refresh before banks before power-down."""
    if not has_managers:
        if s.bank_best_at != s.now:
            return False
        _issue_bank(s, q, s.bank_best)
        return True
    command, rank = _manager_offer(s)
    if command == NOP:
        if s.bank_best_at != s.now or _sleeps(s, s.rank_of[s.bank_best]):
            return _issue_awake(s, q)
        _issue_bank(s, q, s.bank_best)
        return True
    _issue_rank(s, command, rank)
    return True


@called
def _sleeps(s: Any, rank: int) -> bool:
    """Whether a power-down command stands alone for its rank."""
    return bool(s.power_down and s.power_command[rank] != NOP)


@called
def _manager_offer(s: Any) -> tuple[int, int]:
    """The refresh command due now, else nothing (NOP)."""
    for rank in range(s.ranks):
        is_due = s.refresh_command[rank] != NOP and s.refresh_at[rank] <= s.now
        if is_due and not _sleeps(s, rank):
            return s.refresh_command[rank], rank
    return NOP, 0


@called
def _issue_awake(s: Any, q: Any) -> bool:
    """The oldest command due now of a bank whose rank does not sleep, else a power command."""
    best = NONE
    if s.bank_best_at == s.now:
        for bank in range(s.ranks * s.banks_per_rank):
            if s.planned[bank] == NOP or _sleeps(s, s.rank_of[bank]):
                continue
            at = max(s.planned_at[bank], s.group_ready[s.gate[bank]], s.last_command_at + 1)
            if at <= s.now and (best == NONE or s.candidate[bank] < s.candidate[best]):
                best = bank
    if best != NONE:
        _issue_bank(s, q, best)
        return True
    for rank in range(s.ranks):
        if _sleeps(s, rank) and s.power_at[rank] <= s.now:
            _issue_rank(s, s.power_command[rank], rank)
            return True
    return False


@inlined
def _note(s: Any, command: int, place: int) -> None:
    """Count a command, and leave it for the log."""
    s.commands[command] += 1
    s.issued = command
    s.issued_place = place


@called
def _issue_rank(s: Any, command: int, rank: int) -> None:
    """Issue a command to a whole rank."""
    _note(s, command, rank)
    if command in (PREA, REFA):
        for bank in range(rank * s.banks_per_rank, (rank + 1) * s.banks_per_rank):
            s.is_open[bank] = 0
    account(s, command, rank, 0)
    note_rank_command(s, command, rank)
    record(s, command, rank, rank * s.banks_per_rank)
    s.is_replan_due = 1
    s.replan_bank = NONE
    if s.rank_count[rank] == 0:
        became_idle(s, rank)


@called
def _issue_bank(s: Any, q: Any, bank: int) -> None:
    """Issue the command planned for a bank."""
    command = s.planned[bank]
    request = s.candidate[bank]
    rank = s.rank_of[bank]
    _note(s, command, bank)
    account(s, command, rank, bank)
    note_bank_command(s, command, rank)
    record(s, command, rank, bank)
    s.replan_bank = bank
    if command == ACT:
        s.is_open[bank] = 1
        s.is_fresh[bank] = 1
        s.open_row[bank] = q[at(q, request)].row
    elif command == PRE:
        s.is_open[bank] = 0
    else:
        _access(s, q, bank, request, command)
    if s.rank_count[rank] == 0:
        became_idle(s, rank)


@inlined
def _access(s: Any, q: Any, bank: int, request: int, command: int) -> None:
    """An access command: its request leaves, a waiting one may enter, the response is queued."""
    if command in (RDA, WRA):
        s.is_open[bank] = 0
    s.row_hits += 1 - s.is_fresh[bank]
    s.is_fresh[bank] = 0
    s.candidate[bank] = NONE
    remove(s, q, request)
    _accept(s, q)
    data = s.RL if command in (RD, RDA) else s.WL
    _queue_response(s, q, request, s.now + data + s.B)
    _set_response_timer(s, q)
    s.rank_count[s.rank_of[bank]] -= 1


@inlined
def _plan_again(s: Any, q: Any) -> None:
    """Plan the bank that issued, or every bank where more has changed."""
    if s.is_replan_due:
        s.is_replan_due = 0
        for bank in range(s.ranks * s.banks_per_rank):
            plan(s, q, bank)
    elif s.replan_bank != NONE:
        plan(s, q, s.replan_bank)
    s.replan_bank = NONE
