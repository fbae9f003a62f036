"""The state of one simulation: a fixed record that the compiled code works on.

All times are whole cycles of the memory clock. The simulator never allocates: it works on one
record of `state_dtype` and a ring of `REQUEST`, as large for long traces as for short ones.
"""

from __future__ import annotations

import hashlib
from enum import IntEnum
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

MAX_BANKS = 64
MAX_GROUPS = 16
MAX_RANKS = 4
HEAP = 2**14
"""Room for timed notifications; few traces need a hundredth of it."""
RING = 2**8
"""Room for requests under way, a power of two; more is made where a controller needs it."""
TIME_SHIFT = 23
"""A timed notification is one integer: its time, a serial number of 20 bits, its event."""

NEVER = 2**60
NONE = -1


class Command(IntEnum):
    """DRAM commands; the codes of the command log."""

    NOP = 0
    RD = 1
    RDA = 2
    WR = 3
    WRA = 4
    ACT = 5
    PRE = 6
    PREA = 7
    REFA = 8
    PDEA = 9
    PDXA = 10
    PDEP = 11
    PDXP = 12
    SREFEN = 13
    SREFEX = 14


COMMANDS = len(Command)
NOP, RD, RDA, WR, WRA, ACT, PRE, PREA = (int(c) for c in list(Command)[:8])
REFA, PDEA, PDXA, PDEP, PDXP, SREFEN, SREFEX = (int(c) for c in list(Command)[8:])

# The options of the controller, by their position in its design space.
OPEN, OPEN_ADAPTIVE, CLOSED, CLOSED_ADAPTIVE = range(4)
FIFO, FR_FCFS_GROUPED, FR_FCFS = range(3)
BANKWISE, READ_WRITE, SHARED = range(3)
SIMPLE, ARBITER_FIFO, ARBITER_REORDER = range(3)

# What two banks, or two commands of a bank group, wait for together.
GATE_RD, GATE_WR, GATE_ACT, GATE_PRE = range(4)

CONTROLLER_FIELDS = (
    "page_policy", "scheduler", "scheduler_buffer", "request_buffer_size", "reorder_responses",
    "refresh", "max_postponed", "max_pulled_in", "arbiter", "max_active", "power_down",
)  # fmt: skip
"""Configuration of the controller."""

GEOMETRY_FIELDS = ("ranks", "groups_per_rank", "banks_per_rank")

TIMING_FIELDS = (
    "AL", "RL", "WL", "B", "RCD", "RP", "RAS", "RC", "RRD_S", "RRD_L", "CCD_S", "CCD_L", "FAW",
    "RTP", "WR", "WTR_S", "WTR_L", "RTW", "RTRS", "REFI", "RFC", "CKE", "PD", "CKESR", "XP", "XS",
    "XSDLL", "DQSCK", "ACTPDEN", "PRPDEN", "REFPDEN",
)  # fmt: skip
"""Timings; B is the burst on the data bus and RTW the time from a read to a write command."""

RESULT_FIELDS = (
    "total_time", "latency_sum", "latency_max", "accepted_latency_sum", "accepted_latency_max",
    "row_hits", "precharged_banks", "active_cycles", "precharged_cycles", "active_down_cycles",
    "precharged_down_cycles", "self_refreshes", "self_refresh_cycles", "logged", "is_heap_full",
)  # fmt: skip
"""What a simulation leaves behind, with the counts of `commands`."""

