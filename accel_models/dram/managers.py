"""The refresh manager and the power-down manager of each rank (specification 3.4)."""

from __future__ import annotations

from typing import Any

from accel_models.dram.compiled import called
from accel_models.dram.state import (
    ACT,
    NEVER,
    NONE,
    NOP,
    PDEA,
    PDEP,
    PDXA,
    PDXP,
    PRE,
    PREA,
    RDA,
    REFA,
    SREFEN,
    SREFEX,
    WRA,
)
from accel_models.dram.timing import earliest

AWAKE, ACTIVE_DOWN, PRECHARGED_DOWN, SELF_REFRESH, EXTRA_REFRESH = range(5)


@called
def plan_managers(s: Any) -> None:
    """Plan refresh, then power-down, of every rank; note when to look again."""
    at = NEVER
    if s.refresh and (s.now >= s.refresh_due or s.refresh_offers):
        s.refresh_offers = 0
        s.refresh_due = NEVER
        for rank in range(s.ranks):
            at = min(at, _plan_refresh(s, rank))
            s.refresh_due = min(s.refresh_due, s.due[rank])
            s.refresh_offers += int(s.refresh_command[rank] != NOP)
    else:
        at = s.refresh_due
    if s.power_down:
        for rank in range(s.ranks):
            at = min(at, _plan_power(s, rank))
    s.managers_at = at


@called
def _plan_refresh(s: Any, rank: int) -> int:
    """Decide whether to refresh, postpone or pull in; returns when to look again."""
    s.refresh_command[rank] = NOP
    if s.now < s.due[rank]:
        return int(s.due[rank])
    _interrupt(s, rank)
    if s.is_asleep[rank]:
        return NEVER
    if s.now >= s.due[rank] + s.REFI:
        s.due[rank] += s.REFI
        s.is_pulling_in[rank] = 0
    is_busy = _is_busy(s, rank)
    is_forced = not s.is_pulling_in[rank] and s.postponed[rank] == s.max_postponed
    if is_busy and not is_forced:
        if not s.is_pulling_in[rank]:
            s.postponed[rank] += 1
        s.is_pulling_in[rank] = 0
        s.due[rank] += s.REFI
        return int(s.due[rank])
    if is_forced and not s.is_blocked[rank]:
        s.is_blocked[rank] = 1
        s.is_replan_due = 1
    is_closing = s.open_banks[rank] > 0 and not s.is_pulling_in[rank]
    s.refresh_command[rank] = PREA if is_closing else REFA
    s.refresh_at[rank] = earliest(s, s.refresh_command[rank], rank)
    return int(s.refresh_at[rank])


@called
def _is_busy(s: Any, rank: int) -> bool:
    for bank in range(rank * s.banks_per_rank, (rank + 1) * s.banks_per_rank):
        if s.candidate[bank] != NONE:
            return True
    return False


@called
def _plan_power(s: Any, rank: int) -> int:
    """Decide whether to leave or enter a low-power state; returns when, or NEVER."""
    state = s.power_state[rank]
    command = NOP
    if s.is_exiting[rank]:
        if state == ACTIVE_DOWN:
            command = PDXA
        elif state == PRECHARGED_DOWN:
            command = PDXP
        elif state == SELF_REFRESH:
            command = SREFEX
        else:
            command = REFA
    elif s.is_entering[rank]:
        command = PDEA if s.power_open_banks[rank] else PDEP
    elif s.is_refreshing_self[rank]:
        command = SREFEN
    s.power_command[rank] = command
    s.power_at[rank] = NEVER if command == NOP else earliest(s, command, rank)
    return int(s.power_at[rank])


@called
def request_came(s: Any, rank: int) -> None:
    """A rank without requests got one: leave the low-power state."""
    s.is_idle[rank] = 0
    s.is_refreshing_self[rank] = 0
    _interrupt(s, rank)


@called
def _interrupt(s: Any, rank: int) -> None:
    s.is_entering[rank] = 0
    if s.power_state[rank] != AWAKE:
        s.is_exiting[rank] = 1


@called
def became_idle(s: Any, rank: int) -> None:
    """A command issued and the rank has no request left: it may sleep."""
    s.is_idle[rank] = 1
    if s.power_state[rank] == AWAKE:
        s.is_entering[rank] = 1


@called
def note_bank_command(s: Any, command: int, rank: int) -> None:
    """Count open banks; the power-down manager overlooks auto-precharges (a quirk)."""
    if command == ACT:
        s.open_banks[rank] += 1
        s.power_open_banks[rank] += 1
    elif command == PRE:
        s.open_banks[rank] -= 1
        s.power_open_banks[rank] -= 1
    elif command in (RDA, WRA):
        s.open_banks[rank] -= 1


@called
def note_rank_command(s: Any, command: int, rank: int) -> None:
    """Follow a command to a whole rank, first as the refresh manager sees it."""
    if command == PREA:
        s.open_banks[rank] = 0
        s.power_open_banks[rank] = 0
    elif command == REFA:
        _note_refresh(s, rank)
    elif command in (PDEA, PDEP, SREFEN):
        _note_entry(s, command, rank)
    else:
        _note_exit(s, command, rank)


@called
def _note_refresh(s: Any, rank: int) -> None:
    s.is_blocked[rank] = 0
    if s.power_state[rank] == EXTRA_REFRESH:
        s.power_state[rank] = AWAKE
        s.is_exiting[rank] = 0
        s.is_asleep[rank] = 0
        s.is_pulling_in[rank] = 0
        s.due[rank] = s.now + s.REFI if s.refresh else NEVER
        s.refresh_offers = 1
        return
    if s.is_pulling_in[rank]:
        s.postponed[rank] -= 1
    else:
        s.is_pulling_in[rank] = 1
    if s.postponed[rank] == -s.max_pulled_in:
        s.is_pulling_in[rank] = 0
        s.due[rank] += s.REFI
    if s.is_idle[rank]:
        s.is_entering[rank] = 1


@called
def _note_entry(s: Any, command: int, rank: int) -> None:
    s.is_asleep[rank] = 1
    s.is_entering[rank] = 0
    if command == PDEA:
        s.power_state[rank] = ACTIVE_DOWN
    elif command == PDEP:
        s.power_state[rank] = PRECHARGED_DOWN
    else:
        s.power_state[rank] = SELF_REFRESH
        s.is_refreshing_self[rank] = 0
        s.due[rank] = NEVER
        s.refresh_offers = 1


@called
def _note_exit(s: Any, command: int, rank: int) -> None:
    if command == SREFEX:
        s.power_state[rank] = EXTRA_REFRESH
        return
    s.power_state[rank] = AWAKE
    s.is_exiting[rank] = 0
    s.is_asleep[rank] = 0
    if command == PDXP and s.is_idle[rank]:
        s.is_refreshing_self[rank] = 1
