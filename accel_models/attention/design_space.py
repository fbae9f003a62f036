"""The parameters of an attention accelerator, shared by the models that differ in its dataflow."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from accel_models.attention.options import GIB, MIB
from dse import Choice, Integer, PowerOfTwo

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dse import Parameter

DEFAULT_SPACE: Mapping[str, tuple[Any, ...]] = MappingProxyType(
    {
        "pe_dim": (16, 32, 64, 128, 256, 512),
        "word_bits": (16,),
        "buffer_row_bytes": (512,),
        "buffer_ports": (4,),
    }
)
"""What the default problem explores of `machine_parameters`, where that is less than all."""


def machine_parameters() -> tuple[Parameter, ...]:
    """Everything but the dataflow; `hardware.Hardware.of` reads them."""
    return (
        PowerOfTwo("pe_dim", 4, 2048, default=256, group="compute",
                   doc="Side of the square 2D array, in PEs"),
        Choice("word_bits", (8, 16, 32), default=16, group="compute",
               doc="Width of a word"),
        Choice("global_buffer_bytes", tuple(int(MIB * 2**k / 4) for k in range(9)),
               default=int(16 * MIB), extent=(2.0**12, 4 * GIB), group="memory",
               doc="Capacity of the global buffer"),
        Choice("buffer_row_bytes", (128, 256, 512, 1024), default=512, extent=(16, 4096),
               group="memory", doc="Bytes of one row of the global buffer"),
        Choice("pe_1d_ratio", (0.25, 0.5, 1, 2, 4, 8), default=1, extent=(1 / 64, 64),
               group="compute", doc="Number of 1D PEs per column of the 2D array"),
        Integer("buffer_ports", 1, 8, default=4, group="memory",
                doc="Read/write ports of the global buffer"),
        Choice("dram_bandwidth_bytes_per_s",
               tuple(int(GIB * b) for b in (50, 100, 200, 400, 800, 1600)),
               default=int(400 * GIB), extent=(GIB, 65536 * GIB), group="memory",
               doc="Bandwidth of the DRAM"),
        Choice("frequency_hz", (235e6, 470e6, 705e6, 940e6, 1175e6, 1410e6),
               default=940e6, extent=(1e6, 1e10), group="clock",
               doc="Clock; the voltage follows it"),
    )  # fmt: skip
