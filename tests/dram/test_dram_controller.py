"""The simulator behind the cost-model contract."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from dram.dram_cases import random_requests

import accel_models.dram
from accel_models.dram.controller import DRAMController, DRAMControllerOptions
from accel_models.dram.specification import BUILT_IN
from dse.errors import DesignError
from dse.testing.model_contract import ModelContract

MODEL_FOLDER = Path(accel_models.dram.__file__).parent
TRACE = random_requests(np.random.default_rng(0), 60, gap=2.0, locality=0.5, writes=0.3)
MODEL = DRAMController(TRACE)


class TestDDR3(ModelContract):
    def model(self):
        return MODEL


class TestDDR4(ModelContract):
    def model(self):
        return DRAMController(TRACE, DRAMControllerOptions(memory="ddr4-2400"))


def test_the_default_problem_has_archgyms_space():
    assert MODEL.space.narrowed(MODEL.default_space).size == 442_368


def test_whole_numbers_of_the_genetic_algorithm_are_allowed():
    assert MODEL.evaluate(MODEL.space.parse({"request_buffer_size": 5}))["feasible"]


def test_fractions_of_a_request_are_not():
    with pytest.raises(DesignError, match="request_buffer_size"):
        MODEL.space.parse({"request_buffer_size": 2.5})


def test_every_option_of_every_parameter_can_be_simulated():
    for parameter in MODEL.space.narrowed(MODEL.default_space).parameters:
        design = {**MODEL.space.parse({}), parameter.name: parameter.levels}
        assert MODEL.evaluate(design)["feasible"].all()


def test_the_address_map_matters():
    design = {**MODEL.space.parse({}), "address_map": np.array([0.0, 1.0])}
    first, second = MODEL.evaluate(design)["latency_s"]
    assert first != second


@pytest.mark.parametrize("memory", BUILT_IN)
def test_bandwidth_is_data_over_time(memory):
    model = DRAMController(TRACE, DRAMControllerOptions(memory=memory))
    found = model.evaluate(model.space.parse({}))
    assert found["bandwidth_bytes_per_s"] == pytest.approx(60 * 64 / found["latency_s"])


def test_a_users_memory_file_replaces_the_built_in_one(tmp_path):
    file = tmp_path / "mine.yaml"
    text = (MODEL_FOLDER / "ddr3-1600.yaml").read_text()
    file.write_text(text.replace("clock_hz: 800e6", "clock_hz: 400e6"))
    slow = DRAMController(TRACE, DRAMControllerOptions(memory_file=file))
    design = MODEL.space.parse({})
    ratio = slow.evaluate(design)["latency_s"] / MODEL.evaluate(design)["latency_s"]
    assert ratio == pytest.approx(2)


def test_importing_the_model_does_not_import_the_compiler():
    code = "import sys, accel_models.dram.controller; sys.exit('numba' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
