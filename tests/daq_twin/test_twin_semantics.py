"""How events move through stations: cases followed by hand, in crossings."""

import numpy as np
import pytest
from daq_twin.twin_cases import CROSSING_S, crossings, queue

from accel_models.daq.twin.laws import Deterministic, Exponential
from accel_models.daq.twin.network import (
    EXIT,
    BunchArrivals,
    Network,
    PoissonArrivals,
    Station,
    bunch_trains,
)
from accel_models.daq.twin.results import OUTCOMES
from accel_models.daq.twin.simulation import simulate_network
from dse.errors import WorkloadError

NAMES = {code: name for name, code in OUTCOMES.items()}
EVERY_CROSSING = BunchArrivals(CROSSING_S, 1.0)


def station(name, work, then=EXIT, **changes):
    """A station that takes so many crossings per event."""
    return Station(name=name, law=Deterministic(work * CROSSING_S), next=then, **changes)


def run(*stations, triggers=6, arrivals=EVERY_CROSSING, seed=0, **more):
    return simulate_network(Network(arrivals, stations, **more), triggers, seed)


def outcomes(found):
    return [NAMES[code] for code in found.events["outcome"]]


def crossing_of(found, field="departure"):
    """Times of the event list in crossings."""
    return (found.events[field] / 1000).tolist()


def by_name(found):
    return {figures.name: figures for figures in found.stations()}


def test_a_queue_of_one_server_by_hand():
    """Triggers at 0, 1, 2, ... of 1.5 crossings each; three places."""
    found = run(station("fifo", 1.5, is_entry=True, places=3))
    assert crossing_of(found, "arrival") == [0, 1, 2, 3, 4, 5]
    assert crossing_of(found) == [1.5, 3, 4.5, 6, 7.5, 9]


def test_a_full_entry_turns_triggers_away():
    found = run(station("fifo", 1.5, is_entry=True, places=1))
    assert outcomes(found) == ["stored", "busy"] * 3
    assert found.dead_fraction == found.loss_fraction == 0.5


def test_a_full_entry_that_does_not_block_loses_events():
    found = run(station("fifo", 1.5, is_entry=True, places=1, blocks=False))
    assert outcomes(found) == ["stored", "lost"] * 3
    assert (found.dead_fraction, found.loss_fraction) == (0, 0.5)


def test_a_server_that_finishes_with_an_arrival_makes_room_for_it():
    """An event of d crossings has left when the trigger d crossings later is judged."""
    found = run(station("fifo", 2, is_entry=True, places=1), triggers=4)
    assert outcomes(found) == ["stored", "busy", "stored", "busy"]


def test_two_servers_work_side_by_side():
    found = run(station("farm", 2.5, is_entry=True, servers=2, places=2))
    assert outcomes(found) == ["stored", "stored", "busy", "stored", "stored", "busy"]


def test_equal_stages_without_buffers_lose_nothing():
    """Two deterministic stages that just keep up, one place each."""
    found = run(
        station("first", 1, "second", is_entry=True, places=1),
        station("second", 1, places=1),
        triggers=100,
    )
    assert found.loss_fraction == 0
    assert found.latency_s(1.0) == pytest.approx(2 * CROSSING_S)


def test_back_pressure_holds_the_stage_before():
    """The second stage takes 3 crossings: the first is done at 1 and waits until 3, then until 6.

    Triggers 0, 1 are taken; 2 finds the first stage blocked. At 3 the event in it moves on and
    trigger 3 is taken; 4 and 5 find it blocked again.
    """
    found = run(
        station("first", 1, "second", is_entry=True, places=1),
        station("second", 3, places=1),
    )
    assert outcomes(found) == ["stored", "stored", "busy", "busy", "stored", "busy"]
    assert crossing_of(found)[0] == 4


