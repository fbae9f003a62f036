"""The tiles of a head as slices of rows, for schedules that are executed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from accel_models.attention.io_complexity.tiling import Tiling
    from dse._columns import FloatArray


def cuts(length: int, size: int) -> list[slice]:
    """Consecutive slices of a size; the last may be shorter."""
    return [slice(start, min(start + size, length)) for start in range(0, length, size)]


@dataclass(frozen=True)
class Tiles:
    """A head of N tokens, cut.

    Attributes:
        N: Tokens.
        tiling: How it is cut.
    """

    N: int
    tiling: Tiling

    @property
    def buffers(self) -> int:
        """Copies of each streamed operand."""
        return int(self.tiling.buffers)

    @property
    def query_tiles(self) -> list[slice]:
        """Rows of each query tile."""
        return cuts(self.N, int(self.tiling.Br))

    @property
    def key_tiles(self) -> list[slice]:
        """Rows of each key tile."""
        return cuts(self.N, int(self.tiling.Bc))

    def keys_of(self, rows: slice) -> list[slice]:
        """The key tiles that a query tile visits."""
        return [keys for keys in self.key_tiles if self._meet(rows, keys)]

    def queries_of(self, keys: slice) -> list[slice]:
        """The query tiles that a key tile visits."""
        return [rows for rows in self.query_tiles if self._meet(rows, keys)]

    def mask(self, scores: FloatArray, rows: slice, keys: slice) -> None:
        """Hide the scores of keys behind their query, in place."""
        if self.tiling.causal:
            last_visible = np.arange(rows.start, rows.stop)[:, None]
            scores[np.arange(keys.start, keys.stop) > last_visible] = -np.inf

    def _meet(self, rows: slice, keys: slice) -> bool:
        return not self.tiling.causal or bool(keys.start < rows.stop)
