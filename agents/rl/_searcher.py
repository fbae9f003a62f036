"""The loop that the one-shot searchers share: draw designs, see their rewards, learn.

In the one-shot form an episode is one step: the policy names a whole design, the reward follows and
the episode is over. What the learner sees never changes within a search, so learning is a bandit
problem, and a value function is a baseline and nothing else.
"""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

import numpy as np

from agents._proposals import Proposals
from agents.rl._curve import Curve
from agents.rl._free import FreeSpace
from agents.rl._rewards import Experience
from agents.rl._settings import RLSettings
from agents.rl._torch import drawing_from, pack_tensors, unpack_tensors
from dse import Searcher

if TYPE_CHECKING:
    from dse import Problem
    from dse._columns import Columns, FloatArray, IntArray

_UPDATES = 256  # a search with a large budget takes larger steps, not more of them
_EXPLORING = (0, 0, 1, 1, 2, 4)
"""Levels replaced by random ones on average, in each round of drawing designs never evaluated."""


class Learner(Protocol):
    """A policy over the codes of designs (of the parameters that have a choice), and its training.

    What it draws comes from PyTorch's generator, which `drawing_from` seeds.
    """

    def draw(self, n: int) -> IntArray:
        """Codes (n x F) of n designs drawn from the policy."""

    def greedy(self) -> IntArray:
        """Codes (1 x F) of the design that the policy holds to be the best."""

    def learn(self, codes: IntArray, rewards: FloatArray, new: int) -> dict[str, float]:
        """Improve the policy, which has not changed since the new designs were drawn.

        Args:
            codes: All designs so far (N x F).
            rewards: Their scaled rewards (N).
            new: How many of the last ones are new since the last call; at least 2.

        Returns:
            Figures for the training curve, always the same ones.
        """

    def state_dict(self) -> dict[str, Any]:
        """Networks and optimisers, for `pack_tensors`."""

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore a saved state."""

    def start_from(self, state: dict[str, Any], trust: float) -> None:
        """Begin with the policy of another search, raised to the power `trust` (pi^trust)."""


class OneShotSearcher(Searcher):
    """A learning agent, or several, naming whole designs.

    A design is never proposed twice, for an evaluation is dear and its result is known: where the
    policy repeats itself it draws again, with one and then more of the levels replaced by random
    ones. The last batch of the budget begins with the policy's greedy design.

    Attributes:
        Settings: See `RLSettings`.
    """

    Settings: ClassVar[type[RLSettings]] = RLSettings
    settings: RLSettings

    def __init__(
        self,
        problem: Problem,
        rng: np.random.Generator,
        budget: int,
        settings: RLSettings | None = None,
    ) -> None:
        super().__init__(problem, rng, budget, settings)
        self._free = FreeSpace(problem.space)
        self._proposals = Proposals(problem.space)
        self._experience = Experience(problem, self.settings)
        self._curve = Curve()
        self._unlearned = 0
        with drawing_from(rng):
            self._learner = self.make_learner(self._free)
        if self.settings.warm_start is not None:
            from agents.rl import transfer

            transfer.begin_with(self, self._learner, self._free.space)

    @abstractmethod
    def make_learner(self, free: FreeSpace) -> Learner:
        """A new learner.

        Args:
            free: The parameters that have a choice.
        """

    @property
    def batch_size(self) -> int:
        """One design for each of the parallel environments, of which large budgets have more."""
        return min(max(self.settings.num_envs, self.budget // _UPDATES), self.budget)

    @property
    def rollout(self) -> int:
        """Designs between two rounds of training."""
        return self.batch_size

    def ask(self, n: int) -> dict[str, Any]:
        """New designs drawn from the policy; random ones where it knows none."""
        return self._proposals.propose(self._candidates(n), n, self.rng)

    def tell(self, designs: Columns, metrics: Columns) -> None:
        """Train when a rollout is complete."""
        scores = self.problem.score(designs, metrics)
        new = len(scores.violation)
        if not new:
            return
        self._experience.add(self.problem.space.encode(designs), scores)
        self._unlearned += new
        figures = {}
        if self._unlearned >= max(2, self.rollout):
            codes = self._free.of(self._experience.codes)
            with drawing_from(self.rng):
                figures = self._learner.learn(codes, self._experience.scaled, self._unlearned)
            self._unlearned = 0
        self._curve.add(len(self._experience), self._experience.rewards[-new:], figures)

    def diagnostics(self) -> dict[str, list[float | None]]:
        """The training curve: one row per batch, `evaluations` first."""
        return self._curve.columns()

    def state_dict(self) -> dict[str, Any]:
        """Networks, optimisers, and every design with its reward."""
        return {
            "learner": pack_tensors(self._learner.state_dict()),
            "proposals": self._proposals.state_dict(),
            "experience": self._experience.state_dict(),
            "curve": self._curve.state_dict(),
            "unlearned": self._unlearned,
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from a saved state."""
        self._learner.load_state_dict(unpack_tensors(state["learner"]))
        self._proposals.load_state_dict(state["proposals"])
        self._experience.load_state_dict(state["experience"])
        self._curve.load_state_dict(state["curve"])
        self._unlearned = state["unlearned"]

    def _candidates(self, n: int) -> IntArray:
        """Designs (P columns) to propose: the greedy one at the end, then draws until n are new."""
        found = np.empty((0, len(self.problem.space.shape)), dtype=np.int64)
        with drawing_from(self.rng):
            if len(self._experience) + n >= self.budget:
                found = self._free.whole(self._learner.greedy())
            for replaced in _EXPLORING:
                drawn = self._free.whole(self._explored(self._learner.draw(n), replaced))
                found = self._proposals.fresh(np.concatenate([found, drawn]))
                if len(found) >= n:
                    break
        return found

    def _explored(self, codes: IntArray, replaced: int) -> IntArray:
        """The same designs with so many levels of each, on average, replaced by random ones."""
        if not replaced:
            return codes
        share = replaced / codes.shape[1]
        levels = self.rng.integers(0, self._free.space.shape, size=codes.shape)
        return np.where(self.rng.random(codes.shape) < share, levels, codes)
