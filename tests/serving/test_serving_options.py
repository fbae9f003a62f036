"""The switches: one test per message, and what they pass on."""

import pytest
from serving_cases import serving

from accel_models.attention.serving.options import ServingOptions
from dse._build import build_problem
from dse.errors import InputError


def message(**options):
    with pytest.raises(InputError) as caught:
        ServingOptions(**options)
    return str(caught.value)


def test_an_unknown_rule_gets_a_hint():
    text = message(rule="fcsf")
    assert "option rule = 'fcsf'. Did you mean 'fcfs'?" in text
    assert "isolated, fcfs" in text


def test_an_unknown_use_of_flash_lists_the_uses():
    assert "none, weights, cache" in message(flash="ssd")


@pytest.mark.parametrize("name", ["flash_latency_s", "flash_bandwidth_bytes_per_s"])
@pytest.mark.parametrize("value", [0, -1, float("inf"), float("nan")])
def test_rates_are_positive(name, value):
    assert f"option {name} = {value}" in message(**{name: value})


def test_powers_are_not_negative():
    assert "a number >= 0" in message(leakage_w_per_mm2=-0.1)


@pytest.mark.parametrize("value", [-0.1, 1.1, float("nan")])
def test_shares_lie_between_0_and_1(value):
    assert "a number from 0 to 1" in message(flash_load_share=value)


def test_assumptions_reach_fusemax():
    hardware = ServingOptions(leakage_w_per_mm2=0.5, voltage_scaling=False).hardware()
    assert hardware.leakage_w_per_mm2 == 0.5
    assert hardware.voltage_scaling is False
    assert hardware.rf_accounting == "physical"


def test_without_leakage_nothing_leaks():
    model = serving(leakage_w_per_mm2=0.0)
    found = model.evaluate(model.space.parse({}), breakdown=True)
    assert found["energy_per_token_j.leakage"] == 0


def test_the_default_problem_is_the_azure_trace():
    problem = build_problem(model="attention/serving")
    assert len(problem.model.workload.requests) == 8819
    assert problem.objective_names == (
        "time_to_first_token_p99_s",
        "energy_per_token_j",
        "area_mm2",
    )
