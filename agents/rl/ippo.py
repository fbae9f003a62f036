"""Independent PPO: one agent per parameter, or per parameter group."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

from agents._settings import check_between, check_whole
from agents.rl._searcher import OneShotSearcher
from agents.rl._settings import RLSettings, check_not_negative

if TYPE_CHECKING:
    from agents.rl._credit import Critic
    from agents.rl._free import FreeSpace
    from agents.rl._searcher import Learner
    from agents.rl._team import Team


@dataclass(frozen=True)
class TeamSettings(RLSettings):
    """Settings of the multi-agent searchers; the others are those of `RLSettings`.

    Attributes:
        agents: One agent per parameter, or one per parameter group.
        batch_size: Designs per gradient step; a whole rollout if it is smaller.
        n_steps: Steps of every environment between two rounds of training.
        n_epochs: How often a rollout is gone through.
        clip_range: Largest change of a probability ratio that still earns reward.
        ent_coef: Weight of the entropy in the loss: larger explores longer.
        vf_coef: Weight of the value function in the loss.
    """

    agents: Literal["parameter", "group"] = "parameter"
    batch_size: int = 64
    n_steps: int = 1
    n_epochs: int = 8
    clip_range: float = 0.2
    ent_coef: float = 0.01
    vf_coef: float = 0.5

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("batch_size", "n_steps", "n_epochs"):
            check_whole(name, getattr(self, name), 1)
        check_between("clip_range", self.clip_range, 0.0, 10.0)
        check_not_negative("ent_coef", self.ent_coef)
        check_not_negative("vf_coef", self.vf_coef)


class IndependentPPO(OneShotSearcher):
    """Independent PPO: an agent for each parameter, all of them paid the reward of the design.

    de Witt et al., arXiv 2011.09533. Every agent has its own policy and value network and knows
    nothing of the others.

    Attributes:
        Settings: See `TeamSettings`.
        is_shared: Whether the agents share one network.
    """

    Settings: ClassVar[type[TeamSettings]] = TeamSettings
    settings: TeamSettings
    is_shared: ClassVar[bool] = False

    @property
    def rollout(self) -> int:
        """Designs between two rounds of training."""
        return self.settings.n_steps * self.batch_size

    def make_learner(self, free: FreeSpace) -> Learner:
        """New policies and an optimiser."""
        from stable_baselines3 import PPO as Algorithm  # noqa: N811 - the name of the method

        from agents.rl._context import context_of
        from agents.rl._team import Team
        from agents.rl._team_learner import TeamLearner, team_policy

        s, context = self.settings, context_of(self.problem)
        team = Team.of(free.space, s.agents)
        critic = self.make_critic(team)
        algorithm = Algorithm(
            **team_policy(team, len(context), s.net_arch, is_shared=self.is_shared),
            env=None,
            learning_rate=s.learning_rate,
            batch_size=s.batch_size * len(team),
            n_epochs=s.n_epochs,
            clip_range=s.clip_range,
            ent_coef=s.ent_coef,
            vf_coef=s.vf_coef,
            normalize_advantage=critic is None,  # the size of a credit tells how much it matters
            device="cpu",
            _init_setup_model=False,
        )
        return TeamLearner(algorithm, team, context, critic)

    def make_critic(self, team: Team) -> Critic | None:
        """Who tells the agents what each of them contributed; nobody here."""
        del team
        return None
