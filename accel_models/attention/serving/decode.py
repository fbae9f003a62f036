"""Attention of a decode step: one new token per sequence, its keys and values in the cache.

The queries stay in the 2D array (E along its rows, the heads of a group along its columns) and the
cached keys stream through it, one key per cycle; then the weighted values likewise. So nothing is
padded along the context, and every resource takes a time that is a straight line in it. The scores
of a step pass through the buffer to the 1D array, which takes their softmax: a comparison, an
exponential and an addition each.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from accel_models.attention import physical
from accel_models.attention.hardware import DIVIDE_SLOTS, EXP_SLOTS
from accel_models.attention.serving.gemm import Work
from accel_models.attention.serving.series import Line
from dse._ops import ARRAYS

if TYPE_CHECKING:
    from accel_models.attention.hardware import Hardware
    from accel_models.attention.serving.gemm import Machine
    from dse._columns import Column
    from workloads.language.attention import Heads

SOFTMAX_SLOTS = 1.0 + EXP_SLOTS + 1.0
"""Comparison, exponential, addition."""
_EXP_MACC = EXP_SLOTS - 1.0
_SCORE_PASSES = 2.0
"""A score goes through the buffer before the softmax, and its exponential after it."""


def array_cycles_per_token(heads: Heads, hw: Hardware) -> Column:
    """Cycles of the 2D array per token of context: ceil(E/W) + ceil(F/W) per group of heads.

    A group of more than W heads takes several passes.
    """
    passes = ARRAYS.ceil(heads.queries / heads.keys / hw.W)
    words = ARRAYS.ceil(heads.key_dim / hw.W) + ARRAYS.ceil(heads.value_dim / hw.W)
    cycles: Column = heads.keys * passes * words
    return cycles


def step_lines(heads: Heads, machine: Machine) -> list[Line]:
    """Time of each resource for one step of one layer, as lines in the context."""
    hw = machine.hw
    fixed, growing = step_work(heads, machine)
    lines = [
        (0.0, array_cycles_per_token(heads, hw) / hw.f),
        (
            heads.queries * heads.value_dim * DIVIDE_SLOTS / (hw.V1 * hw.f),
            heads.queries * SOFTMAX_SLOTS / (hw.V1 * hw.f),
        ),
        (fixed.dram_bytes / hw.BW, growing.dram_bytes / hw.BW),
    ]
    if machine.port_limit:
        ports = [
            physical.port_time_s(work.buffer_reads, work.buffer_writes, hw)
            for work in (fixed, growing)
        ]
        lines.append((ports[0], ports[1]))
    return [Line(np.asarray(intercept), np.asarray(slope)) for intercept, slope in lines]


def step_work(heads: Heads, machine: Machine) -> tuple[Work, Work]:
    """Counts of one step of one layer: what it takes anyway, and per token of context.

    Times are left to `step_lines`.
    """
    hw, bits = machine.hw, machine.bits
    H, E, F = float(heads.queries), float(heads.key_dim), float(heads.value_dim)
    passes = ARRAYS.ceil(heads.queries / heads.keys / hw.W)
    scores_macs = H * (E + F)
    macc = scores_macs + H * _EXP_MACC
    fixed = Work(
        dram_bytes=H * (E + F) * bits.activation_bits / 8.0,
        divide=H * F,
        buffer_reads=H * E,
        buffer_writes=H * (E + F),
    )
    growing = Work(
        dram_bytes=heads.elements_per_token * bits.cache_bits / 8.0,
        macc=macc,
        add=2.0 * H,
        max=H,
        buffer_reads=heads.keys * (E + F) * passes + _SCORE_PASSES * H,
        buffer_writes=heads.elements_per_token + _SCORE_PASSES * H,
        register_reads=3.0 * macc,
        register_writes=3.0 * macc,
    )
    return fixed, growing
