"""What every environment over a cost model must do, as tests that any package can inherit.

    class TestMyModel(EnvironmentContract):
        @pytest.fixture
        def arguments(self):
            return {"model": "mylab/mymodel"}   # or {"problem": ...}

Needs pytest and stable-baselines3.
"""

from __future__ import annotations

import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env as check_gymnasium
from stable_baselines3.common.env_checker import check_env as check_sb3

from dse.envs._actions import ENCODINGS
from dse.envs._task import TaskArguments, build_task
from dse.envs.rewards import REWARDS, TARGETED
from dse.envs.sb3 import DesignVecEnv
from dse.envs.single import DesignEnv
from dse.envs.vector import DesignVectorEnv

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dse._columns import IntArray
    from dse.envs._core import DesignTask

__all__ = ["EnvironmentContract"]

_MANY = 4096


class EnvironmentContract:
    """Inherit it, and override the fixture `arguments`."""

    @pytest.fixture
    def arguments(self) -> TaskArguments:
        """Keyword arguments of the environment; "action" and "reward" are set by the tests."""
        raise NotImplementedError

    @pytest.fixture(params=sorted(ENCODINGS))
    def task(self, request: pytest.FixtureRequest, arguments: TaskArguments) -> DesignTask:
        """The task in each action encoding."""
        return build_task(**(arguments | {"action": request.param}))

    def test_gymnasium_accepts_it(self, task: DesignTask) -> None:
        """`check_env` passes without a warning."""
        env = DesignEnv(task)
        # the checker makes a second environment from the spec that `gymnasium.make` would set
        env.spec = gymnasium.envs.registration.EnvSpec(
            "dse-check/Contract-v0", entry_point=lambda: DesignEnv(task)
        )
        with _warnings_are_errors():
            check_gymnasium(env)

    def test_stable_baselines_accepts_it(self, task: DesignTask) -> None:
        """`check_env` passes without a warning."""
        with _warnings_are_errors():
            check_sb3(DesignEnv(task))

    def test_every_option_is_reachable(self, task: DesignTask) -> None:
        """Some sequence of actions from home leads to each level of each parameter."""
        for j, cardinality in enumerate(task.problem.space.shape):
            found = {int(codes[j]) for codes in _walk(task, j)}
            assert found == set(range(cardinality)), task.problem.space.names[j]

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
        _assert_same(single.reset(seed=0), batch.reset(seed=0))
        for _ in range(task.horizon + 3):
            actions = batch.action_space.sample()
            _assert_same(single.step(actions), batch.step(actions))

    @pytest.mark.parametrize("kind", [DesignVectorEnv, DesignVecEnv])
    def test_a_step_of_many_is_one_evaluation(
        self, task: DesignTask, kind: type, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """4,096 environments step, and reset, in one call of the cost model."""
        env = kind(task, _MANY)
        env.reset()
        calls = _count_calls(task, monkeypatch)
        steps = min(task.horizon, 16) + 2
        single = task.encoding.space
        for _ in range(steps):
            env.step(np.stack([single.sample()] * _MANY))
        assert len(calls) == steps

    @pytest.mark.parametrize(
        "reward", [name for name, function in REWARDS.items() if function not in TARGETED]
    )
    def test_observations_and_rewards_stay_in_range(
        self, arguments: TaskArguments, reward: str
    ) -> None:
        """Whatever the designs, every observation lies in the box and every reward is finite."""
        env = DesignVectorEnv(build_task(**(arguments | {"reward": reward})), 256)
        env.reset(seed=0, options={"random_start": True})
        env.action_space.seed(0)
        for _ in range(4):
            observations, rewards, *_ = env.step(env.action_space.sample())
            assert env.observation_space.contains(observations)
            assert np.isfinite(rewards).all()


@contextmanager
def _warnings_are_errors() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


def _walk(task: DesignTask, j: int) -> Iterator[IntArray]:
    """Codes met while changing parameter j only, starting from home."""
    space = task.problem.space
    here = task.home[None, :]
    yield here[0]
    if isinstance(task.encoding.space, gymnasium.spaces.Discrete):
        yield from _moves(task, here, j)
        return
    for level in range(space.shape[j]):
        wanted = here.copy()
        wanted[0, j] = level
        action: Any = wanted
        if isinstance(task.encoding.space, gymnasium.spaces.Box):
            action = (2.0 * space.unit_of_codes(wanted) - 1.0).astype(np.float32)
        assert task.encoding.space.contains(action[0])
        yield task.encoding.codes(action, here)[0]


def _moves(task: DesignTask, home: IntArray, j: int) -> Iterator[IntArray]:
    """Codes met by repeating each single move that touches parameter j."""
    for move in range(int(task.encoding.space.n)):
        here = home
        for _ in range(task.problem.space.shape[j]):
            here = task.encoding.codes(np.array([move]), here)
            if (np.delete(here, j) != np.delete(home, j)).any():
                break
            yield here[0]


def _episode(env: DesignEnv, seed: int) -> list[Any]:
    env.action_space.seed(seed)
    observation, _ = env.reset(seed=seed, options={"random_start": True})
    seen: list[Any] = [observation]
    for _ in range(5):
        observation, reward, *_ = env.step(env.action_space.sample())
        seen += [observation, reward]
    return seen


def _count_calls(task: DesignTask, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Grows by one entry per call of `compute`."""
    calls: list[int] = []
    compute = task.problem.model.compute

    def counted(*args: Any, **kwargs: Any) -> dict[str, Any]:
        calls.append(1)
        return compute(*args, **kwargs)

    monkeypatch.setattr(task.problem.model, "compute", counted)
    return calls


def _assert_same(expected: tuple[Any, ...], found: tuple[Any, ...]) -> None:
    """Two answers of vector environments: arrays, and infos with masks at the end."""
    for one, other in zip(expected[:-1], found[:-1], strict=True):
        np.testing.assert_array_equal(one, other)
    _assert_same_infos(expected[-1], found[-1])


def _assert_same_infos(expected: dict[str, Any], found: dict[str, Any]) -> None:
    for name in (name for name in found if not name.startswith("_")):
        mask = found[f"_{name}"]
        if not mask.any():
            assert name not in expected
            continue
        np.testing.assert_array_equal(expected[f"_{name}"], mask)
        if isinstance(found[name], dict):
            _assert_same_infos(expected[name], found[name])
        else:
            np.testing.assert_array_equal(expected[name][mask], found[name][mask])
