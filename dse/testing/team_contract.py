"""What the multi-agent form of every model must do; `EnvironmentContract` includes it.

Needs pytest and pettingzoo.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from pettingzoo.test import parallel_api_test, parallel_seed_test

from dse.envs._formulations import TEAM
from dse.envs._task import OF_PROBLEM, build_task
from dse.envs._team_task import build_team
from dse.envs.parallel import TeamEnv, VectorTeams
from dse.testing._environments import (
    assert_every_level,
    codes_met,
    count_calls,
    scan,
    shortened,
    warnings_are_errors,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dse._problem import Problem
    from dse.envs._task import TaskArguments
    from dse.envs._teams import Team

__all__ = ["TeamContract"]

_TEAMS = [(agents, formulation) for agents in ("group", "parameter") for formulation in TEAM]
_EVERY_ACTION = [(formulation, action) for formulation, names in TEAM.items() for action in names]
_BATCH = 3
_MANY = 256
_PROBLEMS = pytest.StashKey[dict[str, "Problem"]]()


class TeamContract:
    """Inherit it, and override the fixture `arguments`."""

    @pytest.fixture
    def arguments(self) -> TaskArguments:
        """Keyword arguments of the environment; the tests set how agents act and are rewarded."""
        raise NotImplementedError

    @pytest.fixture
    def posed(self, request: pytest.FixtureRequest, arguments: TaskArguments) -> dict[str, Any]:
        """The arguments with the problem they name; it is built once, as some take a while."""
        problems = request.node.parent.stash.setdefault(_PROBLEMS, {})
        key = repr(arguments)
        if key not in problems:
            problems[key] = build_task(**arguments).problem
        replaced = {"model", *OF_PROBLEM}
        kept = {name: value for name, value in arguments.items() if name not in replaced}
        return {**kept, "problem": problems[key]}

    @pytest.fixture(params=_TEAMS, ids="-".join)
    def team(self, request: pytest.FixtureRequest, posed: dict[str, Any]) -> Team:
        """The team in each formulation, with few designs per episode."""
        agents, formulation = request.param
        team = build_team(**posed | {"agents": agents, "formulation": formulation})
        return replace(team, task=shortened(team.task))

    def test_pettingzoo_accepts_it(self, team: Team) -> None:
        """`parallel_api_test` passes without a warning."""
        with warnings_are_errors():
            parallel_api_test(TeamEnv(team))

    def test_pettingzoo_finds_it_reproducible(self, team: Team) -> None:
        """`parallel_seed_test` passes without a warning."""
        with warnings_are_errors():
            parallel_seed_test(lambda: TeamEnv(team))

    def test_same_seed_gives_the_same_team_episode(self, team: Team) -> None:
        """Observations and rewards repeat, random starts included."""
        first, second = (list(_episode(TeamEnv(team), seed=7)) for _ in range(2))
        assert len(first) == len(second) == team.task.horizon + 1
        for one, other in zip(first, second, strict=True):
            np.testing.assert_equal(one, other)

    def test_batch_equals_single_teams(self, team: Team) -> None:
        """One episode of three teams agrees in every number with three episodes of one."""
        batch = VectorTeams(team, _BATCH)
        singles = [TeamEnv(team) for _ in range(_BATCH)]
        _assert_rows(batch.reset(seed=0)[0], [env.reset(seed=0)[0] for env in singles])
        for space in batch.action_spaces.values():
            space.seed(1)
        for _ in range(team.task.horizon):
            actions = {agent: space.sample() for agent, space in batch.action_spaces.items()}
            expected = [env.step(_row(actions, i)) for i, env in enumerate(singles)]
            for part, found in enumerate(batch.step(actions)[:-1]):
                _assert_rows(found, [answer[part] for answer in expected])

    def test_a_step_of_many_teams_is_one_evaluation(
        self, team: Team, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Teams evaluate whole batches only, and nothing before a design is complete."""
        teams = VectorTeams(team, _MANY)
        calls = count_calls(team.task, monkeypatch)
        teams.reset()
        actions = {a: np.stack([s.sample()] * _MANY) for a, s in teams.single_action_spaces.items()}
        for _ in range(team.task.horizon + 1):
            teams.step(actions)
        designs = team.task.horizon // len(team.task.encoding.turns)
        assert calls == [_MANY] * (1 + designs + 1)  # the reset, the designs, the automatic reset

    @pytest.mark.parametrize(("formulation", "action"), _EVERY_ACTION)
    def test_every_option_is_within_reach_of_the_team(
        self, posed: dict[str, Any], formulation: str, action: str
    ) -> None:
        """Agents that repeat each of their actions meet each level of their parameters."""
        asked = {"agents": "parameter", "formulation": formulation, "action": action}
        team = build_team(**posed | asked)
        scans = {
            a: scan(s, max(team.task.problem.space.shape)) for a, s in team.encoding.spaces.items()
        }
        rows = np.arange(max(map(len, scans.values())))
        actions = {agent: found[rows % len(found)] for agent, found in scans.items()}
        assert_every_level(team.task, codes_met(team.task, actions, len(rows)))


def _episode(env: TeamEnv, seed: int) -> Iterator[Any]:
    observations, _ = env.reset(seed=seed, options={"random_start": True})
    for number, agent in enumerate(env.agents):
        env.action_space(agent).seed(seed + number)
    yield observations
    while env.agents:
        answer = env.step({agent: env.action_space(agent).sample() for agent in env.agents})
        yield answer[:2]


def _row(actions: dict[str, Any], row: int) -> dict[str, Any]:
    return {agent: values[row] for agent, values in actions.items()}


def _assert_rows(batch: dict[str, Any], singles: Any) -> None:
    """Agent -> N rows against N dictionaries agent -> row."""
    for agent, rows in batch.items():
        np.testing.assert_array_equal(rows, [single[agent] for single in singles], agent)
