"""One test per error message of laws and networks."""

import pytest
from daq_twin.twin_cases import CROSSING_S

from accel_models.daq.twin.laws import Deterministic, Exponential, LogNormal, Tabulated
from accel_models.daq.twin.network import (
    BunchArrivals,
    Network,
    PoissonArrivals,
    Station,
    TriggerRules,
    WindowRule,
    bunch_trains,
)
from dse.errors import WorkloadError


def station(name, then="", **changes):
    return Station(name=name, law=Deterministic(1.0), next=then, **changes)


def network(*stations):
    return Network(PoissonArrivals(1.0), stations)


@pytest.mark.parametrize(
    ("build", "found"),
    [
        (lambda: Deterministic(-1.0), "mean_s = -1"),
        (lambda: Exponential(0.0), "mean_s = 0"),
        (lambda: LogNormal(0.0, 1.0), "mean_s = 0"),
        (lambda: LogNormal(1.0, -1.0), "sigma = -1"),
        (lambda: Tabulated((1.0,)), "too short"),
        (lambda: Tabulated((2.0, 1.0)), "falls"),
        (lambda: PoissonArrivals(0.0), "rate_per_s = 0"),
        (lambda: PoissonArrivals(1.0, 1.5), "signal_share = 1.5"),
        (lambda: BunchArrivals(0.0, 0.5), "crossing_s = 0"),
        (lambda: BunchArrivals(CROSSING_S, 0.0), "probability = 0"),
        (lambda: BunchArrivals(CROSSING_S, 0.5, (), 3), "filled crossings"),
        (lambda: BunchArrivals(CROSSING_S, 0.5, (0, 3), 3), "filled crossings"),
        (lambda: BunchArrivals(CROSSING_S, 0.5, (1, 0), 3), "filled crossings"),
        (lambda: bunch_trains(2, 5, 4), "5 bunches every 4"),
        (lambda: WindowRule(0, 1.0), "accepts = 0"),
        (lambda: WindowRule(1, 0.0), "window_s = 0"),
        (lambda: TriggerRules(dead_time_s=-1.0), "dead_time_s = -1"),
        (lambda: station("a", servers=0), "a: servers = 0"),
        (lambda: station("a", places=0), "a: places = 0"),
        (lambda: station("a", batch=0), "a: batch = 0"),
        (lambda: station("a", places=2, batch=3), "a: places = 2"),
        (lambda: station("a", batch_overhead_s=-1.0), "a: batch_overhead_s = -1"),
        (lambda: station("a", accepts=(0.0, 2.0)), "a: accepts = 2"),
        (network, "0 stations lead to the exit"),
        (lambda: network(station("a"), station("b")), "2 stations lead to the exit"),
        (lambda: network(station("a"), station("a")), "names repeat"),
        (lambda: network(station("farm"), station("b", "frm")), "Did you mean 'farm'"),
        (
            lambda: network(station("a"), station("b", "c", is_entry=True), station("c", "b")),
            "circle",
        ),
        (lambda: network(station("a"), station("b", "a")), "no event reaches b"),
    ],
)
def test_what_no_network_can_have_is_refused(build, found):
    with pytest.raises(WorkloadError, match=found) as error:
        build()
    assert error.value.allowed


def test_fragments_are_not_judged():
    half = {"is_entry": True, "accepts": (0.5, 1.0)}
    with pytest.raises(WorkloadError, match="left rejects single fragments"):
        network(station("a"), station("left", "a", **half), station("right", "a", is_entry=True))


def test_a_table_has_the_mean_of_its_trapezoids():
    """0 to 1 s and 1 to 4 s, half of the events each: (0.5 + 2.5) / 2."""
    assert Tabulated((0.0, 1.0, 4.0)).mean_s == pytest.approx(1.5)
