"""RLlib trains the teams too, where it is installed."""

import sys
import warnings

import pytest

from agents.rl.rllib import ppo_config
from dse.errors import EnvironmentRefusal


def test_missing_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "ray.rllib.algorithms.ppo", None)
    with pytest.raises(EnvironmentRefusal) as caught:
        ppo_config(model="attention/fusemax")
    assert "accel-dse[rllib]" in caught.value.next_step


@pytest.mark.ray
@pytest.mark.filterwarnings("ignore")  # RLlib's own
def test_one_iteration_of_multi_agent_ppo(monkeypatch):
    pytest.importorskip("tree", reason="the extra `rllib` is not installed")
    monkeypatch.setenv("RAY_AUTH_MODE", "disabled")
    monkeypatch.setenv("RAY_USAGE_STATS_ENABLED", "0")
    warnings.simplefilter("ignore")
    import ray

    ray.init(num_cpus=1, include_dashboard=False, log_to_driver=False)
    try:
        config = ppo_config(model="attention/fusemax", agents="group")
        config.env_runners(num_env_runners=0, rollout_fragment_length=64)
        config.training(train_batch_size_per_learner=64, minibatch_size=32, num_epochs=1)
        algorithm = config.build_algo()
        learners = algorithm.train()["learners"]
        trained = {name for name in learners if not name.startswith("__")}
        assert trained == set(config.policies)
        algorithm.stop()
    finally:
        ray.shutdown()
