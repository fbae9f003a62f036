"""PPO and A2C of Stable-Baselines3 with the control turned round: the search fills the buffer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import gymnasium
import numpy as np
import torch
from stable_baselines3.common.buffers import RolloutBuffer
from stable_baselines3.common.logger import Logger

from agents.rl._encodings import one_shot_encoding
from agents.rl._scaling import temper

if TYPE_CHECKING:
    from dse import DesignSpace
    from dse._columns import FloatArray, IntArray


def set_up(algorithm: Any, observation_length: int, action_space: Any) -> Any:
    """Build the networks of an algorithm that was made without an environment.

    Stable-Baselines3 does the same when it loads a saved algorithm.

    Args:
        algorithm: Made with `env=None` and `_init_setup_model=False`.
        observation_length: Numbers in [-1, 1] that a policy sees.
        action_space: Of one action.
    """
    algorithm.observation_space = gymnasium.spaces.Box(-1.0, 1.0, (observation_length,), np.float32)
    algorithm.action_space = action_space
    algorithm.n_envs = 1
    algorithm._setup_model()  # noqa: SLF001 - see above
    algorithm.set_logger(Logger(folder=None, output_formats=[]))
    return algorithm


class OnPolicyLearner:
    """What learners with PPO or A2C share: networks, optimiser, training on a full buffer.

    Args:
        algorithm: After `set_up`.
    """

    def __init__(self, algorithm: Any) -> None:
        self._algorithm = algorithm

    @property
    def _policy(self) -> Any:
        return self._algorithm.policy

    def state_dict(self) -> dict[str, Any]:
        """Policy and optimiser."""
        return {
            "policy": self._policy.state_dict(),
            "optimizer": self._policy.optimizer.state_dict(),
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore a saved state."""
        self._policy.load_state_dict(state["policy"])
        self._policy.optimizer.load_state_dict(state["optimizer"])

    def start_from(self, state: dict[str, Any], trust: float) -> None:
        """Take over a policy, raised to the power `trust`."""
        self._policy.load_state_dict(state["policy"])
        temper(self._head, getattr(self._policy, "log_std", None), trust)

    @property
    def _head(self) -> Any:
        """The last layer of the policy."""
        return self._policy.action_net

    def _train(self, buffer: RolloutBuffer) -> dict[str, float]:
        self._algorithm.rollout_buffer = buffer
        self._algorithm.train()
        logged = self._algorithm.logger.name_to_value
        return {
            "entropy": -float(logged["train/entropy_loss"]),
            "value_loss": float(logged["train/value_loss"]),
        }

    def _sampled(self, observations: torch.Tensor, *, is_greedy: bool) -> Any:
        with torch.no_grad():
            distribution = self._policy.get_distribution(observations)
            return distribution.get_actions(deterministic=is_greedy).numpy()

    def _filled(self, observations: Any, actions: Any, rewards: FloatArray) -> RolloutBuffer:
        """A buffer of N whole episodes of T steps each, with the reward in the last step.

        Args:
            observations: T x N x D, float32.
            actions: T x N x A.
            rewards: N.
        """
        steps, n = actions.shape[:2]
        buffer = RolloutBuffer(
            steps,
            self._policy.observation_space,
            self._policy.action_space,
            device="cpu",
            gae_lambda=1.0,
            gamma=1.0,
            n_envs=n,
        )
        for step in range(steps):
            values, log_probs = self._judged(observations[step], actions[step])
            reward = rewards if step == steps - 1 else np.zeros(n)
            starts = np.full(n, step == 0)
            buffer.add(observations[step], actions[step], reward, starts, values, log_probs)
        buffer.compute_returns_and_advantage(torch.zeros(n), dones=np.ones(n))
        return buffer

    def _judged(self, observations: Any, actions: Any) -> tuple[torch.Tensor, torch.Tensor]:
        """Values and logarithms of the actions' probabilities, by the present networks."""
        is_discrete = isinstance(self._policy.action_space, gymnasium.spaces.Discrete)
        taken = torch.as_tensor(actions[:, 0] if is_discrete else actions)
        with torch.no_grad():
            found = self._policy.evaluate_actions(torch.as_tensor(observations), taken)
        return found[0].flatten(), found[1]


class OneShotLearner(OnPolicyLearner):
    """One policy that names all parameters at once.

    Args:
        algorithm: PPO or A2C, see `set_up`.
        space: The parameters.
        encoding: "multi_discrete" or "box".
        context: What the policy sees (D numbers in [-1, 1]).
    """

    def __init__(
        self, algorithm: Any, space: DesignSpace, encoding: str, context: FloatArray
    ) -> None:
        self._encoding = one_shot_encoding(encoding, space)
        self._context = context.astype(np.float32)
        super().__init__(set_up(algorithm, len(context), self._encoding.space))

    def draw(self, n: int) -> IntArray:
        """Codes of n designs drawn from the policy."""
        return self._act(n, is_greedy=False)

    def greedy(self) -> IntArray:
        """The most likely level of every parameter."""
        return self._act(1, is_greedy=True)

    def learn(self, codes: IntArray, rewards: FloatArray, new: int) -> dict[str, float]:
        """One update from the new designs; older ones belong to older policies."""
        actions = self._encoding.actions(codes[-new:])
        observations = np.tile(self._context, (1, new, 1))
        return self._train(self._filled(observations, actions[None], rewards[-new:]))

    def _act(self, n: int, *, is_greedy: bool) -> IntArray:
        observations = torch.from_numpy(np.tile(self._context, (n, 1)))
        return self._encoding.codes(self._sampled(observations, is_greedy=is_greedy))
