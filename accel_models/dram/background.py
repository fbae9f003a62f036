"""The cycles that background energy is charged for, as DRAMPower counts them (2.3).

An access with auto-precharge closes its bank later than it issues. Banks held open by such
accesses only are closed at `close_at`, the last of these moments.
"""

from __future__ import annotations

from typing import Any

from accel_models.dram.compiled import called
from accel_models.dram.managers import ACTIVE_DOWN, PRECHARGED_DOWN, SELF_REFRESH
from accel_models.dram.state import (
    ACT,
    PDEA,
    PDEP,
    PDXA,
    PDXP,
    PRE,
    PREA,
    RD,
    RDA,
    REFA,
    SREFEN,
    WR,
    WRA,
)


@called
def account(s: Any, command: int, rank: int, bank: int) -> None:
    """Follow a command issued now."""
    if command in (RD, WR):
        _list(s, s.RL + s.DQSCK + s.B + 1 if command == RD else s.WL + s.B + s.WR)
    elif command == RDA:
        _list(s, s.RL + s.DQSCK + s.B + 1)
        _precharge_later(s, rank, max(s.now + s.RTP, s.act_at[bank] + s.RAS))
    elif command == WRA:
        _list(s, s.WL + s.B + s.WR)
        _precharge_later(s, rank, max(s.now + s.WL + s.B + s.WR, s.act_at[bank] + s.RAS))
    elif command == ACT:
        s.act_at[bank] = s.now
        _activate(s, rank)
    elif command in (PRE, PREA):
        _precharge(s, rank, 1 if command == PRE else s.firm_open[rank])
    elif command == REFA:
        _refresh(s, rank)
    else:
        _change_power(s, command, rank)


@called
def _list(s: Any, completion: int) -> None:
    """Note the last command and how long it takes."""
    s.last_listed_at = s.now
    s.last_completion = completion


@called
def _settle(s: Any, rank: int, time: int) -> None:
    """Close the active period if its last bank has closed by now."""
    if s.is_active[rank] and s.firm_open[rank] == 0 and s.close_at[rank] <= time:
        s.is_active[rank] = 0
        s.active_cycles += max(0, s.close_at[rank] - s.active_from[rank])
        s.precharged_from[rank] = s.close_at[rank]


@called
def _activate(s: Any, rank: int) -> None:
    _list(s, s.RCD)
    _settle(s, rank, s.now)
    if not s.is_active[rank]:
        s.is_active[rank] = 1
        s.active_from[rank] = s.now
        s.precharged_cycles += max(0, s.now - s.precharged_from[rank])
    s.firm_open[rank] += 1


@called
def _precharge_later(s: Any, rank: int, time: int) -> None:
    s.precharged_banks += 1
    s.firm_open[rank] -= 1
    s.close_at[rank] = max(s.close_at[rank], time)
    s.last_precharge_at = max(s.last_precharge_at, time)


@called
def _precharge(s: Any, rank: int, banks: int) -> None:
    _list(s, s.RP)
    s.precharged_banks += banks
    s.firm_open[rank] -= banks
    if banks:
        s.close_at[rank] = max(s.close_at[rank], s.now)


@called
def _refresh(s: Any, rank: int) -> None:
    _list(s, 0)
    _settle(s, rank, s.now)
    s.precharged_cycles += max(0, s.now - s.precharged_from[rank])
    s.active_cycles += s.RFC - s.RP
    s.precharged_from[rank] = s.now + s.RFC - s.RP
    s.active_from[rank] = s.now


@called
def _change_power(s: Any, command: int, rank: int) -> None:
    now = s.now
    _list(s, 0)
    _settle(s, rank, now)
    if command == PDEA:
        s.active_cycles += max(0, now - s.active_from[rank])
    elif command in (PDEP, SREFEN):
        s.precharged_cycles += max(0, now - s.precharged_from[rank])
    if command in (PDEA, PDEP, SREFEN):
        s.down_from[rank] = now
    elif command == PDXA:
        s.active_down_cycles += now - s.down_from[rank]
        s.active_from[rank] = now
    elif command == PDXP:
        s.precharged_down_cycles += now - s.down_from[rank]
        s.precharged_from[rank] = now
    else:
        _leave_self_refresh(s, rank)


@called
def _leave_self_refresh(s: Any, rank: int) -> None:
    """Its first RFC cycles are a refresh of their own, at power-down currents."""
    duration = s.now - s.down_from[rank]
    refreshing = s.RFC - s.RP
    s.self_refreshes += 1
    s.self_refresh_cycles += max(0, duration - s.RFC)
    s.active_down_cycles += min(duration, refreshing)
    s.precharged_down_cycles += min(max(0, duration - refreshing), s.RP)
    s.active_cycles += max(0, refreshing - duration)
    rest = min(s.RP, max(0, s.RFC - duration))
    s.precharged_from[rank] = s.now + max(0, s.RFC - duration) - rest


@called
def close_window(s: Any) -> None:
    """End the window that energy is counted in: the last command and its completion."""
    end = s.last_listed_at + s.last_completion - 1
    if s.last_precharge_at > s.last_listed_at:
        end = s.last_precharge_at + s.RP - 1
    for rank in range(s.ranks):
        _settle(s, rank, max(end, s.close_at[rank]))
        _close_rank(s, rank, end)


@called
def _close_rank(s: Any, rank: int, end: int) -> None:
    """Charge what the rank does at the end of the window."""
    state = s.power_state[rank]
    if state == ACTIVE_DOWN:
        s.active_down_cycles += max(0, end - s.down_from[rank])
    elif state == PRECHARGED_DOWN:
        s.precharged_down_cycles += max(0, end - s.down_from[rank])
    elif state == SELF_REFRESH:
        s.self_refresh_cycles += max(0, end - s.down_from[rank])
    elif s.is_active[rank]:
        s.active_cycles += max(0, end - s.active_from[rank])
    else:
        s.precharged_cycles += max(0, end - s.precharged_from[rank])
