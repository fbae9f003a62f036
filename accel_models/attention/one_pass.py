"""The 1-pass configurations: +Cascade, +Architecture, +Binding (= FuseMax).

The cascade of Einsums is the one of FuseMax (MICRO 2024, arXiv 2406.10491). Slot counts, tiling
and action counts follow the public artifact (FPSG-UIUC/micro24-fusemax-artifact, f543beb). Slots
are multiplied by u, the time of one slot per score; 1D slots also by W/V1.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from accel_models.attention.hardware import DIVIDE_SLOTS, EXP_SLOTS, Activity

if TYPE_CHECKING:
    from accel_models.attention.hardware import Hardware, Shape
    from accel_models.attention.options import FuseMaxOptions
    from dse import Ops
    from dse._columns import BoolColumn, Column

_ARTIFACT_TILE_BYTES = 16 * 2.0**20
_SLN = EXP_SLOTS
_SLD = 1.0
_LM = 1.0


# -- compute time ----------------------------------------------------------------------------


def average_slots(s: Shape, hw: Hardware) -> Column:
    """AV: one divide per output, not per tile."""
    return DIVIDE_SLOTS * s.F * hw.W / s.N


def busy_1d_slots(s: Shape, hw: Hardware) -> Column:
    """RM + PRM + SPD + SPNV + RD + RNV + AV on a 1D array of W PEs."""
    return 2 * s.F + 10 + average_slots(s, hw)


def binding_slots(s: Shape, hw: Hardware, ops: Ops) -> Column:
    """+Binding: tiles interleave, each group of Einsums waits for the slower array only."""
    k = hw.W / hw.V1
    slots: Column = (
        ops.maximum(s.E + _LM, k * (1 + s.F + average_slots(s, hw)))
        + k * 1.0
        + ops.maximum(_SLN + _SLD, k * 8.0)
        + ops.maximum(s.F, k * s.F)
    )
    return slots


def architecture_slots(s: Shape, hw: Hardware, ops: Ops) -> Column:
    """+Architecture: no interleaving; the running max travels the whole array (LM*W)."""
    k = hw.W / hw.V1
    slots: Column = (
        ops.maximum(s.E + _LM, k * (1 + average_slots(s, hw)))
        + _LM * hw.W
        + k * 1.0
        + ops.maximum(_SLN + _SLD, k * 8.0)
        + ops.maximum(s.F, k * 2 * s.F)
    )
    return slots


def cascade_1d_slots(s: Shape, hw: Hardware) -> Column:
    """+Cascade on the baseline PEs: LM, SLN and SLD also run on the 1D array.

    LM W | RM 1 | PRM 2 | SPD 1 | SPNV F | SLN 2W | SLD W | RD 1 | RNV F | AV F*W/N.
    """
    return 4 * hw.W + 5 + 2 * s.F + average_slots(s, hw)


# -- tiling and traffic ----------------------------------------------------------------------


@cache
def _divisors(number: int) -> tuple[int, ...]:
    small = [d for d in range(1, int(number**0.5) + 1) if number % d == 0]
    return tuple(sorted({*small, *(number // d for d in small)}))


@cache
def largest_divisor(number: float, bound: float) -> tuple[float]:
    """The largest divisor of a whole number up to a bound, at least 1; for `Ops.table`."""
    return (float(max(d for d in _divisors(int(number)) if d <= max(bound, 1.0))),)


def query_tiles(
    s: Shape, hw: Hardware, ops: Ops, live_columns: Column, tile_bytes: Column
) -> tuple[Column, BoolColumn]:
    """How many tiles of W queries are held together (P1), and whether even one fits.

    Args:
        s: The attention layer.
        hw: The hardware.
        ops: Operations.
        live_columns: Words per query held besides Q and AV: 2 (running max and denominator), or
            2W+2 for +Cascade (also a QK and an SLN row).
        tile_bytes: Buffer capacity that the tiling may use.
    """
    bound = ops.floor(
        (tile_bytes - hw.word_bytes * hw.W * (s.E + s.F))
        / (hw.word_bytes * hw.W * (s.E + s.F + live_columns))
    )
    (P1,) = ops.table(largest_divisor, s.g, ops.maximum(ops.minimum(bound, s.g), 0.0))
    return P1, bound < 1.0


def sweeps(s: Shape, P1: Column) -> Column:
    """P2: how often K and V are read, N/(W*P1)."""
    return s.g / P1


# -- activity --------------------------------------------------------------------------------


def binding(s: Shape, hw: Hardware, ops: Ops, options: FuseMaxOptions) -> Activity:
    """FuseMax: its architecture with interleaved tiles."""
    return _on_fusemax(s, hw, ops, options, binding_slots(s, hw, ops))


def architecture(s: Shape, hw: Hardware, ops: Ops, options: FuseMaxOptions) -> Activity:
    """FuseMax's architecture without interleaving; same traffic and energy as +Binding."""
    return _on_fusemax(s, hw, ops, options, architecture_slots(s, hw, ops))


