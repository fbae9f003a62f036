"""One yardstick for all searches of a study: hypervolume on common, recorded axes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from dse._pareto import RunningFront, hypervolume, log_points

if TYPE_CHECKING:
    from dse._columns import FloatArray, IntArray
    from dse._problem import Problem

_MARGIN = 0.1


@dataclass(frozen=True)
class Yardstick:
    """Axes on which fronts are compared.

    Each objective is scaled so that the best value of the points it is made of is 0 and the worst
    1; logarithmically if all values are positive. The reference point lies 10 % beyond the worst,
    so that extreme designs and constant objectives count too; what is worse still adds nothing.

    Attributes:
        signs: +1 per minimised objective, -1 per maximised one.
        is_log: Whether the axes are logarithmic.
        best: Smallest scaled value per objective, before normalisation.
        width: Range per objective; 1 where it is constant.
    """

    signs: FloatArray
    is_log: bool
    best: FloatArray
    width: FloatArray

    @classmethod
    def of(cls, problem: Problem, points: FloatArray) -> Yardstick:
        """Axes that span these points.

        Args:
            problem: Whose objectives they are.
            points: N x m, minimised; the front of everything that is compared, for example.
        """
        is_log = bool(len(points)) and bool((points * problem.signs > 0).all())
        scaled = log_points(points, problem.signs) if is_log else points
        if not len(points):
            scaled = np.zeros((1, len(problem.signs)))
        best, width = scaled.min(axis=0), np.ptp(scaled, axis=0)
        return cls(problem.signs, is_log, best, np.where(width > 0, width, 1.0))

    def scaled(self, points: FloatArray) -> FloatArray:
        """Points on the common axes: 0 is the best value, 1 the worst, +inf what has no logarithm.

        Args:
            points: N x m, minimised; they may be worse than the points the axes were made of.
        """
        if not self.is_log:
            return np.asarray((points - self.best) / self.width)
        has_logarithm = points * self.signs > 0
        raw = log_points(np.where(has_logarithm, points, self.signs), self.signs)
        return np.where(has_logarithm, (raw - self.best) / self.width, np.inf)

    def hypervolume(self, points: FloatArray) -> float:
        """Share of the box up to the reference point that the points dominate, 0 to 1."""
        if not len(points):
            return 0.0
        reference = np.full(len(self.signs), 1 + _MARGIN)
        return hypervolume(self.scaled(points), reference) / float(np.prod(reference))

    def reference(self) -> FloatArray:
        """The reference point as values of the objectives."""
        raw = self.best + (1 + _MARGIN) * self.width
        return np.asarray(10.0 ** (raw * self.signs) if self.is_log else raw * self.signs)


def growth(
    yardstick: Yardstick, points: FloatArray, positions: IntArray, marks: IntArray
) -> FloatArray:
    """Hypervolume of the front after a number of evaluations.

    Args:
        yardstick: The axes.
        points: N x m admissible designs in order of evaluation (minimised).
        positions: How many designs had been evaluated when each was, itself included (N).
        marks: Numbers of evaluations to report (K), ascending.
    """
    front = RunningFront.empty(points.shape[1])
    volumes = np.zeros(len(marks))
    start = 0
    for k, mark in enumerate(marks):
        stop = int(np.searchsorted(positions, mark, side="right"))
        front.update(points[start:stop], np.arange(start, stop))
        volumes[k] = (
            yardstick.hypervolume(front.points) if stop > start or k == 0 else volumes[k - 1]
        )
        start = stop
    return volumes


def marks_up_to(evaluations: int, count: int = 60) -> IntArray:
    """Logarithmically spaced numbers of evaluations, the last one included."""
    if evaluations < 1:
        return np.empty(0, dtype=np.int64)
    return np.unique(np.geomspace(1, evaluations, count).round().astype(np.int64))
