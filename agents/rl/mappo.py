"""Multi-agent PPO with a centralised critic."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from agents._settings import check_between, check_whole
from agents.rl._settings import check_not_negative
from agents.rl.ippo import IndependentPPO, TeamSettings

if TYPE_CHECKING:
    from agents.rl._credit import Critic
    from agents.rl._team import Team


@dataclass(frozen=True)
class MAPPOSettings(TeamSettings):
    """Settings of `MAPPO`; the others are those of `TeamSettings`.

    Attributes:
        interaction: How much smaller the critic expects the joint effects of two agents to be than
            those of each alone, of three than of two, and so on.
        length: Levels of a number that are so many apart have little in common.
        noise: Share of the rewards' variance that the critic does not try to explain.
        optimism: Standard deviations of the critic's estimate that are added to it: larger tries
            more of what is unknown.
        window: The critic learns from the latest so many designs.
        draws: Joint actions that the agents imagine, and the critic credits, in one update.
    """

    learning_rate: float = 0.03
    ent_coef: float = 0.03
    interaction: float = 0.3
    length: float = 2.0
    noise: float = 0.003
    optimism: float = 0.3
    window: int = 256
    draws: int = 64

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("interaction", "length", "noise"):
            check_between(name, getattr(self, name), 0.0, 1e6)
        check_not_negative("optimism", self.optimism)
        check_whole("window", self.window, 2)
        check_whole("draws", self.draws, 2)


class MAPPO(IndependentPPO):
    """Multi-agent PPO: decentralised policies, and a centralised critic that shares out the reward.

    Yu et al., arXiv 2103.01955, with a critic that sees the options of all agents, learns from
    every design so far and gives each agent its own counterfactual advantage (`agents.rl._credit`).

    Attributes:
        Settings: See `MAPPOSettings`.
    """

    Settings = MAPPOSettings
    settings: MAPPOSettings

    def make_critic(self, team: Team) -> Critic:
        """The critic that shares out the reward."""
        from agents.rl._credit import Critic, factors_of

        s = self.settings
        factors = factors_of(team, self._free.space, s.interaction, s.length)
        return Critic(factors, s.noise, s.optimism, s.window, s.draws, self.rng)
