"""A piece of a trace that is being read: accesses as columns."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

__all__ = ["TraceBlock"]


@dataclass(frozen=True, eq=False)
class TraceBlock:
    """Consecutive accesses of a trace; N of them.

    Attributes:
        time: int64[N], in the unit of the format, see `TraceFormat.time_unit`.
        address: uint64[N], byte addresses.
        is_write: bool[N].
        size_bytes: int64[N]; 0 where the format means one burst, at exactly this address.
        is_fetch: bool[N], instruction fetches.
    """

    time: npt.NDArray[np.int64]
    address: npt.NDArray[np.uint64]
    is_write: npt.NDArray[np.bool_]
    size_bytes: npt.NDArray[np.int64]
    is_fetch: npt.NDArray[np.bool_]

    @classmethod
    def of(
        cls, time: Any, address: Any, is_write: Any, size_bytes: Any = 0, is_fetch: Any = False
    ) -> TraceBlock:
        """Make a block of columns; single values stand for whole columns."""
        shape = np.shape(address)
        return cls(
            time=np.broadcast_to(np.asarray(time, np.int64), shape),
            address=np.asarray(address, np.uint64),
            is_write=np.broadcast_to(np.asarray(is_write, np.bool_), shape),
            size_bytes=np.broadcast_to(np.asarray(size_bytes, np.int64), shape),
            is_fetch=np.broadcast_to(np.asarray(is_fetch, np.bool_), shape),
        )

    @classmethod
    def joined(cls, blocks: Sequence[TraceBlock]) -> TraceBlock:
        """One block of several; at least one."""
        columns = ([getattr(block, field.name) for block in blocks] for field in fields(cls))
        return cls(*(np.concatenate(column) for column in columns))

    def __len__(self) -> int:
        return len(self.address)

    def take(self, rows: Any) -> TraceBlock:
        """The given accesses (indices, slice or mask)."""
        return TraceBlock(*(getattr(self, field.name)[rows] for field in fields(self)))
