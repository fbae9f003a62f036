"""What holds for every network: the run adds up, and no stage is outrun."""

import numpy as np
import pytest
from daq_twin.twin_cases import CROSSING_S, queue
from hypothesis import given, settings
from hypothesis import strategies as st

from accel_models.daq.twin.laws import Deterministic, Exponential
from accel_models.daq.twin.network import EXIT, BunchArrivals, Network, Station
from accel_models.daq.twin.results import OUTCOMES
from accel_models.daq.twin.simulation import (
    check_conservation,
    check_littles_law,
    run_compiled,
    simulate_network,
)
from accel_models.daq.twin.state import UNBALANCED, Compiled
from dse.errors import ModelContractError

LAWS = (Deterministic, Exponential)


@st.composite
def trees(draw):
    """Networks of up to six stations, every kind of joint among them."""
    count = draw(st.integers(1, 6))
    nexts = [EXIT, *(f"s{draw(st.integers(0, i - 1))}" for i in range(1, count))]
    stations = [
        Station(
            name=f"s{i}",
            law=draw(st.sampled_from(LAWS))(draw(st.floats(0.1, 3.0)) * CROSSING_S),
            next=nexts[i],
            is_entry=f"s{i}" not in nexts,
            servers=draw(st.integers(1, 3)),
            places=draw(st.integers(2, 5)),
            blocks=draw(st.booleans()),
            batch=draw(st.integers(1, 2)),
            accepts=(draw(st.floats(0, 1)), 1.0) if i == 0 else (1.0, 1.0),
        )
        for i in range(count)
    ]
    probability = draw(st.floats(0.1, 1.0))
    return Network(BunchArrivals(CROSSING_S, probability, signal_share=0.2), tuple(stations))


@given(trees(), st.integers(0, 99))
@settings(deadline=None, max_examples=150)
def test_every_run_adds_up(network, seed):
    """Conservation and Little's law are checked inside; so they hold where a network stalls."""
    found = run_compiled(Compiled.of(network), 300, 0, seed)
    if not found.is_stalled:
        assert sum(found.share(outcome) for outcome in OUTCOMES) == pytest.approx(1)
        assert (found.events["departure"] >= found.events["arrival"]).all()


@given(trees(), st.integers(0, 99))
@settings(deadline=None, max_examples=60)
def test_no_station_is_outrun(network, seed):
    """Served events of deterministic stations take their time: n S <= servers x span."""
    found = run_compiled(Compiled.of(network), 300, 0, seed)
    for figures in found.stations():
        assert figures.utilisation + figures.blocked <= 1 + 1e-12
        assert figures.peak <= network.by_name[figures.name].places


@given(
    st.lists(st.integers(1, 12), min_size=1, max_size=4),
    st.lists(st.integers(1, 4), min_size=4, max_size=4),
    st.integers(0, 99),
)
@settings(deadline=None, max_examples=80)
def test_a_tandem_with_back_pressure_follows_its_recursion(work, places, seed):
    """Blocking after service, times in crossings / 4: C_j(n) = max(D_{j-1}(n), D_j(n-1)) + S_j,
    D_j(n) = max(C_j(n), D_{j+1}(n - K_{j+1})); the first queue is unlimited."""
    last = len(work) - 1
    stations = [
        Station(
            name=f"s{j}",
            law=Deterministic(w / 4 * CROSSING_S),
            next=EXIT if j == last else f"s{j + 1}",
            is_entry=j == 0,
            **({} if j == 0 else {"places": places[j]}),
        )
        for j, w in enumerate(work)
    ]
    found = simulate_network(Network(BunchArrivals(CROSSING_S, 0.4), tuple(stations)), 60, seed)
    expected = tandem_departures(found.events["arrival"], [250 * w for w in work], places)
    assert found.events["departure"].tolist() == expected


def tandem_departures(arrivals, work, places):
    """Departures from the last stage, in ticks."""
    left = [[] for _ in work]
    for n, arrival in enumerate(arrivals.tolist()):
        here = arrival
        for j, w in enumerate(work):
            done = max(here, left[j][n - 1] if n else 0) + w
            if j + 1 < len(work) and n >= places[j + 1]:
                done = max(done, left[j + 1][n - places[j + 1]])
            left[j].append(done)
            here = done
    return left[-1]


@given(st.integers(1, 5), st.integers(1, 5), st.floats(0.2, 3.0), st.floats(0.2, 3.0))
@settings(deadline=None, max_examples=30)
def test_throughput_is_at_most_that_of_the_slowest_stage(first, second, s1, s2):
    network = Network(
        BunchArrivals(CROSSING_S, 1.0),
        (
            Station(name="a", law=Exponential(s1 * CROSSING_S), next="b", is_entry=True,
                    servers=first, places=first + 1),
            Station(name="b", law=Exponential(s2 * CROSSING_S), servers=second, places=second),
        ),
    )  # fmt: skip
    found = simulate_network(network, 4000, 0, warm_up=500)
    slowest = min(first / s1, second / s2) / CROSSING_S
    assert found.stored_per_s <= slowest * 1.1
    stations = {figures.name: figures for figures in found.stations()}
    assert stations["b"].utilisation <= 1


@given(st.integers(1, 8), st.floats(0.3, 1.5))
@settings(deadline=None, max_examples=20)
def test_one_more_place_loses_no_more(places, load):
    """Same triggers, constant times, one server: an ordered system."""
    losses = [
        simulate_network(queue(load, places=k), 3000, 1).loss_fraction for k in (places, places + 1)
    ]
    assert losses[1] <= losses[0]


def test_littles_law_in_the_long_run():
    """L = lambda W (1 - loss) of the measuring window, as people use it."""
    found = simulate_network(queue(0.9, Exponential, places=8), 200_000, 0, warm_up=1000)
    (figures,) = found.stations()
    rate = 0.9 * (1 - found.loss_fraction)
    assert figures.occupancy == pytest.approx(rate * found.latencies_s.mean(), rel=0.01)


def finished():
    return simulate_network(queue(0.9, places=3), 500, 0).state


@pytest.mark.parametrize(
    ("part", "field", "where", "found"),
    [
        ("run", "stored", 0, "offered differs"),
        ("run", "idle_items", 0, "offered differs"),
        ("events", "outcome", 3, "event list"),
        ("stations", "entered", 0, "station"),
    ],
)
def test_a_run_that_does_not_conserve_events_raises(part, field, where, found):
    state = finished()
    getattr(state, part)[field][where] -= 1
    with pytest.raises(ModelContractError, match=found):
        check_conservation(state)


def test_an_imbalance_seen_by_the_engine_raises():
    state = finished()
    state.run["status"] = UNBALANCED
    with pytest.raises(ModelContractError, match="balance"):
        check_conservation(state)


def test_the_engine_sees_an_imbalance():
    """One event too many is in the system from the start."""
    from accel_models.daq.twin.kernel import simulate

    state = Compiled.of(queue(0.9, places=3)).state(500, 0, 0, 4)
    state.run["idle_items"] -= 1
    simulate(state)
    assert state.run["status"][0] == UNBALANCED
    assert state.run["handled"][0] == 1


@pytest.mark.parametrize("field", ["area", "sojourn"])
def test_a_run_that_violates_littles_law_raises(field):
    state = finished()
    state.stations[field][0] += 1
    with pytest.raises(ModelContractError, match="Little"):
        check_littles_law(state)


def test_the_checks_pass_an_honest_run():
    state = finished()
    check_conservation(state)
    check_littles_law(state)
    assert np.all(state.stations["count"] == 0)
