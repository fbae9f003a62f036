"""Who is better: Pareto rank, crowding and constraint domination over evaluated designs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from agents._packing import pack_codes, pack_floats, unpack_codes, unpack_floats
from dse import DesignSpace, Scores

if TYPE_CHECKING:
    from dse._columns import FloatArray, IntArray


@dataclass(frozen=True)
class Pool:
    """Evaluated designs.

    Attributes:
        codes: N x P.
        scores: Their objectives (N x m) and violations (N).
    """

    codes: IntArray
    scores: Scores

    @classmethod
    def empty(cls, n_parameters: int, n_objectives: int) -> Pool:
        """A pool without members."""
        codes = np.empty((0, n_parameters), dtype=np.int64)
        return cls(codes, Scores(np.empty((0, n_objectives)), np.empty(0)))

    def __len__(self) -> int:
        return len(self.codes)

    def joined(self, codes: IntArray, scores: Scores) -> Pool:
        """This pool and further designs."""
        objectives = np.concatenate([self.scores.objectives, scores.objectives])
        violation = np.concatenate([self.scores.violation, scores.violation])
        return Pool(np.concatenate([self.codes, codes]), Scores(objectives, violation))

    def take(self, rows: IntArray) -> Pool:
        """The given members, in the given order."""
        scores = Scores(self.scores.objectives[rows], self.scores.violation[rows])
        return Pool(self.codes[rows], scores)

    def state_dict(self, space: DesignSpace) -> dict[str, Any]:
        """The members as JSON-able data."""
        return {
            "codes": pack_codes(self.codes, space),
            "objectives": pack_floats(self.scores.objectives),
            "violation": pack_floats(self.scores.violation),
        }

    def restored(self, state: dict[str, Any], space: DesignSpace) -> Pool:
        """The pool that a state describes, with as many objectives as this one."""
        codes = unpack_codes(state["codes"], space)
        shape = (len(codes), self.scores.objectives.shape[1])
        objectives = unpack_floats(state["objectives"], shape)
        return Pool(codes, Scores(objectives, unpack_floats(state["violation"], (len(codes),))))


def log_scaled(objectives: FloatArray) -> FloatArray:
    """Objectives on [0, 1], on a logarithmic axis where all values have the same sign.

    Latencies and energies span decades: on a linear axis, all but the worst would look alike.

    Args:
        objectives: N x m, minimised; rows with infinities stay infinite.
    """
    scaled = np.full(objectives.shape, np.inf)
    finite = np.isfinite(objectives).all(axis=1)
    if not finite.any():
        return scaled
    values = objectives[finite]
    same_sign = (values > 0).all(axis=0) | (values < 0).all(axis=0)
    logs = np.sign(values) * np.log(np.abs(np.where(same_sign, values, 1.0)))
    axes = np.where(same_sign, logs, values)
    spread = np.ptp(axes, axis=0)
    scaled[finite] = (axes - axes.min(axis=0)) / np.where(spread > 0, spread, 1.0)
    return scaled


def ranks(scores: Scores) -> IntArray:
    """Front of each design under constraint domination (0 is the best).

    Admissible designs come in the order of their Pareto fronts, behind them the others by their
    violation (Deb et al., IEEE Trans. Evol. Comput. 6 (2002), section VI).
    """
    from pymoo.util.nds.non_dominated_sorting import NonDominatedSorting

    rank = np.empty(len(scores.violation), dtype=np.int64)
    admissible = np.flatnonzero(scores.admissible)
    fronts = NonDominatedSorting().do(scores.objectives[admissible])
    for front, rows in enumerate(fronts):
        rank[admissible[rows]] = front
    others = np.flatnonzero(~scores.admissible)
    amounts, position = np.unique(scores.violation[others], return_inverse=True)
    rank[others] = len(fronts) + position.reshape(-1) if len(amounts) else 0
    return rank


def best_first(scores: Scores) -> tuple[IntArray, IntArray]:
    """Rows in NSGA-II's order, by rank and then the least crowded, and the rank of each row.

    Crowding distances are taken front by front on log-scaled objectives.
    """
    rank = ranks(scores)
    crowding = np.zeros(len(rank))
    admissible = np.flatnonzero(scores.admissible)
    scaled = log_scaled(scores.objectives[admissible])
    for front in np.unique(rank[admissible]):
        members = np.flatnonzero(rank[admissible] == front)
        crowding[admissible[members]] = _crowding(scaled[members])
    return np.lexsort((-crowding, rank)), rank


def survivors(pool: Pool, n: int) -> Pool:
    """The n best members, best first; all of the first front even where it has more than n.

    NSGA-II throws away crowded members of the front because its population is all it remembers.
    Here evaluations are dear and memory is cheap: every non-dominated design stays a parent.
    """
    order, rank = best_first(pool.scores)
    n_front = int(np.count_nonzero(rank == 0)) if pool.scores.admissible.any() else 0
    return pool.take(order[: max(n, n_front)])


def penalised(scaled: FloatArray, violation: FloatArray, weights: FloatArray) -> FloatArray:
    """One number per design, to be minimised: an augmented Chebyshev norm plus a penalty.

    The largest weighted objective plus a twentieth of their sum, so that no weakly dominated
    design ties with a better one (Steuer and Choo, Math. Program. 26 (1983)). A violated
    constraint costs more than the whole range of the objectives.

    Args:
        scaled: Objectives on [0, 1] (N x m), see `log_scaled`.
        violation: Of the constraints (N).
        weights: Of the objectives, m or N x m, all above 0.

    Returns:
        N values; +inf where there are no usable metrics.
    """
    weighted = scaled * weights
    norm = weighted.max(axis=1) + 0.05 * weighted.sum(axis=1)
    penalty = np.where(violation > 0.0, 1.05 + violation, 0.0)
    return np.asarray(norm + penalty, dtype=np.float64)


def _crowding(points: FloatArray) -> FloatArray:
    from pymoo.operators.survival.rank_and_crowding.metrics import calc_crowding_distance

    return np.asarray(calc_crowding_distance(points), dtype=np.float64)
