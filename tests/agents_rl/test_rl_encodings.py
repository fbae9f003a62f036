"""What policies see and say."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.toy import toy_problem

from agents.rl._context import context_of
from agents.rl._encodings import one_shot_encoding
from agents.rl._free import FreeSpace
from agents.rl._sequential import Turns
from dse.envs._actions import find_encoding

SPACE = toy_problem().space


@given(st.integers(0, 255), st.sampled_from(["multi_discrete", "box"]))
def test_actions_and_codes_are_inverse(index, name):
    encoding = one_shot_encoding(name, SPACE)
    codes = SPACE.codes_of_index(np.array([index]))
    assert np.array_equal(encoding.codes(encoding.actions(codes)), codes)


@pytest.mark.parametrize("name", ["multi_discrete", "box"])
def test_environments_read_the_same_design(name):
    codes = SPACE.codes_of_index(np.arange(256))
    actions = one_shot_encoding(name, SPACE).actions(codes)
    turn = np.zeros(256, dtype=np.int64)
    assert np.array_equal(find_encoding(name, SPACE).codes(actions, codes, turn), codes)


def test_points_outside_the_box_are_moved_to_it():
    encoding = one_shot_encoding("box", SPACE)
    assert encoding.codes(np.array([[-9.0, 9.0, -1.0, 1.0]])).tolist() == [[0, 7, 0, 3]]


def test_parameters_without_a_choice_are_left_out():
    free = FreeSpace(SPACE.narrowed({"banks": [3], "style": ["fast"]}))
    assert free.space.names == ("lanes", "frequency_hz")
    assert free.whole(np.array([[5, 2]])).tolist() == [[0, 5, 0, 2]]
    assert free.of(np.array([[0, 5, 0, 2]])).tolist() == [[5, 2]]


def test_one_parameter_remains_where_none_has_a_choice():
    only = {p.name: [p.plain(p.levels[0])] for p in SPACE.parameters}
    assert FreeSpace(SPACE.narrowed(only)).space.shape == (1,)


def test_policies_see_the_workload():
    # 1, then log10(1 + 1024 operations) / 20
    assert context_of(toy_problem()) == pytest.approx([1.0, np.log10(1025.0) / 20.0])


def test_sequential_agent_sees_earlier_levels_only():
    turns = Turns(SPACE, np.array([1.0]))
    codes = np.array([[1, 7, 3, 2]])
    seen = turns.observation(codes, 2)
    # context | style 1 of 2, lanes 7 of 8 as centres of their cells | two to come | third turn
    assert seen.tolist() == [[1.0, 0.5, 0.875, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0]]
    codes[0, 2:] = 0
    assert np.array_equal(turns.observation(codes, 2), seen)


def test_sequential_agent_decides_in_order():
    turns = Turns(SPACE, np.array([1.0]))
    asked = []

    def choose(observations, turn):
        asked.append(turn)
        return np.array([turn % 2, 0])

    assert turns.decided(2, choose).tolist() == [[0, 1, 0, 1], [0, 0, 0, 0]]
    assert asked == [0, 1, 2, 3]
