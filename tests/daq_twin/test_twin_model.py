"""The twin behind the cost-model contract."""

import math
from pathlib import Path

import numpy as np
import pytest
from daq_twin.pipelines import small

from accel_models.daq.pipeline import DAQPipeline, PipelineOptions
from accel_models.daq.twin import model as twin_model
from accel_models.daq.twin.model import DAQTwin, DAQTwinOptions
from dse.errors import WorkloadError
from dse.testing.model_contract import ModelContract
from workloads.pipelines.reader import from_yaml

LAB = Path(__file__).parents[2] / "examples" / "workloads" / "daq_lab.yaml"

LIGHT = {"triggers": 3000, "units_per_server": 1, "batch_overhead_s": 20e-6}
OPTIONS = DAQTwinOptions(**LIGHT, threads=1)
MODEL = DAQTwin(small(), OPTIONS)
DEFAULT = MODEL.space.parse({})
TIGHT = {
    "farm_servers": 13.0, "farm_queue_events": 8.0, "builder_queue_events": 1.0,
    "muons_buffer_events": 8.0, "tracker_buffer_events": 8.0,
    "tracker_bandwidth_bytes_per_s": 1.3e11,
}  # fmt: skip
"""A design that loses some per cent of the events in every part."""


class TestTwin(ModelContract):
    samples = 15

    def model(self):
        return DAQTwin(small(), DAQTwinOptions(triggers=60, warm_up=0, units_per_server=1))

    def test_open_grid_equals_the_flat_batch(self):
        """The inherited test evaluates thousands of designs; the suite of all models runs it."""
        model = self.model()
        names = model.space.names
        levels = [p.levels[[3, -1]] if p.name.startswith("farm") else p.levels[:1]
                  for p in model.space.parameters]  # fmt: skip
        grid = dict(zip(names, np.ix_(*levels), strict=True))
        flat = [column.ravel() for column in np.broadcast_arrays(*grid.values())]
        expected = model.evaluate(dict(zip(names, flat, strict=True)))
        for name, column in model.evaluate(grid).items():
            assert np.array_equal(column.ravel(), expected[name], equal_nan=True), name


def evaluated(model=MODEL, **changes):
    return model.evaluate({**model.space.parse({}), **changes}, breakdown=True)


def test_every_station_is_a_group_of_parameters():
    assert list(MODEL.space.groups) == ["tracker", "muons", "builder", "farm", "tape"]


def test_the_default_design_loses_little():
    found = evaluated()
    assert found["loss_fraction"] < 0.01
    assert found["dead_fraction"] == pytest.approx(1 / 400 * 2, rel=0.3)


@pytest.mark.parametrize(
    ("parameter", "values"),
    [
        ("farm_servers", [8.0, 10.0, 12.0, 16.0]),
        ("farm_queue_events", [1.0, 4.0, 16.0, 64.0]),
        ("tracker_buffer_events", [1.0, 2.0, 8.0, 64.0]),
        ("tracker_bandwidth_bytes_per_s", [0.85e11, 1e11, 1.5e11, 3e11]),
    ],
)
def test_more_of_anything_loses_less(parameter, values):
    found = evaluated(**{**TIGHT, parameter: np.array(values)})
    losses = found["loss_fraction"]
    assert losses[0] > losses[-1]
    assert (np.diff(losses) <= 0.002).all()


def test_batches_save_overhead_and_cost_latency():
    """Ten servers' worth of work, twelve with the overhead of every event."""
    batches = {"farm_queue_events": 16.0, "farm_batch": np.array([1.0, 16.0])}
    ample = evaluated(farm_servers=24.0, **batches)
    tight = evaluated(**{**TIGHT, "farm_servers": 11.0, **batches})
    assert ample["p99_latency_s"][1] > ample["p99_latency_s"][0]
    assert tight["loss_fraction"][1] < tight["loss_fraction"][0] - 0.01


