"""Heads, tiles, and how many pairs of tiles a schedule visits."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dse import Ops
    from dse._columns import Column


@dataclass(frozen=True)
class Head:
    """One attention head: N queries on N keys.

    Attributes:
        N: Tokens.
        E: Width of a query and of a key; the d of the papers.
        F: Width of a value; the d of the papers too.
    """

    N: Column
    E: Column
    F: Column


@dataclass(frozen=True)
class Tiling:
    """How a schedule cuts the head.

    Attributes:
        Br: Queries per tile; all of them where it exceeds N.
        Bc: Keys per tile; in the small-cache schedule also columns of a tile of O.
        buffers: Copies of each streamed operand: 1, or 2 to fetch the next while one is used.
        causal: Query r sees the keys 0 to r; pairs of tiles without a visible score are skipped.
        statistics: Whether FlashAttention-2 stores a word per row (the log-sum-exp) for training.
    """

    Br: Column
    Bc: Column
    buffers: Column = 1.0
    causal: bool = False
    statistics: bool = True


@dataclass(frozen=True)
class Visits:
    """What a schedule meets when it visits every pair of tiles that holds a visible score.

    Attributes:
        query_tiles: Tr = ceil(N/Br).
        key_tiles: Tc = ceil(N/Bc).
        pairs: Pairs of tiles; Tr Tc without a mask.
        rows: Queries, summed over the pairs' key tiles; N Tc without a mask.
        keys: Keys, summed over the query tiles; Tr N without a mask.
        scores: Scores in the pairs; N^2 without a mask.
    """

    query_tiles: Column
    key_tiles: Column
    pairs: Column
    rows: Column
    keys: Column
    scores: Column


def visits(head: Head, tiling: Tiling, ops: Ops) -> Visits:
    """Sums over all pairs of tiles that a schedule visits; exact below 2^53."""
    N = head.N
    Tr, Tc = ops.ceil(N / tiling.Br), ops.ceil(N / tiling.Bc)
    if tiling.causal:
        return Visits(Tr, Tc, *ops.table(causal_sums, N, tiling.Br, tiling.Bc))
    return Visits(Tr, Tc, Tr * Tc, N * Tc, Tr * N, N * N)


@cache
def causal_sums(N: float, Br: float, Bc: float) -> tuple[float, float, float, float]:
    """Pairs, rows, keys and scores (see `Visits`) under a causal mask.

    Query tile i, which ends at row e_i = min(N, (i+1)Br), visits the ceil(e_i/Bc) key tiles that
    begin before e_i. All query tiles but the last are whole, which makes the sum one of floors.

    Args:
        N: Tokens.
        Br: Queries per tile.
        Bc: Keys per tile.
    """
    n, br, bc = int(N), int(Br), int(Bc)
    whole, key_tiles = -(-n // br) - 1, -(-n // bc)
    whole_pairs = floor_sum(whole, br, br + bc - 1, bc)
    # Query tiles that reach the last key tile get only the keys that it has.
    reaching_last = max(0, whole - (key_tiles - 1) * bc // br)
    whole_keys = bc * whole_pairs - reaching_last * (key_tiles * bc - n)
    last_rows = n - whole * br
    return (
        float(whole_pairs + key_tiles),
        float(br * whole_pairs + last_rows * key_tiles),
        float(whole_keys + n),
        float(br * whole_keys + last_rows * n),
    )


def floor_sum(count: int, step: int, start: int, divisor: int) -> int:
    """Sum of floor((step*i + start)/divisor) for i = 0 to count-1, in logarithmic time.

    Counts the points below a line: the whole units first, then what is left with the axes swapped,
    as in Euclid's algorithm. All arguments are whole numbers >= 0, and divisor >= 1.
    """
    total = 0
    while count > 0:
        total += (step // divisor) * (count * (count - 1) // 2) + (start // divisor) * count
        step, start = step % divisor, start % divisor
        end = step * count + start
        count, start, step, divisor = end // divisor, end % divisor, divisor, step
    return total
