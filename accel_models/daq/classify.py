"""Decisions: the threshold at which a classifier keeps its reduction ratio, and what passes it.

Source: SystemFlow (wilkieolin/system_flow, tag `paper`), classifier.py. The share accepted falls
with the threshold, so bisection cannot miss; the source's bounded search could stop above the last
background score, and then reported a precision of 1.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

import numba
import numpy as np

from workloads.pipelines.scores import ScoreTable

if TYPE_CHECKING:
    from dse._columns import Column, FloatArray
    from workloads.pipelines.schema import Classifier

_HALVINGS = 40
"""They leave an interval of 1e-10 or less; inside it the survival functions are straight lines as
far as double precision can tell, and the share between its ends meets the ratio to rounding."""
_TAIL = 40.0
"""No Gaussian has anything beyond so many standard deviations, in double precision."""
_REACH = 1.0
"""How far outside a table the search begins: anything above 0 will do."""


class Decision(NamedTuple):
    """What a classifier does to a stream of events.

    Attributes:
        threshold: Events with a higher score are accepted.
        background: Share of the background accepted, the false positive rate.
        signal: Share of the signal accepted, the true positive rate.
    """

    threshold: Column
    background: Column
    signal: Column


class Scores(NamedTuple):
    """A classifier as the solver wants it.

    Attributes:
        sd: Standard deviation of a Gaussian signal.
        scores: Ascending scores of a table (N); one entry for a Gaussian.
        background: Survival of the background (N).
        signal: Survival of the signal (N).
    """

    sd: float
    scores: FloatArray
    background: FloatArray
    signal: FloatArray

    @classmethod
    def of(cls, classifier: Classifier) -> Scores:
        """The scores of a classifier of a pipeline."""
        if isinstance(classifier, ScoreTable):
            columns = (classifier.scores, classifier.background, classifier.signal)
            return cls(1.0, *(np.array(column) for column in columns))
        return cls(classifier.sd, np.zeros(1), np.zeros(1), np.zeros(1))


def decide(
    scores: Scores, negatives: Column, positives: Column, ratio: Column, skill: Column
) -> Decision:
    """The decision that keeps 1 of `ratio` events.

    Solves negatives S0(t) + positives S1(t) = (negatives + positives) / ratio for t, with the
    survival functions S0 and S1 of the scores. Where many events have the same score, S0 and S1
    jump; events of that score are then accepted in the proportion that meets the ratio.

    Args:
        scores: How background and signal score.
        negatives: Background events per second.
        positives: Signal events per second.
        ratio: Events per event accepted, at least 1.
        skill: Distance of a Gaussian signal from the background, or boost of a table.
    """
    found = _solve(negatives, positives, ratio, skill, *scores)
    return Decision(*(value if np.ndim(value) else float(value) for value in found))


@numba.njit(inline="always")
def _interpolated(t: float, scores: Any, survival: Any) -> float:
    """Survival at t: linear inside the table, 1 below it and 0 above it."""
    if t < scores[0]:
        return 1.0
    if t > scores[-1]:
        return 0.0
    low, high = 0, len(scores) - 1
    while high - low > 1:
        middle = (low + high) // 2
        if scores[middle] <= t:
            low = middle
        else:
            high = middle
    share = (t - scores[low]) / (scores[high] - scores[low])
    found: float = survival[low] + share * (survival[high] - survival[low])
    return found


@numba.njit(inline="always")
def _survivals(
    t: float, skill: float, sd: float, scores: Any, background: Any, signal: Any
) -> tuple[float, float]:
    """S0(t) and S1(t): of N(0, 1) and N(skill, sd), or of a table whose signal is shifted."""
    if len(scores) > 1:
        return _interpolated(t, scores, background), _interpolated(t - skill, scores, signal)
    root = math.sqrt(2.0)
    return 0.5 * math.erfc(t / root), 0.5 * math.erfc((t - skill) / (sd * root))


@numba.guvectorize(  # type: ignore[no-untyped-call,untyped-decorator]
    ["void(f8, f8, f8, f8, f8, f8[:], f8[:], f8[:], f8[:], f8[:], f8[:])"],
    "(), (), (), (), (), (n), (n), (n) -> (), (), ()",
    cache=True,
)
def _solve(  # noqa: PLR0917 - inputs and outputs in the order of the signature
    negatives: float,
    positives: float,
    ratio: float,
    skill: float,
    sd: float,
    scores: Any,
    background: Any,
    signal: Any,
    threshold: Any,
    accepted0: Any,
    accepted1: Any,
) -> None:
    """Bisect, then share what lies between the two ends of the interval."""
    wanted = (negatives + positives) / ratio
    if len(scores) > 1:
        low = scores[0] + min(skill, 0.0) - _REACH
        high = scores[-1] + max(skill, 0.0) + _REACH
    else:
        low = min(skill, 0.0) - _TAIL * max(sd, 1.0)
        high = max(skill, 0.0) + _TAIL * max(sd, 1.0)
    low0, low1 = 1.0, 1.0
    high0, high1 = 0.0, 0.0
    for _ in range(_HALVINGS if ratio > 1.0 else 0):
        middle = 0.5 * (low + high)
        s0, s1 = _survivals(middle, skill, sd, scores, background, signal)
        if negatives * s0 + positives * s1 >= wanted:
            low, low0, low1 = middle, s0, s1
        else:
            high, high0, high1 = middle, s0, s1
    surplus = negatives * low0 + positives * low1 - wanted
    between = negatives * (low0 - high0) + positives * (low1 - high1)
    share = 0.0 if ratio <= 1.0 or between <= 0.0 else min(surplus / between, 1.0)
    threshold[0] = low + share * (high - low)
    accepted0[0] = low0 + share * (high0 - low0)
    accepted1[0] = low1 + share * (high1 - low1)
