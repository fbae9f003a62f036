"""FlashAttention-2's backward pass on an explicit fast memory.

Needs Q, K, V, O, dO and the log-sum-exp L of each row; leaves dQ, dK and dV. S and dP are computed
again, tile by tile.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from accel_models.attention.io_complexity.memory import prefetched

if TYPE_CHECKING:
    from accel_models.attention.io_complexity.memory import TwoLevelMemory
    from accel_models.attention.io_complexity.tiles import Tiles
    from dse._columns import FloatArray


def fa2_backward(memory: TwoLevelMemory, tiles: Tiles) -> None:
    """Row terms D = rowsum(dO * O), then key tiles outside; dQ starts as zeros in slow memory."""
    memory.slow["D"] = np.empty(tiles.N)
    memory.slow |= {f"d{name}": np.zeros_like(memory.slow[name]) for name in ("Q", "K", "V")}
    _row_terms(memory, tiles)
    for keys in tiles.key_tiles:
        _key_gradients(memory, tiles, keys)


def _row_terms(memory: TwoLevelMemory, tiles: Tiles) -> None:
    loads = [partial(memory.load_rows, ("dO", "O"), rows) for rows in tiles.query_tiles]
    for rows, (do, o) in prefetched(loads, tiles.buffers):
        terms = memory.allocate(len(o))
        np.einsum("rf,rf->r", do, o, out=terms)
        memory.store("D", terms, rows)
        memory.release(do, o, terms)


def _key_gradients(memory: TwoLevelMemory, tiles: Tiles, keys: slice) -> None:
    """Gradients dK and dV of one key tile, and its share of dQ."""
    k, v = memory.load("K", keys), memory.load("V", keys)
    dk, dv = memory.allocate(*k.shape), memory.allocate(*v.shape)
    names = ("Q", "dO", "dQ", "L", "D")
    loads = [partial(memory.load_rows, names, rows) for rows in tiles.queries_of(keys)]
    for rows, (q, do, dq, lse, terms) in prefetched(loads, tiles.buffers):
        p = memory.allocate(len(q), len(k))
        np.matmul(q, k.T, out=p)
        tiles.mask(p, rows, keys)
        np.exp(p - lse[:, None], out=p)
        ds = memory.allocate(len(q), len(k))
        _score_gradients(ds, p, do @ v.T, terms)
        dv += p.T @ do
        dk += ds.T @ q
        dq[:] += ds @ k
        memory.store("dQ", dq, rows)
        memory.release(q, do, dq, lse, terms, p, ds)
    memory.store("dK", dk, keys)
    memory.store("dV", dv, keys)
    memory.release(k, v, dk, dv)


def _score_gradients(ds: FloatArray, p: FloatArray, dp: FloatArray, terms: FloatArray) -> None:
    """The gradient dS = P * (dP - D) of the scores, in the words of dP."""
    np.multiply(p, dp - terms[:, None], out=ds)
