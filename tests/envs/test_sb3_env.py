"""The Stable-Baselines3 form."""

import numpy as np
import pytest
from stable_baselines3 import PPO
from stable_baselines3.common.evaluation import evaluate_policy
from stable_baselines3.common.vec_env import VecMonitor
from support.toy import toy_problem

from dse.envs import sb3, vector

HORIZON = 3


def make(n=2, **arguments):
    arguments = {"action": "discrete", "horizon": HORIZON, **arguments}
    return sb3.make(n, problem=toy_problem(), **arguments)


@pytest.fixture
def finished():
    """An environment and the answer at the end of its first episode, and its start."""
    env = make()
    start = env.reset()
    for _ in range(HORIZON):
        answer = env.step(np.array([4, 6]))
    return env, start, answer


def test_infos_are_empty_within_an_episode():
    env = make()
    env.reset()
    assert env.step(np.array([4, 6]))[3] == [{}, {}]


def test_observation_at_the_end_is_that_of_the_next_start(finished):
    _, start, (observations, _, dones, _) = finished
    assert dones.all()
    np.testing.assert_array_equal(observations, start)


def test_terminal_observation_and_time_limit(finished):
    _, _, (_, _, _, infos) = finished
    envs = vector.make(2, problem=toy_problem(), action="discrete", horizon=HORIZON)
    envs.reset()
    for _ in range(HORIZON):
        last = envs.step(np.array([4, 6]))[0]
    np.testing.assert_array_equal(infos[1]["terminal_observation"], last[1])
    assert infos[1]["TimeLimit.truncated"] is True


def test_terminal_infos_carry_the_metrics(finished):
    infos = finished[2][3]
    # three moves up: 8 lanes and 1 bank in the first environment, 1 lane and 4 banks in the second
    assert infos[0]["area_mm2"] == 8 + 4 + 1
    assert infos[1]["area_mm2"] == 1 + 16 + 1
    assert infos[0]["feasible"] is True


def test_batch_infos_carry_every_metric_at_every_step():
    env = make()
    env.reset()
    env.step(np.array([4, 0]))
    assert env.batch_infos["area_mm2"].tolist() == [7.0, 6.0]


def test_rewards_are_float32():
    env = make()
    env.reset()
    assert env.step(np.array([4, 0]))[1].dtype == np.float32


def test_seed_decides_the_random_starts():
    starts = []
    for _ in range(2):
        env = make(8)
        env.seed(3)
        env.set_options({"random_start": True})
        starts.append(env.reset())
    np.testing.assert_array_equal(*starts)


def test_attributes_and_methods_of_the_batch():
    env = make(3)
    env.set_attr("render_mode", None)
    assert env.get_attr("num_envs") == [3, 3, 3]
    assert env.env_method("__repr__", indices=[1]) == ["DesignVectorEnv(num_envs=3)"]
    assert env.env_is_wrapped(VecMonitor, indices=0) == [False]
    assert env.get_images() == [None] * 3
    env.close()


@pytest.mark.parametrize("action", ["discrete", "box", "multi_discrete", "sequential"])
def test_ppo_learns(action):
    env = VecMonitor(make(16, action=action, horizon=4))
    agent = PPO("MlpPolicy", env, n_steps=16, batch_size=128, n_epochs=1, seed=0, device="cpu")
    agent.learn(512)
    assert agent.num_timesteps == 512
    mean, _ = evaluate_policy(agent, env, n_eval_episodes=16)
    assert np.isfinite(mean)
