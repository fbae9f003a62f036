"""Weight matrices on the 2D array, tile by tile of W rows (tokens) and W columns.

FuseMax's GEMM (`accel_models.attention.linear`) with its edges: rows and columns are padded to
whole tiles, so that one token of a decode step occupies one row of PEs, and every operand word is
read from the buffer once per tile. For sizes that are multiples of W both are the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from accel_models.attention import physical
from accel_models.attention.linear import weight_reads
from dse._ops import ARRAYS

if TYPE_CHECKING:
    from accel_models.attention.hardware import Hardware
    from dse._columns import Column
    from workloads.language.attention import Matrix
    from workloads.language.model import Precision


@dataclass(frozen=True)
class Machine:
    """Designs, and how they are used.

    Attributes:
        hw: The accelerators, a column of designs.
        bits: Bits per element of each kind of tensor.
        port_limit: Whether the buffer ports bound the latency.
    """

    hw: Hardware
    bits: Precision
    port_limit: bool

    def latency_s(
        self, compute_s: Column, dram_bytes: Column, reads: Column, writes: Column
    ) -> Column:
        """Compute, DRAM and buffer ports of one operation overlap."""
        latency: Column = ARRAYS.maximum(compute_s, dram_bytes / self.hw.BW)
        if self.port_limit:
            latency = ARRAYS.maximum(latency, physical.port_time_s(reads, writes, self.hw))
        return latency


@dataclass(frozen=True)
class Work:
    """What an operation takes.

    Attributes:
        latency_s: Its time.
        dram_bytes: Off-chip reads and writes.
        macc: Multiply-accumulates.
        add: Additions.
        max: Comparisons.
        divide: Divisions.
        buffer_reads: Words read from the global buffer.
        buffer_writes: Words written to it.
        register_reads: Register reads.
        register_writes: Register writes.
    """

    latency_s: Column = 0.0
    dram_bytes: Column = 0.0
    macc: Column = 0.0
    add: Column = 0.0
    max: Column = 0.0
    divide: Column = 0.0
    buffer_reads: Column = 0.0
    buffer_writes: Column = 0.0
    register_reads: Column = 0.0
    register_writes: Column = 0.0

    def __add__(self, other: Work) -> Work:
        theirs = vars(other)
        return Work(**{name: value + theirs[name] for name, value in vars(self).items()})

    def __mul__(self, times: Column) -> Work:
        return Work(**{name: value * times for name, value in vars(self).items()})

    def summed(self) -> Work:
        """Counts summed over the last axis, which stays as an axis of length 1."""
        return Work(
            **{
                name: np.asarray(value).sum(axis=-1, keepdims=True)
                for name, value in vars(self).items()
            }
        )


def gemm(matrix: Matrix, rows: Column, machine: Machine) -> Work:
    """One weight matrix applied to some tokens; all its copies one after the other.

    Args:
        matrix: K x columns.
        rows: Tokens.
        machine: The designs.
    """
    hw, bits = machine.hw, machine.bits
    K, columns = float(matrix.inputs), float(matrix.outputs)
    row_tiles, column_tiles = ARRAYS.ceil(rows / hw.W), ARRAYS.ceil(columns / hw.W)
    r = weight_reads(rows, K, columns, hw, ARRAYS)  # type: ignore[arg-type]  # any column does
    out_bits = bits.cache_bits if matrix.is_cached else bits.activation_bits
    weights = K * columns * r
    dram_bytes = (
        rows * (K * bits.activation_bits + columns * out_bits) + weights * bits.weight_bits
    ) / 8.0
    macs = rows * (K * columns)
    reads = (column_tiles * K) * rows + row_tiles * (columns * K)
    writes = rows * K + weights
    compute_s = row_tiles * (column_tiles * K / hw.f)
    once = Work(
        latency_s=machine.latency_s(compute_s, dram_bytes, reads, writes),
        dram_bytes=dram_bytes,
        macc=macs,
        buffer_reads=reads,
        buffer_writes=writes,
        register_reads=3.0 * macs,
        register_writes=3.0 * macs,
    )
    return once if matrix.copies == 1 else once * float(matrix.copies)
