"""Attention through a fast memory smaller than d^2: scores in slow memory, tiled products.

Steps 1 to 3 are those of `counts.small_cache_forward`. While step 3 streams, it has no room for
the maxima: it exponentiates raw scores and divides by exp(m) l at the end. Unlike FlashAttention
it therefore needs scores below the range of the exponential.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from accel_models.attention.io_complexity.memory import prefetched
from accel_models.attention.io_complexity.tiles import cuts

if TYPE_CHECKING:
    from accel_models.attention.io_complexity.memory import TwoLevelMemory
    from accel_models.attention.io_complexity.tiles import Tiles
    from dse._columns import FloatArray


def small_cache_forward(memory: TwoLevelMemory, tiles: Tiles) -> None:
    """Scores by tiles, row statistics, then outputs by tiles."""
    N, width = memory.slow["V"].shape
    memory.slow |= {"S": np.empty((N, N)), "O": np.empty((N, width))}
    memory.slow |= {"m": np.empty(N), "l": np.empty(N)}
    for rows in tiles.query_tiles:
        for keys in tiles.keys_of(rows):
            _score_tile(memory, tiles, rows, keys)
    for rows in tiles.query_tiles:
        _row_statistics(memory, tiles, rows)
    for rows in tiles.query_tiles:
        for columns in cuts(width, int(tiles.tiling.Bc)):
            _output_tile(memory, tiles, rows, columns)


def _score_tile(memory: TwoLevelMemory, tiles: Tiles, rows: slice, keys: slice) -> None:
    """Step 1: a tile of S resident, a column of Q and one of K at a time."""
    scores = memory.allocate(rows.stop - rows.start, keys.stop - keys.start)

    def load(column: int) -> tuple[FloatArray, FloatArray]:
        return memory.load("Q", rows, column), memory.load("K", keys, column)

    loads = [partial(load, column) for column in range(memory.slow["Q"].shape[1])]
    for q, k in prefetched(loads, tiles.buffers):
        scores += np.outer(q, k)
        memory.release(q, k)
    tiles.mask(scores, rows, keys)
    memory.store("S", scores, rows, keys)
    memory.release(scores)


def _row_statistics(memory: TwoLevelMemory, tiles: Tiles, rows: slice) -> None:
    """Step 2: maximum and sum of each row of S, a column of S at a time."""
    count = rows.stop - rows.start
    maxima, sums = memory.allocate(count), memory.allocate(count)
    maxima[:] = -np.inf
    loads = [partial(memory.load, "S", rows, key) for key in _keys(tiles, rows)]
    for scores in prefetched(loads, tiles.buffers):
        raised = np.maximum(maxima, scores)
        sums *= np.exp(maxima - raised)
        sums += np.exp(scores - raised)
        maxima[:] = raised
        memory.release(scores)
    memory.store("m", maxima, rows)
    memory.store("l", sums, rows)
    memory.release(maxima, sums)


def _output_tile(memory: TwoLevelMemory, tiles: Tiles, rows: slice, columns: slice) -> None:
    """Step 3: a tile of O resident, a column of S and a row of V at a time."""
    o = memory.allocate(rows.stop - rows.start, columns.stop - columns.start)

    def load(key: int) -> tuple[FloatArray, FloatArray]:
        return memory.load("S", rows, key), memory.load("V", key, columns)

    loads = [partial(load, key) for key in _keys(tiles, rows)]
    for scores, v in prefetched(loads, tiles.buffers):
        o += np.outer(np.exp(scores), v)
        memory.release(scores, v)
    maxima, sums = memory.load("m", rows), memory.load("l", rows)
    o *= (np.exp(-maxima) / sums)[:, None]
    memory.store("O", o, rows, columns)
    memory.release(o, maxima, sums)


def _keys(tiles: Tiles, rows: slice) -> range:
    """All keys in the key tiles that a query tile visits."""
    return range(tiles.keys_of(rows)[-1].stop)
