"""PPO for a team: Stable-Baselines3's PPO on rows that belong to members."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import gymnasium
import numpy as np
import torch

from agents.rl._on_policy import OnPolicyLearner, set_up
from agents.rl._team_policy import TeamPolicy

if TYPE_CHECKING:
    from stable_baselines3.common.buffers import RolloutBuffer

    from agents.rl._credit import Critic
    from agents.rl._team import Team
    from dse._columns import FloatArray, IntArray


class TeamLearner(OnPolicyLearner):
    """A policy per member, or one for all, trained with PPO.

    Args:
        algorithm: PPO with a `TeamPolicy`, see `set_up`.
        team: The members.
        context: What all members see (D numbers in [-1, 1]).
        critic: Gives each member its own advantage; None gives all the reward of the design.
    """

    def __init__(
        self, algorithm: Any, team: Team, context: FloatArray, critic: Critic | None
    ) -> None:
        self._team = team
        self._critic = critic
        rows = np.hstack([np.tile(context, (len(team), 1)), np.eye(len(team))])
        self._rows = rows.astype(np.float32)  # what each member sees (A x (D + A))
        actions = gymnasium.spaces.Discrete(max(team.options))
        super().__init__(set_up(algorithm, rows.shape[1], actions))

    def draw(self, n: int) -> IntArray:
        """Codes of n designs, every member drawing its own share."""
        return self._act(n, is_greedy=False)

    def greedy(self) -> IntArray:
        """The most likely option of every member."""
        return self._act(1, is_greedy=True)

    def learn(self, codes: IntArray, rewards: FloatArray, new: int) -> dict[str, float]:
        """One PPO update of all members."""
        options = self._team.options_of(codes)
        if self._critic is None:
            return self._train(self._rollout(options[-new:], rewards[-new:]))
        credit = self._critic.credit(options, rewards, self.probabilities())
        buffer = self._rollout(credit.options, np.zeros(len(credit.options)))
        buffer.advantages = credit.advantages.reshape(1, -1).astype(np.float32)
        buffer.returns = buffer.values.copy()  # the critic is the only judge
        return {**self._train(buffer), "value_loss": credit.error}

    def probabilities(self) -> FloatArray:
        """Probability of every option of every member (A x L)."""
        with torch.no_grad():
            distribution = self._policy.get_distribution(torch.from_numpy(self._rows))
        return np.asarray(distribution.distribution.probs.numpy(), dtype=np.float64)

    @property
    def _head(self) -> Any:
        return self._policy.mlp_extractor.actor.layers[-1]

    def _act(self, n: int, *, is_greedy: bool) -> IntArray:
        rows = torch.from_numpy(np.tile(self._rows, (n, 1)))
        options = self._sampled(rows, is_greedy=is_greedy).reshape(n, len(self._team))
        return self._team.codes_of(options)

    def _rollout(self, options: IntArray, rewards: FloatArray) -> RolloutBuffer:
        """One row, an episode of one step, for each member of each design (N x A)."""
        observations = np.tile(self._rows, (1, len(options), 1))
        return self._filled(
            observations, options.reshape(1, -1, 1), np.repeat(rewards, len(self._team))
        )


def team_policy(team: Team, inputs: int, hidden: tuple[int, ...], *, is_shared: bool) -> Any:
    """The arguments of PPO and A2C that make their policy that of a team.

    Args:
        team: The members.
        inputs: Length of what all members see.
        hidden: Neurons of each hidden layer.
        is_shared: Whether the members share one network.
    """
    keywords = {"team": team, "inputs": inputs, "hidden": hidden, "is_shared": is_shared}
    return {"policy": TeamPolicy, "policy_kwargs": keywords}
