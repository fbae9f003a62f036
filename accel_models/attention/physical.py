"""Energy, area, voltage and buffer ports: what turns activity into joules and square millimetres.

Component values are 45-nm figures of the FuseMax artifact (`components.csv`). The dependence on
word width, voltage, ports and DRAM stacks is ours; each is an option and documented as assumption.
"""

from __future__ import annotations

import math
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from accel_models.attention.components import Components
    from accel_models.attention.hardware import Activity, Hardware
    from accel_models.attention.linear import LinearLayers
    from accel_models.attention.options import FuseMaxOptions
    from dse import Ops
    from dse._columns import Column

_KIB = 1024.0
_MIB = 2.0**20
_ROW_BYTES = 512.0
_REFERENCE_WORD_BYTES = 2.0

ENERGY_PARTS = (
    "macc",
    "add",
    "max",
    "exp",
    "divide",
    "registers",
    "buffer",
    "dram",
    "leakage",
    "linear_layers",
)
AREA_PARTS = ("array_2d", "array_1d", "buffer", "controller", "dram_interface")


@cache
def _power(base: float, exponent: float) -> tuple[float]:
    """base**exponent as a looked-up value, so that floats and arrays agree to the last bit."""
    return (math.pow(base, exponent),)


def word_scale(hw: Hardware) -> Column:
    """Width of a word relative to the 16 bits of the component table."""
    return hw.word_bytes / _REFERENCE_WORD_BYTES


def multiplier_scale(hw: Hardware, options: FuseMaxOptions, ops: Ops) -> Column:
    """How MACC, exponential and divide scale with the word width."""
    scale: Column
    (scale,) = ops.table(_power, word_scale(hw), options.multiplier_exponent)
    return scale


def relative_voltage(hw: Hardware, options: FuseMaxOptions) -> Column:
    """V/V0: linear in the frequency, from `voltage_floor` at zero to 1 at the nominal clock."""
    if not options.voltage_scaling:
        return 1.0
    floor = options.voltage_floor
    return floor + (1 - floor) * hw.f / options.nominal_frequency_hz


# -- buffer ------------------------------------------------------------------------------------


def buffer_row_energy_j(hw: Hardware, components: Components, action: str) -> Column:
    """Energy of one row access: a straight line through the two fitted sizes, per row byte."""
    at_16 = components.energy_j[f"buffer_{action}_16MiB"]
    at_32 = components.energy_j[f"buffer_{action}_32MiB"]
    size = (hw.L3 / _MIB - 16.0) / 16.0
    return (at_16 + size * (at_32 - at_16)) * (hw.row_bytes / _ROW_BYTES)


def buffer_rows(words: Column, hw: Hardware) -> Column:
    """Row accesses for a number of words."""
    return words / (hw.row_bytes / hw.word_bytes)


def buffer_energy_j(reads: Column, writes: Column, hw: Hardware, components: Components) -> Column:
    """Energy of reading and writing words of the global buffer."""
    return buffer_rows(reads, hw) * buffer_row_energy_j(hw, components, "read") + buffer_rows(
        writes, hw
    ) * buffer_row_energy_j(hw, components, "write")


def port_time_s(reads: Column, writes: Column, hw: Hardware) -> Column:
    """Shortest time in which the ports can move these words."""
    return buffer_rows(reads + writes, hw) / (hw.ports * hw.f)


def buffer_area_mm2(
    hw: Hardware, components: Components, options: FuseMaxOptions, ops: Ops
) -> Column:
    """Area of the global buffer: the CACTI value where there is one, else the fit."""
    row_bits = hw.row_bytes * 8.0
    area = components.area_mm2
    fit = area["buffer_per_KiB"] * (hw.L3 / _KIB) + area["buffer_per_row_bit_squared"] * (
        row_bits * row_bits
    )
    if options.buffer_area == "fit":
        return fit

    def known(capacity: float, bits: float) -> tuple[float]:
        return (components.buffer_area_mm2.get((capacity, bits), math.nan),)

    (cacti,) = ops.table(known, hw.L3, row_bits)
    chosen: Column = ops.where(cacti == cacti, cacti, fit)  # noqa: PLR0124 - NaN: not listed
    return chosen


# -- energy ------------------------------------------------------------------------------------


