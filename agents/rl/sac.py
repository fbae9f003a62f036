"""Soft actor-critic, one agent for the whole design."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from agents._settings import check_between, check_whole
from agents.rl._searcher import OneShotSearcher
from agents.rl._settings import RLSettings
from dse.errors import InputError

if TYPE_CHECKING:
    from agents.rl._free import FreeSpace
    from agents.rl._searcher import Learner


@dataclass(frozen=True)
class SACSettings(RLSettings):
    """Settings of `SAC`; the others are those of `RLSettings`.

    Attributes:
        batch_size: Designs per gradient step, drawn from all so far.
        gradient_steps: Gradient steps per new design.
        target_entropy: Entropy that the policy is held at, per parameter; the design is a point of
            the box [-1, 1], and a uniform policy has log 2 = 0.69.
        first_ent_coef: Weight of the entropy at the start; it is then learned.
    """

    learning_rate: float = 0.02
    net_arch: tuple[int, ...] = (64, 64)
    batch_size: int = 64
    gradient_steps: float = 1.0
    target_entropy: float = -1.0
    first_ent_coef: float = 0.1

    def __post_init__(self) -> None:
        super().__post_init__()
        check_whole("batch_size", self.batch_size, 1)
        check_between("gradient_steps", self.gradient_steps, 0.0, 100.0)
        check_between("first_ent_coef", self.first_ent_coef, 0.0, 100.0)
        if not -100.0 <= self.target_entropy <= 0.7:
            allowed = "a number from -100 to 0.7"
            raise InputError(f"setting target_entropy = {self.target_entropy!r}", allowed=allowed)


class SAC(OneShotSearcher):
    """SAC of Stable-Baselines3: an off-policy actor-critic that names a point of the unit box.

    Haarnoja et al., arXiv 1812.05905. The critic learns from all designs so far; one step is one
    episode, so its target is the reward.

    Attributes:
        Settings: See `SACSettings`.
    """

    Settings = SACSettings
    settings: SACSettings

    def make_learner(self, free: FreeSpace) -> Learner:
        """New actor, critics and optimisers."""
        from stable_baselines3 import SAC as Algorithm  # noqa: N811 - the name of the method

        from agents.rl._context import context_of
        from agents.rl._off_policy import SoftLearner

        s = self.settings
        algorithm = Algorithm(
            "MlpPolicy",
            None,
            learning_rate=s.learning_rate,
            buffer_size=self.budget,
            batch_size=s.batch_size,
            ent_coef=f"auto_{s.first_ent_coef}",
            target_entropy=s.target_entropy * len(free.space.shape),
            policy_kwargs={"net_arch": list(s.net_arch)},
            device="cpu",
            _init_setup_model=False,
        )
        return SoftLearner(algorithm, free.space, context_of(self.problem), s.gradient_steps)
