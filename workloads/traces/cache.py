"""A cache in front of the memory, for traces recorded at the processor.

One level, physically indexed, least recently used, write-back and write-allocate: a miss reads
the line, and a changed line that leaves is written. Lines still changed at the end stay.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numba import njit

from workloads.traces.block import TraceBlock

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["CacheFilter"]


class CacheFilter:
    """Turns accesses into the requests of a cache's misses and write-backs.

    Args:
        cache_bytes: Its capacity.
        ways: Lines per set.
        line_bytes: Of a line, and of a request.
    """

    def __init__(self, cache_bytes: int, ways: int, line_bytes: int) -> None:
        sets = cache_bytes // (ways * line_bytes)
        self._line_bytes = np.uint64(line_bytes)
        # Most recently used first; line number + 1, so that 0 is an empty place.
        self._lines = np.zeros((sets, ways), np.uint64)
        self._changed = np.zeros((sets, ways), np.bool_)

    def __call__(self, block: TraceBlock) -> TraceBlock:
        """The requests that these accesses cause, each at the time of its access."""
        count = 2 * len(block)
        access = np.empty(count, np.int64)
        line = np.empty(count, np.uint64)
        is_write = np.empty(count, np.bool_)
        made = _simulate(
            block.address // self._line_bytes, np.ascontiguousarray(block.is_write),
            self._lines, self._changed, access, line, is_write,
        )  # fmt: skip
        return TraceBlock.of(
            block.time[access[:made]], line[:made] * self._line_bytes, is_write[:made]
        )


@njit(cache=True)
def _simulate(
    wanted: npt.NDArray[np.uint64],
    stores: npt.NDArray[np.bool_],
    lines: npt.NDArray[np.uint64],
    changed: npt.NDArray[np.bool_],
    access: npt.NDArray[np.int64],
    line: npt.NDArray[np.uint64],
    is_write: npt.NDArray[np.bool_],
) -> int:  # pragma: no cover - compiled
    """Serve the accesses in order; fills the last three arrays and returns how far."""
    sets, ways = lines.shape
    made = 0
    for i in range(len(wanted)):
        tag = wanted[i] + np.uint64(1)
        index = np.int64(wanted[i] % np.uint64(sets))
        way = 0
        while way < ways - 1 and lines[index, way] != tag:
            way += 1
        if lines[index, way] != tag:
            access[made], line[made], is_write[made] = i, wanted[i], False
            made += 1
            if changed[index, way]:
                access[made], line[made] = i, lines[index, way] - np.uint64(1)
                is_write[made] = True
                made += 1
            changed[index, way] = False
        was_changed = changed[index, way]
        for place in range(way, 0, -1):
            lines[index, place] = lines[index, place - 1]
            changed[index, place] = changed[index, place - 1]
        lines[index, 0] = tag
        changed[index, 0] = was_changed or stores[i]
    return made
