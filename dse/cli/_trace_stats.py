"""What a trace consists of, counted block by block in bounded memory."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["TraceCount", "counted"]

_ROW_BYTES = 8192
_MOST_ROWS = 1 << 20
_PENDING = 1 << 20


@dataclass
class TraceCount:
    """Running totals of a trace.

    Attributes:
        accesses: All of them.
        writes: Those that write.
        fetches: Those that fetch instructions.
        first_time: Time of the first, in the unit of the format.
        last_time: Time of the last.
        lowest_address: Of all.
        highest_address: Of all.
        same_row: Accesses to the same 8 KiB as the one before.
        sequential: Accesses 64 bytes after the one before.
    """

    accesses: int = 0
    writes: int = 0
    fetches: int = 0
    first_time: int = 0
    last_time: int = 0
    lowest_address: int = 2**64
    highest_address: int = 0
    same_row: int = 0
    sequential: int = 0
    _last_address: int | None = None
    _rows: _Distinct = field(default_factory=lambda: _Distinct(_MOST_ROWS))

    def add(self, block: Any) -> None:
        """Count a block of accesses."""
        if not len(block):
            return
        if not self.accesses:
            self.first_time = int(block.time[0])
        self.accesses += len(block)
        self.writes += int(block.is_write.sum())
        self.fetches += int(block.is_fetch.sum())
        self.last_time = int(block.time[-1])
        self.lowest_address = min(self.lowest_address, int(block.address.min()))
        self.highest_address = max(self.highest_address, int(block.address.max()))
        self._count_neighbours(block.address)

    def _count_neighbours(self, address: Any) -> None:
        if self._last_address is not None:
            address = np.concatenate(([np.uint64(self._last_address)], address))
        rows = address // np.uint64(_ROW_BYTES)
        self.same_row += int((rows[1:] == rows[:-1]).sum())
        self.sequential += int((address[1:] == address[:-1] + np.uint64(64)).sum())
        self._last_address = int(address[-1])
        self._rows.add(rows)

    def record(self) -> dict[str, Any]:
        """Name -> number, plain data."""
        pairs = max(self.accesses - 1, 1)
        rows, complete = self._rows.count()
        return {
            "accesses": self.accesses,
            "reads": self.accesses - self.writes - self.fetches,
            "writes": self.writes,
            "instruction_fetches": self.fetches,
            "first_time": self.first_time,
            "last_time": self.last_time,
            "lowest_address": self.lowest_address,
            "highest_address": self.highest_address,
            "same_8kib_share": self.same_row / pairs,
            "sequential_share": self.sequential / pairs,
            "distinct_8kib": rows,
            "distinct_8kib_is_exact": complete,
        }


class _Distinct:
    """Counts distinct numbers up to a limit, beyond which it stops."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._known = np.empty(0, np.uint64)
        self._pending: list[Any] = []
        self._waiting = 0

    def add(self, numbers: Any) -> None:
        """Take note of numbers."""
        if len(self._known) > self._most:
            return
        found = np.unique(numbers)
        self._pending.append(found)
        self._waiting += len(found)
        if self._waiting > _PENDING:
            self._merge()

    def count(self) -> tuple[int, bool]:
        """How many, and whether that is all."""
        self._merge()
        return min(len(self._known), self._most), len(self._known) <= self._most

    def _merge(self) -> None:
        self._known = np.unique(np.concatenate([self._known, *self._pending]))
        self._pending = []
        self._waiting = 0


def counted(blocks: Iterable[Any]) -> TraceCount:
    """Totals of all blocks.

    Args:
        blocks: As a trace format reads them.
    """
    count = TraceCount()
    for block in blocks:
        count.add(block)
    return count
