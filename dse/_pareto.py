"""Exact Pareto fronts and hypervolume (moocore), and fronts that grow chunk by chunk.

All functions minimise. Non-finite rows are never members: established libraries accept +inf as
Pareto-optimal and skip NaN silently, so they are filtered before any front is computed.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import reduce
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dse._columns import BoolArray, FloatArray, IntArray

_BATCH = 8192
_CELLS = 2**14
"""Cells of a shadow: fine enough to spare few dominated points, small enough for the cache."""
_STALE = 4096
"""Points merged before the shadow is drawn again; until then the older one is valid, if coarser."""


def nondominated(points: FloatArray) -> BoolArray:
    """Which rows no other row dominates.

    Of equal rows only the first is kept, so that ties do not inflate a front.

    Args:
        points: N x m, minimised. Rows with NaN or infinities are never members.
    """
    import moocore

    finite = np.isfinite(points).all(axis=1)
    member = np.zeros(len(points), dtype=bool)
    rows = np.flatnonzero(finite)
    if len(rows):
        member[rows] = moocore.is_nondominated(points[rows], keep_weakly=False)
    return member


def hypervolume(points: FloatArray, reference: FloatArray) -> float:
    """Volume dominated by the points up to the reference point; 0 without points.

    Args:
        points: N x m, minimised; non-finite rows are ignored, rows beyond the reference add
            nothing.
        reference: m values, worse than the points of interest in every objective.
    """
    import moocore

    finite = points[np.isfinite(points).all(axis=1)]
    if not len(finite):
        return 0.0
    return float(moocore.hypervolume(np.ascontiguousarray(finite), ref=reference))


def log_points(points: FloatArray, signs: FloatArray) -> FloatArray:
    """Objectives on logarithmic axes, still to be minimised: sign * log10(|value|).

    Args:
        points: N x m in minimisation form, i.e. sign * value with value > 0.
        signs: +1 or -1 for each objective.
    """
    return np.asarray(signs * np.log10(np.abs(points)), dtype=np.float64)


@dataclass(frozen=True)
class Shadow:
    """A lookup table of what a front dominates: one look per point, however large the front.

    All objectives but one are cut into intervals; each cell of the grid holds the smallest value
    of the remaining objective among the members that are no worse in all others than anything in
    the cell. A point above its cell's value is dominated. The intervals blur the front a little,
    so some dominated points pass; a point that is not dominated, or equals a member, always does.

    Attributes:
        edges: Per cut objective, ascending boundaries; interval i starts at boundary i - 1.
        lowest: Smallest value of the uncut objective per cell, flat.
        uncut: Which objective is not cut.
    """

    edges: tuple[FloatArray, ...]
    lowest: FloatArray
    uncut: int

    @classmethod
    def of(cls, points: FloatArray, uncut: int) -> Shadow:
        """The shadow of a front (N x m, finite)."""
        cut = np.delete(points, uncut, axis=1).T
        most = max(1, int(_CELLS ** (1 / max(1, len(cut)))) - 1)
        edges = tuple(_boundaries(values, most) for values in cut)
        shape = tuple(len(boundaries) + 1 for boundaries in edges)
        cell = np.zeros(len(points), dtype=np.intp)
        for boundaries, values in zip(edges, cut, strict=True):
            cell = cell * (len(boundaries) + 1) + np.searchsorted(boundaries, values, "left") + 1
        lowest = np.full(math.prod(shape), np.inf)
        np.minimum.at(lowest, cell, points[:, uncut])
        grid = lowest.reshape(shape)
        for axis in range(len(shape)):
            grid = np.minimum.accumulate(grid, axis=axis)
        return cls(edges, grid.ravel(), uncut)

    def spares(self, columns: Sequence[Any]) -> Any:
        """Elementwise: may this point belong to the front?

        Args:
            columns: One array per objective; they broadcast against each other.
        """
        cut = [column for j, column in enumerate(columns) if j != self.uncut]
        cell: Any = np.zeros((), dtype=np.intp)
        for boundaries, column in zip(self.edges, cut, strict=True):
            cell = cell * (len(boundaries) + 1) + np.searchsorted(boundaries, column, "right")
        return columns[self.uncut] <= self.lowest[cell]


def _boundaries(values: FloatArray, most: int) -> FloatArray:
    """At most so many of the distinct values, evenly ranked, with the largest."""
    distinct = np.unique(values)
    if len(distinct) <= most:
        return distinct
    return distinct[np.linspace(len(distinct) - 1, 0, most).astype(np.intp)[::-1]]


@dataclass
class RunningFront:
    """The front of everything seen so far; memory grows with the front only.

    Attributes:
        points: Objectives of the members (minimised).
        ids: An integer per member, ascending; of equal points the smallest id stays, so that the
            front does not depend on the order in which chunks arrive.
    """

    points: FloatArray
    ids: IntArray
    _shadow: Shadow | None = field(default=None, init=False, repr=False)
    _merged: int = field(default=0, init=False, repr=False)

    @classmethod
    def empty(cls, n_objectives: int) -> RunningFront:
        """A front without members."""
        return cls(np.empty((0, n_objectives)), np.empty(0, dtype=np.int64))

    def update(self, points: FloatArray, ids: IntArray) -> None:
        """Add a batch of points (N x m) with their ids; non-finite rows are left out."""
        for start in range(0, len(points), _BATCH):
            rows = slice(start, start + _BATCH)
            kept = self._candidates(list(points[rows].T))
            self._merge(points[rows][kept], ids[rows][kept])

    def update_columns(self, columns: Sequence[Any], shape: tuple[int, ...], first_id: int) -> None:
        """Add an open-grid block given as one broadcastable array per objective.

        Axes along which no objective varies hold ties only: their first design stands for all.

        Args:
            columns: Per objective, an array with as many axes as the block and length 1 where it
                does not vary; NaN where the design is not admissible.
            shape: Shape of the block.
            first_id: Id of the block's first design in row-major order.
        """
        where = np.nonzero(self._candidates(columns))
        reduced = np.broadcast_shapes(*(np.shape(column) for column in columns))
        points = np.stack([np.broadcast_to(c, reduced)[where] for c in columns], axis=1)
        ids = np.ravel_multi_index(where, shape) + first_id
        for start in range(0, len(ids), _BATCH):
            rows = slice(start, start + _BATCH)
            self._merge(points[rows], ids[rows])

    def _candidates(self, columns: Sequence[Any]) -> Any:
        """Elementwise: finite, and not in the shadow of the front."""
        finite = reduce(np.logical_and, [np.isfinite(column) for column in columns])
        if not len(self.points):
            return finite
        uncut = int(np.argmax([np.size(column) for column in columns]))
        if self._shadow is None or self._shadow.uncut != uncut or self._merged > _STALE:
            self._shadow, self._merged = Shadow.of(self.points, uncut), 0
        return finite & self._shadow.spares(columns)

    def _merge(self, points: FloatArray, ids: IntArray) -> None:
        if not len(ids):
            return
        joined = np.concatenate([self.points, points])
        joined_ids = np.concatenate([self.ids, ids])
        order = np.argsort(joined_ids, kind="stable")
        member = order[nondominated(joined[order])]
        self.points, self.ids = joined[member], joined_ids[member]
        self._merged += len(ids)