def test_without_back_pressure_the_second_stage_loses():
    found = run(
        station("first", 1, "second", is_entry=True, places=1),
        station("second", 3, places=1, blocks=False),
    )
    assert outcomes(found) == ["stored", "lost", "lost"] * 2
    assert by_name(found)["second"].lost == 4


def test_a_blocked_server_is_counted_as_blocked():
    """Two events: the second is done at 2 and waits until 4, of 7 crossings in all."""
    found = run(
        station("first", 1, "second", is_entry=True, places=5),
        station("second", 3, places=1),
        triggers=2,
    )
    assert crossing_of(found) == [4, 7]
    assert by_name(found)["first"].blocked == pytest.approx(2 / 7)
    assert by_name(found)["second"].utilisation == pytest.approx(6 / 7)


def test_an_event_is_built_when_its_last_fragment_is_there():
    found = run(
        station("short", 1, "builder", is_entry=True),
        station("long", 3, "builder", is_entry=True),
        station("builder", 0.5),
        triggers=2,
    )
    assert crossing_of(found) == [3.5, 6.5]


def test_an_incomplete_event_holds_its_place_in_the_builder():
    """`short` delivers at 1 and 2 and waits with event 2 until event 0 leaves at 4; at 5 it waits
    with event 3, and is full."""
    found = run(
        station("short", 1, "builder", is_entry=True, places=2),
        station("long", 4, "builder", is_entry=True, places=9),
        station("builder", 0, places=2),
        triggers=6,
    )
    assert outcomes(found) == ["stored"] * 5 + ["busy"]
    assert by_name(found)["builder"].peak == 2


def test_a_lost_fragment_drops_the_others_of_its_event():
    """`long` has one place: it takes triggers 0 and 3; the builder drops what `short` sent."""
    found = run(
        station("short", 1, "builder", is_entry=True),
        station("long", 3, "builder", is_entry=True, places=1, blocks=False),
        station("builder", 0, places=2),
    )
    assert outcomes(found) == ["stored", "lost", "lost"] * 2
    assert by_name(found)["long"].lost == 4


def test_a_batch_starts_when_it_is_full():
    """Batches of two: events 0 and 1 start at 1 and take 2 crossings together, and so on."""
    found = run(station("farm", 1, is_entry=True, batch=2), triggers=4)
    assert crossing_of(found) == [3, 3, 5, 5]


def test_the_last_batch_need_not_be_full():
    found = run(station("farm", 1, is_entry=True, batch=4), triggers=6)
    assert crossing_of(found) == [7, 7, 7, 7, 9, 9]


def test_the_overhead_of_a_batch_is_paid_once():
    overhead = 0.5 * CROSSING_S
    found = run(station("farm", 1, is_entry=True, batch=2, batch_overhead_s=overhead), triggers=4)
    assert crossing_of(found) == [3.5, 3.5, 6, 6]


def test_a_batch_moves_on_one_by_one_where_room_is_short():
    """Batch of two done at 3; the next stage has one place and takes 2 crossings per event."""
    found = run(
        station("farm", 1, "link", is_entry=True, batch=2),
        station("link", 2, places=1),
        triggers=2,
    )
    assert crossing_of(found) == [5, 7]


def test_a_perfect_classifier_stores_the_signal():
    found = run(
        station("hlt", 0, is_entry=True, accepts=(0.0, 1.0)),
        triggers=1000,
        arrivals=BunchArrivals(CROSSING_S, 1.0, signal_share=0.3),
    )
    stored = found.events["outcome"] == OUTCOMES["stored"]
    assert np.array_equal(stored, found.events["signal"] == 1)
    assert 0.25 < stored.mean() < 0.35


def test_a_rejected_event_is_no_loss():
    found = run(station("hlt", 1, is_entry=True, accepts=(0.0, 0.0)))
    assert outcomes(found) == ["rejected"] * 6
    assert found.loss_fraction == 0
    assert found.stored_per_s == 0
    assert by_name(found)["hlt"].rejected == 6


