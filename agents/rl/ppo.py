"""Proximal policy optimisation, one agent for the whole design."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from agents._settings import check_between, check_whole
from agents.rl._searcher import OneShotSearcher
from agents.rl._settings import RLSettings, check_not_negative
from dse.errors import InputError

if TYPE_CHECKING:
    from agents.rl._free import FreeSpace
    from agents.rl._searcher import Learner
    from dse._columns import FloatArray


@dataclass(frozen=True)
class OnPolicySettings(RLSettings):
    """Settings that PPO and A2C share; the others are those of `RLSettings`.

    Attributes:
        formulation: Whether the policy names all parameters at once, or one after the other.
        encoding: How it names them at once: a level of each, or a point of a box.
        n_steps: Steps of every environment between two rounds of training.
        ent_coef: Weight of the entropy in the loss: larger explores longer.
        vf_coef: Weight of the value function in the loss.
    """

    formulation: Literal["one-shot", "sequential"] = "one-shot"
    encoding: Literal["multi_discrete", "box"] = "multi_discrete"
    n_steps: int = 1
    ent_coef: float = 0.01
    vf_coef: float = 0.5

    def __post_init__(self) -> None:
        super().__post_init__()
        if (self.formulation, self.encoding) == ("sequential", "box"):
            allowed = "encoding: multi_discrete with formulation: sequential"
            raise InputError(f"setting encoding = {self.encoding!r}", allowed=allowed)
        check_whole("n_steps", self.n_steps, 1)
        check_not_negative("ent_coef", self.ent_coef)
        check_not_negative("vf_coef", self.vf_coef)


@dataclass(frozen=True)
class PPOSettings(OnPolicySettings):
    """Settings of `PPO`.

    Attributes:
        batch_size: Designs per gradient step; a whole rollout if it is smaller.
        n_epochs: How often a rollout is gone through.
        clip_range: Largest change of a probability ratio that still earns reward.
    """

    learning_rate: float = 0.03
    batch_size: int = 64
    n_epochs: int = 8
    clip_range: float = 0.2

    def __post_init__(self) -> None:
        super().__post_init__()
        check_whole("batch_size", self.batch_size, 2)
        check_whole("n_epochs", self.n_epochs, 1)
        check_between("clip_range", self.clip_range, 0.0, 10.0)


class OnPolicySearcher(OneShotSearcher):
    """What the searchers with PPO and A2C share.

    Attributes:
        Settings: See `OnPolicySettings`.
    """

    Settings: ClassVar[type[OnPolicySettings]] = OnPolicySettings
    settings: OnPolicySettings

    @property
    def rollout(self) -> int:
        """Designs between two rounds of training."""
        return self.settings.n_steps * self.batch_size

    @abstractmethod
    def make_algorithm(self, turns: int, **arguments: Any) -> Any:
        """The algorithm of Stable-Baselines3, without networks.

        Args:
            turns: Decisions per design.
            arguments: Those that all of its algorithms share.
        """

    def make_learner(self, free: FreeSpace) -> Learner:
        """A new policy and optimiser."""
        from agents.rl._context import context_of
        from agents.rl._on_policy import OneShotLearner

        s, context = self.settings, context_of(self.problem)
        if s.formulation == "sequential":
            return self._sequential_learner(free, context)
        keywords = {"net_arch": list(s.net_arch)}
        algorithm = self._algorithm(1, policy="MlpPolicy", policy_kwargs=keywords)
        return OneShotLearner(algorithm, free.space, s.encoding, context)

    def _sequential_learner(self, free: FreeSpace, context: FloatArray) -> Learner:
        from agents.rl._sequential import SequentialLearner, Turns
        from agents.rl._team import Team
        from agents.rl._team_learner import team_policy

        turns = Turns(free.space, context)
        team = Team.of(free.space, "parameter")
        policy = team_policy(team, turns.length, self.settings.net_arch, is_shared=True)
        return SequentialLearner(self._algorithm(len(turns), **policy), turns)

    def _algorithm(self, turns: int, **policy: Any) -> Any:
        s = self.settings
        return self.make_algorithm(
            turns,
            **policy,
            env=None,
            learning_rate=s.learning_rate,
            ent_coef=s.ent_coef,
            vf_coef=s.vf_coef,
            device="cpu",
            _init_setup_model=False,
        )


class PPO(OnPolicySearcher):
    """PPO of Stable-Baselines3: one policy names all parameters of a design.

    Schulman et al., arXiv 1707.06347. A design is an episode, so the advantage is the reward minus
    the value, normalised over the minibatch.

    Attributes:
        Settings: See `PPOSettings`.
    """

    Settings = PPOSettings
    settings: PPOSettings

    def make_algorithm(self, turns: int, **arguments: Any) -> Any:
        """PPO, whose minibatches hold whole designs on average."""
        from stable_baselines3 import PPO as Algorithm  # noqa: N811 - the name of the method

        s = self.settings
        return Algorithm(
            **arguments,
            batch_size=s.batch_size * turns,
            n_epochs=s.n_epochs,
            clip_range=s.clip_range,
        )
