"""Which controllers cannot differ on a trace, so that one simulation stands for all of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from accel_models.dram.state import (
    ARBITER_FIFO,
    CLOSED,
    CLOSED_ADAPTIVE,
    CONTROLLER_FIELDS,
    FIFO,
    FR_FCFS,
    FR_FCFS_GROUPED,
    OPEN,
    OPEN_ADAPTIVE,
    READ_WRITE,
    SHARED,
    SIMPLE,
)

if TYPE_CHECKING:
    from dse._columns import BoolArray, IntArray


def canonical(controllers: IntArray, *, has_writes: bool) -> IntArray:
    """Replace each controller by the one that stands for all that behave like it.

    Args:
        controllers: N x 11, the columns of `state.CONTROLLER_FIELDS`.
        has_writes: Whether the trace has any write.

    Returns:
        N x 11; equal rows behave equally.
    """
    found = np.array(controllers, dtype=np.int64, ndmin=2)
    x = {name: found[:, column] for column, name in enumerate(CONTROLLER_FIELDS)}
    _ignore_unused(x)
    if not has_writes:
        _ignore_directions(x)
    _ignore_ample_buffers(x)
    _ignore_single_file(x)
    return found


def _set(column: IntArray, rows: BoolArray, value: int | IntArray) -> None:
    column[rows] = value


def _ignore_unused(x: dict[str, IntArray]) -> None:
    """Simple has no limit of active transactions, NoRefresh none of refreshes (1.1)."""
    _set(x["max_active"], x["arbiter"] == SIMPLE, 1)
    for limit in ("max_postponed", "max_pulled_in"):
        _set(x[limit], x["refresh"] == 0, 1)


def _ignore_directions(x: dict[str, IntArray]) -> None:
    """Without writes the channel never turns, and ReadWrite counts reads only."""
    _set(x["scheduler"], x["scheduler"] == FR_FCFS_GROUPED, FR_FCFS)
    _set(x["scheduler_buffer"], x["scheduler_buffer"] == READ_WRITE, SHARED)


def _ignore_ample_buffers(x: dict[str, IntArray]) -> None:
    """A buffer for all active transactions never refuses one, whatever it counts."""
    ample = (x["arbiter"] != SIMPLE) & (x["request_buffer_size"] >= x["max_active"])
    _set(x["request_buffer_size"], ample, x["max_active"][ample])
    _set(x["scheduler_buffer"], ample, SHARED)


def _ignore_single_file(x: dict[str, IntArray]) -> None:
    """Requests queued one at a time cannot be reordered, nor can adaptive policies look ahead.

    Neither has an arbiter anything to reorder where the controller answers in order.
    """
    single = (x["scheduler_buffer"] == SHARED) & (x["request_buffer_size"] == 1)
    _set(x["scheduler"], single, FIFO)
    _set(x["reorder_responses"], single, 0)
    _set(x["page_policy"], single & (x["page_policy"] == OPEN_ADAPTIVE), OPEN)
    _set(x["page_policy"], single & (x["page_policy"] == CLOSED_ADAPTIVE), CLOSED)
    in_order = (single | (x["reorder_responses"] == 1)) & (x["arbiter"] != SIMPLE)
    _set(x["arbiter"], in_order, ARBITER_FIFO)
