"""What the theory says about the words that attention must move, up to constants.

Sources: Saha and Ye, "The I/O Complexity of Attention" (ICML 2024, arXiv 2402.07443), forward;
Li et al. (arXiv 2410.09397), backward. Their theorems give growth, not constants: every value here
is a *reference curve* to hold beside a measured count, never a number of words that no schedule
can undercut. Only the compulsory traffic (inputs once, outputs once) is one.

Symbols: N tokens, d the width of a head, M words of fast memory.
"""

from __future__ import annotations

import math
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dse import Ops
    from dse._columns import Column

REGIMES = ("small cache", "large cache", "compulsory")
"""Names of the regimes, by the number that `regime` returns."""


def crossover_words(d: Column) -> Column:
    """M = d^2, where both terms of the references meet (at N^2 for the forward pass)."""
    return d * d


def compulsory_forward_words(N: Column, d: Column) -> Column:
    """4Nd: read Q, K, V and write O once. No schedule moves less."""
    return 4.0 * N * d


def compulsory_backward_words(N: Column, d: Column) -> Column:
    """7Nd: read Q, K, V, dO and write dQ, dK, dV once. No schedule moves less."""
    return 7.0 * N * d


def large_cache_forward(N: Column, d: Column, M: Column) -> Column:
    """N^2 d^2 / M, the term that holds for M >= d^2, up to constants.

    Saha and Ye: FlashAttention meets it, and nothing can beat it, fast matrix multiplication
    included.
    """
    return N * d * (N * d) / M


def small_cache_forward(N: Column, d: Column, M: Column, ops: Ops) -> Column:
    """N^2 d / sqrt(M), the term that holds for M < d^2, up to constants.

    Saha and Ye: tiles of sqrt(M) by sqrt(M) meet it; nothing beats it that multiplies matrices in
    the standard way.
    """
    return N * N * d / _root(M, ops)


def reference_forward_words(N: Column, d: Column, M: Column, ops: Ops) -> Column:
    """max(4Nd, min(N^2 d^2/M, N^2 d/sqrt(M))), a reference up to constants (Saha and Ye)."""
    least = ops.minimum(large_cache_forward(N, d, M), small_cache_forward(N, d, M, ops))
    reference: Column = ops.maximum(compulsory_forward_words(N, d), least)
    return reference


def reference_backward_words(N: Column, d: Column, M: Column, ops: Ops) -> Column:
    """max(7Nd, min((N^2 d^2 + N d^3)/M, (N^2 d + N d^2)/sqrt(M))), up to constants (Li et al.)."""
    large = (N * N * d * d + N * d * d * d) / M
    small = (N * N * d + N * d * d) / _root(M, ops)
    least = ops.minimum(large, small)
    reference: Column = ops.maximum(compulsory_backward_words(N, d), least)
    return reference


def regime(N: Column, d: Column, M: Column, ops: Ops) -> Column:
    """Which term the forward reference takes: a position in `REGIMES`.

    The borders, M = d^2 and M = Nd/4 (for N >= 4d), hold up to constants like the terms themselves.
    """
    cached = ops.where(crossover_words(d) > M, 0.0, 1.0)
    is_floor = reference_forward_words(N, d, M, ops) <= compulsory_forward_words(N, d)
    found: Column = ops.where(is_floor, 2.0, cached)
    return found


@cache
def _sqrt(words: float) -> tuple[float]:
    return (math.sqrt(words),)


def _root(words: Column, ops: Ops) -> Column:
    root: Column
    (root,) = ops.table(_sqrt, words)
    return root
