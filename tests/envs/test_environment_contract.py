"""The toy and every installed model obey the environment contract."""

import gymnasium
import pytest
from support.toy import toy_problem

import dse.envs
from dse.envs.registration import SINGLE
from dse.testing.environment_contract import EnvironmentContract

dse.envs.register_envs()
MODELS = [
    spec.kwargs["model"] for spec in gymnasium.registry.values() if spec.entry_point == SINGLE
]


class TestToy(EnvironmentContract):
    @pytest.fixture
    def arguments(self):
        return {"problem": toy_problem()}


class TestConstrainedToy(EnvironmentContract):
    @pytest.fixture
    def arguments(self):
        return {"problem": toy_problem(["area_mm2 <= 40", "latency_s <= 1e-6"])}


SHORT = {
    "dram/controller": {"requests": 300},  # simulators take time
    "attention/serving": {"limit": 60},
}
QUICK = {"daq/twin": {"triggers": 100, "warm_up": 0}}  # options that make simulators quick


class TestInstalledModels(EnvironmentContract):
    @pytest.fixture(params=MODELS)
    def arguments(self, request):
        return {
            "model": request.param,
            "workload_options": SHORT.get(request.param, {}),
            "model_options": QUICK.get(request.param, {}),
        }