def dynamic_energy_j(
    a: Activity, hw: Hardware, components: Components, options: FuseMaxOptions, ops: Ops
) -> dict[str, Column]:
    """Switching energy of one attention layer per component; see `ENERGY_PARTS`."""
    e = components.energy_j
    volts = relative_voltage(hw, options)
    chip = volts * volts
    narrow = chip * word_scale(hw)
    wide = chip * multiplier_scale(hw, options, ops)
    registers = a.register_reads * e["register_read"] + a.register_writes * e["register_write"]
    buffer = buffer_energy_j(a.buffer_read_words, a.buffer_write_words, hw, components)
    return {
        "macc": a.macc * e["macc"] * wide,
        "add": a.add * e["add"] * narrow,
        "max": a.max * e["max"] * narrow,
        "exp": a.exp * e["exp"] * wide,
        "divide": a.divide * e["divide"] * wide,
        "registers": registers * narrow,
        "buffer": buffer * chip,
        "dram": traffic_bytes(a) * e["dram"],
    }


def linear_energy_j(
    layers: LinearLayers, hw: Hardware, components: Components, options: FuseMaxOptions, ops: Ops
) -> Column:
    """Energy of the linear layers."""
    e = components.energy_j
    volts = relative_voltage(hw, options)
    chip = volts * volts
    registers = layers.register_accesses * (e["register_read"] + e["register_write"])
    buffer = buffer_energy_j(layers.buffer_read_words, layers.buffer_write_words, hw, components)
    compute = layers.macc * e["macc"] * multiplier_scale(hw, options, ops)
    return (compute + registers * word_scale(hw) + buffer) * chip + layers.traffic_bytes * e["dram"]


def traffic_bytes(a: Activity) -> Column:
    """Off-chip traffic of one attention layer."""
    return a.query_bytes + a.key_value_bytes + a.output_bytes + a.score_bytes


def static_power_w(area: Column, hw: Hardware, options: FuseMaxOptions) -> Column:
    """Leakage of the chip at its voltage, and standby of the DRAM stacks."""
    leakage = (options.leakage_w_per_mm2 or 0.0) * area * relative_voltage(hw, options)
    return leakage + options.dram_standby_w * (hw.BW / options.dram_stack_bytes_per_s)


# -- area --------------------------------------------------------------------------------------


@cache
def _log2(words: float) -> tuple[float]:
    return (math.log2(words),)


def register_file_mm2(address_bits: Column, components: Components) -> Column:
    """A 16-bit register file of 2^address_bits words: a fixed part plus its address generator."""
    area = components.area_mm2
    return area["register_file"] + area["register_address"] * address_bits


def fusemax_register_words(W: Column, E: float, ops: Ops) -> Column:
    """2*min_tiles, the words of a 2D PE (4 on the baselines); a 1D PE has four times as many."""
    min_tiles: Column = 2.0 * ops.maximum(1.0, ops.floor(W / E))
    return 2.0 * min_tiles


def area_parts_mm2(
    is_fusemax: bool,
    E: float,
    hw: Hardware,
    components: Components,
    options: FuseMaxOptions,
    ops: Ops,
) -> dict[str, Column]:
    """Area per component; see `AREA_PARTS`.

    Args:
        is_fusemax: FuseMax PEs (max unit in 2D, no exponential unit in 1D), or the baselines'.
        E: Width of a query.
        hw: The hardware.
        components: Component areas.
        options: Which assumptions apply.
        ops: Operations.
    """
    area = components.area_mm2
    (address_bits,) = (
        ops.table(_log2, fusemax_register_words(hw.W, E, ops)) if is_fusemax else (2.0,)
    )
    narrow, wide = word_scale(hw), multiplier_scale(hw, options, ops)
    pe_2d = register_file_mm2(address_bits, components) * narrow + area["macc"] * wide
    pe_1d = register_file_mm2(address_bits + 2.0, components) * narrow + area["max"] * narrow
    pe_1d = pe_1d + (area["macc"] + area["divide"]) * wide
    if is_fusemax:
        pe_2d = pe_2d + area["max"] * narrow
    else:
        pe_1d = pe_1d + area["exp"] * wide
    stacks = hw.BW / options.dram_stack_bytes_per_s
    return {
        "array_2d": hw.W * hw.W * pe_2d + hw.W * area["column_interconnect"],
        "array_1d": hw.V1 * pe_1d,
        "buffer": buffer_area_mm2(hw, components, options, ops),
        "controller": area["controller"],
        "dram_interface": (options.dram_interface_mm2 or 0.0) * stacks,
    }
