"""A binding: which array computes which Einsum when, and where the tensors live in between."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from accel_models.attention.cascade_cost.pes import PeArrays
    from accel_models.attention.cascades.cascade import Cascade

__all__ = [
    "ARRAY_1D", "ARRAY_2D", "LAYER_SIZES", "SHARED", "Binding", "Quirks", "Stage", "Tiling",
    "Traversal",
]  # fmt: skip

ARRAY_2D = "array_2d"
ARRAY_1D = "array_1d"
SHARED = "shared"
"""Registers of neither array alone: each access is charged in full."""

LAYER_SIZES = (
    "batch", "heads", "kv_heads", "head_dim", "value_dim", "d_model", "d_ff", "seq_len",
)  # fmt: skip
"""Sizes of the layer that a rank may have."""

Tiling: TypeAlias = Literal["sweeps", "stages", "flat"]
"""How the cascade is cut to the size of the buffer.

sweeps: groups of tiles of the column rank stay on chip, the row rank streams by once per group;
one bound of compute and memory for everything. stages: one stage after the other, each with the
traffic of its own and its own bound. flat: FLAT's mapper decides for the two matrix products.
"""

Accesses: TypeAlias = Mapping[str, tuple[float, float]]
"""Einsum, or volume such as "p tile(m)" -> register reads and writes per point."""


@dataclass(frozen=True)
class Traversal:
    """How the cascade lies on the 2D array.

    Attributes:
        rows: The rank that lies along the rows, in tiles of the side of the array; the one whose
            passes are counted.
        columns: The rank along the columns; None if there is only one.
        ranks: Rank -> its size, as the name of a size of the layer or as a number; ranks that are
            not given keep the size they have in the cascade.
        repeat: Sizes of the layer by which everything is repeated.
    """

    rows: str
    columns: str | None
    ranks: Mapping[str, str | int]
    repeat: tuple[str, ...]

    @property
    def spatial(self) -> tuple[str, ...]:
        """The ranks on the 2D array."""
        return (self.rows,) if self.columns is None else (self.rows, self.columns)


@dataclass(frozen=True)
class Stage:
    """Einsums that run side by side: the slower array decides.

    Attributes:
        array_2d: On the 2D array, one after the other.
        array_1d: On the 1D array.
        tile_before: Those of them that still work on the previous tile.
        stall_cycles: Cycles per tile of the 2D array in which nothing runs, as a number, or
            "pe_dim" for as many as the array has rows.
    """

    array_2d: tuple[str, ...] = ()
    array_1d: tuple[str, ...] = ()
    tile_before: frozenset[str] = frozenset()
    stall_cycles: float | str = 0.0


@dataclass(frozen=True)
class Quirks:
    """What the artifact of a published configuration does otherwise; see `FuseMaxOptions`.

    Attributes:
        free_units: Units whose actions it does not charge (`cascade_exp_energy: artifact`).
        tile_bytes: It sizes tiles for at most so large a buffer (`cascade_tile_buffer: artifact`).
    """

    free_units: frozenset[str] = frozenset()
    tile_bytes: float | None = None


@dataclass(frozen=True)
class Binding:
    """A cascade bound to the arrays.

    Attributes:
        name: Its name.
        cascade: The cascade.
        traversal: How it lies on the 2D array.
        pes: What the PEs can do.
        stages: In order.
        tiling: How it is cut to the size of the buffer.
        buffer: Tensors that live in the global buffer or are loaded through it.
        dram: Computed tensors that leave the chip and are loaded again.
        accesses: Array, or "shared" -> register accesses; None for one read per operand, and one
            more and a write per result.
        quirks: What the artifact does otherwise.
        summary: What it is, in a sentence.
    """

    name: str
    cascade: Cascade
    traversal: Traversal
    pes: PeArrays
    stages: tuple[Stage, ...]
    tiling: Tiling = "sweeps"
    buffer: frozenset[str] = frozenset()
    dram: frozenset[str] = frozenset()
    accesses: Mapping[str, Accesses] | None = None
    quirks: Quirks = field(default_factory=Quirks)
    summary: str = ""

    def array_of(self, einsum: str) -> str:
        """The array that computes an Einsum."""
        return ARRAY_2D if any(einsum in stage.array_2d for stage in self.stages) else ARRAY_1D

    def stage_of(self, einsum: str) -> int:
        """Position of the stage in which an Einsum is computed."""
        return next(
            position
            for position, stage in enumerate(self.stages)
            if einsum in (*stage.array_2d, *stage.array_1d)
        )
