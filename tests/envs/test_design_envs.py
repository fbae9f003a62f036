"""Episodes of the single and the batched environment."""

import gymnasium
import numpy as np
import pytest
from gymnasium.vector import AutoresetMode
from support.toy import toy_problem

from dse.envs import single, vector
from dse.errors import InputError

HORIZON = 3


def make_batch(mode=AutoresetMode.NEXT_STEP, n=2, **arguments):
    fixed = {"problem": toy_problem(), "action": "discrete", "horizon": HORIZON}
    return vector.make(n, mode, **fixed, **arguments)


def run(envs, steps, action=4):
    """Step with one action throughout; the answers, the reset first."""
    answers = [envs.reset(seed=0)]
    return answers + [envs.step(np.full(envs.num_envs, action)) for _ in range(steps)]


def test_episode_is_truncated_at_the_horizon():
    env = single.make(problem=toy_problem(), horizon=HORIZON)
    env.reset(seed=0)
    ends = [env.step(np.zeros(4, dtype=np.int64))[2:4] for _ in range(HORIZON)]
    assert ends == [(False, False), (False, False), (False, True)]


def test_moves_go_on_from_the_current_design():
    env = single.make(problem=toy_problem(), action="discrete")
    env.reset(seed=0)
    lanes = [env.step(4)[4]["design"]["lanes"] for _ in range(3)]
    assert lanes == [2.0, 4.0, 8.0]


def test_improvements_sum_to_the_improvement_on_the_start():
    env = single.make(problem=toy_problem(), reward="improvement")
    env.reset(seed=0)
    env.action_space.seed(3)
    rewards = [env.step(env.action_space.sample())[1] for _ in range(8)]
    assert sum(rewards) == pytest.approx(env._state.best[0])


def test_random_starts_differ_and_are_valid():
    env = single.make(problem=toy_problem())
    env.reset(seed=0)
    designs = [
        tuple(env.reset(options={"random_start": True})[1]["design"].values()) for _ in range(9)
    ]
    assert len(set(designs)) > 3


def test_next_step_autoreset_ignores_the_action_and_gives_no_reward():
    # the reward "inverse" of a design that is evaluated is above zero
    answers = run(make_batch(reward="inverse"), HORIZON + 1)
    (start, _), last, reset = answers[0], answers[HORIZON], answers[HORIZON + 1]
    assert last[3].tolist() == [True, True]
    np.testing.assert_array_equal(reset[0], start)
    assert reset[1].tolist() == [0.0, 0.0]
    assert reset[3].tolist() == [False, False]


def test_same_step_autoreset_returns_the_start_and_the_final_observation():
    next_step = run(make_batch(), HORIZON)[-1]
    envs = make_batch(AutoresetMode.SAME_STEP)
    answers = run(envs, HORIZON)
    observations, rewards, _, truncated, infos = answers[-1]
    assert truncated.all()
    np.testing.assert_array_equal(observations, answers[0][0])
    np.testing.assert_array_equal(np.stack(list(infos["final_obs"])), next_step[0])
    np.testing.assert_array_equal(rewards, next_step[1])
    assert infos["final_info"]["design"]["lanes"].tolist() == [8.0, 8.0]
    assert infos["design"]["lanes"].tolist() == [1.0, 1.0]


def test_same_step_autoreset_equals_that_of_gymnasium():
    envs = make_batch("SameStep")
    sync = gymnasium.vector.SyncVectorEnv([_single] * 2, autoreset_mode=AutoresetMode.SAME_STEP)
    for one, other in zip(run(sync, 7), run(envs, 7), strict=True):
        for a, b in zip(one[:-1], other[:-1], strict=True):
            np.testing.assert_array_equal(a, b)
        if "final_info" in one[-1]:
            expected, found = one[-1]["final_info"], other[-1]["final_info"]
            np.testing.assert_array_equal(expected["latency_s"], found["latency_s"])
            np.testing.assert_array_equal(one[-1]["_final_obs"], other[-1]["_final_obs"])


def _single():
    return single.make(problem=toy_problem(), action="discrete", horizon=HORIZON)


def test_automatic_resets_start_at_random_too():
    envs = make_batch(n=32)
    envs.reset(seed=0, options={"random_start": True})
    for _ in range(HORIZON + 1):
        infos = envs.step(np.zeros(32, dtype=np.int64))[4]
    assert len(set(infos["design"]["lanes"].tolist())) > 2


def test_same_seed_gives_the_same_random_starts():
    starts = [make_batch(n=8).reset(seed=5, options={"random_start": True})[0] for _ in range(2)]
    np.testing.assert_array_equal(*starts)


def test_infeasible_designs_are_masked_in_the_infos():
    envs = vector.make(2, problem=toy_problem())
    envs.reset(seed=0)
    infos = envs.step(np.array([[1, 0, 0, 0], [1, 1, 0, 0]]))[4]
    assert infos["_latency_s"].tolist() == [False, True]
    assert infos["feasible"].tolist() == [False, True]
    assert infos["reason"].tolist() == ["the fast style needs at least two lanes", ""]


def test_autoreset_mode_is_declared():
    assert make_batch("SameStep").metadata["autoreset_mode"] is AutoresetMode.SAME_STEP


@pytest.mark.parametrize("envs", [_single(), make_batch()])
def test_step_before_reset(envs):
    with pytest.raises(gymnasium.error.ResetNeeded, match="call reset"):
        envs.step(0)


@pytest.mark.parametrize("envs", [_single(), make_batch()])
@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"random_strat": True},
            r"unknown reset option 'random_strat'. Did you mean 'random_start'",
        ),
        ({"random_start": 1}, "reset option random_start = 1"),
    ],
)
def test_wrong_reset_option(envs, options, message):
    with pytest.raises(InputError, match=message):
        envs.reset(options=options)


@pytest.mark.parametrize("count", [0, -1, 2.0, True])
def test_wrong_number_of_environments(count):
    with pytest.raises(InputError, match="num_envs = "):
        make_batch(n=count)


@pytest.mark.parametrize("mode", ["Disabled", AutoresetMode.DISABLED, "sometimes"])
def test_wrong_autoreset_mode(mode):
    with pytest.raises(InputError, match="autoreset_mode"):
        make_batch(mode)
