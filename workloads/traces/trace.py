"""The workload of a memory controller: requests in the order in which they are issued."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from dse.errors import WorkloadError

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["MemoryTrace"]

_ROW_BYTES = 8192
_BANKS = 8


@dataclass(frozen=True, kw_only=True, eq=False)
class MemoryTrace:
    """Requests to one memory controller, in issue order; N of them.

    Two traces are equal if they hold the same requests, whatever file they came from.

    Attributes:
        name: For people; no part of the identity.
        arrival_cycles: int64[N], clock cycles of the memory controller (tCK) from the start, not
            decreasing; or delays, see `is_relative`.
        address: uint64[N], byte addresses.
        is_write: bool[N].
        request_bytes: Data of one request.
        is_relative: Whether `arrival_cycles` are delays after the acceptance of the previous
            request (DRAMSys `.rstl`) instead of times.

    The arrays are read-only copies of what was given.
    """

    name: str
    arrival_cycles: npt.NDArray[np.int64]
    address: npt.NDArray[np.uint64]
    is_write: npt.NDArray[np.bool_]
    request_bytes: int = 64
    is_relative: bool = False

    def __post_init__(self) -> None:
        for field, dtype in _COLUMNS.items():
            column = np.array(getattr(self, field), dtype=dtype, ndmin=1)
            column.setflags(write=False)
            object.__setattr__(self, field, column)
        self._check()

    def _check(self) -> None:
        """Demand requests, columns of one length, and times that make sense."""
        lengths = {field: len(getattr(self, field)) for field in _COLUMNS}
        if len(set(lengths.values())) != 1 or not len(self):
            found = ", ".join(f"{field}: {length}" for field, length in lengths.items())
            raise WorkloadError(
                f"the columns of {self.name!r} hold {found} values",
                allowed="equally many, and at least one",
            )
        if not 0 < self.request_bytes <= _ROW_BYTES:
            raise WorkloadError(
                f"request_bytes = {self.request_bytes}", allowed=f"from 1 to {_ROW_BYTES}"
            )
        wrong = self.arrival_cycles < 0
        if not self.is_relative:
            wrong[1:] |= np.diff(self.arrival_cycles) < 0
        if wrong.any():
            at = int(np.argmax(wrong))
            raise WorkloadError(
                f"arrival_cycles of request {at:,} (from 0) is {self.arrival_cycles[at]:,}",
                where=self.name,
                allowed="times that are not negative and do not decrease",
            )

    def __len__(self) -> int:
        return len(self.address)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, MemoryTrace) and self.digest == other.digest

    def __hash__(self) -> int:
        return hash(self.digest)

    def __reduce__(self) -> tuple[Any, ...]:
        """Survive the trip between processes; numpy alone would make the arrays writeable."""
        fields = (*_COLUMNS, "name", "request_bytes", "is_relative")
        return _rebuild, ({field: getattr(self, field) for field in fields},)

    @cached_property
    def digest(self) -> str:
        """SHA-256 of all that a memory controller sees, hexadecimal."""
        found = hashlib.sha256(f"{self.request_bytes} {self.is_relative}".encode())
        for field, dtype in _COLUMNS.items():
            found.update(getattr(self, field).astype(np.dtype(dtype).newbyteorder("<")).tobytes())
        return found.hexdigest()

    def features(self) -> dict[str, float]:
        """Numbers that say what kind of trace this is, for learning agents.

        The proxies of row locality assume rows of 8 KiB and eight banks, interleaved by row, and
        in-order service.
        """
        return dict(self._features)

    @cached_property
    def _features(self) -> dict[str, float]:
        count = len(self)
        address = self.address
        gaps = self.arrival_cycles if self.is_relative else np.diff(self.arrival_cycles)
        follows = address[1:] == address[:-1] + np.uint64(self.request_bytes)
        turns = self.is_write[1:] != self.is_write[:-1]
        blocks = np.unique(address // np.uint64(self.request_bytes))
        rows = address // np.uint64(_ROW_BYTES)
        return {
            "requests": float(count),
            "read_share": 1.0 - float(self.is_write.mean()),
            "requests_per_cycle": count / (float(gaps.sum()) + 1.0),
            "longest_gap_cycles": float(gaps.max(initial=0)),
            "footprint_bytes": float(len(blocks) * self.request_bytes),
            "distinct_rows": float(len(np.unique(rows))),
            "open_row_share": _open_row_hits(rows) / count,
            "sequential_share": float(follows.sum()) / max(count - 1, 1),
            "direction_change_share": float(turns.sum()) / max(count - 1, 1),
        }

    def describe(self) -> dict[str, str]:
        """Label -> text, for reports."""
        found = self._features
        clock = "after the previous request" if self.is_relative else "from the start"
        return {
            "trace": self.name,
            "requests": f"{len(self):,} of {self.request_bytes} B",
            "reads": f"{found['read_share']:.1%}",
            "footprint": f"{found['footprint_bytes']:,.0f} B in {found['distinct_rows']:,.0f} rows",
            "row locality": f"{found['open_row_share']:.1%} find their row open, served in order",
            "arrivals": f"{found['requests_per_cycle']:.3g} per cycle, given {clock}",
            "digest": self.digest[:16],
        }


_COLUMNS: dict[str, Any] = {
    "arrival_cycles": np.int64,
    "address": np.uint64,
    "is_write": np.bool_,
}


def _rebuild(fields: dict[str, Any]) -> MemoryTrace:
    return MemoryTrace(**fields)


def _open_row_hits(rows: npt.NDArray[np.uint64]) -> int:
    """Requests to the same row as the one before them in their bank."""
    banks = rows % np.uint64(_BANKS)
    order = np.argsort(banks, kind="stable")
    by_bank = rows[order]
    return int((by_bank[1:] == by_bank[:-1]).sum())
