"""The DRAM controller as an environment: every option within reach, one batch per step."""

import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

from dse.envs._actions import ENCODINGS
from dse.envs.single import make

ENV_ID = "dse.envs:dse/DRAMController-v0"
TRACE = {"workload": "trace-random", "workload_options": {"requests": 200}}


@pytest.fixture
def env():
    return gymnasium.make(ENV_ID, **TRACE)


def task_of(action):
    return make(model="dram/controller", action=action, **TRACE).task


def reached(task, action, start, turn=0):
    return task.encoding.codes(action[None], start[None], np.array([turn]))[0]


def multi_discrete_walk(task):
    """The home design with one parameter changed to each of its options."""
    for j, options in enumerate(task.problem.space.shape):
        for option in range(options):
            action = task.home.copy()
            action[j] = option
            yield reached(task, action, task.home)


def box_walk(task):
    """The same from a scan of each axis of the box, ends included."""
    home = 2.0 * task.problem.space.unit_of_codes(task.home[None])[0] - 1.0
    for j in range(len(home)):
        for coordinate in np.linspace(-1.0, 1.0, 41):
            action = home.copy()
            action[j] = coordinate
            yield reached(task, action.astype(np.float32), task.home)


def discrete_walk(task):
    """Designs met while each move is repeated as often as the longest parameter has options."""
    for move in range(int(task.encoding.space.n)):
        here = task.home
        for _ in range(max(task.problem.space.shape)):
            here = reached(task, np.array(move), here)
            yield here


def sequential_walk(task):
    """Every action in every turn."""
    for turn, action in np.ndindex(len(task.encoding.turns), int(task.encoding.space.n)):
        yield reached(task, np.array(action), task.home, turn)


def sequential_box_walk(task):
    """A scan of the axis in every turn, ends included."""
    for turn in range(len(task.encoding.turns)):
        for coordinate in np.linspace(-1.0, 1.0, 41):
            yield reached(task, np.array([coordinate]), task.home, turn)


WALKS = {
    "multi_discrete": multi_discrete_walk,
    "box": box_walk,
    "discrete": discrete_walk,
    "sequential": sequential_walk,
    "sequential_box": sequential_box_walk,
}


def test_there_is_a_walk_for_every_encoding():
    assert set(WALKS) == set(ENCODINGS)


@pytest.mark.parametrize("action", WALKS)
def test_every_option_of_every_parameter_is_reachable(action):
    # ArchGym's own continuous actions reach 26,244 of these 442,368 designs
    task = task_of(action)
    assert task.problem.space.size == 442_368
    met = np.array([task.home, *WALKS[action](task)])
    for j, parameter in enumerate(task.problem.space.parameters):
        assert set(met[:, j]) == set(range(parameter.cardinality)), parameter.name


def test_the_ten_parameters_have_the_options_of_archgym(env):
    options = env.action_space.nvec.tolist()
    assert options == [4, 3, 3, 8, 2, 2, 4, 4, 3, 8, 1, 1]


@pytest.mark.parametrize("action", ENCODINGS)
def test_gymnasium_accepts_it(action):
    check_env(gymnasium.make(ENV_ID, action=action, **TRACE).unwrapped)


def test_info_holds_metrics_in_si_units(env):
    _, info = env.reset(seed=0)
    # 200 reads at one per 1.25 ns, each moving data for 5 ns
    assert 200 * 5e-9 < info["latency_s"] < 1e-5
    assert info["energy_delay_product_js"] == pytest.approx(info["energy_j"] * info["latency_s"])


def test_a_step_names_a_controller(env):
    _, home = env.reset(seed=0)
    fifo = np.zeros(12, dtype=np.int64)  # the first option of each: Open, Fifo, one entry ...
    _, reward, _, _, info = env.step(fifo)
    assert info["latency_s"] > home["latency_s"]
    assert reward < 0.0


def test_a_batch_equals_single_environments(env):
    envs = gymnasium.make_vec(ENV_ID, num_envs=8, vectorization_mode="vector_entry_point", **TRACE)
    envs.reset(seed=0)
    envs.action_space.seed(0)
    actions = envs.action_space.sample()
    observations, rewards, *_ = envs.step(actions)
    for action, observation, reward in zip(actions, observations, rewards, strict=True):
        env.reset(seed=0)
        found = env.step(action)
        np.testing.assert_array_equal(found[0], observation)
        assert found[1] == reward


def test_energy_delay_product_under_a_latency_constraint(env):
    env = gymnasium.make(
        ENV_ID,
        objectives={"energy_delay_product_js": "min"},
        constraints=["max_latency_s <= 1e-9"],  # no access is that fast
        **TRACE,
    )
    env.reset(seed=0)
    _, reward, *_ = env.step(env.action_space.sample())
    assert -7.0 <= reward < -6.0


@pytest.mark.parametrize(
    "objectives", [("power_w",), ("latency_s",), ("power_w", "latency_s")], ids="-".join
)
def test_rewards_of_archgym(objectives):
    targets = {name: {"power_w": 1.0, "latency_s": 1e-6}[name] for name in objectives}
    env = gymnasium.make(
        ENV_ID,
        objectives=dict.fromkeys(objectives, "min"),
        reward="archgym",
        targets=targets,
        **TRACE,
    )
    env.reset(seed=0)
    _, reward, _, _, info = env.step(env.unwrapped.task.home)
    expected = np.prod([targets[n] / abs(info[n] - targets[n]) for n in objectives])
    assert reward == pytest.approx(expected)
