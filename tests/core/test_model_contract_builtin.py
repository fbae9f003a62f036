"""Every model and workload that this project registers keeps its contract."""

from functools import cache

import pytest

from dse._build import build_problem
from dse._plugins import distribution_name, entry_points, load
from dse.testing.model_contract import ModelContract
from dse.testing.workload_contract import WorkloadContract


def own(kind):
    points = entry_points(kind).items()
    return [name for name, point in points if distribution_name(point) == "accel-dse"]


@cache
def bound(name):
    return build_problem(model=name).model


class TestModels(ModelContract):
    @pytest.fixture(autouse=True, params=own("models"))
    def _name(self, request):
        self.name = request.param

    def model(self):
        return bound(self.name)


@pytest.fixture
def example_files(tmp_path):
    """Arguments for the workloads that read a file."""
    layer = tmp_path / "layer.yaml"
    layer.write_text(
        "{heads: 12, head_dim: 64, value_dim: 64, d_model: 768, d_ff: 3072, seq_len: 512}"
    )
    config = tmp_path / "config.json"
    config.write_text(
        '{"model_type": "bert", "num_attention_heads": 12, "hidden_size": 768,'
        ' "intermediate_size": 3072}'
    )
    return {"transformer": {"file": layer}, "huggingface": {"file": config, "seq_len": 512}}


class TestWorkloads(WorkloadContract):
    bad_arguments = ({"seq_len": 0}, {"seq_len": 2**25}, {"batch": 0}, {"batch": -1})

    @pytest.fixture(autouse=True, params=own("workloads"))
    def _name(self, request, example_files):
        self.plugin = load("workloads", request.param)
        self.defaults = example_files.get(request.param, {})

    def workload(self, **arguments):
        return self.plugin(**{**self.defaults, **arguments})
