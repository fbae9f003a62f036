"""Cutting a flat batch into chunks that are cheap to evaluate.

Sorted by the leading parameters of the space, most chunks hold one value of each: whatever depends
on these alone is then computed once per chunk, as on an open grid, and designs of different cases
do not meet in one chunk.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from dse._ops import distinct_values

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from dse._columns import Columns, IntArray

_WORTH_A_GROUP = 4096
"""Designs per group, on average, below which NumPy's call overhead eats the gain."""


def chunk_rows(
    designs: Columns, leading: Sequence[str], total: int, largest: int
) -> Iterator[IntArray]:
    """Row numbers of each chunk; together every row once.

    Args:
        designs: Columns of a flat batch, N values each.
        leading: Parameters to sort by, the most valuable first.
        total: N.
        largest: Most designs per chunk.
    """
    code = _group_codes(designs, leading, total)
    order = np.argsort(code, kind="stable")
    bounds = np.concatenate([[0], np.cumsum(np.bincount(code))])
    for first, last in pairwise(bounds.tolist()):
        for start in range(first, last, largest):
            yield order[start : min(start + largest, last)]


def _group_codes(designs: Columns, leading: Sequence[str], total: int) -> IntArray:
    """A small integer per design: one for each combination of as many leading values as pay off."""
    code: Any = np.zeros(total, dtype=np.int64)
    groups = 1
    for name in leading:
        values, position = distinct_values(designs[name])
        groups *= len(values)
        if groups * _WORTH_A_GROUP > total:
            break
        code = code * len(values) + position
    return code.astype(np.int16)  # NumPy sorts 16-bit integers by radix
