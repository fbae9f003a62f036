"""The contract suite fails the searchers it should fail."""

import numpy as np
import pytest

from agents.random_search import RandomSearch
from dse.testing.searcher_contract import SearcherContract


class Forgetful(RandomSearch):
    """Does not save its state."""

    def state_dict(self):
        return {"key": None, "position": 0}


class Stubborn(RandomSearch):
    """Ignores the generator."""

    def __init__(self, problem, rng, budget, settings=None):
        super().__init__(problem, np.random.default_rng(0), budget, settings)


class Greedy(RandomSearch):
    """Proposes more than it was asked for."""

    def ask(self, n):
        return super().ask(n + 1)


class Lost(RandomSearch):
    """Leaves the space."""

    def ask(self, n):
        designs = super().ask(n)
        return {**designs, "banks": designs["banks"] + 1}


class Ragged(RandomSearch):
    """Its columns of diagnostics differ in length."""

    def diagnostics(self):
        return {"evaluations": [1.0, 2.0], "entropy": [0.5]}


class Backwards(RandomSearch):
    """Counts its evaluations down."""

    def diagnostics(self):
        return {"evaluations": [2.0, 1.0]}


class Circling(RandomSearch):
    """Starts again and again."""

    def ask(self, n):
        self._order._position = 0
        return super().ask(n)


@pytest.mark.parametrize(
    ("broken", "test"),
    [
        (Forgetful, "test_resumed_search_goes_on_identically"),
        (Stubborn, "test_different_seeds_differ_if_the_seed_is_used"),
        (Greedy, "test_batches_are_never_longer_than_asked"),
        (Lost, "test_proposals_lie_in_the_space"),
        (Circling, "test_ends_in_a_space_smaller_than_the_budget"),
        (Ragged, "test_diagnostics_are_columns_of_numbers_over_evaluations"),
        (Backwards, "test_diagnostics_are_columns_of_numbers_over_evaluations"),
    ],
)
def test_broken_searcher_fails(broken, test):
    suite = type("Suite", (SearcherContract,), {"searcher_type": broken, "settings": None})()
    suite.settings = broken.Settings(batch=7)
    with pytest.raises(AssertionError):
        getattr(suite, test)()
