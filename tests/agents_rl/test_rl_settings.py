"""Bad settings are named with their value and what is allowed."""

import pytest

from agents.rl.a2c import A2C
from agents.rl.dqn import DQN
from agents.rl.ippo import IndependentPPO
from agents.rl.mappo import MAPPO
from agents.rl.ppo import PPO
from agents.rl.sac import SAC
from agents.rl.shared_ppo import SharedPPO
from dse._fields import validate
from dse.errors import InputError


@pytest.mark.parametrize(
    ("searcher_type", "setting", "value", "allowed"),
    [
        (PPO, "num_envs", 0, "at least 1"),
        (PPO, "learning_rate", 0.0, "above 0"),
        (PPO, "net_arch", (32, 0), "at least 1"),
        (PPO, "retrieval_threshold", -1.0, "at least 0"),
        (PPO, "retrieval_sharpness", "steep", "a number"),
        (PPO, "batch_size", 1, "at least 2"),
        (PPO, "n_epochs", 0, "at least 1"),
        (PPO, "clip_range", 0, "above 0"),
        (A2C, "n_steps", 0.5, "a whole number"),
        (A2C, "ent_coef", -0.1, "at least 0"),
        (A2C, "vf_coef", float("nan"), "at least 0"),
        (SAC, "batch_size", 0, "at least 1"),
        (SAC, "gradient_steps", 0.0, "above 0"),
        (SAC, "first_ent_coef", 0.0, "above 0"),
        (SAC, "target_entropy", 1.0, "0.7"),
        (DQN, "batch_size", 0, "at least 1"),
        (DQN, "gradient_steps", -1.0, "above 0"),
        (DQN, "target_update", 0, "at least 1"),
        (DQN, "last_exploration", 1.5, "at most 1"),
        (DQN, "exploring", 0.0, "above 0"),
        (IndependentPPO, "clip_range", 0.0, "above 0"),
        (IndependentPPO, "batch_size", 0, "at least 1"),
        (SharedPPO, "n_epochs", 0, "at least 1"),
        (MAPPO, "interaction", 0.0, "above 0"),
        (MAPPO, "length", -1.0, "above 0"),
        (MAPPO, "noise", 0.0, "above 0"),
        (MAPPO, "optimism", -1.0, "at least 0"),
        (MAPPO, "window", 1, "at least 2"),
        (MAPPO, "draws", 1, "at least 2"),
    ],
)
def test_bad_setting(searcher_type, setting, value, allowed):
    with pytest.raises(InputError) as caught:
        searcher_type.Settings(**{setting: value})
    assert f"setting {setting} = " in caught.value.what
    assert allowed in caught.value.allowed


def test_box_is_not_for_the_sequential_form():
    with pytest.raises(InputError) as caught:
        PPO.Settings(formulation="sequential", encoding="box")
    assert "encoding = 'box'" in caught.value.what


@pytest.mark.parametrize(
    ("setting", "value", "allowed"),
    [("reward", "profit", "log_sum"), ("scale", "log", "standard"), ("agents", "level", "group")],
)
def test_unknown_names_in_a_job(setting, value, allowed):
    with pytest.raises(InputError) as caught:
        validate(MAPPO.Settings, {setting: value})
    assert allowed in str(caught.value)


def test_lists_and_mappings_of_a_job_are_accepted():
    given = {"net_arch": [8, 4], "weights": {"latency_s": 2}}
    settings = MAPPO.Settings(**validate(MAPPO.Settings, given))
    assert settings.net_arch == (8, 4)
    assert settings.weights == {"latency_s": 2.0}
