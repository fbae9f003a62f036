"""Rewards: how good a design is for a learning agent, as one finite number.

Every reward compares each objective with a reference value by its *log-ratio*: the decades by which
the design is worse (positive) or better (negative) than the reference, clipped to `DECADES`. The
*scalar* of a design is minus the weighted mean of its log-ratios: 0 at the reference, 1 when all
objectives are ten times better.

A design that cannot work, or violates a constraint, earns less than any admissible one: the floor
of the reward minus the share v / (1 + v) of its violation v (1 where there are no metrics). No
reward divides by a distance that can be zero, and every reward is finite for every design.

Energy, delay and energy-delay product are objectives, a latency that must be kept is a constraint:
`log_sum` serves them all, and unlike the closeness to a target it never punishes a better design.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TypeAlias

import numpy as np

from dse._columns import FloatArray
from dse.errors import InputError, did_you_mean

__all__ = [
    "ARCHGYM_CLIP",
    "DECADES",
    "REWARDS",
    "TARGETED",
    "Outcome",
    "archgym",
    "find_reward",
    "log_ratios",
    "scalar",
    "share",
]

DECADES = 6.0
"""Log-ratios are clipped to this many decades on either side of the reference."""

ARCHGYM_CLIP = 1000.0
"""No factor of the reward `archgym` is larger; it is reached 0.1 % from the target."""

_TINY = float(np.finfo(np.float64).tiny)


@dataclass(frozen=True)
class Outcome:
    """What a reward may look at, for N designs and m objectives.

    Attributes:
        values: The objectives in their own units (N x m); NaN where there are no usable metrics.
        log_ratios: Decades worse than the reference (N x m); `DECADES` without usable metrics.
        violation: Total relative violation of the constraints (N); +inf without usable metrics.
        best: The best scalar of the episode before this step (N), -`DECADES` if there is none.
        weights: Weight of each objective (m), summing to 1.
        targets: Wanted value of each objective (m); NaN where the reward needs none.
    """

    values: FloatArray
    log_ratios: FloatArray
    violation: FloatArray
    best: FloatArray
    weights: FloatArray
    targets: FloatArray

    def only(self, objective: int) -> Outcome:
        """The same designs judged by one objective, which then has all the weight."""
        column = [objective]
        return replace(
            self,
            values=self.values[:, column],
            log_ratios=self.log_ratios[:, column],
            weights=np.ones(1),
            targets=self.targets[column],
        )


Reward: TypeAlias = Callable[[Outcome], FloatArray]
"""From N designs to N finite numbers, larger is better."""


def log_ratios(values: FloatArray, reference: FloatArray, signs: FloatArray) -> FloatArray:
    """Decades by which values are worse than the reference, clipped to +-`DECADES`.

    Args:
        values: N x m; zero and less count as the smallest positive number, NaN as the worst.
        reference: m values.
        signs: +1 for each minimised objective, -1 for each maximised one.
    """
    decades = np.log10(np.maximum(values, _TINY)) - np.log10(np.maximum(reference, _TINY))
    worse = np.clip(signs * decades, -DECADES, DECADES)
    return np.where(np.isnan(values), DECADES, worse)


def share(violation: FloatArray) -> FloatArray:
    """Squash an amount of violation v into [0, 1]: v / (1 + v), and 1 for +inf."""
    finite = np.isfinite(violation)
    return np.divide(violation, 1.0 + violation, out=np.ones_like(violation), where=finite)


def scalar(ratios: FloatArray, weights: FloatArray, violation: FloatArray) -> FloatArray:
    """One number per design: minus the weighted mean of the log-ratios.

    Inadmissible designs score -`DECADES` - v / (1 + v), below every admissible one.
    """
    return _or_penalty(0.0 - _mean(ratios, weights), violation, floor=-DECADES)


def log_sum(outcome: Outcome) -> FloatArray:
    """Minus the weighted mean of the log-ratios to the reference design: dense, 0 at the reference.

    In [-6, 6] for admissible designs, in [-7, -6) for the others.
    """
    return scalar(outcome.log_ratios, outcome.weights, outcome.violation)


def improvement(outcome: Outcome) -> FloatArray:
    """Increase of the scalar over the best so far in the episode, 0 where there is none.

    Never negative; over an episode it sums to the total improvement on the starting design.
    """
    return np.maximum(log_sum(outcome) - outcome.best, 0.0)


def inverse(outcome: Outcome) -> FloatArray:
    """Weighted mean of reference / (reference + value): in (0, 1), one half at the reference.

    A maximised objective counts value / (reference + value). Inadmissible designs: [-1, 0).
    """
    closeness = 1.0 / (1.0 + 10.0**outcome.log_ratios)
    return _or_penalty(_mean(closeness, outcome.weights), outcome.violation)


def target(outcome: Outcome) -> FloatArray:
    """Weighted mean of 1 / (1 + |value - target| / target): in (0, 1], 1 at the target.

    The closeness of ArchGym (Krishnan et al., ISCA 2023) without its pole at the target.
    Inadmissible designs: [-1, 0).
    """
    with np.errstate(over="ignore"):
        distance = np.abs(outcome.values - outcome.targets) / outcome.targets
    return _or_penalty(_mean(1.0 / (1.0 + distance), outcome.weights), outcome.violation)


def archgym(outcome: Outcome) -> FloatArray:
    """Product of min(target / |value - target|, 1000): ArchGym's formulas, for comparisons with it.

    Of `power_w` it is ArchGym's reward "power", of `latency_s` "latency", of the two "both"
    (Krishnan et al., ISCA 2023, with the clip of its RL agents, here on each factor). Being better
    than a target is punished as much as being worse, and weights do not count: prefer `log_sum`.
    Inadmissible designs: [-1, 0).
    """
    with np.errstate(over="ignore"):
        distance = np.abs(outcome.values - outcome.targets) / outcome.targets
    factors = 1.0 / np.maximum(distance, 1.0 / ARCHGYM_CLIP)
    product = np.asarray(math.prod(factors.T), dtype=np.float64)
    return _or_penalty(product, outcome.violation)


REWARDS: Mapping[str, Reward] = MappingProxyType(
    {
        "log_sum": log_sum,
        "improvement": improvement,
        "inverse": inverse,
        "target": target,
        "archgym": archgym,
    }
)
"""Every reward by name; the first line of its doc string says what it is."""

TARGETED: tuple[Reward, ...] = (target, archgym)
"""The rewards that need a target for each objective."""


def find_reward(name: str) -> Reward:
    """The reward of this name.

    Raises:
        InputError: There is none.
    """
    if name not in REWARDS:
        hint = did_you_mean(name, REWARDS)
        raise InputError(f"unknown reward {name!r}.{hint}", allowed=", ".join(REWARDS))
    return REWARDS[name]


def _mean(columns: FloatArray, weights: FloatArray) -> FloatArray:
    """Weighted mean over objectives; column by column, so that N does not change the rounding."""
    terms = (weight * column for weight, column in zip(weights, columns.T, strict=True))
    return np.asarray(sum(terms), dtype=np.float64)


def _or_penalty(reward: FloatArray, violation: FloatArray, floor: float = 0.0) -> FloatArray:
    """The reward of admissible designs, the penalty of the others."""
    return np.where(violation == 0.0, reward, floor - share(violation))