def test_back_pressure_moves_the_loss_to_the_entry():
    tight = {"farm_servers": 9.0, "farm_queue_events": 4.0}
    held = evaluated(**tight)
    options = DAQTwinOptions(**LIGHT, back_pressure=False)
    lost = evaluated(DAQTwin(small(), options), **tight)
    assert held["loss_fraction.entry"] > 0 == held["loss_fraction.inside"]
    assert lost["loss_fraction.inside"] > 0 == lost["loss_fraction.entry"]


def test_cost_by_hand():
    """Farm 15 x 1000; two builder units; links and buffers at the prices of the options."""
    found = evaluated(farm_servers=15.0, builder_units=9.0)
    assert found["cost.servers"] == 15_000
    assert found["cost.builder"] == 9 * 2000
    bandwidth = sum(v for k, v in DEFAULT.items() if k.endswith("bandwidth_bytes_per_s"))
    assert found["cost.links"] == pytest.approx(50e-9 * bandwidth)
    assert found["cost.buffers"] == pytest.approx(1e-6 * found["buffer_bytes"])


def test_buffer_bytes_by_hand():
    """Read-out 16 x 1 MB and 8 x 0.25 MB; builder 9 + 4, farm queue 2, tape 1 x 1.25 MB."""
    depths = {
        "tracker_buffer_events": 16.0, "muons_buffer_events": 8.0, "builder_units": 9.0,
        "builder_queue_events": 4.0, "farm_queue_events": 2.0, "tape_buffer_events": 1.0,
    }  # fmt: skip
    assert evaluated(**depths)["buffer_bytes"] == pytest.approx(16e6 + 2e6 + 1.25e6 * (13 + 2 + 1))


def test_utilisation_by_hand():
    """Twelve servers' worth of work of fifteen servers, less what the rules block."""
    found = evaluated(farm_servers=15.0)
    assert found["utilisation"] == pytest.approx(12 / 15 * (1 - found["dead_fraction.rules"]))


def test_a_farm_that_is_offered_too_much_loses_the_rest():
    """Load 12 for nine servers: a quarter, and more while buffers fill, of a long run."""
    found = evaluated(**{**TIGHT, "farm_servers": 9.0})
    assert found["utilisation"] > 1.3
    assert found["loss_fraction"] == pytest.approx(1 - 1 / found["utilisation"], abs=0.03)


def test_the_warm_up_fills_the_servers():
    """Twelve events in service on average, overhead included."""
    assert MODEL.warm_up == 60
    assert DAQTwin(small(), DAQTwinOptions(warm_up=7)).warm_up == 7


def test_threads_change_nothing():
    designs = MODEL.space.sample(6, np.random.default_rng(0))
    two = DAQTwin(small(), DAQTwinOptions(**LIGHT, threads=2))
    for name, column in MODEL.evaluate(designs).items():
        assert np.array_equal(column, two.evaluate(designs)[name]), name


def test_the_seed_changes_the_figures():
    other = DAQTwin(small(), DAQTwinOptions(**LIGHT, seed=1))
    assert evaluated()["p99_latency_s"] != evaluated(other)["p99_latency_s"]


def test_equal_designs_are_simulated_once(monkeypatch):
    calls = []
    simulate = twin_model.simulate_network
    monkeypatch.setattr(twin_model, "simulate_network", lambda *a: calls.append(1) or simulate(*a))
    evaluated(farm_servers=np.array([9.0, 12.0, 9.0, 9.0]))
    assert len(calls) == 2


def test_a_design_through_which_nothing_comes_is_infeasible():
    """Two triggers measured while one server still works on those before."""
    service = "    service: {law: deterministic, time: 1 s}\n    servers: 1\n"
    options = DAQTwinOptions(triggers=2, warm_up=2000, units_per_server=1)
    found = evaluated(model := DAQTwin(small(farm_service=service), options))
    assert not found["feasible"]
    assert model.reasons[found["reason"]] == "no measured event comes through"


