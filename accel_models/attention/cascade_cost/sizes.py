"""Volumes of a bound cascade, as polynomials in tiles and sides of the arrays.

A rank on the 2D array is cut into tiles as long as the side of the array, the last one padded: its
size is tiles * pe_dim. All other ranks have constant sizes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from accel_models.attention.cascade_cost.polynomial import ONE, constant, product, symbol
from dse.errors import WorkloadError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from accel_models.attention.cascade_cost.binding import Binding
    from accel_models.attention.cascade_cost.polynomial import Polynomial
    from accel_models.attention.cascades.einsums import Access
    from accel_models.attention.hardware import Hardware
    from dse import Ops
    from dse._columns import Column
    from workloads.transformer import TransformerLayer

__all__ = ["SIDE", "V1", "Sizes"]

SIDE = symbol("pe_dim")
"""W, the side of the 2D array and the length of a tile."""
V1 = symbol("pes_1d")
"""The number of 1D PEs."""


class Sizes:
    """The sizes of a bound cascade for one layer.

    Args:
        binding: The binding.
        layer: It has the sizes that the binding names.

    Raises:
        WorkloadError: A split of a rank that cannot be laid on the array.
    """

    def __init__(self, binding: Binding, layer: TransformerLayer) -> None:
        self._ranks = binding.cascade.ranks
        self._traversal = binding.traversal
        self._lengths = {rank: self._number(rank, layer) for rank in binding.traversal.spatial}
        self._constants = {
            rank: self._number(rank, layer)
            for rank in self._ranks.sizes
            if self._ranks.whole(rank) == rank and rank not in self._lengths
        }
        self.repeat = product(constant(getattr(layer, name)) for name in self._traversal.repeat)
        for rank in self._lengths:
            if len(self._ranks.parts(rank)) > 2:
                raise WorkloadError(
                    f"{binding.name}: rank {rank} is split into {len(self._ranks.parts(rank))} "
                    "parts, and cannot be laid on the array",
                    allowed="a rank that is not split, or split into tiles and what is in a tile",
                )

    def _number(self, rank: str, layer: TransformerLayer) -> float:
        """The size of a whole rank: from the binding, or the one it has in the cascade."""
        size = self._traversal.ranks.get(rank, self._ranks.sizes[rank])
        return float(getattr(layer, size) if isinstance(size, str) else size)

    def size(self, variable: str) -> Polynomial:
        """Number of coordinates of an index variable."""
        whole = self._ranks.whole(variable)
        if whole in self._lengths:
            if self._ranks.rank_of(variable) == whole:
                return self.tiles(whole) * SIDE
            is_outer = self._ranks.rank_of(variable) == self._ranks.parts(whole)[0]
            return self.tiles(whole) if is_outer else SIDE
        return constant(self._constant(self._ranks.rank_of(variable), whole))

    def _constant(self, name: str, whole: str) -> float:
        """A rank off the array; the inner parts of a split keep their sizes, the outer follows."""
        parts = self._ranks.parts(whole)
        if name == whole or name != parts[0]:
            return self._constants[whole] if name == whole else float(self._ranks.size(name))
        return float(-(-self._constants[whole] // self._ranks.count(parts[1:])))

    def volume(self, variables: Iterable[str]) -> Polynomial:
        """Number of points that these variables span, repetitions included."""
        return self.repeat * product(self.size(variable) for variable in variables)

    def words(self, access: Access) -> Polynomial:
        """Words of a tensor, repetitions included."""
        return self.volume(access.streamed)

    def tiles(self, rank: str) -> Polynomial:
        """Tiles of a rank on the array; 1 for any other."""
        return symbol(f"tiles_{self._lengths[rank]:.0f}") if rank in self._lengths else ONE

    def absent_tiles(self, variables: Iterable[str], access: Access) -> Polynomial:
        """How often a tensor is taken up again, once per tile of the ranks that it lacks.

        Args:
            variables: What the Einsum that uses the tensor runs over.
            access: The tensor.
        """
        present = {self._ranks.whole(variable) for variable in access.streamed}
        running = dict.fromkeys(self._ranks.whole(variable) for variable in variables)
        return product(self.tiles(rank) for rank in running if rank not in present)

    @property
    def array_tiles(self) -> Polynomial:
        """Tiles of the 2D array, repetitions included."""
        return self.repeat * product(self.tiles(rank) for rank in self._lengths)

    @property
    def scores(self) -> Polynomial:
        """Points of the ranks on the 2D array, repetitions included."""
        return self.volume(self._lengths)

    def symbols(self, hw: Hardware, ops: Ops) -> dict[str, Column]:
        """The columns of the symbols for some designs."""
        tiles = {f"tiles_{n:.0f}": ops.ceil(n / hw.W) for n in self._lengths.values()}
        return {"pe_dim": hw.W, "pes_1d": hw.V1, **tiles}
