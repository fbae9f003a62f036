"""The sequential form: one agent that decides one parameter after the other.

The policy sees the workload, the levels decided so far (0 for those to come) and whose turn it is;
the reward follows the last decision. No evaluation is needed in between, so whole designs are still
what a search asks for.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import gymnasium
import numpy as np
import torch

from agents.rl._on_policy import OnPolicyLearner, set_up

if TYPE_CHECKING:
    from collections.abc import Callable

    from dse import DesignSpace
    from dse._columns import FloatArray, IntArray


@dataclass(frozen=True)
class Turns:
    """What the agent sees before each decision.

    Attributes:
        space: The F parameters, decided in this order.
        context: What it always sees (D numbers in [-1, 1]).
    """

    space: DesignSpace
    context: FloatArray

    def __len__(self) -> int:
        return len(self.space.shape)

    @property
    def length(self) -> int:
        """Length of an observation without the turn: D + F."""
        return len(self.context) + len(self)

    def observation(self, codes: IntArray, turn: int) -> Any:
        """Observations (N x (D + 2F), float32) at a turn; later codes are not looked at."""
        draft = 2.0 * self.space.unit_of_codes(codes) - 1.0
        draft[:, turn:] = 0.0
        identity = np.zeros((len(codes), len(self)))
        identity[:, turn] = 1.0
        context = np.tile(self.context, (len(codes), 1))
        return np.hstack([context, draft, identity]).astype(np.float32)

    def observations(self, codes: IntArray) -> Any:
        """Those of all turns (F x N x (D + 2F)) on the way to designs (N x F)."""
        return np.stack([self.observation(codes, turn) for turn in range(len(self))])

    def decided(self, n: int, choose: Callable[[Any, int], IntArray]) -> IntArray:
        """Make n designs (n x F), turn by turn.

        Args:
            n: How many.
            choose: From observations and the turn to the level of each design (n).
        """
        codes = np.zeros((n, len(self)), dtype=np.int64)
        for turn in range(len(self)):
            codes[:, turn] = choose(self.observation(codes, turn), turn)
        return codes


class SequentialLearner(OnPolicyLearner):
    """One policy for all turns, with PPO or A2C.

    Args:
        algorithm: PPO or A2C with a `TeamPolicy` whose members are the turns, see `set_up`.
        turns: What it sees.
    """

    def __init__(self, algorithm: Any, turns: Turns) -> None:
        self._turns = turns
        actions = gymnasium.spaces.Discrete(max(turns.space.shape))
        super().__init__(set_up(algorithm, turns.length + len(turns), actions))

    def draw(self, n: int) -> IntArray:
        """Codes of n designs drawn from the policy."""
        return self._act(n, is_greedy=False)

    def greedy(self) -> IntArray:
        """The most likely level at every turn."""
        return self._act(1, is_greedy=True)

    def learn(self, codes: IntArray, rewards: FloatArray, new: int) -> dict[str, float]:
        """One update from the episodes that made the new designs."""
        new_codes = codes[-new:]
        actions = new_codes.T[:, :, None]
        observations = self._turns.observations(new_codes)
        return self._train(self._filled(observations, actions, rewards[-new:]))

    @property
    def _head(self) -> Any:
        return self._policy.mlp_extractor.actor.layers[-1]

    def _act(self, n: int, *, is_greedy: bool) -> IntArray:
        def choose(observations: Any, turn: int) -> IntArray:
            del turn
            levels: IntArray = self._sampled(torch.from_numpy(observations), is_greedy=is_greedy)
            return levels

        return self._turns.decided(n, choose)
