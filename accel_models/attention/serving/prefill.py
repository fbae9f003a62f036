"""Attention over a prompt: FuseMax's dataflow with a mask, grouped heads, and short last sweeps.

A prompt is padded to whole tiles of W tokens, as in `accel_models.attention`. Tiles of scores that
the mask hides entirely, above the diagonal or beyond the window, are skipped; a tile that the mask
cuts costs as much as a full one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from accel_models.attention import one_pass
from accel_models.attention.hardware import Shape
from accel_models.attention.options import FuseMaxOptions
from accel_models.attention.serving.gemm import Work
from dse._ops import ARRAYS

if TYPE_CHECKING:
    from accel_models.attention.hardware import Hardware
    from accel_models.attention.serving.gemm import Machine
    from dse._columns import BoolColumn, Column
    from workloads.language.attention import Heads, Mask

_ALL_PES = FuseMaxOptions(rf_accounting="physical").resolved()
_RUNNING = 2.0
"""Words per query held besides Q and AV: the running maximum and denominator."""


@dataclass(frozen=True)
class Visible:
    """Which tiles of a prompt's scores are computed.

    Attributes:
        mask: "causal" or "full".
        window: Tokens that a query sees under a causal mask; all if None.
    """

    mask: Mask = "causal"
    window: int | None = None

    def tiles_behind(self, W: Column) -> Column:
        """Tiles of keys that a tile of queries sees before its own; inf without a window."""
        if self.window is None:
            return float("inf")
        behind: Column = ARRAYS.ceil((self.window - 1.0) / W)
        return behind


def visible_tiles(g: Column, behind: Column) -> Column:
    """Tiles of a causal mask: min(i, behind) + 1 in row i = 0 ... g-1.

    Args:
        g: Tiles of queries.
        behind: Tiles of keys seen before the diagonal.
    """
    growing = ARRAYS.minimum(g, behind + 1.0)
    tiles: Column = growing * (growing + 1.0) / 2.0 + (g - growing) * growing
    return tiles


def held_tiles(heads: Heads, hw: Hardware) -> Column:
    """Tiles of W queries that fit the buffer beside a tile of keys and values (P1); may be < 1.

    floor((L3 - b W (E + F)) / (b W (E + F + 2))), FuseMax's bound.
    """
    width = float(heads.key_dim + heads.value_dim)
    tile_bytes = hw.word_bytes * hw.W
    held: Column = ARRAYS.floor((hw.L3 - tile_bytes * width) / (tile_bytes * (width + _RUNNING)))
    return held


def key_tile_loads(g: Column, heads: Heads, visible: Visible, hw: Hardware) -> Column:
    """Tiles of keys (and as many of values) that one key-value head loads.

    The query heads that share it are swept together: P1 held tiles are q = floor(P1 / group)
    positions of all heads, and every sweep loads the keys from its first visible tile to its last.
    If not even one position of all heads fits, each position takes ceil(group / P1) sweeps.
    """
    P1 = ARRAYS.maximum(held_tiles(heads, hw), 1.0)
    group = float(heads.queries // heads.keys)
    q = ARRAYS.minimum(ARRAYS.maximum(ARRAYS.floor(P1 / group), 1.0), g)
    sweeps_per_position = ARRAYS.maximum(ARRAYS.ceil(group / P1), 1.0)
    P2 = ARRAYS.ceil(g / q)
    if visible.mask == "full":
        loads = P2 * g
    else:
        loads = _ends(q, P2, g) - _starts(q, P2, visible.tiles_behind(hw.W))
    tiles: Column = sweeps_per_position * loads
    return tiles


def _ends(q: Column, P2: Column, g: Column) -> Column:
    """Sum of the last tiles, min(k q, g) for k = 1 ... P2: all but the last sweep are full."""
    return q * (P2 - 1.0) * P2 / 2.0 + g


def _starts(q: Column, P2: Column, behind: Column) -> Column:
    """Sum of the first tiles, max(0, k q - behind) for k = 0 ... P2 - 1."""
    last = P2 - 1.0
    hidden = ARRAYS.minimum(ARRAYS.floor(behind / q), last)
    finite = ARRAYS.minimum(behind, last * q)
    total: Column = q * (last * (last + 1.0) - hidden * (hidden + 1.0)) / 2.0 - finite * (
        last - hidden
    )
    return total


def prompt_shape(tokens: Column, heads: Heads, visible: Visible, hw: Hardware) -> Shape:
    """The symbols of FuseMax's equations for one prompt under a mask.

    N becomes the number of keys that a query meets on average, so that n = B H P N still holds
    with P padded queries; g is one sweep, see `attend_prompt`.
    """
    g = ARRAYS.ceil(tokens / hw.W)
    tiles = g * g if visible.mask == "full" else visible_tiles(g, visible.tiles_behind(hw.W))
    BH = float(heads.queries)
    BHN = BH * (g * hw.W)
    X = BH * hw.W * tiles
    n = X * hw.W
    return Shape(
        E=float(heads.key_dim), F=float(heads.value_dim), N=tiles / g * hw.W, g=1.0, BH=BH,
        BHN=BHN, n=n, X=X, u=X / hw.W / hw.f,
    )  # fmt: skip


def attend_prompt(tokens: Column, heads: Heads, visible: Visible, machine: Machine) -> Work:
    """Attention of one layer over a prompt.

    FuseMax's own activity for a single sweep, with the keys and values that the sweeps really load
    in place of one load per query head.
    """
    hw, bits = machine.hw, machine.bits
    shape = prompt_shape(tokens, heads, visible, hw)
    once = one_pass.binding(shape, hw, ARRAYS, _ALL_PES)
    width = shape.E + shape.F
    key_bits = bits.cache_bits if heads.are_cached else bits.activation_bits
    g = ARRAYS.ceil(tokens / hw.W)
    loads = key_tile_loads(g, heads, visible, hw)
    loaded_words = float(heads.keys) * loads * hw.W * width
    dram_bytes = once.query_bytes + once.output_bytes + loaded_words * (key_bits / 8.0)
    writes = once.buffer_write_words + (loaded_words - shape.BHN * width)
    return Work(
        latency_s=machine.latency_s(once.compute_s, dram_bytes, once.buffer_read_words, writes),
        dram_bytes=dram_bytes,
        macc=once.macc,
        add=once.add,
        max=once.max,
        divide=once.divide,
        buffer_reads=once.buffer_read_words,
        buffer_writes=writes,
        register_reads=once.register_reads,
        register_writes=once.register_writes,
    )


def too_small(heads: Heads, hw: Hardware) -> BoolColumn:
    """Whether the buffer cannot hold one tile of queries."""
    return held_tiles(heads, hw) < 1.0
