"""What the engine simulates: arrivals, trigger rules and a tree of stations.

Every trigger that passes the rules becomes one *event*: a fragment of it goes to each entry station
at once, fragments of one event meet again where branches join (event building), and the whole event
leaves at the root, unless a station rejects it or has no room for it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from accel_models.daq.twin.checks import require
from dse.errors import WorkloadError, did_you_mean

if TYPE_CHECKING:
    from accel_models.daq.twin.laws import ServiceLaw

UNLIMITED = 2**31 - 1
"""So many places or servers that none is ever missing."""

EXIT = ""
"""`next` of the root station."""


@dataclass(frozen=True)
class PoissonArrivals:
    """Triggers at random times.

    Attributes:
        rate_per_s: Their mean rate.
        signal_share: Share of them that are signal.
    """

    rate_per_s: float
    signal_share: float = 0.0

    def __post_init__(self) -> None:
        require(self.rate_per_s > 0, f"rate_per_s = {self.rate_per_s}", "a rate above 0")
        _require_share("signal_share", self.signal_share)

    @property
    def mean_rate_per_s(self) -> float:
        """Triggers per second in the long run."""
        return self.rate_per_s


@dataclass(frozen=True)
class BunchArrivals:
    """Triggers at bunch crossings: each filled crossing of the orbit has one with a probability.

    Attributes:
        crossing_s: Time from one crossing to the next, filled or not.
        probability: Of a trigger at a filled crossing.
        filled: Positions of the filled crossings in the orbit, rising.
        orbit: Crossings in an orbit.
        signal_share: Share of the triggers that are signal.
    """

    crossing_s: float
    probability: float
    filled: tuple[int, ...] = (0,)
    orbit: int = 1
    signal_share: float = 0.0

    def __post_init__(self) -> None:
        require(self.crossing_s > 0, f"crossing_s = {self.crossing_s}", "a time above 0")
        probability = self.probability
        require(0 < probability <= 1, f"probability = {probability}", "above 0, at most 1")
        _require_share("signal_share", self.signal_share)
        inside = bool(self.filled) and min(self.filled) >= 0 and max(self.filled) < self.orbit
        rising = list(self.filled) == sorted(set(self.filled))
        require(inside and rising, "filled crossings", f"positions from 0 to {self.orbit - 1}")

    @property
    def mean_rate_per_s(self) -> float:
        """Triggers per second in the long run, gaps included."""
        return self.probability * len(self.filled) / (self.orbit * self.crossing_s)


def bunch_trains(trains: int, bunches: int, spacing: int) -> tuple[int, ...]:
    """Filled crossings of an orbit of equal, evenly spaced trains.

    Args:
        trains: How many trains.
        bunches: Filled crossings in a row in each.
        spacing: Crossings from the start of one train to the start of the next.

    Raises:
        WorkloadError: The trains overlap.
    """
    require(bunches <= spacing, f"{bunches} bunches every {spacing} crossings", "room for a train")
    return tuple(t * spacing + b for t in range(trains) for b in range(bunches))


@dataclass(frozen=True)
class WindowRule:
    """At most so many accepted triggers in any window of time.

    A trigger at t is blocked if the `accepts`-th last accepted one came at t' with
    t - t' < window_s.

    Attributes:
        accepts: n of "n in w".
        window_s: w, for rules in crossings their number times the time of one.
    """

    accepts: int
    window_s: float

    def __post_init__(self) -> None:
        require(self.accepts >= 1, f"accepts = {self.accepts}", "a whole number of 1 or more")
        require(self.window_s > 0, f"window_s = {self.window_s}", "a time above 0")


@dataclass(frozen=True)
class TriggerRules:
    """When triggers are blocked, whatever the state of the buffers.

    Attributes:
        windows: All of them apply.
        dead_time_s: No trigger is taken until more than this long after an accepted one.
        is_paralysable: Blocked triggers start the dead time anew.
    """

    windows: tuple[WindowRule, ...] = ()
    dead_time_s: float = 0.0
    is_paralysable: bool = False

    def __post_init__(self) -> None:
        require(self.dead_time_s >= 0, f"dead_time_s = {self.dead_time_s}", "a time of 0 or more")


@dataclass(frozen=True, kw_only=True)
class Station:
    """A buffer and the servers that empty it, first come first served.

    Attributes:
        name: Unique in the network.
        law: Time a server takes for one event.
        next: Name of the station that events go to; `EXIT` for the root.
        is_entry: Whether triggers come here; all entry stations get a fragment of each.
        servers: How many work side by side.
        places: Events that have room, those being served or assembled included.
        blocks: Where there is no room, senders wait (and triggers are vetoed) instead of losing
            the event.
        batch: Events that a server takes at a time; it waits until so many are there.
        batch_overhead_s: Time per batch on top of that of its events.
        accepts: Probabilities that a background and a signal event pass; others are rejected when
            they have been served.
    """

    name: str
    law: ServiceLaw
    next: str = EXIT
    is_entry: bool = False
    servers: int = 1
    places: int = UNLIMITED
    blocks: bool = True
    batch: int = 1
    batch_overhead_s: float = 0.0
    accepts: tuple[float, float] = (1.0, 1.0)

    def __post_init__(self) -> None:
        for name in ("servers", "places", "batch"):
            value = getattr(self, name)
            require(value >= 1, f"{self.name}: {name} = {value}", "a whole number of 1 or more")
        enough = f"at least the {self.batch} of a batch"
        require(self.places >= self.batch, f"{self.name}: places = {self.places}", enough)
        overhead = self.batch_overhead_s
        require(overhead >= 0, f"{self.name}: batch_overhead_s = {overhead}", "0 or more")
        for probability in self.accepts:
            _require_share(f"{self.name}: accepts", probability)

    @property
    def mean_service_s(self) -> float:
        """Mean time that a server spends per event, in full batches."""
        return self.law.mean_s + self.batch_overhead_s / self.batch


@dataclass(frozen=True)
class Network:
    """Arrivals, rules and stations; the stations form a tree towards one root.

    Attributes:
        arrivals: Where triggers come from.
        stations: In any order.
        rules: Which triggers are blocked.
    """

    arrivals: PoissonArrivals | BunchArrivals
    stations: tuple[Station, ...]
    rules: TriggerRules = field(default_factory=TriggerRules)

    def __post_init__(self) -> None:
        self._check_names()
        roots = [s.name for s in self.stations if s.next == EXIT]
        require(len(roots) == 1, f"{len(roots)} stations lead to the exit", "exactly one root")
        for station in self.stations:
            self._check_way(station)
        idle = [s.name for s in self.stations if not self.inputs[s.name]]
        require(not idle, f"no event reaches {', '.join(idle)}", "entry stations and their way out")

    @cached_property
    def by_name(self) -> dict[str, Station]:
        """Name -> station."""
        return {station.name: station for station in self.stations}

    @cached_property
    def inputs(self) -> dict[str, int]:
        """Station -> fragments that make up an event there."""
        return {
            s.name: s.is_entry + sum(other.next == s.name for other in self.stations)
            for s in self.stations
        }

    @cached_property
    def depth(self) -> dict[str, int]:
        """Station -> steps to the root."""
        return {station.name: len(self._way(station)) for station in self.stations}

    def _way(self, station: Station) -> list[Station]:
        """The stations after this one."""
        way: list[Station] = []
        while station.next != EXIT:
            station = self.by_name[station.next]
            require(len(way) < len(self.stations), f"{station.name} leads in a circle", "a tree")
            way.append(station)
        return way

    def _check_names(self) -> None:
        names = [station.name for station in self.stations]
        require(len(set(names)) == len(names), "station names repeat", "distinct names")
        for station in self.stations:
            if station.next not in (*names, EXIT):
                hint = did_you_mean(station.next, names)
                what = f"{station.name}: unknown next station {station.next!r}.{hint}"
                raise WorkloadError(what, allowed=", ".join(names))

    def _check_way(self, station: Station) -> None:
        """Events are judged whole: no station upstream of a join rejects."""
        joins = any(self.inputs[later.name] > 1 for later in self._way(station))
        whole = not joins or station.accepts == (1.0, 1.0)
        allowed = "accepts = (1, 1) upstream of the station where its fragments meet"
        require(whole, f"{station.name} rejects single fragments of an event", allowed)


def _require_share(name: str, value: float) -> None:
    require(0 <= value <= 1, f"{name} = {value}", "a share from 0 to 1")
