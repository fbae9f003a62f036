"""Measure the twin beside the same system in plain simpy: events per CPU second, one core.

python scripts/bench_daq_twin.py              both systems, five rounds
python scripts/bench_daq_twin.py --rounds 2   quicker

An *event* is the arrival of a trigger or the end of a service; both sides handle the same ones, and
the script checks that they do. The twin also keeps an event list and checks Little's law and the
conservation of events; simpy only counts what is lost.
"""

from __future__ import annotations

import argparse
from functools import partial
from typing import TYPE_CHECKING

import simpy
from _measure import Case, machine_state, rates

from accel_models.daq.twin.laws import Deterministic
from accel_models.daq.twin.network import BunchArrivals, Network, Station
from accel_models.daq.twin.simulation import simulate_network

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

CROSSING_S = 25e-9
TICK_S = CROSSING_S / 1000
TARGET = 300_000
TWIN_TRIGGERS, SIMPY_TRIGGERS = 200_000, 5_000


def queue() -> Network:
    """One derandomiser of eight places, 48 crossings an event, at 750 kHz.

    Here as below, times are no whole crossings: what happens at once has no order in simpy.
    """
    return Network(
        BunchArrivals(CROSSING_S, 750e3 * CROSSING_S),
        (_station("derandomiser", 48.013, places=8, is_entry=True),),
    )


def pipeline() -> Network:
    """Four read-out links, an event builder and 104 servers at full load: back-pressure."""
    links = [
        _station(f"link {i}", 30.013 + 5 * i, "builder", is_entry=True, places=8) for i in range(4)
    ]
    return Network(
        BunchArrivals(CROSSING_S, 750e3 * CROSSING_S),
        (
            *links,
            _station("builder", 200.017, "farm", servers=5, places=10),
            _station("farm", 5500.019, servers=104, places=112),
        ),
    )


def _station(name: str, crossings: float, then: str = "", **size: int) -> Station:
    return Station(name=name, law=Deterministic(crossings * CROSSING_S), next=then, **size)  # type: ignore[arg-type]


class Simpy:
    """The same network in plain simpy: a process per station and fragment.

    Attributes:
        handled: Arrivals and ends of services.
        busy: Triggers that found an entry full.
        stored: Events that left at the root.
    """

    def __init__(self, network: Network, arrivals: Sequence[int]) -> None:
        self.network = network
        self.arrivals = arrivals
        self.ticks = {s.name: round(s.law.mean_s / TICK_S) for s in network.stations}
        self.env = simpy.Environment()
        self.places = {s.name: simpy.Resource(self.env, s.places) for s in network.stations}
        self.servers = {s.name: simpy.Resource(self.env, s.servers) for s in network.stations}
        self.entries = [s for s in network.stations if s.is_entry]
        self.missing: dict[tuple[int, str], int] = {}
        self.assembling: dict[tuple[int, str], simpy.Event] = {}
        self.handled = self.busy = self.stored = 0

    def run(self) -> Simpy:
        """Run until all events have left."""
        self.env.process(self._source())
        self.env.run()
        return self

    def _source(self) -> Generator[simpy.Event, None, None]:
        for number, time in enumerate(self.arrivals):
            yield self.env.timeout(time - self.env.now)
            self.handled += 1
            if any(self.places[s.name].count == s.places for s in self.entries):
                self.busy += 1
                continue
            for station in self.entries:
                place = self.places[station.name].request()
                self.env.process(self._visit(number, station, place))

    def _visit(
        self, number: int, station: Station, place: simpy.Event
    ) -> Generator[simpy.Event, None, None]:
        """An event at a station where it has its place."""
        with self.servers[station.name].request() as server:
            yield server
            yield self.env.timeout(self.ticks[station.name])
            self.handled += 1
            if station.next:
                yield from self._hand_on(number, self.network.by_name[station.next])
            else:
                self.stored += 1
        self.places[station.name].release(place)

    def _hand_on(self, number: int, station: Station) -> Generator[simpy.Event, None, None]:
        """The first fragment takes the place of its event, the last one starts the service."""
        key = (number, station.name)
        if key not in self.assembling:
            self.assembling[key] = self.places[station.name].request()
            self.missing[key] = self.network.inputs[station.name]
        yield self.assembling[key]
        self.missing[key] -= 1
        if not self.missing[key]:
            self.env.process(self._visit(number, station, self.assembling.pop(key)))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5, help="times that each case is measured")
    rounds = parser.parse_args().rounds
    print(machine_state())
    for name, network in (("derandomiser", queue()), ("pipeline", pipeline())):
        print_system(name, network, rounds)
    print(f"target: {TARGET:,} events per second and core")


def print_system(name: str, network: Network, rounds: int) -> None:
    """Rates of both, and their ratio round by round."""
    check_same(network)
    times = arrivals(network)
    cases = {
        "twin": Case(
            partial(simulate_network, network, TWIN_TRIGGERS, 0),
            simulate_network(network, TWIN_TRIGGERS, 0).handled,
        ),
        "simpy": Case(lambda: Simpy(network, times).run(), Simpy(network, times).run().handled),
    }
    found = rates(cases, rounds)
    print(f"{name}: twin  {found['twin'].text(',.0f')} events per CPU second")
    print(f"{name}: simpy {found['simpy'].text(',.0f')} events per CPU second")
    print(f"{name}: ratio {found['twin'].over(found['simpy']).text('.0f')}")


def arrivals(network: Network) -> list[int]:
    """When the triggers come, in ticks: the same for both sides."""
    times: list[int] = simulate_network(network, SIMPY_TRIGGERS, 0).events["arrival"].tolist()
    return times


def check_same(network: Network) -> None:
    """Both sides turn away as many triggers and handle as many events."""
    run = simulate_network(network, SIMPY_TRIGGERS, 0)
    peer = Simpy(network, run.events["arrival"].tolist()).run()
    busy = round(run.share("busy") * len(run.events))
    if (peer.handled, peer.busy) != (run.handled, busy):
        raise SystemExit(f"simpy: {peer.handled}, {peer.busy} busy; twin: {run.handled}, {busy}")


if __name__ == "__main__":
    main()
