"""Advantage actor-critic, one agent for the whole design."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from agents.rl.ppo import OnPolicySearcher, OnPolicySettings


@dataclass(frozen=True)
class A2CSettings(OnPolicySettings):
    """Settings of `A2C`: those that it shares with PPO."""

    learning_rate: float = 0.03


class A2C(OnPolicySearcher):
    """A2C of Stable-Baselines3: one gradient step per rollout of designs.

    Mnih et al., arXiv 1602.01783, in its synchronous form, with normalised advantages and Adam.

    Attributes:
        Settings: See `A2CSettings`.
    """

    Settings = A2CSettings
    settings: A2CSettings

    def make_algorithm(self, turns: int, **arguments: Any) -> Any:
        """A2C; its gradient step sees a whole rollout."""
        from stable_baselines3 import A2C as Algorithm  # noqa: N811 - the name of the method

        del turns
        return Algorithm(**arguments, use_rms_prop=False, normalize_advantage=True)
