"""Run a schedule on one head, word by word."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from accel_models.attention.io_complexity import flash, flash_backward, small_cache
from accel_models.attention.io_complexity.memory import TwoLevelMemory
from accel_models.attention.io_complexity.tiles import Tiles

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from accel_models.attention.io_complexity.tiling import Tiling
    from dse._columns import FloatArray

    Schedule: TypeAlias = Callable[[TwoLevelMemory, Tiles], None]

FORWARD: Mapping[str, Schedule] = {
    "fa1": flash.fa1_forward,
    "fa2": flash.fa2_forward,
    "small_cache": small_cache.small_cache_forward,
}
"""Forward algorithm -> its schedule; the names are those of `counts.FORWARD`."""

BACKWARD: Mapping[str, Schedule] = {"fa2": flash_backward.fa2_backward}
"""Backward algorithm -> its schedule."""


def execute(
    schedule: Schedule, tensors: Mapping[str, FloatArray], tiling: Tiling, capacity_words: float
) -> TwoLevelMemory:
    """Execute a schedule on one head.

    Args:
        schedule: One of `FORWARD` or `BACKWARD`.
        tensors: Q and K (N x E) and V (N x F); for the backward pass also O, dO (N x F) and the
            log-sum-exp of each row of scores, L (N).
        tiling: How to cut them.
        capacity_words: M, the words that fast memory holds.

    Returns:
        The memory: its counts, and in `slow` the tensors and what was computed: "O", with
        statistics "L" (fa2); or "dQ", "dK" and "dV".

    Raises:
        InputError: The schedule does not fit into the fast memory.
    """
    memory = TwoLevelMemory(capacity_words, dict(tensors))
    schedule(memory, Tiles(len(tensors["Q"]), tiling))
    return memory
