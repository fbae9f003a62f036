"""What an environment is, for `dse describe`. Imports gymnasium."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

from dse.cli._text import prose
from dse.envs._actions import ENCODINGS
from dse.envs._formulations import SINGLE_AGENT, choose
from dse.envs._task import build_task
from dse.envs.rewards import REWARDS

if TYPE_CHECKING:
    from dse._problem import Problem
    from dse.envs._core import DesignTask

__all__ = ["environment_facts"]

_DEFAULTS = {"action": "multi_discrete", "reward": "log_sum"}
_LAYOUT = {
    "design": "the design evaluated last: the centre of its cell in the unit cube, as -1 to 1",
    "objective": "log10(value / reference) / 6; positive is worse than the starting design",
    "best": "best scalar of the episode / 6; -1 before there is one",
    "feasible": "1 if the design has usable metrics, else 0",
    "violation": "v / (1 + v) of the total constraint violation v; 1 without metrics",
    "workload": "the workload's features, on a logarithmic scale",
    "elapsed": "share of the episode that is over",
}


def environment_facts(env_id: str, problem: Problem, model: str) -> dict[str, Any]:
    """Actions, observation, rewards and episode of an environment over a problem.

    Args:
        env_id: Its Gymnasium id.
        problem: The default problem of the model, perhaps for another workload.
        model: Name of the model.
    """
    tasks = {name: build_task(problem=problem, action=name) for name in ENCODINGS}
    task = tasks[_DEFAULTS["action"]]
    return {
        "doc": f"The model {model} as a Gymnasium environment: one step evaluates one design.",
        "model": model,
        "make": f"import gymnasium, dse.envs; gymnasium.make({env_id!r})",
        "make a batch": f"gymnasium.make_vec({env_id!r}, num_envs=4096)",
        "make a team": f"import dse.envs.parallel; dse.envs.parallel.make(model={model!r})",
        "default action": _DEFAULTS["action"],
        "default reward": _DEFAULTS["reward"],
        "episode": f"{task.horizon} steps by default (argument horizon), then truncated",
        "actions": [_action(name, found) for name, found in tasks.items()],
        "agents of a team": [
            {"name": group, "parameters": ", ".join(names)}
            for group, names in problem.space.groups.items()
        ],
        "observation": _observation(task),
        "rewards": [
            {"name": name, "doc": prose(inspect.getdoc(reward)).splitlines()[0]}
            for name, reward in REWARDS.items()
        ],
    }


def _action(name: str, task: DesignTask) -> dict[str, Any]:
    doc = prose(inspect.getdoc(type(task.encoding))).splitlines()[0]
    formulation, _ = choose(SINGLE_AGENT, None, name)
    return {
        "name": name,
        "formulation": formulation,
        "space": str(task.encoding.space),
        "horizon": task.horizon,
        "doc": doc,
    }


def _observation(task: DesignTask) -> list[dict[str, Any]]:
    """The parts of the observation in order, with their lengths."""
    parts: dict[str, list[str]] = {}
    for label in task.observation_names:
        part, _, entry = label.partition(".")
        parts.setdefault(part, []).append(entry)
    return [
        {
            "name": part,
            "length": len(entries),
            "doc": _LAYOUT[part],
            "entries": ", ".join(entries) or "-",
        }
        for part, entries in parts.items()
    ]