_SCALARS = (
    # events
    "now", "next_pass", "serial", "heap_size", "finished",
    # player and arbiter; `*_now` and `*_next` are queues of messages, four bits each
    "player_now", "player_next", "player_sent", "arbiter_now", "arbiter_next", "arbiter_sent",
    "is_relative", "sent", "received", "request_due", "response_due", "response_first",
    "player_response", "player_response_due", "is_player_busy", "active", "is_held", "is_ring_full",
    "queue_head", "queue_tail", "is_slot_taken", "end_request_at", "end_response_at",
    "return_head", "return_tail", "return_next",
    # controller
    "slot", "slot_due", "outstanding", "is_responding", "release_at", "arbiter_response",
    "response_head", "response_tail", "response_next", "last_bank", "reads", "writes",
    "direction", "last_command_at", "bank_best", "bank_best_at", "is_replan_due", "replan_bank",
    "refresh_due", "refresh_offers", "managers_at", "issued", "issued_place",
    # energy window
    "last_listed_at", "last_completion", "last_precharge_at",
)  # fmt: skip

_PER_BANK = (
    "rank_of", "group_of", "head", "tail", "count", "is_open", "open_row", "candidate", "planned",
    "planned_at", "gate", "is_fresh", "act_at", "cas_ready", "rda_ready", "act_ready", "pre_ready",
)  # fmt: skip
_PER_RANK = (
    "is_blocked", "is_asleep", "rank_count", "open_banks", "is_pulling_in", "postponed", "due",
    "refresh_command", "refresh_at", "power_command", "power_at", "power_state", "is_idle",
    "is_entering", "is_exiting", "is_refreshing_self", "power_open_banks",
    "firm_open", "is_active", "close_at", "active_from", "precharged_from", "down_from",
)  # fmt: skip

EVENTS = 6
_COMPILED = ("background", "banks", "compiled", "events", "frontend", "kernel", "managers",
             "ring", "state", "timing", "wakeup")  # fmt: skip


@cache
def state_dtype(heap: int = HEAP) -> np.dtype[np.void]:
    """The layout of the state.

    Args:
        heap: Room for timed notifications.

    One field is named after the digest of the simulator's sources: compiled code is kept on disk
    by the types of its arguments, and a cache knows only the file of the outermost function.
    """
    integers = [*CONTROLLER_FIELDS, *GEOMETRY_FIELDS, *TIMING_FIELDS, *RESULT_FIELDS, *_SCALARS]
    fields: list[Any] = [(name, np.int64) for name in integers]
    fields += [(name, np.int64, (MAX_BANKS,)) for name in _PER_BANK]
    fields += [(name, np.int64, (MAX_RANKS,)) for name in _PER_RANK]
    fields += [
        ("pending", np.int64, (EVENTS,)),
        ("group_ready", np.int64, (4 * MAX_GROUPS,)),
        ("rank_ready", np.int64, (COMMANDS * MAX_RANKS,)),
        ("last_acts", np.int64, (4 * MAX_RANKS,)),
        ("commands", np.int64, (COMMANDS,)),
        ("heap", np.int64, (heap,)),
        (f"build_{_source_digest()}", np.int64),
    ]
    return np.dtype(fields, align=True)


def _source_digest() -> str:
    folder = Path(__file__).parent
    text = b"".join((folder / f"{name}.py").read_bytes() for name in _COMPILED)
    return hashlib.sha256(text).hexdigest()[:16]


REQUEST = np.dtype(
    [
        ("address", np.uint64),
        ("begun", np.int64),
        ("accepted", np.int64),
        ("ready", np.int64),
        ("row", np.int32),
        ("next", np.int32),
        ("previous", np.int32),
        ("bank", np.int32),
        ("is_write", np.int64),
        ("is_under_way", np.int64),
    ],
    align=True,
)
"""A request under way, in one cache line: what it wants; when it was put on the bus, when its
acceptance reached the player, and when its data are complete (0 before its access command issues);
its neighbours in the queue that holds it; whether its response has yet to reach the player."""


class Requests(NamedTuple):
    """The trace with its addresses decoded; read once, from front to back."""

    arrival_cycles: npt.NDArray[np.int64]
    address: npt.NDArray[np.uint64]
    bank: npt.NDArray[np.uint8]
    row: npt.NDArray[np.int32]
    is_write: npt.NDArray[np.bool_]
