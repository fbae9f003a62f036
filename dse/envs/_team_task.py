"""From the keyword arguments of `dse.envs.parallel.make` to a team."""

from __future__ import annotations

from typing import TYPE_CHECKING, Unpack

from dse.envs._formulations import TEAM, choose
from dse.envs._task import TaskArguments, build_task_problem, complete_task, require_known
from dse.envs._teams import Team, TeamActions, split
from dse.envs.rewards import improvement
from dse.errors import InputError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from dse.envs._core import DesignTask

SHARED = "shared"
PER_OBJECTIVE = "per_objective"
DECOMPOSITIONS = (SHARED, PER_OBJECTIVE)


class TeamArguments(TaskArguments, total=False):
    """What `dse.envs.parallel.make` takes: all of `TaskArguments`, and two more.

    `formulation` and `action` are those of `dse.envs._formulations.TEAM`.

    Attributes:
        agents: "group" (default), one agent per group of parameters, or "parameter".
        decomposition: "shared" (default) or "per_objective"; see `dse.envs._teams`.
    """

    agents: str
    decomposition: str


def build_team(**arguments: Unpack[TeamArguments]) -> Team:
    """Build a team.

    Args:
        arguments: See `TeamArguments`.

    Raises:
        InputError: An argument has a wrong value; the message says which.
        TypeError: There is no such argument.
    """
    require_known(arguments, TeamArguments)
    decomposition = _checked(arguments.get("decomposition", SHARED))
    problem = build_task_problem(arguments)
    columns = split(problem.space, arguments.get("agents", "group"))
    formulation, action = choose(TEAM, arguments.get("formulation"), arguments.get("action"))
    encoding = TeamActions(problem.space, columns, formulation, action)
    task = complete_task(arguments, problem, encoding)
    objective_of = None if decomposition == SHARED else _dealt_out(task, list(columns))
    return Team(task, encoding, objective_of)


def _checked(decomposition: str) -> str:
    if decomposition not in DECOMPOSITIONS:
        hint = did_you_mean(decomposition, DECOMPOSITIONS)
        raise InputError(
            f"decomposition {decomposition!r}.{hint}", allowed=", ".join(DECOMPOSITIONS)
        )
    return decomposition


def _dealt_out(task: DesignTask, agents: Sequence[str]) -> Mapping[str, int]:
    """Agent -> its objective: dealt out in turn, so that each objective has an agent."""
    counted = [j for j, weight in enumerate(task.weights) if weight > 0.0]
    if task.reward is improvement:
        raise InputError(
            "reward 'improvement' per objective: it compares with the best design of the team",
            allowed=f"another reward, or decomposition {SHARED!r}",
        )
    if len(agents) < len(counted):
        raise InputError(
            f"{len(counted)} objectives for {len(agents)} agents: some would be nobody's",
            allowed="at least as many agents as objectives",
            next_step="agents='parameter', or fewer objectives",
        )
    return {agent: counted[k % len(counted)] for k, agent in enumerate(agents)}