def test_the_pipelines_own_figures_are_the_defaults():
    """Own servers, own buffer, own bandwidth, and what the buffer does when it is full."""
    own = "    servers: 13\n    buffer: {slots: 24, when_full: lose}\n"
    service = "    service: {law: exponential, time: 0.1 ms}\n"
    model = DAQTwin(small(farm_service=service + own), OPTIONS)
    assert model.space["farm_servers"].default_number == 13
    assert model.space["farm_queue_events"].default_number == 24
    found = evaluated(model, farm_servers=9.0)
    assert found["loss_fraction.inside"] > 0 == found["loss_fraction.entry"]


def test_servers_of_several_units_come_from_the_pipeline():
    """Ten units' worth of work, in servers of four; 13 of the pipeline's units are four servers."""
    service = "{law: exponential, time: 0.1 ms, units_per_server: 4, batch_overhead: 20 us}"
    text = f"    service: {service}\n    servers: 13\n"
    model = DAQTwin(small(farm_service=text), DAQTwinOptions(triggers=3000))
    farm = model.plan.nodes[0]
    assert model.sizing.busy(farm) == pytest.approx(10 / 4 + 100e3 * 20e-6)
    assert model.space["farm_servers"].default_number == 4
    assert evaluated(model, farm_servers=7.0)["cost.servers"] == 7 * 4 * 1000


def test_options_go_before_what_the_pipeline_says():
    service = "    service: {time: 0.1 ms, units_per_server: 4, batch_overhead: 20 us}\n"
    options = DAQTwinOptions(units_per_server=2, batch_overhead_s=0.0)
    model = DAQTwin(small(farm_service=service), options)
    assert model.sizing.busy(model.plan.nodes[0]) == pytest.approx(10 / 2)


def test_the_rate_model_needs_as_many_units_as_the_twin_servers():
    """Of the example: full servers are ceil(load), and cost the same money."""
    pipeline = from_yaml(file=LAB)
    twin, rates = DAQTwin(pipeline), DAQPipeline(pipeline, PipelineOptions(utilisation=1.0))
    found = rates.evaluate(rates.space.parse({}), breakdown=True)
    (farm,) = (stage for stage in twin.plan.nodes if not stage.moves_data)
    needed = math.ceil(twin.sizing.busy(farm))
    assert found["units.farm"] == needed
    sized = twin.sizing.sized(twin.space.parse({"farm_servers": needed}))
    assert twin.sizing.cost_parts(sized)["servers"] == found["cost.farm"]


def test_an_event_alone_takes_the_latency_of_the_rate_model():
    """What follows the accept: the mean service time; links of the twin have no routing time."""
    service = "    service: {law: deterministic, time: 2 ms}\n"
    pipeline = small(farm_service=service)
    model = DAQTwin(pipeline, DAQTwinOptions(triggers=500))
    rates = DAQPipeline(pipeline)
    expected = rates.evaluate(rates.space.parse({}))
    found = evaluated(model)
    after = expected["latency_s"] - expected["trigger_latency_s"]
    assert found["median_latency_s"] == pytest.approx(after, rel=0.1)


def test_a_capacity_in_bytes_bounds_the_buffer():
    """7 MB hold five events of 1.25 MB."""
    model = DAQTwin(small(tape="  Tape: {buffer: {slots: 9, capacity: 7 MB}}\n"), OPTIONS)
    assert model.space["tape_buffer_events"].default_number == 5


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("triggers", 1),
        ("seed", -1),
        ("units_per_server", 0),
        ("builder_unit_bytes_per_s", 0.0),
        ("batch_overhead_s", -1.0),
        ("price_per_byte", -1.0),
    ],
)
def test_options_out_of_range_are_refused(option, value):
    with pytest.raises(WorkloadError, match=f"{option} = {value}") as error:
        DAQTwinOptions(**{option: value})
    assert error.value.allowed
