"""Request queues, schedulers and page policies: what each bank wants to do next (3.3)."""

from __future__ import annotations

from typing import Any

from accel_models.dram.compiled import called, inlined
from accel_models.dram.ring import at
from accel_models.dram.state import (
    ACT,
    BANKWISE,
    CLOSED,
    CLOSED_ADAPTIVE,
    FIFO,
    FR_FCFS,
    GATE_ACT,
    GATE_PRE,
    GATE_RD,
    GATE_WR,
    MAX_GROUPS,
    NEVER,
    NONE,
    NOP,
    OPEN,
    OPEN_ADAPTIVE,
    PRE,
    RD,
    RDA,
    READ_WRITE,
    WR,
)


@inlined
def has_space(s: Any) -> bool:
    """Whether the buffer admits a request, whatever that is.

    Bankwise looks at the bank of the last accepted request in place of the incoming one's, and
    ReadWrite at both counts: quirks of DRAMSys on which its results depend.
    """
    size = s.request_buffer_size
    if s.scheduler_buffer == BANKWISE:
        return bool(s.count[s.last_bank] < size)
    if s.scheduler_buffer == READ_WRITE:
        return bool(s.reads < size and s.writes < size)
    return bool(s.reads + s.writes < size)


@called
def store(s: Any, q: Any, request: int) -> None:
    """Append a request to the queue of its bank."""
    stored = q[at(q, request)]
    bank = stored.bank
    s.last_bank = bank
    if stored.is_write:
        s.writes += 1
    else:
        s.reads += 1
    tail = s.tail[bank]
    stored.next = NONE
    stored.previous = tail
    if tail == NONE:
        s.head[bank] = request
    else:
        q[at(q, tail)].next = request
    s.tail[bank] = request
    s.count[bank] += 1


@called
def remove(s: Any, q: Any, request: int) -> None:
    """Take a request, whose access command issues, out of the queue of its bank."""
    removed = q[at(q, request)]
    bank = removed.bank
    is_write = int(removed.is_write)
    s.writes -= is_write
    s.reads -= 1 - is_write
    if s.direction != is_write:
        s.direction = is_write
        if s.scheduler not in (FIFO, FR_FCFS):
            s.is_replan_due = 1
    before, behind = removed.previous, removed.next
    if before == NONE:
        s.head[bank] = behind
    else:
        q[at(q, before)].next = behind
    if behind == NONE:
        s.tail[bank] = before
    else:
        q[at(q, behind)].previous = before
    s.count[bank] -= 1


@called
def plan(s: Any, q: Any, bank: int) -> None:
    """Choose the bank's candidate, its command, and the bank's part of the earliest time."""
    rank = s.rank_of[bank]
    s.planned[bank] = NOP
    if s.is_blocked[rank] or s.is_asleep[rank]:
        return
    request = _choose(s, q, bank)
    s.candidate[bank] = request
    if request == NONE:
        return
    group = s.group_of[bank]
    if not s.is_open[bank]:
        s.planned[bank] = ACT
        s.planned_at[bank] = s.act_ready[bank]
        s.gate[bank] = GATE_ACT * MAX_GROUPS + group
    elif q[at(q, request)].row == s.open_row[bank]:
        _plan_access(s, q, bank, request, group)
    else:
        s.planned[bank] = PRE
        s.planned_at[bank] = s.pre_ready[bank]
        s.gate[bank] = GATE_PRE * MAX_GROUPS + group


@inlined
def _plan_access(s: Any, q: Any, bank: int, request: int, group: int) -> None:
    is_write = q[at(q, request)].is_write
    closes = int(_closes(s, q, bank))
    s.planned[bank] = (WR if is_write else RD) + closes
    s.gate[bank] = (GATE_WR if is_write else GATE_RD) * MAX_GROUPS + group
    ready = s.cas_ready[bank]
    s.planned_at[bank] = max(ready, s.rda_ready[bank]) if s.planned[bank] == RDA else ready


@inlined
def _closes(s: Any, q: Any, bank: int) -> bool:
    """Whether the page policy closes the row with this access."""
    policy = s.page_policy
    if policy == OPEN:
        return False
    if policy == CLOSED:
        return True
    if policy == OPEN_ADAPTIVE:
        return bool(s.count[bank] >= 2 and not _has_further_hit(s, q, bank))
    return not _has_further_hit(s, q, bank)


@called
def _has_further_hit(s: Any, q: Any, bank: int) -> bool:
    """Whether two queued requests are on the open row; Fifo looks at the second one only."""
    row = s.open_row[bank]
    request = s.head[bank]
    if s.scheduler == FIFO:
        return bool(s.count[bank] >= 2 and q[at(q, q[at(q, request)].next)].row == row)
    hits = 0
    while request != NONE and hits < 2:
        queued = q[at(q, request)]
        hits += int(queued.row == row)
        request = queued.next
    return hits == 2


@inlined
def _choose(s: Any, q: Any, bank: int) -> int:
    """The scheduler's candidate, or NONE."""
    oldest = s.head[bank]
    if s.scheduler == FIFO or oldest == NONE or not s.is_open[bank]:
        return int(oldest)
    hit = _next_hit(s, q, bank, oldest)
    if hit == NONE:
        return int(oldest)
    if s.scheduler == FR_FCFS:
        return int(hit)
    request = hit
    while request != NONE:
        if q[at(q, request)].is_write == s.direction and not _is_hazard(s, q, bank, hit, request):
            return int(request)
        request = _next_hit(s, q, bank, q[at(q, request)].next)
    return int(hit)


@called
def _next_hit(s: Any, q: Any, bank: int, request: int) -> int:
    """The first request on the open row, from this one on."""
    row = s.open_row[bank]
    while request != NONE and q[at(q, request)].row != row:
        request = q[at(q, request)].next
    return int(request)


@called
def _is_hazard(s: Any, q: Any, bank: int, first_hit: int, request: int) -> bool:
    """Whether an older hit has the same address."""
    older = first_hit
    while older != request:
        if q[at(q, older)].address == q[at(q, request)].address:
            return True
        older = _next_hit(s, q, bank, q[at(q, older)].next)
    return False


@inlined
def plan_arrival(s: Any, q: Any, bank: int) -> None:
    """Plan a bank that got a request, where this can change anything.

    With a static page policy a new request displaces the candidate only if it hits the open row
    and the candidate does not, or if the candidate goes against the channel's direction.
    """
    candidate = s.candidate[bank]
    if candidate == NONE or s.is_replan_due or s.page_policy in (OPEN_ADAPTIVE, CLOSED_ADAPTIVE):
        plan(s, q, bank)
        return
    if s.scheduler == FIFO or not s.is_open[bank]:
        return
    row = s.open_row[bank]
    if q[at(q, s.tail[bank])].row != row:
        return
    planned = q[at(q, candidate)]
    is_final = s.scheduler == FR_FCFS or planned.is_write == s.direction
    if planned.row != row or not is_final:
        plan(s, q, bank)


@called
def find_best(s: Any) -> None:
    """The bank whose command can issue first; the older request where times are equal."""
    floor = max(s.last_command_at + 1, s.now)
    best_at = NEVER
    best_request = NEVER
    for bank in range(s.ranks * s.banks_per_rank):
        if s.planned[bank] == NOP:
            continue
        at = max(s.planned_at[bank], s.group_ready[s.gate[bank]], floor)
        if at < best_at or (at == best_at and s.candidate[bank] < best_request):
            best_at = at
            best_request = s.candidate[bank]
            s.bank_best = bank
    s.bank_best_at = best_at
