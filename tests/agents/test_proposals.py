"""What a search remembers of its proposals."""

import json

import numpy as np
from support.toy import toy_problem

from agents._proposals import Proposals
from dse import DesignSpace, Integer


def test_only_new_and_distinct_designs_are_fresh():
    proposals = Proposals(toy_problem().space)
    codes = np.array([[0, 1, 2, 3], [0, 0, 0, 0], [0, 1, 2, 3], [1, 7, 3, 0]])
    proposals.record(codes[1:2])
    assert proposals.fresh(codes).tolist() == [[0, 1, 2, 3], [1, 7, 3, 0]]


def test_batch_starts_with_the_candidates_and_is_completed_at_random():
    space = toy_problem().space
    wanted = np.array([[1, 2, 3, 0]])
    batch = Proposals(space).propose(wanted, 5, np.random.default_rng(0))
    codes = space.encode(batch)
    assert codes[0].tolist() == [1, 2, 3, 0]
    assert len(np.unique(codes, axis=0)) == 5


def test_used_up_space_gives_an_empty_batch():
    space = toy_problem().space
    proposals, rng = Proposals(space), np.random.default_rng(0)
    assert len(proposals.random(1000, rng)) == space.size
    assert len(proposals.propose(np.zeros((1, 4), dtype=int), 3, rng)["lanes"]) == 0


def test_codes_above_255_survive_the_state():
    space = DesignSpace((Integer("a", 0, 999), Integer("b", 0, 1)))
    proposals, restored = Proposals(space), Proposals(space)
    codes = np.array([[999, 1], [256, 0]])
    proposals.record(codes)
    restored.load_state_dict(json.loads(json.dumps(proposals.state_dict())))
    assert len(restored.fresh(codes)) == 0
    assert len(restored) == 2


def test_space_too_large_to_number_is_no_obstacle():
    space = DesignSpace(tuple(Integer(f"p{i}", 0, 999) for i in range(10)))
    batch = Proposals(space).propose(np.zeros((1, 10), dtype=int), 8, np.random.default_rng(0))
    assert len(np.unique(space.encode(batch), axis=0)) == 8
