"""Figure 12 of FuseMax (MICRO 2024): latency against area as the PE array grows.

The artifact gives every array the smallest buffer that keeps it busy; `published_sweep` applies
that rule through the ordinary model.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from accel_models.attention.fusemax import FuseMax
from accel_models.attention.options import FuseMaxOptions

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from workloads.transformer import TransformerLayer

PE_DIMS = (16, 32, 64, 128, 256, 512)
"""Sides of the 2D array in the figure."""

_BYTES_PER_WORD_OF_WIDTH = 2


class SweepPoint(NamedTuple):
    """One array of the sweep.

    Attributes:
        pe_dim: Side of the 2D array.
        global_buffer_bytes: The buffer that the rule gives it.
        metrics: All metrics of the design, with the breakdown.
    """

    pe_dim: int
    global_buffer_bytes: int
    metrics: dict[str, Any]


def published_sweep(
    layer: TransformerLayer, pe_dims: Sequence[int] = PE_DIMS, options: FuseMaxOptions | None = None
) -> list[SweepPoint]:
    """FuseMax (+Binding) on arrays of several sizes, each with its own buffer.

    Args:
        layer: The attention layer; the figure shows 256K tokens.
        pe_dims: Sides of the 2D array.
        options: Options of the model; the published ones if None.

    Raises:
        DesignError: A side is not a value of `pe_dim`, or no buffer in the model's range keeps
            the array busy.
    """
    model = FuseMax(layer, options or FuseMaxOptions(preset="published"))
    return [_point(model, layer.head_dim, W) for W in pe_dims]


def _point(model: FuseMax, E: int, W: int) -> SweepPoint:
    """Double the buffer from 16*W*E bytes until a tile fits and the 1D array never waits."""
    buffer_bytes = 16 * W * E
    while True:
        design = model.space.parse(
            {
                "configuration": "binding",
                "pe_dim": W,
                "global_buffer_bytes": buffer_bytes,
                "buffer_row_bytes": _BYTES_PER_WORD_OF_WIDTH * W,
            }
        )
        metrics = model.evaluate(design, breakdown=True)
        if metrics["feasible"] and metrics["dram_time_s"] <= metrics["busy_1d_s"]:
            return SweepPoint(W, buffer_bytes, metrics)
        buffer_bytes *= 2
