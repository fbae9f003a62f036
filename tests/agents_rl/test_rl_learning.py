"""The searchers learn: on a toy with a known optimum they do what luck cannot."""

import numpy as np
import pytest
from additive import BEST, additive_search, distances

from agents.random_search import RandomSearch
from agents.rl.a2c import A2C
from agents.rl.dqn import DQN
from agents.rl.ippo import IndependentPPO
from agents.rl.mappo import MAPPO
from agents.rl.ppo import PPO
from agents.rl.sac import SAC
from agents.rl.shared_ppo import SharedPPO
from dse.testing.searcher_contract import drive

BUDGET = 160
LAST = 32
SEEDS = (0, 1, 2)
CASES = {
    "ppo": (PPO, {}),
    "ppo box": (PPO, {"encoding": "box"}),
    "ppo sequential": (PPO, {"formulation": "sequential"}),
    "a2c": (A2C, {}),
    "sac": (SAC, {"gradient_steps": 0.5}),
    "dqn": (DQN, {"gradient_steps": 1.0, "exploring": 0.4}),
    "ippo": (IndependentPPO, {}),
    "ippo groups": (IndependentPPO, {"agents": "group"}),
    "shared-ppo": (SharedPPO, {}),
    "mappo": (MAPPO, {}),
    "mappo groups": (MAPPO, {"agents": "group"}),
}


def last_distances(searcher_type, **settings):
    """Mean distance of the last designs of a search from the optimum, for each seed."""
    return [
        distances(additive_search(searcher_type, seed, BUDGET, **settings))[-LAST:].mean()
        for seed in SEEDS
    ]


@pytest.mark.parametrize("case", CASES)
def test_last_designs_are_much_nearer_to_the_optimum_than_random_ones(case):
    searcher_type, settings = CASES[case]
    found = last_distances(searcher_type, num_envs=16, **settings)
    luck = last_distances(RandomSearch)
    assert np.mean(found) < 0.75 * np.mean(luck)
    assert max(found) < min(luck)


def evaluations_to_the_optimum(searcher_type):
    """How many designs a search needs to meet the only optimum, for each seed; a miss needs all."""
    found = [distances(additive_search(searcher_type, seed, BUDGET)) for seed in SEEDS]
    return [int(np.argmin(d)) + 1 if d.min() == 0.0 else BUDGET for d in found]


def test_own_credit_needs_fewer_designs_than_a_shared_reward():
    own = evaluations_to_the_optimum(MAPPO)
    shared = evaluations_to_the_optimum(IndependentPPO)
    single = evaluations_to_the_optimum(PPO)
    assert max(own) < BUDGET
    assert np.mean(own) < 0.8 * np.mean(shared)
    assert np.mean(own) < 0.65 * np.mean(single)


@pytest.mark.parametrize("searcher_type", [PPO, SAC, DQN, MAPPO])
def test_last_batch_begins_with_the_greedy_design_of_the_policy(searcher_type):
    searcher = additive_search(searcher_type, budget=32, num_envs=16)
    drive(searcher, 16)
    greedy = searcher._learner.greedy()
    assert np.array_equal(searcher.problem.space.encode(searcher.ask(16))[:1], greedy)


def test_diagnostics_are_columns_of_equal_length_with_a_row_per_batch():
    searcher = additive_search(MAPPO, budget=40, num_envs=16)
    drive(searcher, 40)
    columns = searcher.diagnostics()
    assert list(columns)[:2] == ["evaluations", "mean_reward"]
    assert {"entropy", "value_loss"} < set(columns)
    assert {len(column) for column in columns.values()} == {3}
    assert columns["evaluations"] == [16.0, 32.0, 40.0]


def test_entropy_falls_as_the_policy_learns():
    searcher = additive_search(MAPPO)
    drive(searcher, BUDGET)
    entropy = searcher.diagnostics()["entropy"]
    assert entropy[0] == pytest.approx(np.log(6), abs=0.6)
    assert entropy[-1] < 0.5 * entropy[0]


def test_greedy_design_of_a_trained_team_is_near_the_optimum():
    searcher = additive_search(MAPPO)
    drive(searcher, BUDGET)
    assert np.abs(searcher._learner.greedy()[0] - np.array(BEST)).sum() <= 1


def test_large_budgets_are_spent_in_larger_steps():
    assert additive_search(PPO, budget=40_000).batch_size == 156
    assert additive_search(PPO, budget=1000).batch_size == 8


def test_dqn_explores_less_and_less():
    searcher = additive_search(DQN, budget=64, exploring=0.5, last_exploration=0.1)
    assert searcher.exploration == 1.0
    drive(searcher, 16)
    assert searcher.exploration == pytest.approx(0.55)
    drive(searcher, 24)
    assert searcher.exploration == pytest.approx(0.1)
