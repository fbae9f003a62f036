"""Teams: several agents that make one design together.

Each agent owns some parameters (one, or those of one group) and has an action encoding over them
alone. A team is a design task whose action is a dictionary, agent -> action; parameters without a
choice belong to nobody, and an agent with nothing to decide is left out.

Every agent sees what a single agent would see, and who it is: the observation of
`dse.envs._core`, followed by one entry per agent, `agent.*`, 1 for itself and 0 for the others.

Rewards, by `decomposition`:

================  =================================================================================
`shared`          every agent gets the reward of the design
`per_objective`   agent k gets the reward of the design as if objective k mod m were the only one
                  (of the m objectives with a weight above zero): credit is less mixed, and what
                  the objectives trade against each other is left to the agents. Designs that
                  cannot work or violate a constraint earn everybody the same penalty.
================  =================================================================================
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import gymnasium
import numpy as np

from dse._space import DesignSpace
from dse.envs._actions import ActionEncoding, LevelActions, find_encoding, movable_parameters
from dse.envs._formulations import SEQUENTIAL
from dse.errors import InputError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dse._columns import BoolArray, FloatArray, IntArray
    from dse.envs._core import DesignTask
    from dse.envs._states import State


def split(space: DesignSpace, agents: str) -> dict[str, tuple[int, ...]]:
    """The agents of a team: name -> positions of its parameters.

    Args:
        space: The design space.
        agents: "parameter" or "group".

    Raises:
        InputError: Neither of them.
    """
    members: Mapping[str, Mapping[str, tuple[str, ...]]] = {
        "parameter": {name: (name,) for name in space.names},
        "group": space.groups,
    }
    if agents not in members:
        hint = did_you_mean(agents, members)
        raise InputError(f"agents {agents!r}.{hint}", allowed=", ".join(members))
    movable = movable_parameters(space)
    positions = {
        agent: tuple(j for j in movable if space.names[j] in names)
        for agent, names in members[agents].items()
    }
    return {agent: owned for agent, owned in positions.items() if owned}


class TeamActions(ActionEncoding):
    """An action for each agent, over its own parameters.

    In the sequential formulation the agents take turns; actions of the others are ignored.

    Attributes:
        columns: Agent -> positions of its parameters.
        spaces: Agent -> space of its actions.
    """

    def __init__(
        self,
        space: DesignSpace,
        columns: Mapping[str, tuple[int, ...]],
        formulation: str,
        action: str,
    ) -> None:
        super().__init__(space)
        self.columns = dict(columns)
        self._encodings = {
            agent: _encoding(action, [space.parameters[j] for j in owned])
            for agent, owned in columns.items()
        }
        self.spaces = {agent: encoding.space for agent, encoding in self._encodings.items()}
        self.space = gymnasium.spaces.Dict(self.spaces)
        self._takes_turns = formulation == SEQUENTIAL
        if self._takes_turns:
            self.turns = self.columns

    def codes(self, actions: Any, current: IntArray, turn: IntArray) -> IntArray:
        """Codes (N x P) with the parameters decided of all agents that act.

        Args:
            actions: Agent -> N actions.
            current: Codes of the designs that the N teams are making.
            turn: Which of the turns it is in each of them (N).

        Raises:
            InputError: An agent is unknown, has no action, or one outside its space.
        """
        self._require_known(actions)
        codes = current.copy()
        for agent, rows in self._acting(turn):
            if agent not in actions:
                raise InputError(f"no action of agent {agent!r}", allowed="one of each that acts")
            owned = list(self.columns[agent])
            chosen = self._encodings[agent].codes(actions[agent], current[:, owned], turn)
            codes[:, owned] = np.where(rows[:, None], chosen, codes[:, owned])
        return codes

    def _acting(self, turn: IntArray) -> list[tuple[str, BoolArray]]:
        """Each agent that acts now, and in which rows."""
        if not self._takes_turns:
            return [(agent, np.ones(len(turn), dtype=bool)) for agent in self.columns]
        rows = {agent: turn == k for k, agent in enumerate(self.columns)}
        return [(agent, mine) for agent, mine in rows.items() if mine.any()]

    def _require_known(self, actions: Any) -> None:
        if not isinstance(actions, Mapping):
            raise InputError(
                f"actions of type {type(actions).__name__}", allowed="a dictionary, agent -> action"
            )
        for agent in actions:
            if agent not in self.columns:
                hint = did_you_mean(agent, self.columns)
                raise InputError(f"unknown agent {agent!r}.{hint}", allowed=", ".join(self.columns))

    def horizon(self, start: IntArray) -> int:
        """As many designs as the agent with the longest way needs; they all move at once."""
        farthest = (e.horizon(start[list(self.columns[a])]) for a, e in self._encodings.items())
        return max(farthest) * len(self.turns)

    def batch_of_one(self, action: Any) -> dict[str, Any]:
        """One action of each agent as batches of length 1."""
        self._require_known(action)
        return {agent: np.asarray(value)[None] for agent, value in action.items()}


@dataclass(frozen=True)
class Team:
    """A design task for several agents.

    Attributes:
        task: The task of the team as a whole; an action is a dictionary.
        encoding: Its action encoding.
        objective_of: Agent -> the objective that decides its reward; None if they share theirs.
    """

    task: DesignTask
    encoding: TeamActions
    objective_of: Mapping[str, int] | None

    @property
    def agents(self) -> tuple[str, ...]:
        """The names of the agents, in order."""
        return tuple(self.encoding.columns)

    @cached_property
    def observation_names(self) -> tuple[str, ...]:
        """A label for each entry of an agent's observation."""
        return (*self.task.observation_names, *(f"agent.{agent}" for agent in self.agents))

    @cached_property
    def observation_spaces(self) -> dict[str, gymnasium.spaces.Box]:
        """Agent -> the box of its observation."""
        shape = (len(self.observation_names),)
        return {agent: gymnasium.spaces.Box(-1.0, 1.0, shape, np.float32) for agent in self.agents}

    def observe(self, state: State) -> dict[str, Any]:
        """Agent -> its observations in N teams: float32, N x `len(observation_names)`."""
        shared = self.task.observe(state)
        return {
            agent: np.hstack([shared, np.broadcast_to(identity, (len(shared), len(identity)))])
            for agent, identity in zip(self.agents, self._identities, strict=True)
        }

    def rewards(self, acted: State, reached: State, shared: FloatArray) -> dict[str, FloatArray]:
        """Agent -> its rewards in N teams.

        Args:
            acted: The state after `act`.
            reached: The state after `advance`.
            shared: The rewards (N) that `advance` gave.
        """
        if self.objective_of is None:
            return dict.fromkeys(self.agents, shared)
        due = self.task.is_due(acted)
        outcome = self.task.outcome(acted, reached.at)
        alone = {
            j: np.where(due, self.task.reward(outcome.only(j)), 0.0)
            for j in set(self.objective_of.values())
        }
        return {agent: alone[j] for agent, j in self.objective_of.items()}

    @cached_property
    def _identities(self) -> Any:
        return np.eye(len(self.agents), dtype=np.float32)


def _encoding(action: str, parameters: Sequence[Any]) -> ActionEncoding:
    space = DesignSpace(tuple(parameters))
    if action == "multi_discrete" and len(parameters) == 1:
        return LevelActions(space)
    return find_encoding(action, space)
