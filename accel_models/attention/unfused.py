"""The unfused baseline: QK, softmax and AV one after the other, scores through DRAM."""

from __future__ import annotations

from typing import TYPE_CHECKING

from accel_models.attention.hardware import Activity

if TYPE_CHECKING:
    from accel_models.attention.hardware import Hardware, Shape
    from accel_models.attention.options import FuseMaxOptions
    from dse import Ops
    from dse._columns import Column

SOFTMAX_EINSUMS = 4.0
"""GM, SN, SD and A: one slot each per score on the 1D array."""


def softmax_slots(hw: Hardware) -> Column:
    """The baselines' softmax on the 1D array: 4W slots with as many 1D PEs as columns."""
    return SOFTMAX_EINSUMS * hw.W * (hw.W / hw.V1)


def baseline_ops(s: Shape) -> dict[str, Column]:
    """Operations of 3-pass attention: every score has its exponential and its division."""
    return {
        "macc": s.n * (s.E + s.F),
        "add": 2 * s.n,
        "max": s.n,
        "exp": s.n,
        "divide": s.n,
    }


def softmax_registers(s: Shape, hw: Hardware, options: FuseMaxOptions) -> tuple[Column, Column]:
    """Register reads and writes of the softmax: of one 1D PE (quirk Q1), or of all."""
    instances = 1.0 if options.rf_accounting == "artifact" else hw.V1
    per_pe = s.n / hw.V1
    reads = instances * (per_pe * (8 - 2 * hw.W / s.N))
    return reads, instances * (7 * per_pe + 2 * s.BHN)


def unfused(s: Shape, hw: Hardware, ops: Ops, options: FuseMaxOptions) -> Activity:  # noqa: ARG001
    """Unfused attention: each phase is bound by its own compute or its own traffic."""
    E, F, n, X, u, BHN = s.E, s.F, s.n, s.X, s.u, s.BHN
    softmax_s = softmax_slots(hw) * u
    b = hw.word_bytes
    reads_1d, writes_1d = softmax_registers(s, hw, options)
    instances = n if options.rf_accounting == "physical" else X / hw.W
    return Activity(
        compute_s=(E + F) * u + softmax_s,
        phases=(
            (E * u, b * (n + 2 * BHN * E)),
            (softmax_s, b * (2 * n)),
            (F * u, b * (n + 2 * BHN * F)),
        ),
        busy_1d_s=softmax_s,
        busy_2d_s={"qk": E * u, "lm": 0.0 * u, "sln": 0.0 * u, "sld": 0.0 * u, "av": F * u},
        query_bytes=b * BHN * E,
        key_value_bytes=b * BHN * (E + F),
        output_bytes=b * BHN * F,
        score_bytes=b * 4 * n,
        **baseline_ops(s),
        buffer_read_words=3 * n + 2 * BHN + 2 * E * X + F * X + F * X * (1 - hw.W / s.N),
        buffer_write_words=2 * n + 2 * BHN + BHN * (2 * E + F) + F * X,
        register_reads=reads_1d + instances * (3 * E + 2 * F),
        register_writes=writes_1d + instances * (3 * E + 2 * F + 1),
        too_small=hw.L3 < 0,  # never: everything is streamed
    )
