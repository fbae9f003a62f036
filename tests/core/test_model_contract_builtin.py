"""Every model and workload that this project registers keeps its contract."""

from functools import cache
from pathlib import Path

import pytest

from dse._build import build_problem
from dse._plugins import distribution_name, entry_points, load
from dse.testing.model_contract import ModelContract
from dse.testing.workload_contract import WorkloadContract


def own(kind):
    points = entry_points(kind).items()
    return [name for name, point in points if distribution_name(point) == "accel-dse"]


SHORT = {
    "dram/controller": {"requests": 300},  # simulators take time
    "attention/serving": {"limit": 60},
}
QUICK = {"daq/twin": {"triggers": 100, "warm_up": 0}}  # options that make simulators quick


@cache
def bound(name):
    options = {"workload_options": SHORT.get(name), "model_options": QUICK.get(name)}
    return build_problem(model=name, **options).model


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
    trace = tmp_path / "trace.stl"
    trace.write_text("0: read 0x0\n4: write 0x40\n9: read 0x1000\n")
    return {
        "transformer": {"file": layer},
        "huggingface": {"file": config, "seq_len": 512},
        "trace-file": {"file": trace},
        "daq-file": {"file": Path(__file__).parents[2] / "examples" / "workloads" / "daq_lab.yaml"},
    }


BAD_LAYER = ({"seq_len": 0}, {"seq_len": 2**25}, {"batch": 0}, {"batch": -1})
BAD_TRACE = ({"requests": 0}, {"footprint_bytes": 0})
BAD_FILE = ({"limit": 0}, {"capacity_bytes": 0})
OWN_BAD = {
    "cms": ({"pileup": -1}, {"l1_ratio": 0.5}, {"system": "phase3"}, {"year": 1900}),
    "daq-file": ({"pileup": -1}, {"year": 1900}),
    "llm-requests": ({"limit": 0}, {"every": 0}, {"weight_bits": 0}, {"network": "lama"}),
}


class TestWorkloads(WorkloadContract):
    @pytest.fixture(autouse=True, params=own("workloads"))
    def _name(self, request, example_files):
        name = request.param
        self.plugin = load("workloads", name)
        self.defaults = example_files.get(name, {})
        synthetic = BAD_TRACE if name.startswith("trace-") else BAD_LAYER
        synthetic = OWN_BAD.get(name, synthetic)
        self.bad_arguments = BAD_FILE if name == "trace-file" else synthetic

    def workload(self, **arguments):
        return self.plugin(**{**self.defaults, **arguments})
