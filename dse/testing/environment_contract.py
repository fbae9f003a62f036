"""What every environment over a cost model must do, as tests that any package can inherit.

    class TestMyModel(EnvironmentContract):
        @pytest.fixture
        def arguments(self):
            return {"model": "mylab/mymodel"}   # or {"problem": ...}

It covers the single and the multi-agent form. Needs pytest, stable-baselines3 and pettingzoo.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env as check_gymnasium
from stable_baselines3.common.env_checker import check_env as check_sb3

from dse.envs._actions import ENCODINGS
from dse.envs._task import build_task
from dse.envs.rewards import REWARDS, TARGETED
from dse.envs.sb3 import DesignVecEnv
from dse.envs.single import DesignEnv
from dse.envs.vector import DesignVectorEnv
from dse.testing._environments import (
    assert_every_level,
    assert_same,
    codes_met,
    count_calls,
    scan,
    shortened,
    warnings_are_errors,
)
from dse.testing.team_contract import TeamContract

if TYPE_CHECKING:
    from dse.envs._core import DesignTask

__all__ = ["EnvironmentContract"]

_MANY = 4096


class EnvironmentContract(TeamContract):
    """Inherit it, and override the fixture `arguments`."""

    @pytest.fixture(params=sorted(ENCODINGS))
    def task(self, request: pytest.FixtureRequest, posed: dict[str, Any]) -> DesignTask:
        """The task in each action encoding, with few designs per episode."""
        return shortened(build_task(**posed | {"action": request.param}))

    def test_gymnasium_accepts_it(self, task: DesignTask) -> None:
        """`check_env` passes without a warning."""
        env = DesignEnv(task)
        # the checker makes a second environment from the spec that `gymnasium.make` would set
        env.spec = gymnasium.envs.registration.EnvSpec(
            "dse-check/Contract-v0", entry_point=lambda: DesignEnv(task)
        )
        with warnings_are_errors():
            check_gymnasium(env)

    def test_stable_baselines_accepts_it(self, task: DesignTask) -> None:
        """`check_env` passes without a warning."""
        with warnings_are_errors():
            check_sb3(DesignEnv(task))

    def test_every_option_is_reachable(self, task: DesignTask) -> None:
        """An agent that repeats each action meets each level of each parameter."""
        actions = scan(task.encoding.space, max(task.problem.space.shape))
        assert_every_level(task, codes_met(task, actions, len(actions)))

    def test_same_seed_gives_the_same_episode(self, task: DesignTask) -> None:
        """Observations and rewards repeat, random starts included."""
        first, second = (_episode(DesignEnv(task), seed=7) for _ in range(2))
        for one, other in zip(first, second, strict=True):
            np.testing.assert_array_equal(one, other)

    def test_batch_equals_single_environments(self, task: DesignTask) -> None:
        """Gymnasium's `SyncVectorEnv` and the native one agree in every number and mask."""
        single = gymnasium.vector.SyncVectorEnv([lambda: DesignEnv(task)] * 3)
        batch = DesignVectorEnv(task, 3)
        batch.action_space.seed(1)
        assert_same(single.reset(seed=0), batch.reset(seed=0))
        for _ in range(task.horizon + 3):
            actions = batch.action_space.sample()
            assert_same(single.step(actions), batch.step(actions))

    @pytest.mark.parametrize("kind", [DesignVectorEnv, DesignVecEnv])
    def test_a_step_of_many_is_one_evaluation(
        self, task: DesignTask, kind: type, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """4,096 environments evaluate whole batches only, once where a design is complete."""
        env = kind(task, _MANY)
        calls = count_calls(task, monkeypatch)
        env.reset()
        action = np.stack([task.encoding.space.sample()] * _MANY)
        for _ in range(task.horizon):
            env.step(action)
        assert len(calls) == 1 + task.horizon // len(task.encoding.turns)
        assert set(calls) <= {_MANY, 2 * _MANY}  # where it resets in the same step, starts join in

    @pytest.mark.parametrize(
        "reward", [name for name, function in REWARDS.items() if function not in TARGETED]
    )
    def test_observations_and_rewards_stay_in_range(
        self, posed: dict[str, Any], reward: str
    ) -> None:
        """Whatever the designs, every observation lies in the box and every reward is finite."""
        env = DesignVectorEnv(build_task(**posed | {"reward": reward}), 256)
        env.reset(seed=0, options={"random_start": True})
        env.action_space.seed(0)
        for _ in range(4):
            observations, rewards, *_ = env.step(env.action_space.sample())
            assert env.observation_space.contains(observations)
            assert np.isfinite(rewards).all()


def _episode(env: DesignEnv, seed: int) -> list[Any]:
    env.action_space.seed(seed)
    observation, _ = env.reset(seed=seed, options={"random_start": True})
    seen: list[Any] = [observation]
    for _ in range(5):
        observation, reward, *_ = env.step(env.action_space.sample())
        seen += [observation, reward]
    return seen
