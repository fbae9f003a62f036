"""DQN of Stable-Baselines3 with the control turned round: the search fills the replay buffer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import gymnasium
import numpy as np
import torch
from torch import nn

from agents.rl._on_policy import set_up
from agents.rl._scaling import temper

if TYPE_CHECKING:
    from collections.abc import Callable

    from agents.rl._sequential import Turns
    from dse._columns import FloatArray, IntArray

_NEVER = -1e9  # the value of what is no level of the parameter


class MaskedValues(nn.Module):
    """A network whose outputs count only where they stand for a level of the parameter in turn.

    Args:
        network: From observations to one value per level.
        levels: Number of levels at each turn (F).
    """

    def __init__(self, network: nn.Module, levels: tuple[int, ...]) -> None:
        super().__init__()
        self.network = network
        mask = torch.arange(max(levels)) >= torch.tensor(levels)[:, None]
        self.outside: torch.Tensor
        self.register_buffer("outside", mask, persistent=False)

    def forward(self, observations: torch.Tensor) -> torch.Tensor:
        """Values (N x L) of observations that end with the turn as a one-hot vector."""
        outside = self.outside
        turn = observations[:, -len(outside) :].argmax(dim=1)
        values: torch.Tensor = self.network(observations)
        return values.masked_fill(outside[turn], _NEVER)


class QLearner:
    """A network of values, its target network, and random decisions in between.

    Args:
        algorithm: DQN, see `set_up`.
        turns: What it sees.
        gradient_steps: Per new design.
        target_update: Gradient steps between two updates of the target network.
        exploration: The present share of random decisions.
    """

    def __init__(
        self,
        algorithm: Any,
        turns: Turns,
        gradient_steps: float,
        target_update: int,
        exploration: Callable[[], float],
    ) -> None:
        self._turns = turns
        self._per_design = gradient_steps
        self._target_update = target_update
        self._exploration = exploration
        actions = gymnasium.spaces.Discrete(max(turns.space.shape))
        self._algorithm = set_up(algorithm, turns.length + len(turns), actions)
        for network in (self._algorithm.q_net, self._algorithm.q_net_target):
            network.q_net = MaskedValues(network.q_net, turns.space.shape)

    def draw(self, n: int) -> IntArray:
        """Codes of n designs, with a share of random decisions."""
        return self._act(n, self._exploration())

    def greedy(self) -> IntArray:
        """The level of the largest value at every turn."""
        return self._act(1, 0.0)

    def learn(self, codes: IntArray, rewards: FloatArray, new: int) -> dict[str, float]:
        """Gradient steps on all decisions so far, with rewards as they are scaled now."""
        room = self._algorithm.buffer_size // len(self._turns)
        self._fill(codes[-room:], rewards[-room:])
        left = max(1, round(self._per_design * new))
        losses = []
        while left:
            steps = min(left, self._target_update)
            self._algorithm.train(steps, self._algorithm.batch_size)
            losses.append(float(self._algorithm.logger.name_to_value["train/loss"]))
            self._algorithm.q_net_target.load_state_dict(self._algorithm.q_net.state_dict())
            left -= steps
        return {"exploration": self._exploration(), "value_loss": float(np.mean(losses))}

    def state_dict(self) -> dict[str, Any]:
        """Networks and optimiser."""
        policy = self._algorithm.policy
        return {"policy": policy.state_dict(), "optimizer": policy.optimizer.state_dict()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore a saved state."""
        self._algorithm.policy.load_state_dict(state["policy"])
        self._algorithm.policy.optimizer.load_state_dict(state["optimizer"])

    def start_from(self, state: dict[str, Any], trust: float) -> None:
        """Take over the values, scaled by `trust`; the best level stays the best."""
        self._algorithm.policy.load_state_dict(state["policy"])
        for network in (self._algorithm.q_net, self._algorithm.q_net_target):
            temper(network.q_net.network[-1], None, trust)

    def _act(self, n: int, exploration: float) -> IntArray:
        def choose(observations: Any, turn: int) -> IntArray:
            with torch.no_grad():
                best = self._algorithm.q_net(torch.from_numpy(observations)).argmax(dim=1)
            levels = torch.randint(self._turns.space.shape[turn], (n,))
            is_random = torch.rand(n) < exploration
            return torch.where(is_random, levels, best).numpy()

        return self._turns.decided(n, choose)

    def _fill(self, codes: IntArray, rewards: FloatArray) -> None:
        """Every decision so far; the last one of a design earns its reward."""
        buffer, turns = self._algorithm.replay_buffer, len(self._turns)
        count = codes.size
        observations = self._turns.observations(codes).transpose(1, 0, 2)
        is_last = np.tile(np.arange(turns) == turns - 1, len(codes))
        flat = observations.reshape(count, -1)
        buffer.observations[:count, 0] = flat
        buffer.next_observations[:count, 0] = np.roll(flat, -1, axis=0)
        buffer.actions[:count, 0, 0] = codes.ravel()
        buffer.rewards[:count, 0] = np.repeat(rewards, turns) * is_last
        buffer.dones[:count, 0] = is_last
        buffer.pos = count