def _on_fusemax(
    s: Shape, hw: Hardware, ops: Ops, options: FuseMaxOptions, slots: Column
) -> Activity:
    P1, too_small = query_tiles(s, hw, ops, 2.0, hw.L3)
    P2 = sweeps(s, P1)
    E, F, X, u = s.E, s.F, s.X, s.u
    reads_1d, writes_1d = _registers_1d(s, hw, options)
    shared_reads = X * (1 + F * (1 - hw.W / s.N))
    shared_writes = X * (F + 2)
    instances = _instances_2d(s, hw, options)
    return Activity(
        compute_s=slots * u,
        phases=(),
        busy_1d_s=busy_1d_slots(s, hw) * (hw.W / hw.V1) * u,
        busy_2d_s={"qk": E * u, "lm": _LM * u, "sln": _SLN * u, "sld": _SLD * u, "av": F * u},
        **_traffic(s, hw, P2),
        macc=s.n * (E + F + 6) + X * (F + 7),
        add=2 * s.n + X * (F + 2),
        max=s.n + X,
        exp=0.0 * X,
        divide=s.BHN * F,
        **_buffer_words(s, P2, 0.0 * X),
        register_reads=shared_reads + reads_1d + instances * (3 * E + 2 * F + 3),
        register_writes=shared_writes + writes_1d
        + instances * (3 * E + 2 * F + 4 + F * (1 - hw.W / s.N)),
        too_small=too_small,
    )  # fmt: skip


def cascade(s: Shape, hw: Hardware, ops: Ops, options: FuseMaxOptions) -> Activity:
    """The 1-pass cascade on the PEs of the baselines, with a dedicated exponential unit."""
    artifact_tiles = options.cascade_tile_buffer == "artifact"
    tile_bytes = ops.minimum(hw.L3, _ARTIFACT_TILE_BYTES) if artifact_tiles else hw.L3
    P1, too_small = query_tiles(s, hw, ops, 2 * hw.W + 2, tile_bytes)
    P2 = sweeps(s, P1)
    E, F, X, u = s.E, s.F, s.X, s.u
    slots_1d = cascade_1d_slots(s, hw) * (hw.W / hw.V1)
    charged_exp = s.n + X if options.cascade_exp_energy == "charged" else 0.0 * X
    reads_1d, writes_1d = _registers_1d(s, hw, options)
    share = 1.0 if options.rf_accounting == "physical" else 1.0 / hw.V1
    instances = _instances_2d(s, hw, options)
    return Activity(
        compute_s=ops.maximum(E + F, slots_1d) * u,
        phases=(),
        busy_1d_s=slots_1d * u,
        busy_2d_s={"qk": E * u, "lm": 0.0 * u, "sln": 0.0 * u, "sld": 0.0 * u, "av": F * u},
        **_traffic(s, hw, P2),
        macc=s.n * (E + F) + X * (F + 1),
        add=2 * s.n + X * (F + 2),
        max=s.n + X,
        exp=charged_exp,
        divide=s.BHN * F,
        **_buffer_words(s, P2, 2 * s.n),
        register_reads=reads_1d + share * (6 * s.n - 2 * X) + instances * (3 * E + 2 * F - 1),
        register_writes=writes_1d + share * 4 * s.n
        + instances * (3 * E + 1 + F + F * (2 - hw.W / s.N)),
        too_small=too_small,
    )  # fmt: skip


def _traffic(s: Shape, hw: Hardware, P2: Column) -> dict[str, Column]:
    """Q and AV once; K and V once per sweep."""
    return {
        "query_bytes": hw.word_bytes * s.BHN * s.E,
        "key_value_bytes": hw.word_bytes * s.BHN * (s.E + s.F) * P2,
        "output_bytes": hw.word_bytes * s.BHN * s.F,
        "score_bytes": 0.0 * P2,
    }


def _buffer_words(s: Shape, P2: Column, spilled: Column) -> dict[str, Column]:
    """Words through the global buffer; `spilled` scores go through it in both directions."""
    return {
        "buffer_read_words": s.X * (2 * s.E + 2 * s.F + 2) + s.BHN * (s.F + 1) + spilled,
        "buffer_write_words": s.BHN * s.E + s.BHN * (s.E + s.F) * P2 + s.X * (s.F + 2) + spilled,
    }


def _registers_1d(s: Shape, hw: Hardware, options: FuseMaxOptions) -> tuple[Column, Column]:
    """Private register accesses of the 1D PEs: of one PE (quirk Q1), or of all."""
    share = 1.0 if options.rf_accounting == "physical" else 1.0 / hw.V1
    outputs = s.BHN * s.F
    reads = share * (s.X * (4 * s.F + 8) + 2 * outputs)
    writes = share * (s.X * (3 * s.F + 6) + 2 * outputs + s.BHN)
    return reads, writes


def _instances_2d(s: Shape, hw: Hardware, options: FuseMaxOptions) -> Column:
    """Scores per charged 2D PE: n for all PEs, n/W^2 for one (quirk Q1)."""
    return s.n if options.rf_accounting == "physical" else s.X / hw.W
