"""The tiles with which each schedule moves the fewest words through a memory of M words.

All are exact for schedules without a mask and with one buffer; each function says why. A tile of
0 rows means that no tile fits.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from accel_models.attention.io_complexity.counts import fa2_forward, small_cache_forward
from accel_models.attention.io_complexity.tiling import Head, Tiling
from dse._ops import ARRAYS

if TYPE_CHECKING:
    from dse import Ops
    from dse._columns import Column, FloatArray

CROSSOVER_UNROUNDED = ((1.0 + math.sqrt(3.0)) / 2.0) ** -2
"""M/d^2 at the crossover if tiles could be split: 4x^2 = 4x + 2 with x = d/sqrt(M); 0.536."""

CROSSOVER_LIMIT = ((3.0 + math.sqrt(73.0)) / 8.0) ** -2
"""M/d^2 at the crossover of wide heads: 4x^2 = 3x + 4, as a row of O takes two tiles; 0.480."""


def fa2_max_br(head: Head, M: Column, ops: Ops) -> Column:
    """Br of FlashAttention-2, with Bc = 1: min(N, floor((M - (E+F)) / (E+F+3))).

    Traffic falls with the number of query tiles and does not depend on Bc, which takes room from
    Br: one key at a time is best.
    """
    width = head.E + head.F
    Br = ops.minimum(head.N, ops.floor((M - width) / (width + 3.0)))
    rows: Column = ops.maximum(Br, 0.0)
    return rows


def fa1_max_bc(head: Head, M: Column, ops: Ops) -> Column:
    """Bc of FlashAttention, with Br = 1: min(N, floor((M - (E+F) - 2) / (E+F+1))).

    Traffic falls with the number of key tiles and does not depend on Br.
    """
    width = head.E + head.F
    Bc = ops.minimum(head.N, ops.floor((M - width - 2.0) / (width + 1.0)))
    rows: Column = ops.maximum(Bc, 0.0)
    return rows


def backward_max_bc(head: Head, M: Column, ops: Ops) -> Column:
    """Bc of the backward pass, with Br = 1: min(N, floor((M - (2E+F) - 2) / (2(E+F) + 2))).

    Traffic falls with the number of key tiles and does not depend on Br. The row terms need 2F + 1
    words once.
    """
    Bc = ops.floor((M - (2.0 * head.E + head.F) - 2.0) / (2.0 * (head.E + head.F) + 2.0))
    Bc = ops.maximum(ops.minimum(head.N, Bc), 0.0)
    fits: Column = ops.where(M >= 2.0 * head.F + 1.0, Bc, 0.0)
    return fits


def square_tile(M: Column) -> Column:
    """The b of the square small-cache tile: the largest with b^2 + 2b <= M; exact below 2^50."""
    b: Column = np.floor(np.sqrt(M + 1.0)) - 1.0
    return b


def small_cache_tile(N: int, E: int, F: int, M: int) -> tuple[int, int]:
    """(Br, Bc) of the small-cache schedule with the fewest words; (0, 0) if none fits.

    For a given Bc traffic falls with Br, so only the largest Br that fits is tried, for every Bc.

    Args:
        N: Tokens.
        E: Width of a query and a key.
        F: Width of a value.
        M: Words of fast memory.
    """
    head = Head(float(N), float(E), float(F))
    Bc = np.arange(1.0, min(M, max(N, F)) + 1.0)
    Br = _largest_br(head, Bc, M)
    Br, Bc = Br[Br >= 1.0], Bc[Br >= 1.0]
    if not len(Bc):
        return 0, 0
    best = int(np.argmin(small_cache_forward(head, Tiling(Br, Bc), ARRAYS).words))
    return int(Br[best]), int(Bc[best])


def _largest_br(head: Head, Bc: FloatArray, M: int) -> FloatArray:
    """The largest Br that the peak of each of the three steps admits."""
    Bs, Bf = np.minimum(Bc, head.N), np.minimum(Bc, head.F)
    scores = (M - Bs) / (Bs + 1.0)
    output = np.minimum((M - Bf) / (Bf + 1.0), M / (Bf + 2.0))
    largest = np.floor(np.minimum(np.minimum(scores, output), M / 3.0))
    return np.asarray(np.minimum(head.N, largest), dtype=np.float64)


def crossover(N: int, d: int) -> int:
    """The largest M at which square small-cache tiles move strictly fewer words than fa2_max_br.

    Searches M from 4d + 8, where both fit, to 6d^2.

    Args:
        N: Tokens.
        d: Width of the head.

    Returns:
        M in words; 0 if FlashAttention-2 is never beaten.
    """
    head = Head(float(N), float(d), float(d))
    M = np.arange(4.0 * d + 8.0, 6.0 * d * d + 1.0)
    b, Br = square_tile(M), fa2_max_br(head, M, ARRAYS)
    small = small_cache_forward(head, Tiling(b, b), ARRAYS).words
    wins = small < fa2_forward(head, Tiling(Br, 1.0), ARRAYS).words
    return int(M[wins].max(initial=0.0))
