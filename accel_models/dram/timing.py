"""What each command delays: the rules of specification 2.2, applied as commands issue.

A bank or a rank holds, for each kind of command, the earliest time at which all rules so far
allow it.
"""

from __future__ import annotations

from typing import Any

from accel_models.dram.compiled import called
from accel_models.dram.state import (
    ACT,
    GATE_ACT,
    GATE_PRE,
    GATE_RD,
    GATE_WR,
    MAX_GROUPS,
    MAX_RANKS,
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
    SREFEX,
    WR,
    WRA,
)


@called
def _delay_group(s: Any, gate: int, group: int, time: int) -> None:
    index = gate * MAX_GROUPS + group
    s.group_ready[index] = max(s.group_ready[index], time)


@called
def _delay_rank(s: Any, gate: int, rank: int, time: int) -> None:
    """Delay a kind of bank command in all groups of a rank."""
    for group in range(rank * s.groups_per_rank, (rank + 1) * s.groups_per_rank):
        _delay_group(s, gate, group, time)


@called
def _delay_others(s: Any, gate: int, rank: int, time: int) -> None:
    """Delay a kind of bank command in all other ranks."""
    for other in range(s.ranks):
        if other != rank:
            _delay_rank(s, gate, other, time)


@called
def _delay(s: Any, command: int, rank: int, time: int) -> None:
    """Delay a command to a whole rank."""
    index = command * MAX_RANKS + rank
    s.rank_ready[index] = max(s.rank_ready[index], time)


@called
def record(s: Any, command: int, rank: int, bank: int) -> None:
    """Apply the rules that follow from a command issued now.

    Args:
        s: The state.
        command: The command.
        rank: Its rank.
        bank: Its bank, counted through all ranks; unused for commands to a whole rank.
    """
    s.last_command_at = s.now
    group = s.group_of[bank]
    if command in (RD, RDA):
        _record_read(s, command, rank, group, bank)
    elif command in (WR, WRA):
        _record_write(s, command, rank, group, bank)
    elif command == ACT:
        _record_activate(s, rank, group, bank)
    elif command == PRE:
        s.act_ready[bank] = max(s.act_ready[bank], s.now + s.RP)
        _record_precharge(s, rank)
    elif command == PREA:
        _delay_rank(s, GATE_ACT, rank, s.now + s.RP)
        _record_precharge(s, rank)
    elif command == REFA:
        _delay_rank(s, GATE_ACT, rank, s.now + s.RFC)
        _delay(s, REFA, rank, s.now + s.RFC)
        _delay(s, SREFEN, rank, s.now + s.RFC)
        _delay(s, PDEP, rank, s.now + s.REFPDEN)
    else:
        _record_power(s, command, rank)


@called
def _record_activate(s: Any, rank: int, group: int, bank: int) -> None:
    now = s.now
    s.cas_ready[bank] = max(s.cas_ready[bank], now + s.RCD - s.AL)
    s.pre_ready[bank] = max(s.pre_ready[bank], now + s.RAS)
    s.act_ready[bank] = max(s.act_ready[bank], now + s.RC)
    first = 4 * rank
    for i in range(first, first + 3):
        s.last_acts[i] = s.last_acts[i + 1]
    s.last_acts[first + 3] = now
    _delay_rank(s, GATE_ACT, rank, max(now + s.RRD_S, s.last_acts[first] + s.FAW))
    _delay_group(s, GATE_ACT, group, now + s.RRD_L)
    _delay(s, PREA, rank, now + s.RAS)
    _delay(s, REFA, rank, now + s.RC)
    _delay(s, SREFEN, rank, now + s.RC)
    _delay(s, PDEA, rank, now + s.ACTPDEN)


