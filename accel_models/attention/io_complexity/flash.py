"""FlashAttention 1 and 2, forward, on an explicit fast memory.

They compute softmax(Q K^T) V; a scale of the scores folds into Q.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from accel_models.attention.io_complexity.memory import prefetched

if TYPE_CHECKING:
    from accel_models.attention.io_complexity.memory import TwoLevelMemory
    from accel_models.attention.io_complexity.tiles import Tiles
    from dse._columns import FloatArray


class Output(NamedTuple):
    """The output of one query tile in the making: o, and m and l of the papers."""

    o: FloatArray
    maxima: FloatArray
    sums: FloatArray


def fa2_forward(memory: TwoLevelMemory, tiles: Tiles) -> None:
    """FlashAttention-2: the output of a query tile stays; K and V stream past."""
    memory.slow["O"] = np.empty_like(memory.slow["V"])
    memory.slow["L"] = np.empty(tiles.N)
    for rows in tiles.query_tiles:
        q = memory.load("Q", rows)
        output = _new_output(memory, len(q))
        loads = [partial(memory.load_rows, ("K", "V"), keys) for keys in tiles.keys_of(rows)]
        for keys, (k, v) in prefetched(loads, tiles.buffers):
            scores = _scores(memory, tiles, (rows, q), (keys, k))
            _absorb(output, scores, v)
            memory.release(scores, k, v)
        output.o[:] /= output.sums[:, None]
        memory.store("O", output.o, rows)
        if tiles.tiling.statistics:
            output.sums[:] = output.maxima + np.log(output.sums)
            memory.store("L", output.sums, rows)
        memory.release(q, *output)


def fa1_forward(memory: TwoLevelMemory, tiles: Tiles) -> None:
    """FlashAttention: K and V of a key tile stay; queries and their outputs stream past."""
    memory.slow["O"] = np.empty_like(memory.slow["V"])
    memory.slow |= {"m": np.empty(tiles.N), "l": np.empty(tiles.N)}
    for rows in tiles.query_tiles:
        _put_back(memory, rows, _new_output(memory, rows.stop - rows.start))
    for keys in tiles.key_tiles:
        k, v = memory.load("K", keys), memory.load("V", keys)
        names = ("Q", "O", "m", "l")
        loads = [partial(memory.load_rows, names, rows) for rows in tiles.queries_of(keys)]
        for rows, (q, *held) in prefetched(loads, tiles.buffers):
            output = Output(*held)
            output.o[:] *= output.sums[:, None]
            scores = _scores(memory, tiles, (rows, q), (keys, k))
            _absorb(output, scores, v)
            output.o[:] /= output.sums[:, None]
            _put_back(memory, rows, output)
            memory.release(q, scores)
        memory.release(k, v)


def _new_output(memory: TwoLevelMemory, rows: int) -> Output:
    """Before any key: o and sums are 0, maxima are minus infinity."""
    width = memory.slow["V"].shape[1]
    output = Output(memory.allocate(rows, width), memory.allocate(rows), memory.allocate(rows))
    output.maxima[:] = -np.inf
    return output


def _put_back(memory: TwoLevelMemory, rows: slice, output: Output) -> None:
    for name, block in zip(("O", "m", "l"), output, strict=True):
        memory.store(name, block, rows)
    memory.release(*output)


def _scores(
    memory: TwoLevelMemory,
    tiles: Tiles,
    queries: tuple[slice, FloatArray],
    keys: tuple[slice, FloatArray],
) -> FloatArray:
    """A tile of Q K^T, masked."""
    scores = memory.allocate(len(queries[1]), len(keys[1]))
    np.matmul(queries[1], keys[1].T, out=scores)
    tiles.mask(scores, queries[0], keys[0])
    return scores


def _absorb(output: Output, scores: FloatArray, v: FloatArray) -> None:
    """Online softmax: add one key tile to the output, not yet divided by the sums."""
    o, maxima, sums = output
    raised = np.maximum(maxima, scores.max(axis=1))
    scale = np.exp(maxima - raised)
    maxima[:] = raised
    np.exp(scores - raised[:, None], out=scores)
    sums *= scale
    sums += scores.sum(axis=1)
    o *= scale[:, None]
    o += scores @ v
