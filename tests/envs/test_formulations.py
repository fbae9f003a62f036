"""Formulations of the single agent: which encoding goes with which, and sequential designs."""

import gymnasium
import numpy as np
import pytest
from support.toy import toy_problem

from dse import Choice, DesignSpace
from dse.envs import single, vector
from dse.envs._actions import ENCODINGS, find_encoding
from dse.envs._formulations import SINGLE_AGENT, choose
from dse.envs._task import build_task
from dse.errors import InputError
from dse.testing._environments import count_calls

SPACE = toy_problem().space
HOME = np.zeros((1, 4), dtype=np.int64)
TURNS = ["style", "lanes", "banks", "frequency_hz"]


@pytest.fixture
def task():
    return build_task(problem=toy_problem(), formulation="sequential")


@pytest.mark.parametrize(
    ("formulation", "action", "expected"),
    [
        (None, None, ("one-shot", "multi_discrete")),
        ("one-shot", None, ("one-shot", "multi_discrete")),
        ("local", None, ("local", "discrete")),
        ("sequential", None, ("sequential", "sequential")),
        (None, "box", ("one-shot", "box")),
        (None, "discrete", ("local", "discrete")),
        (None, "sequential_box", ("sequential", "sequential_box")),
        ("sequential", "sequential_box", ("sequential", "sequential_box")),
    ],
)
def test_either_name_is_enough(formulation, action, expected):
    assert choose(SINGLE_AGENT, formulation, action) == expected


def test_every_encoding_belongs_to_one_formulation():
    assert sorted(name for names in SINGLE_AGENT.values() for name in names) == sorted(ENCODINGS)


@pytest.mark.parametrize(
    ("formulation", "action", "message"),
    [
        ("sequentail", None, "unknown formulation 'sequentail'. Did you mean 'sequential'"),
        ("local", "box", "action 'box' with the formulation 'local'"),
        ("local", "boxx", "unknown action encoding 'boxx'. Did you mean 'box'"),
    ],
)
def test_names_that_do_not_go_together(formulation, action, message):
    with pytest.raises(InputError, match=message):
        choose(SINGLE_AGENT, formulation, action)


def test_gymnasium_and_sb3_take_the_formulation():
    env = single.make(problem=toy_problem(), formulation="sequential")
    envs = vector.make(2, problem=toy_problem(), formulation="local")
    assert env.action_space == gymnasium.spaces.Discrete(8)
    assert envs.single_action_space == gymnasium.spaces.Discrete(9)


# -- the sequential encodings --------------------------------------------------------------------


def test_parameters_take_turns_in_order(task):
    assert list(task.encoding.turns) == TURNS


def test_an_action_decides_the_parameter_whose_turn_it_is():
    # turn 1 is lanes, with all 8 levels; in turn 2 the 4 banks share 8 actions: 5 * 4 // 8 = 2
    codes = find_encoding("sequential", SPACE).codes(
        np.array([5, 5]), np.repeat(HOME, 2, axis=0), np.array([1, 2])
    )
    assert codes.tolist() == [[0, 5, 0, 0], [0, 0, 2, 0]]


def test_a_number_decides_the_parameter_whose_turn_it_is():
    # the middle of the axis starts the fifth of eight shares, and the second of two
    codes = find_encoding("sequential_box", SPACE).codes(
        np.array([[0.0], [0.0], [1.0]]), np.repeat(HOME, 3, axis=0), np.array([1, 0, 2])
    )
    assert codes.tolist() == [[0, 4, 0, 0], [1, 0, 0, 0], [0, 0, 3, 0]]


@pytest.mark.parametrize(("levels", "widest"), [(2, 7), (3, 8), (5, 8), (7, 7), (1, 1), (6, 250)])
def test_every_level_owns_an_equal_share_of_the_actions(levels, widest):
    space = DesignSpace((Choice("a", tuple(range(levels))), Choice("b", tuple(range(widest)))))
    encoding = find_encoding("sequential", space)
    turn = list(encoding.turns).index("a") if levels > 1 else 0
    n = int(encoding.space.n)
    start = np.zeros((n, 2), dtype=np.int64)
    met = encoding.codes(np.arange(n), start, np.full(n, turn))[:, 0]
    shares = np.bincount(met, minlength=levels)
    assert (np.diff(met) >= 0).all()
    assert shares.min() >= 1
    assert shares.max() - shares.min() <= 1


def test_fixed_parameters_have_no_turn():
    space = SPACE.narrowed({"lanes": [8], "style": ["fast"]})
    assert list(find_encoding("sequential", space).turns) == ["banks", "frequency_hz"]


def test_a_space_of_one_design_has_one_turn():
    space = DesignSpace((Choice("a", ("x",)), Choice("b", ("y",))))
    encoding = find_encoding("sequential", space)
    assert (list(encoding.turns), encoding.space.n) == (["a"], 1)


