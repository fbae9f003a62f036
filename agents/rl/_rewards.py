"""Rewards of evaluated designs, and their scale.

A search may spend no evaluation on a reference design, so the first design with usable metrics
becomes the reference of all log-ratios.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from agents._packing import pack_codes, pack_floats, unpack_codes, unpack_floats
from dse.errors import InputError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Mapping

    from agents.rl._settings import RLSettings
    from dse import Problem, Scores
    from dse._columns import FloatArray, IntArray

_LARGEST = 3.0
"""A standardised reward is clipped here: one design that cannot work must not rule a batch."""


class Experience:
    """Every design that a search has evaluated, with its reward.

    Args:
        problem: What is searched.
        settings: Which reward, and how it is scaled.

    Attributes:
        codes: The designs in the order of their evaluation (N x P).
        rewards: The reward of each (N), as `dse.envs.rewards` defines it.
    """

    def __init__(self, problem: Problem, settings: RLSettings) -> None:
        from dse.envs.rewards import TARGETED, find_reward

        self._problem = problem
        self._settings = settings
        self._reward = find_reward(settings.reward)
        names = problem.objective_names
        weights = _by_objective("weights", settings.weights or dict.fromkeys(names, 1.0), names)
        if (weights < 0.0).any() or not weights.sum() > 0.0:
            allowed = "numbers of at least 0, not all of them 0"
            raise InputError(f"setting weights = {settings.weights!r}", allowed=allowed)
        self._weights = weights / weights.sum()
        self._targets = np.full(len(names), np.nan)
        if self._reward in TARGETED:
            self._targets = _by_objective("targets", settings.targets or {}, names)
        elif settings.targets:
            allowed = "targets only with the rewards target and archgym"
            raise InputError(f"setting reward = {settings.reward!r}", allowed=allowed)
        self._reference: FloatArray | None = None
        self.codes: IntArray = np.empty((0, len(problem.space.shape)), dtype=np.int64)
        self.rewards: FloatArray = np.empty(0)

    def __len__(self) -> int:
        return len(self.rewards)

    def add(self, codes: IntArray, scores: Scores) -> None:
        """Remember designs (n x P) and their rewards."""
        self.codes = np.concatenate([self.codes, codes])
        self.rewards = np.concatenate([self.rewards, self._rewards(scores)])

    @property
    def scaled(self) -> FloatArray:
        """All rewards (N) in units that suit a network, relative to all so far."""
        return by_rank(self.rewards) if self._settings.scale == "rank" else standard(self.rewards)

    def state_dict(self) -> dict[str, Any]:
        """Designs, rewards and the reference."""
        return {
            "codes": pack_codes(self.codes, self._problem.space),
            "rewards": pack_floats(self.rewards),
            "reference": None if self._reference is None else pack_floats(self._reference),
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore a saved state."""
        self.codes = unpack_codes(state["codes"], self._problem.space)
        self.rewards = unpack_floats(state["rewards"], (-1,))
        self._reference = state["reference"] and unpack_floats(state["reference"], (-1,))

    def _rewards(self, scores: Scores) -> FloatArray:
        from dse.envs.rewards import DECADES, Outcome, log_ratios

        signs = self._problem.signs
        usable = np.isfinite(scores.violation)
        values = np.where(usable[:, None], signs * scores.objectives, np.nan)
        if self._reference is None and usable.any():
            self._reference = values[int(np.argmax(usable))]
        reference = np.ones(len(signs)) if self._reference is None else self._reference
        best = np.full(len(values), -DECADES)
        ratios = log_ratios(values, reference, signs)
        outcome = Outcome(values, ratios, scores.violation, best, self._weights, self._targets)
        return np.asarray(self._reward(outcome), dtype=np.float64)


def by_rank(rewards: FloatArray) -> FloatArray:
    """Normal quantiles of the ranks (Blom's positions); equal rewards share their mean rank.

    Args:
        rewards: N values.
    """
    from scipy.special import ndtri
    from scipy.stats import rankdata

    positions = (rankdata(rewards) - 0.375) / (len(rewards) + 0.25)
    return np.asarray(ndtri(positions), dtype=np.float64)


def standard(rewards: FloatArray) -> FloatArray:
    """Rewards with mean 0 and deviation 1, clipped to 3 deviations.

    Args:
        rewards: N values.
    """
    deviation = float(rewards.std())
    centred = rewards - rewards.mean()
    scaled = centred / deviation if deviation > 0.0 else centred
    return np.asarray(np.clip(scaled, -_LARGEST, _LARGEST), dtype=np.float64)


def _by_objective(setting: str, given: Mapping[str, float], names: tuple[str, ...]) -> FloatArray:
    """The values in the order of the objectives, one for each.

    Raises:
        InputError: An unknown or a missing objective, or no finite number.
    """
    for name in given:
        if name not in names:
            what = f"setting {setting}: {name!r} is no objective.{did_you_mean(name, names)}"
            raise InputError(what, allowed=", ".join(names))
    missing = [name for name in names if name not in given]
    values = np.array([float(given.get(name, np.nan)) for name in names])
    if missing or not np.isfinite(values).all():
        allowed = f"a finite number for each of {', '.join(names)}"
        raise InputError(f"setting {setting} = {dict(given)!r}", allowed=allowed)
    return values
