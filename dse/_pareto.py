"""Exact Pareto fronts and hypervolume (moocore), and fronts that grow chunk by chunk.

All functions minimise. Non-finite rows are never members: established libraries accept +inf as
Pareto-optimal and skip NaN silently, so they are filtered before any front is computed.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from dse._columns import BoolArray, FloatArray, IntArray

_BATCH = 8192
_GUARDS = 4


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
    _guards: list[FloatArray] = field(default_factory=list, repr=False)

    @classmethod
    def empty(cls, n_objectives: int) -> RunningFront:
        """A front without members."""
        return cls(np.empty((0, n_objectives)), np.empty(0, dtype=np.int64))

    def update(self, points: FloatArray, ids: IntArray) -> None:
        """Add a batch of finite points (N x m) with their ids."""
        survivors = self._survivors(points)
        if not len(survivors):
            return
        for start in range(0, len(survivors), _BATCH):
            rows = survivors[start : start + _BATCH]
            self._merge(points[rows], ids[rows])
        self._guards = self._choose_guards()

    def update_columns(self, columns: list[Any], first_id: int) -> None:
        """Add an open-grid block given as one broadcastable array per objective.

        Comparing before broadcasting saves most of the work: an objective that depends on few
        parameters is compared in its own small shape.

        Args:
            columns: Per objective, an array that broadcasts to the block's shape; NaN where the
                design is not admissible.
            first_id: Id of the block's first design in row-major order.
        """
        shape = np.broadcast_shapes(*(np.shape(column) for column in columns))
        kept: Any = np.ones((), dtype=bool)
        for column in columns:
            kept = kept & np.isfinite(column)
        for guard in self._guards:
            worse: Any = np.ones((), dtype=bool)
            for column, value in zip(columns, guard, strict=True):
                worse = worse & (column >= value)
            kept = kept & ~worse
        flat = np.flatnonzero(np.broadcast_to(kept, shape))
        if not len(flat):
            return
        where = np.unravel_index(flat, shape)
        picked = [np.broadcast_to(column, shape)[where] for column in columns]
        self.update(np.stack(picked, axis=1), flat + first_id)

    def _survivors(self, points: FloatArray) -> IntArray:
        """Rows that none of a few well-placed members dominates: a cheap filter first."""
        if not self._guards and len(self.points):
            self._guards = self._choose_guards()
        kept = np.ones(len(points), dtype=bool)
        for guard in self._guards:
            kept &= (points < guard).any(axis=1) | (points == guard).all(axis=1)
        return np.flatnonzero(kept)

    def _merge(self, points: FloatArray, ids: IntArray) -> None:
        joined = np.concatenate([self.points, points])
        joined_ids = np.concatenate([self.ids, ids])
        order = np.argsort(joined_ids, kind="stable")
        joined, joined_ids = joined[order], joined_ids[order]
        member = nondominated(joined)
        self.points, self.ids = joined[member], joined_ids[member]

    def _choose_guards(self) -> list[FloatArray]:
        """A few members that dominate much: the best products over rotating weights of the logs."""
        if not len(self.points):
            return []
        ranks = np.argsort(np.argsort(self.points, axis=0), axis=0) / max(len(self.points) - 1, 1)
        balanced = np.argsort(ranks.max(axis=1))[:1]
        leaning = [
            int(np.argmin(ranks.max(axis=1) + np.delete(ranks, j, axis=1).max(axis=1)))
            for j in range(self.points.shape[1])
        ]
        chosen = dict.fromkeys([*balanced.tolist(), *leaning])
        return [self.points[i] for i in list(chosen)[:_GUARDS]]