@pytest.mark.parametrize(
    ("name", "actions", "message"),
    [
        ("sequential", [8], "an action is outside the space"),
        ("sequential", [0.5], "actions of type float64"),
        ("sequential_box", [[np.nan]], "an action is not a point of the box"),
        ("sequential_box", [0.5], "an action is not a point of the box"),
    ],
)
def test_wrong_sequential_action(name, actions, message):
    with pytest.raises(InputError, match=message):
        find_encoding(name, SPACE).codes(np.array(actions), HOME, np.zeros(1, dtype=np.int64))


# -- episodes of sequential designs --------------------------------------------------------------


def test_episodes_hold_sixteen_designs(task):
    assert task.horizon == 16 * 4


def test_only_complete_designs_are_evaluated(task, monkeypatch):
    env = single.DesignEnv(task)
    calls = count_calls(task, monkeypatch)
    env.reset(seed=0)
    seen = []
    for action in [1, 3, 2, 4] * 2:
        env.step(action)
        seen.append(len(calls))
    assert seen == [1, 1, 1, 2, 2, 2, 2, 3]


def test_the_reward_comes_with_the_design(task):
    env = single.DesignEnv(task)
    env.reset(seed=0)
    # slow (1 * 2 // 8 = 0), 8 lanes, 1 bank, 1 GHz: latency 1/8 of home's, area 13 against 6 mm2
    rewards = [env.step(action)[1] for action in (1, 3, 0, 0)]
    assert rewards[:3] == [0.0, 0.0, 0.0]
    assert rewards[3] == pytest.approx(-(np.log10(1 / 8) + np.log10(13 / 6)) / 2)


def test_steps_that_complete_nothing_earn_nothing():
    # the reward "inverse" of the design before, home, would be one half
    task = build_task(problem=toy_problem(), formulation="sequential", reward="inverse")
    env = single.DesignEnv(task)
    env.reset(seed=0)
    rewards = [env.step(0)[1] for _ in range(8)]
    assert rewards == pytest.approx([0.0, 0.0, 0.0, 0.5] * 2)


def test_the_info_describes_the_last_design_until_the_next_is_complete(task):
    env = single.DesignEnv(task)
    env.reset(seed=0)
    lanes = [env.step(action)[4]["design"]["lanes"] for action in (0, 3, 0, 0, 0)]
    assert lanes == [1.0, 1.0, 1.0, 8.0, 8.0]


def test_the_observation_shows_the_draft_and_whose_turn_it_is(task):
    env = single.DesignEnv(task)
    env.reset(seed=0)
    env.step(7)
    observation = dict(zip(task.observation_names, env.step(3)[0].tolist(), strict=True))
    # fast is the second of 2 styles, 8 lanes the fourth of 8 levels; the others are undecided
    assert [observation[f"draft.{name}"] for name in TURNS] == [0.5, -0.125, 0.0, 0.0]
    assert [observation[f"turn.{name}"] for name in TURNS] == [0.0, 0.0, 1.0, 0.0]
    assert observation["design.lanes"] == -0.875


def test_nothing_is_decided_when_a_design_is_complete(task):
    env = single.DesignEnv(task)
    env.reset(seed=0)
    for action in (7, 3, 7, 7):
        seen = env.step(action)[0]
    observation = dict(zip(task.observation_names, seen.tolist(), strict=True))
    assert [observation[f"draft.{name}"] for name in TURNS] == [0.0] * 4
    assert observation["turn.style"] == 1.0


def test_rows_may_be_at_different_turns(task):
    start = task.begin(task.evaluate(np.tile(task.home, (2, 1))))
    ahead = task.act(start, np.array([7, 7]))
    mixed = start.updated(np.array([True, False]), ahead)
    acted = task.act(mixed, np.array([5, 5]))
    assert acted.draft.tolist() == [[1, 5, 0, 0], [1, 0, 0, 0]]
    assert task.is_due(acted).tolist() == [False, False]


def test_one_row_of_a_batch_completes_its_design(task):
    start = task.begin(task.evaluate(np.tile(task.home, (2, 1))))
    state = start
    for action in (0, 3, 0):
        state = task.act(state, np.full(2, action))
    mixed = start.updated(np.array([True, False]), state)
    acted = task.act(mixed, np.zeros(2, dtype=np.int64))
    due = task.is_due(acted)
    after, rewards = task.advance(acted, task.evaluate(acted.draft[due]))
    assert due.tolist() == [True, False]
    assert after.at.metrics["area_mm2"].tolist() == [13.0, 6.0]
    assert rewards[0] > 0.0
    assert rewards[1] == 0.0


def test_designs_assessed_elsewhere_are_those_evaluated_here(task):
    codes = np.array([[0, 3, 0, 0], [1, 0, 0, 0]])
    here = task.evaluate(codes)
    elsewhere = task.assess(codes, task.problem.model.evaluate(SPACE.decode(codes)))
    np.testing.assert_array_equal(here.log_ratios, elsewhere.log_ratios)
    np.testing.assert_array_equal(here.violation, elsewhere.violation)


def test_an_episode_must_hold_whole_designs():
    with pytest.raises(InputError, match="horizon 6, but each design takes 4 steps") as caught:
        build_task(problem=toy_problem(), formulation="sequential", horizon=6)
    assert caught.value.allowed == "a multiple of 4"
    assert caught.value.next_step == "for 6 designs per episode, horizon=24"