def test_classifiers_decide_each_for_itself():
    found = run(
        station("first", 0, "second", is_entry=True, accepts=(0.5, 1.0)),
        station("second", 0, accepts=(0.5, 1.0)),
        triggers=4000,
    )
    assert found.share("stored") == pytest.approx(0.25, abs=0.03)


@pytest.mark.parametrize(
    ("rules", "taken"),
    [
        ([(1, 3)], [0, 3, 6, 9]),
        ([(2, 5)], [0, 1, 5, 6, 10, 11]),
        ([(1, 2), (2, 5)], [0, 2, 5, 7, 10]),
    ],
)
def test_window_rules_by_hand(rules, taken):
    """A trigger at every crossing; "n in w": the n-th last accept must be w or more back."""
    found = simulate_network(crossings(1.0, rules=rules), 12, 0)
    assert np.flatnonzero(found.events["outcome"] == OUTCOMES["stored"]).tolist() == taken


def test_dead_crossings_are_the_rule_one_in_one_more():
    same = [
        simulate_network(network, 5000, 0).events
        for network in (crossings(0.2, dead_crossings=4), crossings(0.2, rules=[(1, 5)]))
    ]
    assert np.array_equal(*same)


def test_triggers_turned_away_leave_no_trace_in_the_rules():
    """The entry is full at crossing 2, so that the rule "2 in 4" lets crossing 3 pass."""
    network = crossings(1.0, rules=[(2, 4)], drain=1.5, places=1)
    assert outcomes(simulate_network(network, 4, 0)) == ["stored", "busy", "stored", "vetoed"]


def test_a_paralysed_trigger_never_recovers_from_a_stream_without_gaps():
    network = crossings(1.0, dead_crossings=2)
    frozen = Network(network.arrivals, network.stations, type(network.rules)((), 50e-9, True))
    assert outcomes(simulate_network(frozen, 5, 0)) == ["stored"] + ["vetoed"] * 4


