"""How a bound cascade is cut to the size of the buffer: the symbols that only a design decides."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from accel_models.attention.cascade_cost.einsum_facts import has_rank
from accel_models.attention.cascade_cost.movement import crosses_passes, passes_of
from accel_models.attention.cascade_cost.polynomial import ONE, ZERO, product
from accel_models.attention.cascade_cost.sizes import SIDE
from accel_models.attention.flat_mapper import FlatMapper, FlatTensors
from accel_models.attention.one_pass import largest_divisor

if TYPE_CHECKING:
    from accel_models.attention.cascade_cost.binding import Binding
    from accel_models.attention.cascade_cost.polynomial import Polynomial, Values
    from accel_models.attention.cascade_cost.sizes import Sizes
    from accel_models.attention.cascades.einsums import Access
    from accel_models.attention.hardware import Hardware
    from dse import Ops
    from dse._columns import BoolColumn, Column
    from workloads.transformer import TransformerLayer

__all__ = ["FlatTiling", "StageTiling", "SweepTiling", "TilingRule"]


class TilingRule(Protocol):
    """Gives the symbols of a tiling their columns."""

    def apply(self, values: Values, hw: Hardware, ops: Ops) -> tuple[dict[str, Column], BoolColumn]:
        """The symbols, and whether the buffer is too small.

        Args:
            values: Columns of the sizes.
            hw: The hardware.
            ops: Operations.
        """


class StageTiling:
    """Nothing is cut: what a stage needs is streamed."""

    def apply(self, values: Values, hw: Hardware, ops: Ops) -> tuple[dict[str, Column], BoolColumn]:
        """No symbols; never too small."""
        del values, ops
        return {}, hw.L3 < 0


class FlatTiling:
    """FLAT's mapper: slots, occupancy and transfers of its winner.

    Args:
        layer: The layer that is mapped.
    """

    def __init__(self, layer: TransformerLayer) -> None:
        self._mapper = FlatMapper(layer)

    def apply(self, values: Values, hw: Hardware, ops: Ops) -> tuple[dict[str, Column], BoolColumn]:
        """The fields of `FlatTensors`; never too small, since what does not fit is spilled."""
        del values
        mapping = self._mapper.choose(hw.W, hw.L3, hw.word_bytes, hw.f / hw.BW, ops)
        moved = self._mapper.moved(hw.W, hw.L3, hw.word_bytes, mapping, ops)
        return dict(zip(FlatTensors._fields, moved, strict=True)), hw.L3 < 0


class SweepTiling:
    """As many tiles of columns are held together as the buffer can take.

    Attributes:
        shared: Words in the buffer that all columns share.
        per_column: Words per coordinate of the column rank, such as a query.

    Args:
        binding: The binding.
        sizes: Its sizes.
        most_bytes: Largest part of the buffer that is used; None for all of it (quirk Q4).
    """

    def __init__(self, binding: Binding, sizes: Sizes, most_bytes: float | None) -> None:
        self._most_bytes = most_bytes
        self.shared, self.per_column = _footprint(binding, sizes)
        self._column_tiles = sizes.tiles(binding.traversal.columns or "")

    def apply(self, values: Values, hw: Hardware, ops: Ops) -> tuple[dict[str, Column], BoolColumn]:
        """`sweeps`, the tiles of columns over those held together (P2 = N/(W*P1) of FuseMax).

        P1 is the largest divisor of the number of tiles that fits; below one tile the design is
        impossible.
        """
        tile_bytes = hw.L3 if self._most_bytes is None else ops.minimum(hw.L3, self._most_bytes)
        tiles = values(self._column_tiles)
        bound = ops.floor(
            (tile_bytes - hw.word_bytes * values(self.shared))
            / (hw.word_bytes * hw.W * values(self.per_column))
        )
        fitting = ops.maximum(ops.minimum(bound, tiles), 0.0)
        (held,) = ops.table(largest_divisor, tiles, fitting)
        return {"sweeps": tiles / held}, bound < 1.0


def _footprint(binding: Binding, sizes: Sizes) -> tuple[Polynomial, Polynomial]:
    """Live words in the buffer: those that all columns share, and those per column.

    Of a tensor with the row rank one tile is live, unless a later pass needs all of it again.
    """
    cascade, passes = binding.cascade, passes_of(binding)
    columns = binding.traversal.columns or ""
    shared = per_column = ZERO
    for tensor in sorted(binding.buffer):
        access = cascade.access(tensor)
        whole = tensor not in binding.dram and crosses_passes(binding, tensor, passes)
        words = _live_words(binding, sizes, access, whole=whole)
        if has_rank(cascade, access, columns):
            per_column += words
        else:
            shared += words
    return shared, per_column


def _live_words(binding: Binding, sizes: Sizes, access: Access, *, whole: bool) -> Polynomial:
    """Words of a tensor for one tile of rows, or for all of them, and one column."""
    ranks, traversal = binding.cascade.ranks, binding.traversal
    factors = []
    for variable in access.streamed:
        rank = ranks.whole(variable)
        if rank == traversal.columns:
            continue
        if rank == traversal.rows and not whole:
            is_split = ranks.rank_of(variable) != rank
            is_outer = ranks.rank_of(variable) == ranks.parts(rank)[0]
            factors.append(ONE if is_split and is_outer else SIDE)
        else:
            factors.append(sizes.size(variable))
    return product(factors)
