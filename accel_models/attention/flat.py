"""The FLAT baseline: fused row by row, softmax on the 1D array, mapped by FLAT's own mapper."""

from __future__ import annotations

from typing import TYPE_CHECKING

from accel_models.attention.hardware import Activity
from accel_models.attention.unfused import baseline_ops, softmax_registers, softmax_slots

if TYPE_CHECKING:
    from accel_models.attention.flat_mapper import FlatMapper
    from accel_models.attention.hardware import Hardware, Shape
    from accel_models.attention.options import FuseMaxOptions
    from dse import Ops


def flat(s: Shape, hw: Hardware, ops: Ops, options: FuseMaxOptions, mapper: FlatMapper) -> Activity:
    """FLAT with the mapping that its mapper picks for this hardware."""
    mapping = mapper.choose(hw.W, hw.L3, hw.word_bytes, hw.f / hw.BW, ops)
    moved = mapper.moved(hw.W, hw.L3, hw.word_bytes, mapping, ops)
    softmax_s = softmax_slots(hw) * s.u
    reads_1d, writes_1d = softmax_registers(s, hw, options)
    instances = s.n if options.rf_accounting == "physical" else s.X / hw.W
    return Activity(
        compute_s=ops.maximum(moved.c_qk + moved.c_av, softmax_slots(hw)) * s.u,
        phases=(),
        busy_1d_s=softmax_s,
        busy_2d_s={
            "qk": moved.c_qk * moved.occupied_qk * s.u,
            "lm": 0.0 * s.u,
            "sln": 0.0 * s.u,
            "sld": 0.0 * s.u,
            "av": moved.c_av * moved.occupied_av * s.u,
        },
        query_bytes=hw.word_bytes * moved.query_words,
        key_value_bytes=hw.word_bytes * moved.key_value_words,
        output_bytes=hw.word_bytes * moved.output_words,
        score_bytes=hw.word_bytes * moved.score_words,
        **baseline_ops(s),
        buffer_read_words=moved.buffer_read_words,
        buffer_write_words=moved.buffer_write_words,
        register_reads=reads_1d + instances * (3 * s.E + 3 * hw.W),
        register_writes=writes_1d + instances * (3 * s.E + 2 * hw.W),
        too_small=hw.L3 < 0,  # never: what does not fit is spilled or streamed
    )
