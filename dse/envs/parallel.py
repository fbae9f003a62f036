"""Several agents, one design: PettingZoo's parallel form of every cost model.

    env = dse.envs.parallel.make(model="mylab/mymodel", agents="group")
    teams = dse.envs.parallel.make_vec(4096, model="mylab/mymodel", agents="parameter")

Who the agents are, what they see and what they earn is documented in `dse.envs._teams`; what a
step is in `dse.envs._formulations`.
"""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any, Unpack

import gymnasium
import numpy as np
from gymnasium.utils.seeding import np_random
from gymnasium.vector import AutoresetMode
from gymnasium.vector.utils import batch_space
from pettingzoo import ParallelEnv

from dse.envs._episodes import Episodes, transition_infos
from dse.envs._options import wants_random_start
from dse.envs._team_task import TeamArguments, build_team

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dse.envs._states import State
    from dse.envs._teams import Team

__all__ = ["TeamEnv", "VectorTeams", "make", "make_vec"]


class TeamEnv(ParallelEnv[str, Any, Any]):
    """One team: a step takes an action of each agent and evaluates at most one design.

    Every agent's info carries the metrics of the design. In the sequential formulation the action
    of an agent whose turn it is not is ignored and may be left out.

    Attributes:
        team: The agents, their task and their rewards.
        possible_agents: The names of all agents.
        agents: The same during an episode; nobody before the first and after its end.
    """

    render_mode = None

    def __init__(self, team: Team) -> None:
        self.metadata: dict[str, Any] = {
            "name": team.task.problem.model.env_id,
            "render_modes": [],
            "is_parallelizable": True,
        }
        self.team = team
        self.possible_agents = list(team.agents)
        self.agents: list[str] = []
        # spaces of its own: to seed them must not touch another environment over the same team
        self.observation_spaces = deepcopy(team.observation_spaces)
        self.action_spaces = deepcopy(team.encoding.spaces)
        self._rng = np_random()[0]
        self._state: State | None = None

    def observation_space(self, agent: str) -> gymnasium.spaces.Box:
        """What an agent sees."""
        return self.observation_spaces[agent]

    def action_space(self, agent: str) -> gymnasium.Space[Any]:
        """What an agent may do."""
        return self.action_spaces[agent]

    def reset(
        self, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """Start an episode.

        Args:
            seed: Seeds the generator, which draws random starts only.
            options: {"random_start": True} starts at a random valid design instead of home.
                PettingZoo lets options of others pass.
        """
        if seed is not None:
            self._rng = np_random(seed)[0]
        task = self.team.task
        is_random = wants_random_start(options, lets_others_pass=True)
        start = task.starts(1, self._rng, is_random=is_random)
        self._state = task.begin(task.evaluate_one(start))
        self.agents = list(self.possible_agents)
        return self._observations(self._state), self._infos(self._state)

    def step(
        self, actions: Mapping[str, Any]
    ) -> tuple[dict[str, Any], dict[str, float], dict[str, bool], dict[str, bool], dict[str, Any]]:
        """Act together, and evaluate the design if the actions complete one.

        Returns:
            Observations, rewards, terminations (never), truncations and infos, by agent.
        """
        if self._state is None or not self.agents:
            raise gymnasium.error.ResetNeeded("call reset() before step()")
        acted, after, shared = self.team.task.step_one(self._state, actions)
        self._state = after
        rewards = self.team.rewards(acted, after, shared)
        is_over = bool(self.team.task.is_over(after)[0])
        self.agents = [] if is_over else self.agents
        return (
            self._observations(after),
            {agent: float(reward[0]) for agent, reward in rewards.items()},
            dict.fromkeys(self.possible_agents, False),
            dict.fromkeys(self.possible_agents, is_over),
            self._infos(after),
        )

    def state(self) -> Any:
        """What the agents see in common, for a central critic: float32 in [-1, 1]."""
        if self._state is None:
            raise gymnasium.error.ResetNeeded("call reset() before state()")
        return self.team.task.observe(self._state)[0]

    def _observations(self, state: State) -> dict[str, Any]:
        return {agent: rows[0] for agent, rows in self.team.observe(state).items()}

    def _infos(self, state: State) -> dict[str, Any]:
        info = self.team.task.info(state.at)
        return {agent: dict(info) for agent in self.possible_agents}


class VectorTeams:
    """N teams over one cost model; every step is at most one batch evaluation.

    What `TeamEnv` gives an agent, this gives as an array of N rows. There are no sub-environments,
    and episodes reset by themselves, as those of `dse.envs.vector.DesignVectorEnv` do. Infos are
    columns of N rows for the teams, not for each agent.

    Attributes:
        team: The agents, their task and their rewards.
        num_teams: N.
        agents: The names of the agents.
        single_observation_spaces: Agent -> space of one observation.
        single_action_spaces: Agent -> space of one action.
        observation_spaces: Agent -> space of N observations.
        action_spaces: Agent -> space of N actions.
    """

    def __init__(
        self,
        team: Team,
        num_teams: int = 1,
        autoreset_mode: AutoresetMode | str = AutoresetMode.NEXT_STEP,
    ) -> None:
        self._episodes = Episodes(team.task, num_teams, autoreset_mode)
        self.team = team
        self.num_teams = num_teams
        self.agents = list(team.agents)
        self.single_observation_spaces = team.observation_spaces
        self.single_action_spaces = team.encoding.spaces
        self.observation_spaces = _batched(self.single_observation_spaces, num_teams)
        self.action_spaces = _batched(self.single_action_spaces, num_teams)
        self._rng = np_random()[0]
        self._state: State | None = None

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """Start an episode in every team.

        Args:
            seed: Seeds the one generator that draws the random starts of all teams.
            options: {"random_start": True} starts at random valid designs instead of home, also
                at the automatic resets that follow.

        Returns:
            Agent -> observations (N x D), and infos as columns with masks.
        """
        if seed is not None:
            self._rng = np_random(seed)[0]
        self._state = self._episodes.reset(self._rng, is_random=wants_random_start(options))
        return self.team.observe(self._state), self.team.task.infos(self._state.at)

    def step(
        self, actions: Mapping[str, Any]
    ) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any], dict[str, Any], dict[str, Any]]:
        """Evaluate the designs that the actions of the N teams complete, in one batch.

        Args:
            actions: Agent -> N actions.

        Returns:
            By agent: observations, rewards (N), terminations (N, never), truncations (N). Then the
            infos; where an episode was reset in the step that ended it, `final_obs` holds, by
            agent, what it saw last, and `final_info` tells of its last design.
        """
        found = self._episodes.step(actions, self._rng)
        self._state = found.state
        rewards = self.team.rewards(found.acted, found.reached, found.rewards)
        infos = transition_infos(self.team.task, found)
        if found.was_replaced.any():
            infos |= {
                "final_obs": self.team.observe(found.reached),
                "_final_obs": found.was_replaced,
            }
        return (
            self.team.observe(found.state),
            {agent: np.where(found.was_reset, 0.0, reward) for agent, reward in rewards.items()},
            dict.fromkeys(self.agents, np.zeros_like(found.ended)),
            dict.fromkeys(self.agents, found.ended),
            infos,
        )

    def state(self) -> Any:
        """What the agents see in common, for a central critic: float32, N x D."""
        if self._state is None:
            raise gymnasium.error.ResetNeeded("call reset() before state()")
        return self.team.task.observe(self._state)


def make(**arguments: Unpack[TeamArguments]) -> TeamEnv:
    """A PettingZoo environment over a cost model.

    Args:
        arguments: See `dse.envs._team_task.TeamArguments`, for example `model="mylab/mymodel"`.
    """
    return TeamEnv(build_team(**arguments))


def make_vec(
    num_teams: int = 1,
    autoreset_mode: AutoresetMode | str = AutoresetMode.NEXT_STEP,
    **arguments: Unpack[TeamArguments],
) -> VectorTeams:
    """Many teams over a cost model, stepped as one batch.

    Args:
        num_teams: Number of teams.
        autoreset_mode: `NEXT_STEP` or `SAME_STEP`.
        arguments: See `dse.envs._team_task.TeamArguments`.
    """
    return VectorTeams(build_team(**arguments), num_teams, autoreset_mode)


def _batched(
    spaces: Mapping[str, gymnasium.Space[Any]], number: int
) -> dict[str, gymnasium.Space[Any]]:
    return {agent: batch_space(space, number) for agent, space in spaces.items()}
