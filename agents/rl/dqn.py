"""Deep Q-learning, one agent that decides one parameter after the other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from agents._settings import check_between, check_whole
from agents.rl._searcher import OneShotSearcher
from agents.rl._settings import RLSettings, check_not_negative

if TYPE_CHECKING:
    from agents.rl._free import FreeSpace
    from agents.rl._searcher import Learner


@dataclass(frozen=True)
class DQNSettings(RLSettings):
    """Settings of `DQN`; the others are those of `RLSettings`.

    Attributes:
        batch_size: Decisions per gradient step, drawn from all so far.
        gradient_steps: Gradient steps per new design.
        target_update: Gradient steps between two updates of the target network.
        last_exploration: Share of random decisions at the end of exploring; all are at its start.
        exploring: Share of the budget over which the share of random decisions falls.
    """

    learning_rate: float = 0.003
    net_arch: tuple[int, ...] = (64, 64)
    batch_size: int = 128
    gradient_steps: float = 2.0
    target_update: int = 20
    last_exploration: float = 0.05
    exploring: float = 0.5

    def __post_init__(self) -> None:
        super().__post_init__()
        check_whole("batch_size", self.batch_size, 1)
        check_between("gradient_steps", self.gradient_steps, 0.0, 100.0)
        check_whole("target_update", self.target_update, 1)
        check_not_negative("last_exploration", self.last_exploration)
        check_between("last_exploration", self.last_exploration, -1.0, 1.0)
        check_between("exploring", self.exploring, 0.0, 1.0)


class DQN(OneShotSearcher):
    """DQN of Stable-Baselines3: learns what every level is worth after the levels decided before.

    Mnih et al., Nature 518 (2015). An episode decides one parameter per step and ends with the
    reward of the design. Q-learning needs a short list of actions, which a whole design is not.

    Attributes:
        Settings: See `DQNSettings`.
    """

    Settings = DQNSettings
    settings: DQNSettings

    @property
    def exploration(self) -> float:
        """Share of random decisions: from 1 to `last_exploration` over the exploring time."""
        s = self.settings
        spent = min(1.0, len(self._experience) / (s.exploring * self.budget))
        return 1.0 - spent * (1.0 - s.last_exploration)

    def make_learner(self, free: FreeSpace) -> Learner:
        """New networks and an optimiser."""
        from stable_baselines3 import DQN as Algorithm  # noqa: N811 - the name of the method

        from agents.rl._context import context_of
        from agents.rl._q_learning import QLearner
        from agents.rl._sequential import Turns

        s, turns = self.settings, Turns(free.space, context_of(self.problem))
        algorithm = Algorithm(
            "MlpPolicy",
            None,
            learning_rate=s.learning_rate,
            buffer_size=self.budget * len(turns),
            batch_size=s.batch_size,
            gamma=1.0,
            policy_kwargs={"net_arch": list(s.net_arch)},
            device="cpu",
            _init_setup_model=False,
        )
        return QLearner(
            algorithm, turns, s.gradient_steps, s.target_update, lambda: self.exploration
        )