@called
def _record_read(s: Any, command: int, rank: int, group: int, bank: int) -> None:
    now = s.now
    to_precharge = now + s.AL + s.RTP
    to_sleep = now + s.RL + s.B + 1
    s.pre_ready[bank] = max(s.pre_ready[bank], to_precharge)
    _delay_rank(s, GATE_RD, rank, now + s.CCD_S)
    _delay_group(s, GATE_RD, group, now + s.CCD_L)
    _delay_rank(s, GATE_WR, rank, now + s.RTW)
    _delay_others(s, GATE_RD, rank, now + s.B + s.RTRS)
    _delay_others(s, GATE_WR, rank, now + s.RL + s.B + s.RTRS - s.WL)
    _delay(s, PREA, rank, to_precharge)
    _delay(s, PDEA, rank, to_sleep)
    _delay(s, PDEP, rank, to_sleep)
    if command == RDA:
        closed = to_precharge + s.RP
        s.act_ready[bank] = max(s.act_ready[bank], closed)
        _delay(s, REFA, rank, closed)
        _delay(s, SREFEN, rank, max(to_sleep, closed))


@called
def _record_write(s: Any, command: int, rank: int, group: int, bank: int) -> None:
    now = s.now
    end = now + s.WL + s.B
    recovered = end + s.WR
    s.pre_ready[bank] = max(s.pre_ready[bank], recovered)
    s.rda_ready[bank] = recovered - s.RTP
    _delay_rank(s, GATE_WR, rank, now + s.CCD_S)
    _delay_group(s, GATE_WR, group, now + s.CCD_L)
    _delay_rank(s, GATE_RD, rank, end + s.WTR_S)
    _delay_group(s, GATE_RD, group, end + s.WTR_L)
    _delay_others(s, GATE_WR, rank, now + s.B + s.RTRS)
    _delay_others(s, GATE_RD, rank, end + s.RTRS - s.RL)
    _delay(s, PREA, rank, recovered)
    _delay(s, PDEA, rank, recovered)
    if command == WRA:
        closed = recovered + s.RP
        s.act_ready[bank] = max(s.act_ready[bank], closed)
        _delay(s, REFA, rank, closed)
        _delay(s, SREFEN, rank, max(recovered + 1, closed))
        _delay(s, PDEA, rank, recovered + 1)
        _delay(s, PDEP, rank, recovered + 1)


@called
def _record_precharge(s: Any, rank: int) -> None:
    """What PRE and PREA have in common."""
    _delay(s, REFA, rank, s.now + s.RP)
    _delay(s, SREFEN, rank, s.now + s.RP)
    _delay(s, PDEA, rank, s.now + s.PRPDEN)
    _delay(s, PDEP, rank, s.now + s.PRPDEN)


@called
def _record_power(s: Any, command: int, rank: int) -> None:
    """Entries into and exits from power-down and self-refresh."""
    now = s.now
    if command == PDEA:
        _delay(s, PDXA, rank, now + s.PD)
    elif command == PDEP:
        _delay(s, PDXP, rank, now + s.PD)
    elif command == SREFEN:
        _delay(s, SREFEX, rank, now + s.CKESR)
    elif command == PDXA:
        _delay_rank(s, GATE_RD, rank, now + s.XP)
        _delay_rank(s, GATE_WR, rank, now + s.XP)
        _delay_rank(s, GATE_ACT, rank, now + s.XP)
        _delay_rank(s, GATE_PRE, rank, now + s.XP)
        _delay(s, PREA, rank, now + s.XP)
        _delay(s, PDEA, rank, now + s.CKE)
    elif command == PDXP:
        _delay_rank(s, GATE_ACT, rank, now + s.XP)
        _delay(s, REFA, rank, now + s.XP)
        _delay(s, SREFEN, rank, now + s.XP)
        _delay(s, PDEP, rank, now + s.CKE)
    else:
        _delay_rank(s, GATE_RD, rank, now + s.XSDLL)
        _delay_rank(s, GATE_WR, rank, now + s.XSDLL)
        _delay_rank(s, GATE_ACT, rank, now + s.XS)
        _delay(s, REFA, rank, now + s.XS)
        _delay(s, SREFEN, rank, now + s.XS)
        _delay(s, PDEP, rank, now + s.XS)


@called
def earliest(s: Any, command: int, rank: int) -> int:
    """The earliest time of a command to a whole rank."""
    return int(max(s.rank_ready[command * MAX_RANKS + rank], s.last_command_at + 1, s.now))
