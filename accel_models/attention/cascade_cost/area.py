"""Area of the arrays from the units of their PEs; buffer and interfaces as in `physical`."""

from __future__ import annotations

import math
from functools import cache
from typing import TYPE_CHECKING

from accel_models.attention import physical
from accel_models.attention.cascade_cost.binding import ARRAY_1D, ARRAY_2D

if TYPE_CHECKING:
    from accel_models.attention.cascade_cost.pes import PeArray, PeArrays
    from accel_models.attention.components import Components
    from accel_models.attention.hardware import Hardware
    from accel_models.attention.options import FuseMaxOptions
    from dse import Ops
    from dse._columns import Column
    from workloads.transformer import TransformerLayer

__all__ = ["area_parts_mm2"]

_WIDE = frozenset({"macc", "exp", "divide"})
"""Units that grow with the word width like a multiplier."""
_INSIDE_MACC = "add"


@cache
def _log2(words: float) -> tuple[float]:
    return (math.log2(words),)


def area_parts_mm2(
    pes: PeArrays,
    layer: TransformerLayer,
    hw: Hardware,
    components: Components,
    options: FuseMaxOptions,
    ops: Ops,
) -> dict[str, Column]:
    """Area per component; see `physical.AREA_PARTS`."""
    area = components.area_mm2
    pe_2d = _pe_mm2(pes[ARRAY_2D], layer, hw, components, options, ops)
    pe_1d = _pe_mm2(pes[ARRAY_1D], layer, hw, components, options, ops)
    stacks = hw.BW / options.dram_stack_bytes_per_s
    return {
        "array_2d": hw.W * hw.W * pe_2d + hw.W * area["column_interconnect"],
        "array_1d": hw.V1 * pe_1d,
        "buffer": physical.buffer_area_mm2(hw, components, options, ops),
        "controller": area["controller"],
        "dram_interface": (options.dram_interface_mm2 or 0.0) * stacks,
    }


def _pe_mm2(
    pe: PeArray,
    layer: TransformerLayer,
    hw: Hardware,
    components: Components,
    options: FuseMaxOptions,
    ops: Ops,
) -> Column:
    """One PE: its register file and its units; the adder is inside the MACC."""
    narrow = physical.word_scale(hw)
    wide = physical.multiplier_scale(hw, options, ops)
    (address_bits,) = ops.table(_log2, register_words(pe, layer, hw, ops))
    area = physical.register_file_mm2(address_bits, components) * narrow
    for unit in sorted(pe.units - {_INSIDE_MACC}):
        area = area + components.area_mm2[unit] * (wide if unit in _WIDE else narrow)
    return area


def register_words(pe: PeArray, layer: TransformerLayer, hw: Hardware, ops: Ops) -> Column:
    """Words of a PE's register file: a share for every tile in flight."""
    if not pe.tiles_in_flight_over:
        return pe.register_words
    width = float(getattr(layer, pe.tiles_in_flight_over))
    words: Column = pe.register_words * ops.maximum(1.0, ops.floor(hw.W / width))
    return words