def test_triggers_come_in_filled_crossings_only():
    trains = bunch_trains(3, 4, 10)
    network = crossings(0.5, filled=trains, orbit=40)
    found = simulate_network(network, 3000, 0)
    positions = np.unique(found.events["arrival"] // 1000 % 40)
    assert positions.tolist() == [0, 1, 2, 3, 10, 11, 12, 13, 20, 21, 22, 23]


def test_a_bunch_structure_keeps_the_mean_rate():
    arrivals = BunchArrivals(CROSSING_S, 0.5, bunch_trains(3, 4, 10), 40)
    found = run(station("all", 0, is_entry=True), triggers=40_000, arrivals=arrivals)
    assert arrivals.mean_rate_per_s == pytest.approx(0.5 * 12 / 40 / CROSSING_S)
    assert found.stored_per_s == pytest.approx(arrivals.mean_rate_per_s, rel=0.02)


def test_trains_lose_more_than_an_even_stream():
    """Same mean rate and derandomiser; the trains overflow it."""
    even = crossings(0.02, drain=40, places=4)
    trains = crossings(0.06, drain=40, places=4, filled=bunch_trains(1, 1000, 3000), orbit=3000)
    losses = [simulate_network(network, 50_000, 0).loss_fraction for network in (even, trains)]
    assert losses[1] > 3 * losses[0]


def test_the_same_seed_gives_the_same_event_list():
    network = queue(0.9, Exponential, places=5)
    lists = [simulate_network(network, 5000, seed).events for seed in (7, 7, 8)]
    assert np.array_equal(lists[0], lists[1])
    assert not np.array_equal(lists[0], lists[2])


def test_designs_see_the_same_triggers():
    """Arrivals and classes depend on the seed alone, whatever is behind them."""
    first = simulate_network(queue(0.9, Exponential, places=5), 5000, 3).events
    second = simulate_network(queue(0.9, places=9, servers=3), 5000, 3).events
    for field in ("arrival", "signal"):
        assert np.array_equal(first[field], second[field])


def test_a_longer_run_begins_like_a_shorter_one():
    network = queue(0.9, Exponential, places=5)
    short, long = (simulate_network(network, n, 3).events for n in (1000, 3000))
    settled = short["departure"] < long["arrival"][1000]
    assert settled.sum() > 900
    assert np.array_equal(short[settled], long[:1000][settled])


def test_queues_outgrow_the_first_pool_unharmed():
    """Two triggers per service: the last of 6,000 waits for nearly 3,000 others."""
    found = simulate_network(queue(2.0), 6000, 0)
    seconds = found.events["departure"][-1] * found.compiled.tick_s
    assert seconds == pytest.approx(found.events["arrival"][0] * found.compiled.tick_s + 6000)
    assert found.stations()[0].peak > 2500


def test_figures_leave_out_the_warm_up():
    network = queue(0.9, places=2)
    whole, tail = (simulate_network(network, 3000, 0, warm_up=w) for w in (0, 1000))
    assert np.array_equal(whole.events, tail.events)
    assert tail.loss_fraction == pytest.approx(np.mean(whole.events["outcome"][1000:] == 3))
    assert len(tail.latencies_s) == np.sum(whole.events["outcome"][1000:] == 5)


def test_occupancy_and_rates_of_a_constant_stream():
    """0.6 crossings of work per crossing: 0.6 events in service, none waiting."""
    found = run(station("fifo", 0.6, is_entry=True), triggers=101)
    (figures,) = found.stations()
    assert figures.occupancy == pytest.approx(0.6)
    assert figures.peak == 1
    assert figures.rate_per_s == pytest.approx(101 / 100 / CROSSING_S)


def test_latency_percentiles_are_those_of_the_event_list():
    found = simulate_network(queue(0.9, Exponential), 4000, 0)
    waits = (found.events["departure"] - found.events["arrival"]) * found.compiled.tick_s
    for share in (0.5, 0.9, 0.99, 1.0):
        expected = np.quantile(waits, share, method="inverted_cdf")
        assert found.latency_s(share) == pytest.approx(expected)


def test_no_event_no_latency():
    found = run(station("tight", 1, "full", is_entry=True, places=1), station(
        "full", 1, places=1, accepts=(0.0, 0.0)), triggers=1)  # fmt: skip
    assert np.isfinite(found.latency_s(0.5))
    nothing = simulate_network(queue(0.9, places=1), 2, 0, warm_up=1)
    assert np.isnan(nothing.stored_per_s)


def test_a_stalled_network_says_so():
    """`one` delivers event 1 first, `many` event 2, and the join has a single place."""
    long_first = Station(
        name="many", law=Exponential(3 * CROSSING_S), next="join", is_entry=True, servers=8
    )
    network = Network(
        EVERY_CROSSING,
        (long_first, station("one", 0.1, "join", is_entry=True), station("join", 0, places=1)),
    )
    with pytest.raises(WorkloadError, match="stalls"):
        simulate_network(network, 200, 0)


@pytest.mark.parametrize(
    ("triggers", "warm_up", "found"),
    [(0, 0, "triggers = 0"), (10, 10, "warm_up = 10"), (10, -1, "warm_up = -1")],
)
def test_counts_out_of_range(triggers, warm_up, found):
    with pytest.raises(WorkloadError, match=found):
        simulate_network(queue(0.5), triggers, 0, warm_up)


def test_triggers_too_far_apart_to_count_in_crossings():
    with pytest.raises(WorkloadError, match="too far apart"):
        simulate_network(crossings(1e-12), 1000, 0)


def test_poisson_triggers_have_the_rate_asked_for():
    network = Network(PoissonArrivals(250.0), (station("all", 0, is_entry=True),))
    assert simulate_network(network, 40_000, 0).stored_per_s == pytest.approx(250, rel=0.02)
