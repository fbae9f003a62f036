"""Randomness comes from the search's generator, and importing a searcher stays cheap."""

import subprocess
import sys

import numpy as np
import torch
from additive import additive_search

from agents.rl._torch import drawing_from, pack_tensors, unpack_tensors
from agents.rl.ppo import PPO
from dse.testing.searcher_contract import drive


def draws(rng):
    with drawing_from(rng):
        return torch.rand(3).tolist(), np.random.rand(3).tolist()  # noqa: NPY002 - what SB3 uses


def test_foreign_generators_follow_the_one_of_the_search():
    assert draws(np.random.default_rng(5)) == draws(np.random.default_rng(5))
    assert draws(np.random.default_rng(5)) != draws(np.random.default_rng(6))


def test_every_block_draws_anew():
    rng = np.random.default_rng(5)
    assert draws(rng) != draws(rng)


def test_global_generators_are_left_as_they_were():
    torch.manual_seed(1)
    np.random.seed(1)  # noqa: NPY002 - the generator that must not change
    before = torch.get_rng_state(), np.random.get_state()[1].copy()  # noqa: NPY002
    drive(additive_search(PPO, budget=16), 16)
    assert torch.equal(before[0], torch.get_rng_state())
    assert np.array_equal(before[1], np.random.get_state()[1])  # noqa: NPY002


def test_state_of_torch_survives_as_text():
    data = {"weights": torch.arange(3.0), "steps": 7}
    copy = unpack_tensors(pack_tensors(data))
    assert torch.equal(copy["weights"], data["weights"])
    assert copy["steps"] == 7


def test_searchers_import_without_torch():
    code = (
        "import sys, agents.rl.ppo, agents.rl.sac, agents.rl.dqn, agents.rl.mappo;"
        "assert not {'torch', 'stable_baselines3', 'gymnasium'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
