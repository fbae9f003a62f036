"""Selection, crossover and mutation."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from agents._variation import crossed, mutated, tournament
from dse import Choice, DesignSpace, Integer


def rng():
    return np.random.default_rng(0)


def test_better_members_are_parents_more_often():
    counts = np.bincount(tournament(10, 2000, rng()).ravel(), minlength=10)
    assert (np.diff(counts) < 0).all()


def test_single_member_is_its_own_mate():
    assert tournament(1, 2, rng()).tolist() == [[0, 0], [0, 0]]


def test_child_takes_every_parameter_from_one_of_its_parents():
    child = crossed(np.zeros((200, 4), dtype=int), np.ones((200, 4), dtype=int), rng())
    assert set(np.unique(child)) == {0, 1}
    assert 0.4 < child.mean() < 0.6


@settings(deadline=None)
@given(st.lists(st.integers(1, 6), min_size=1, max_size=5), st.floats(0.01, 1.0))
def test_mutants_lie_in_the_space(sizes, rate):
    space = DesignSpace(tuple(Integer(f"p{i}", 1, n) for i, n in enumerate(sizes)))
    codes = space.sample_codes(50, rng())
    mutants = mutated(codes, space, rate, rng())
    assert (mutants >= 0).all()
    assert (mutants < np.array(space.shape)).all()


def test_small_rate_changes_one_parameter_by_mostly_one_level():
    space = DesignSpace(tuple(Integer(f"p{i}", 0, 100) for i in range(4)))
    codes = np.full((500, 4), 50)
    moves = np.abs(mutated(codes, space, 1e-9, rng()) - codes)
    assert ((moves > 0).sum(axis=1) == 1).all()
    assert 0.6 < (moves.sum(axis=1) == 1).mean() < 0.8


def test_names_are_drawn_anew_and_never_kept():
    space = DesignSpace((Choice("name", ("a", "b", "c", "d")),))
    mutants = mutated(np.zeros((400, 1), dtype=int), space, 1e-9, rng())
    assert set(np.unique(mutants)) == {1, 2, 3}


def test_parameters_with_one_level_stay():
    space = DesignSpace((Integer("only", 3, 3),))
    assert mutated(np.zeros((3, 1), dtype=int), space, 1.0, rng()).tolist() == [[0], [0], [0]]
