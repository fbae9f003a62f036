"""From pipelines to networks, and the twin against the analytical model where nothing queues."""

import numpy as np
import pytest
from daq_twin.pipelines import random_pipeline, small

from accel_models.daq.twin.laws import Deterministic, Exponential, LogNormal
from accel_models.daq.twin.network import UNLIMITED
from accel_models.daq.twin.plan import BUILDER, Size, plan_of
from accel_models.daq.twin.power import power_w
from accel_models.daq.twin.simulation import simulate_network
from dse.errors import WorkloadError
from workloads.pipelines.catalogue import cms
from workloads.pipelines.reader import from_str


def unlimited(plan):
    """Servers and bandwidth without end: no event ever waits."""
    return {
        stage.name: Size(speed=1e18) if stage.moves_data else Size(speed=1.0, servers=UNLIMITED)
        for stage in plan.stages
    }


def test_stations_of_the_small_pipeline():
    plan = plan_of(small())
    assert [stage.name for stage in plan.stages] == ["Tracker", "Muons", BUILDER, "Farm", "Tape"]
    assert [stage.event_bytes for stage in plan.branches] == [1e6, 0.25e6]
    assert plan.builder.event_bytes == 1.25e6
    assert [stage.next for stage in plan.stages] == [BUILDER, BUILDER, "Farm", "Tape", ""]


def test_the_first_trigger_makes_the_arrivals():
    """One crossing in 400 of 40 MHz."""
    arrivals = plan_of(small()).arrivals
    assert arrivals.probability == pytest.approx(1 / 400)
    assert arrivals.mean_rate_per_s == pytest.approx(100e3)
    assert arrivals.crossing_s == 25e-9


def test_loads_by_hand():
    """100 kHz of 1.25 MB events, of 0.1 ms each in the farm, one in twenty stored."""
    plan = plan_of(small())
    farm, tape = plan.nodes
    assert plan.load(plan.builder) == pytest.approx(125e9)
    assert plan.load(farm) == pytest.approx(10.0)
    assert plan.load(tape) == pytest.approx(100e3 / 20 * 1.25e6)


def test_the_cms_loads():
    """Phase 1: an event builder of 1.6 Tb/s, a farm of 40,241 cores at 402 ms an event."""
    plan = plan_of(cms(system="phase1"))
    assert 8 * plan.load(plan.builder) == pytest.approx(1.6e12, rel=1e-3)
    assert plan.load(plan.nodes[0]) == pytest.approx(0.3313 * 1.2146 * 100e3, rel=1e-4)


def test_signal_is_enriched_by_the_first_trigger():
    """Relevant events are as many as are stored, 5 kHz; L1 keeps most of them."""
    plan = plan_of(small())
    before = 5e3 / 40e6
    assert plan.arrivals.signal_share > 100 * before
    background, signal = plan.nodes[0].accepts
    share = plan.arrivals.signal_share
    assert signal * share + background * (1 - share) == pytest.approx(1 / 20)


def test_rules_and_dead_crossings_are_times():
    plan = plan_of(
        small(l1_rules="    rules: [{accepts: 2, crossings: 25}]\n    dead_crossings: 4\n")
    )
    (rule,) = plan.rules.windows
    assert (rule.accepts, rule.window_s) == (2, pytest.approx(25 * 25e-9))
    assert plan.rules.dead_time_s == pytest.approx(100e-9)


def test_bunch_trains_keep_the_trigger_rate():
    beam = "crossing_rate: 40 MHz\nbeam: {orbit_crossings: 100, trains: [[0, 20], [50, 30]]}\n"
    arrivals = plan_of(small(rate=beam)).arrivals
    assert arrivals.filled == (*range(20), *range(50, 80))
    assert arrivals.probability == pytest.approx(2 / 400)
    assert arrivals.mean_rate_per_s == pytest.approx(100e3)


@pytest.mark.parametrize(
    ("service", "law"),
    [
        ("{law: deterministic, time: 0.1 ms}", Deterministic(1e-5)),
        ("{law: exponential, time: 0.1 ms}", Exponential(1e-5)),
        ("{law: lognormal, time: 0.1 ms, spread: 1}", LogNormal(1e-5, np.sqrt(np.log(2)))),
    ],
)
def test_ten_units_share_the_work_of_an_event(service, law):
    plan = plan_of(small(farm_service=f"    service: {service}\n"))
    station = plan.nodes[0].station(Size(speed=10))
    assert type(station.law) is type(law)
    assert station.law.mean_s == pytest.approx(law.mean_s)
    if isinstance(law, LogNormal):
        assert station.law.sigma == pytest.approx(law.sigma)


def test_a_pipeline_without_trigger_has_no_twin():
    text = (
        "links: {wire: {energy: 1 pJ/bit}}\n"
        "detectors: {A: {to: Disk, sends: 1 MB, link: wire}}\nstorage: {Disk: {}}"
    )
    with pytest.raises(WorkloadError, match="no trigger"):
        plan_of(from_str(text, "plain.yaml"))


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(12))
def test_rates_and_power_are_the_analytical_ones(seed):
    """Random pipelines with unlimited queues, four standard errors of ten runs."""
    plan = plan_of(random_pipeline(seed))
    network = plan.network(unlimited(plan))
    runs = [simulate_network(network, 20_000, 100 * seed + k) for k in range(10)]
    assert not any(run.dead_fraction or run.loss_fraction for run in runs)
    for stage in plan.nodes:
        rates = [served(run)[stage.name] for run in runs]
        assert_agrees(rates, plan.rate_per_s(stage))
    assert_agrees([run.stored_per_s for run in runs], float(plan.found.stored.rate_hz))
    assert_agrees([power_w(plan, run) for run in runs], analytical_power_w(plan))


def served(run):
    return {figures.name: figures.rate_per_s for figures in run.stations()}


def analytical_power_w(plan):
    """Nodes and links, unscaled, from the equations of the model note."""
    total = 0.0
    for state in plan.found.states.values():
        total += float(state.power_w)
        if state.node.link is not None:
            bits = 8 * float(state.output.negative_bytes)
            total += state.node.link.bit_energy_j * bits * float(state.output.rate_hz)
    return total


def assert_agrees(values, expected):
    error = np.std(values, ddof=1) / np.sqrt(len(values))
    assert abs(np.mean(values) - expected) <= 4 * error, (np.mean(values), expected, error)


def test_power_counts_what_was_served():
    """A farm that loses half of its events spends half of its energy on the rest."""
    plan = plan_of(random_pipeline(1))
    free = unlimited(plan)
    first = plan.nodes[0]
    tight = {**free, first.name: Size(speed=1.0, servers=1, places=1, blocks=False)}
    whole, lossy = (simulate_network(plan.network(sizes), 5000, 0) for sizes in (free, tight))
    assert lossy.loss_fraction > 0.1
    assert power_w(plan, lossy) < power_w(plan, whole)
