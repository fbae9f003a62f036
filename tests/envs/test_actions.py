"""What actions mean, on the toy: 2 styles, 1 to 128 lanes, 1 to 4 banks, unsorted frequencies."""

import numpy as np
import pytest
from support.toy import toy_problem

from dse import Choice, DesignSpace
from dse.envs._actions import ENCODINGS, find_encoding
from dse.errors import InputError

SPACE = toy_problem().space
HOME = np.zeros((1, 4), dtype=np.int64)
FIRST = np.zeros(1, dtype=np.int64)


def move(action, start=HOME, space=SPACE):
    return find_encoding("discrete", space).codes(np.array([action]), start, FIRST)[0].tolist()


def test_zero_keeps_the_design():
    assert move(0, np.array([[1, 5, 2, 3]])) == [1, 5, 2, 3]


def test_up_moves_one_level():
    assert move(4) == [0, 1, 0, 0]


def test_down_stops_at_the_lowest_level():
    assert move(3) == [0, 0, 0, 0]


def test_up_stops_at_the_highest_level():
    assert move(4, np.array([[0, 7, 0, 0]])) == [0, 7, 0, 0]


def test_up_follows_the_size_of_unsorted_numbers():
    # frequency_hz lists 1e9, 5e8, 2e9, 2.5e8: above 1e9 comes 2e9 (code 2), below it 5e8 (code 1)
    assert move(8) == [0, 0, 0, 2]
    assert move(7) == [0, 0, 0, 1]


def test_names_wrap_around():
    space = DesignSpace((Choice("style", ("a", "b", "c")),))
    assert move(1, np.array([[0]]), space) == [2]
    assert move(2, np.array([[2]]), space) == [0]


def test_fixed_parameters_have_no_moves():
    space = SPACE.narrowed({"lanes": [8], "style": ["fast"]})
    assert find_encoding("discrete", space).space.n == 5


def test_a_space_of_one_design_has_only_the_stay():
    space = DesignSpace((Choice("style", ("a",)),))
    assert find_encoding("discrete", space).space.n == 1


def test_episodes_of_moves_are_long_enough_for_the_farthest_design():
    space = DesignSpace((Choice("a", tuple(range(50))), Choice("b", ("p", "q", "r", "s"))))
    # from code 10 of a: 39 moves to the top; names wrap: 2 moves at most
    assert find_encoding("discrete", space).horizon(np.array([10, 0])) == 41


def test_episodes_of_moves_are_never_shorter_than_the_default():
    assert find_encoding("discrete", SPACE).horizon(HOME[0]) == 16


def test_box_gives_each_level_an_equal_share():
    codes = find_encoding("box", SPACE).codes([[-1.0, -0.76, 0.0, 1.0]], HOME, FIRST)
    # lanes: share (1 - 0.76) / 2 = 0.12 < 1/8; banks: the middle starts the third of four shares
    assert codes.tolist() == [[0, 0, 2, 3]]


def test_multi_discrete_is_the_codes():
    codes = find_encoding("multi_discrete", SPACE).codes([[1, 7, 3, 2]], HOME, FIRST)
    assert codes.tolist() == [[1, 7, 3, 2]]


def test_actions_are_not_changed_in_place():
    actions = np.array([[1, 7, 3, 2]])
    codes = find_encoding("multi_discrete", SPACE).codes(actions, HOME, FIRST)
    codes[:] = 0
    assert actions.tolist() == [[1, 7, 3, 2]]


@pytest.mark.parametrize(
    ("name", "actions", "message"),
    [
        ("multi_discrete", [[0, 8, 0, 0]], "an action is outside the space"),
        ("multi_discrete", [[0, -1, 0, 0]], "an action is outside the space"),
        ("multi_discrete", [[0, 1, 0]], r"actions of type int64 in shape \(1, 3\)"),
        ("multi_discrete", [[0.5, 1, 0, 0]], "actions of type float64"),
        ("discrete", [9], "an action is outside the space"),
        ("discrete", [-1], "an action is outside the space"),
        ("discrete", [1.5], "actions of type float64"),
        ("box", [[0.0, np.nan, 0.0, 0.0]], "an action is not a point of the box"),
        ("box", [[0.0, 0.0]], "an action is not a point of the box"),
    ],
)
def test_wrong_action(name, actions, message):
    with pytest.raises(InputError, match=message):
        find_encoding(name, SPACE).codes(np.array(actions), HOME, FIRST)


def test_unknown_encoding():
    with pytest.raises(
        InputError, match=r"unknown action encoding 'descrete'. Did you mean 'discr"
    ):
        find_encoding("descrete", SPACE)


def test_all_256_designs_are_reached_by_every_one_shot_encoding():
    codes = SPACE.codes_of_index(np.arange(SPACE.size))
    home = np.zeros_like(codes)
    box = (2.0 * SPACE.unit_of_codes(codes) - 1.0).astype(np.float32)
    for name, actions in (("multi_discrete", codes), ("box", box)):
        np.testing.assert_array_equal(find_encoding(name, SPACE).codes(actions, home, FIRST), codes)


def test_all_256_designs_are_reached_by_moves():
    encoding = find_encoding("discrete", SPACE)
    found = HOME
    for _ in range(encoding.horizon(HOME[0])):
        every = [
            encoding.codes(np.full(len(found), a), found, FIRST) for a in range(encoding.space.n)
        ]
        found = np.unique(np.concatenate(every), axis=0)
    assert len(found) == SPACE.size


def test_there_are_five_encodings():
    assert list(ENCODINGS) == [
        "multi_discrete", "box", "discrete", "sequential", "sequential_box",
    ]  # fmt: skip
