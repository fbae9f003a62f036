"""SAC of Stable-Baselines3 with the control turned round: the search fills the replay buffer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from agents.rl._encodings import BoxActions
from agents.rl._on_policy import set_up
from agents.rl._scaling import temper

if TYPE_CHECKING:
    from stable_baselines3 import SAC

    from dse import DesignSpace
    from dse._columns import FloatArray, IntArray


class SoftLearner:
    """A squashed normal policy over the box, and two critics.

    Args:
        algorithm: Made with `env=None` and `_init_setup_model=False`.
        space: The parameters.
        context: What the policy sees (D numbers in [-1, 1]).
        gradient_steps: Per new design.
    """

    def __init__(
        self, algorithm: SAC, space: DesignSpace, context: FloatArray, gradient_steps: float
    ) -> None:
        self._encoding = BoxActions(space)
        self._context = context.astype(np.float32)
        self._per_design = gradient_steps
        self._algorithm: Any = set_up(algorithm, len(context), self._encoding.space)

    def draw(self, n: int) -> IntArray:
        """Codes of n designs drawn from the policy."""
        return self._act(n, is_greedy=False)

    def greedy(self) -> IntArray:
        """The middle of the policy."""
        return self._act(1, is_greedy=True)

    def learn(self, codes: IntArray, rewards: FloatArray, new: int) -> dict[str, float]:
        """Gradient steps on all designs so far, with rewards as they are scaled now."""
        room = self._algorithm.buffer_size
        self._fill(self._encoding.actions(codes[-room:]), rewards[-room:])
        self._algorithm.train(max(1, round(self._per_design * new)), self._algorithm.batch_size)
        logged = self._algorithm.logger.name_to_value
        return {
            "entropy": self._entropy(),
            "value_loss": float(logged["train/critic_loss"]),
        }

    def state_dict(self) -> dict[str, Any]:
        """Actor, critics, the weight of the entropy, and all optimisers."""
        return {
            "policy": self._algorithm.policy.state_dict(),
            "log_ent_coef": self._algorithm.log_ent_coef.detach(),
            "optimizers": [optimizer.state_dict() for optimizer in self._optimizers()],
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore a saved state."""
        self._algorithm.policy.load_state_dict(state["policy"])
        with torch.no_grad():
            self._algorithm.log_ent_coef.copy_(state["log_ent_coef"])
        for optimizer, saved in zip(self._optimizers(), state["optimizers"], strict=True):
            optimizer.load_state_dict(saved)

    def start_from(self, state: dict[str, Any], trust: float) -> None:
        """Take over actor and critics; the actor raised to the power `trust`."""
        self._algorithm.policy.load_state_dict(state["policy"])
        actor = self._algorithm.actor
        temper(actor.mu, actor.log_std.bias, trust)

    def _optimizers(self) -> list[Any]:
        algorithm = self._algorithm
        return [
            algorithm.actor.optimizer, algorithm.critic.optimizer, algorithm.ent_coef_optimizer
        ]  # fmt: skip

    def _act(self, n: int, *, is_greedy: bool) -> IntArray:
        with torch.no_grad():
            actions = self._algorithm.actor(self._observations(n), deterministic=is_greedy)
        return self._encoding.codes(actions.numpy())

    def _entropy(self) -> float:
        """Of the policy, per parameter, from a sample of it."""
        with torch.no_grad():
            actions, log_probs = self._algorithm.actor.action_log_prob(self._observations(64))
        return -float(log_probs.mean()) / int(actions.shape[1])

    def _observations(self, n: int) -> torch.Tensor:
        return torch.from_numpy(np.tile(self._context, (n, 1)))

    def _fill(self, actions: Any, rewards: FloatArray) -> None:
        """Every design so far as an episode of one step."""
        buffer, n = self._algorithm.replay_buffer, len(rewards)
        buffer.observations[:n, 0] = buffer.next_observations[:n, 0] = self._context
        buffer.actions[:n, 0] = actions
        buffer.rewards[:n, 0] = rewards
        buffer.dones[:n, 0] = 1.0
        buffer.pos = n
