"""The pseudo-random walk through a space."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents._random_order import RandomOrder, permuted
from dse import DesignSpace, Integer, Rule
from dse.errors import DesignError


def space_of(*sizes, rules=()):
    return DesignSpace(tuple(Integer(f"p{i}", 0, n - 1) for i, n in enumerate(sizes)), tuple(rules))


@settings(deadline=None, max_examples=20)
@given(st.integers(1, 7).map(lambda half: 2 * half), st.integers(0, 2**63 - 1))
def test_permutation_takes_every_number_once(bits, key):
    assert np.array_equal(np.sort(permuted(np.arange(2**bits), bits, key)), np.arange(2**bits))


@settings(deadline=None, max_examples=20)
@given(st.lists(st.integers(1, 9), min_size=1, max_size=4), st.integers(1, 50))
def test_walk_takes_every_design_once(sizes, step):
    space, rng = space_of(*sizes), np.random.default_rng(0)
    order = RandomOrder(space)
    taken = [order.take(step, rng) for _ in range(space.size // step + 2)]
    index = np.sort(space.index_of_codes(np.concatenate(taken)))
    assert np.array_equal(index, np.arange(space.size))


def test_walk_does_not_depend_on_the_size_of_its_steps():
    space = space_of(7, 11, 13)
    whole = RandomOrder(space).take(60, np.random.default_rng(1))
    order, rng = RandomOrder(space), np.random.default_rng(1)
    assert np.array_equal(np.concatenate([order.take(20, rng) for _ in range(3)]), whole)


def test_every_level_is_drawn_about_equally_often():
    space = space_of(5, 8, 1000, 1000)
    codes = RandomOrder(space).take(20_000, np.random.default_rng(4))
    for j, expected in ((0, 4000), (1, 2500)):
        counts = np.bincount(codes[:, j])
        assert np.abs(counts - expected).max() < 5 * np.sqrt(expected)


def test_neighbours_in_the_walk_are_independent():
    space = space_of(1000, 1000)
    codes = RandomOrder(space).take(20_000, np.random.default_rng(5))
    lagged = np.corrcoef(codes[1:, 0], codes[:-1, 0])[0, 1]
    assert abs(lagged) < 5 / np.sqrt(20_000)


def test_first_design_depends_on_the_seed():
    space = space_of(4)
    first = [RandomOrder(space).take(1, np.random.default_rng(s))[0, 0] for s in range(400)]
    assert np.abs(np.bincount(first, minlength=4) - 100).max() < 50


def test_designs_that_break_a_rule_are_passed_by():
    space = space_of(10, 10, rules=[Rule("p0 < p1", lambda x: x["p0"] < x["p1"])])
    codes = RandomOrder(space).take(1000, np.random.default_rng(0))
    assert len(codes) == 45
    assert (codes[:, 0] < codes[:, 1]).all()


def test_space_too_large_to_number_is_sampled():
    space = space_of(*[1000] * 10)
    assert RandomOrder(space).take(50, np.random.default_rng(0)).shape == (50, 10)


def test_rules_that_leave_nothing_are_reported():
    space = space_of(10, 10, rules=[Rule("p0 < 0", lambda x: x["p0"] < 0)])
    with pytest.raises(DesignError, match="no valid design") as caught:
        RandomOrder(space).take(1, np.random.default_rng(0))
    assert caught.value.allowed == "p0 < 0"
