"""The state of one run: a few flat arrays that the compiled engine works on.

All times are whole *ticks*, so that Little's law can be checked exactly: a thousandth of a
crossing, or 2^-20 of the mean gap of Poisson arrivals. An event in flight owns a row of `items`;
the rows are used again when it has left.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from accel_models.daq.twin.checks import require
from accel_models.daq.twin.laws import in_ticks, law_code
from accel_models.daq.twin.network import EXIT, UNLIMITED, PoissonArrivals

if TYPE_CHECKING:
    import numpy.typing as npt

    from accel_models.daq.twin.network import Network, Station

NONE = -1
NO_TIME = -(2**61)

# What became of a trigger.
PENDING, VETOED, BUSY, LOST, REJECTED, STORED = range(6)

# How a run ends.
RUNNING, DONE, POOL_FULL, STALLED, UNBALANCED = range(5)

_CROSSING_TICKS = 1000
_GAP_TICKS = 2**20
_LONGEST_TICKS = 2**56

EVENT = np.dtype(
    [
        ("arrival", "i8"),
        ("departure", "i8"),
        ("outcome", "i4"),
        ("station", "i4"),
        ("signal", "i4"),
    ],
    align=True,
)
"""One trigger: when it came and was done with, what became of it, and where."""

_ITEM = np.dtype(
    [("entered", "i8"), ("link", "i4"), ("missing", "i4"), ("is_placed", "i4")], align=True
)
"""One event at one station: the next in the queue or batch, and the fragments not yet there."""

_SLOT = np.dtype(
    [("since", "i8"), ("station", "i4"), ("head", "i4"), ("next", "i4"), ("is_judged", "i4")],
    align=True,
)
"""One server: its batch, whether the first event of it waits to leave, the next idle or waiting
server."""

_STATION = np.dtype(
    [
        *((name, "i8") for name in (
            "next", "is_entry", "inputs", "servers", "places", "blocks", "batch", "law",
            "table_start", "table_size",
            "count", "peak", "ready", "ready_head", "ready_tail", "idle", "waiting_head",
            "waiting_tail", "is_dirty", "entered", "left", "served", "busy_ticks",
            "blocked_ticks", "area", "changed_at", "sojourn", "window_start", "window_end",
        )),
        *((name, "f8") for name in (
            "mean", "sigma", "batch_overhead", "accept_background", "accept_signal",
        )),
    ],
    align=True,
)  # fmt: skip

_RUN = [
    *((name, "i8") for name in (
        "now", "next_at", "crossing", "crossing_ticks", "orbit", "triggers", "warm_up", "created",
        "accepted", "blocked_until", "dead_ticks", "is_paralysable", "is_draining", "status",
        "handled", "vetoed", "busy", "lost", "rejected", "stored", "heap_size",
        "dirty_size", "idle_items", "window_from", "window_to",
    )),
    *((name, "f8") for name in ("mean_gap", "probability", "signal_share")),
]  # fmt: skip

_COMPILED = ("compiled", "gate", "heap", "kernel", "laws", "sampling", "state", "stations")


class State(NamedTuple):
    """Everything a run reads and writes.

    Attributes:
        run: One record of counters and settings.
        stations: One record each, the root first: of servers that finish at the same tick, those
            nearer to the exit go first, so that room is there for what follows.
        slots: One record per server, in the order of the stations.
        items: Rows of events in flight x stations.
        events: One record per trigger.
        owners: The trigger that owns each row of items.
        idle_items: A stack of the rows that are free.
        heap_time: When servers finish; a binary heap together with `heap_slot`.
        heap_slot: The servers.
        dirty: A stack of stations where something may have become possible.
        rules: n and w of the window rules.
        accepted_at: Times of the last accepted triggers, a ring.
        filled: Filled crossings of the orbit.
        table: Quantiles of the tabulated laws, one after the other.
        keys: Keys of the random numbers: two for the arrivals, then one per station.
    """

    run: npt.NDArray[np.void]
    stations: npt.NDArray[np.void]
    slots: npt.NDArray[np.void]
    items: npt.NDArray[np.void]
    events: npt.NDArray[np.void]
    owners: npt.NDArray[np.int64]
    idle_items: npt.NDArray[np.int64]
    heap_time: npt.NDArray[np.int64]
    heap_slot: npt.NDArray[np.int64]
    dirty: npt.NDArray[np.int64]
    rules: npt.NDArray[np.int64]
    accepted_at: npt.NDArray[np.int64]
    filled: npt.NDArray[np.int64]
    table: npt.NDArray[np.float64]
    keys: npt.NDArray[np.uint64]


@dataclass(frozen=True)
class Compiled:
    """A network ready to run.

    Attributes:
        network: What it was made from.
        order: Its stations as the engine numbers them.
        tick_s: The unit of time.
    """

    network: Network
    order: tuple[Station, ...]
    tick_s: float

    @classmethod
    def of(cls, network: Network) -> Compiled:
        """Number the stations from the root up, equal depths in the order given."""
        order = sorted(network.stations, key=lambda station: network.depth[station.name])
        return cls(network, tuple(order), _tick_s(network))

    def ticks(self, seconds: float) -> float:
        """A time in ticks, not rounded."""
        return seconds / self.tick_s

    @property
    def in_flight(self) -> int:
        """The most events that can be in flight; `UNLIMITED` if nothing bounds them."""
        room = sum(station.places for station in self.order)
        return min(room + 1, UNLIMITED)

    def state(self, triggers: int, warm_up: int, seed: int, pool: int) -> State:
        """The state at time 0.

        Args:
            triggers: How many come.
            warm_up: How many of them pass before the measuring window opens.
            seed: Of all random numbers.
            pool: Events in flight that there is room for.

        Raises:
            WorkloadError: The triggers span more ticks than the engine can count.
        """
        span = self.ticks(triggers / self.network.arrivals.mean_rate_per_s)
        require(span < _LONGEST_TICKS, "the triggers are too far apart", "a higher rate, or fewer")
        stations, table = self._stations()
        slots = _slots(stations, pool)
        rules = self.network.rules.windows
        windows = [(r.accepts, round(self.ticks(r.window_s))) for r in rules]
        return State(
            run=self._run(triggers, warm_up, pool),
            stations=stations,
            slots=slots,
            items=np.zeros((pool, len(stations)), _ITEM),
            events=np.zeros(triggers, EVENT),
            owners=np.zeros(pool, np.int64),
            idle_items=np.arange(pool)[::-1].copy(),
            heap_time=np.zeros(len(slots), np.int64),
            heap_slot=np.zeros(len(slots), np.int64),
            dirty=np.zeros(len(stations), np.int64),
            rules=np.array(windows, np.int64).reshape(-1, 2),
            accepted_at=np.zeros(max((r.accepts for r in rules), default=1), np.int64),
            filled=np.array(getattr(self.network.arrivals, "filled", (0,)), np.int64),
            table=np.array(table),
            keys=_keys(seed, 2 + len(stations)),
        )

    def _run(self, triggers: int, warm_up: int, pool: int) -> npt.NDArray[np.void]:
        arrivals, rules = self.network.arrivals, self.network.rules
        record = np.zeros(1, _run_dtype())
        values: dict[str, float] = {
            "triggers": triggers,
            "warm_up": warm_up,
            "idle_items": pool,
            "crossing": NONE,
            "blocked_until": NO_TIME,
            "dead_ticks": round(self.ticks(rules.dead_time_s)),
            "is_paralysable": rules.is_paralysable,
            "signal_share": arrivals.signal_share,
        }
        if isinstance(arrivals, PoissonArrivals):
            values |= {"mean_gap": self.ticks(1 / arrivals.rate_per_s)}
        else:
            crossing = {"crossing_ticks": _CROSSING_TICKS, "orbit": arrivals.orbit}
            values |= {**crossing, "probability": arrivals.probability}
        for name, value in values.items():
            record[name] = value
        return record

    def _stations(self) -> tuple[npt.NDArray[np.void], list[float]]:
        """One record per station, and the quantiles of all tabulated laws."""
        order = self.order
        number = {station.name: i for i, station in enumerate(order)} | {EXIT: NONE}
        means, sigmas, tables = zip(*(in_ticks(s.law, self.ticks) for s in order), strict=True)
        sizes = [len(table) for table in tables]
        columns: dict[str, Any] = {
            name: [getattr(station, name) for station in order]
            for name in ("is_entry", "servers", "places", "blocks", "batch")
        }
        columns |= {
            "next": [number[station.next] for station in order],
            "inputs": [self.network.inputs[station.name] for station in order],
            "law": [law_code(station.law) for station in order],
            "mean": means,
            "sigma": sigmas,
            "table_start": np.cumsum(sizes) - sizes,
            "table_size": sizes,
            "batch_overhead": [self.ticks(station.batch_overhead_s) for station in order],
            "accept_background": [station.accepts[0] for station in order],
            "accept_signal": [station.accepts[1] for station in order],
        }
        columns |= dict.fromkeys(("ready_head", "ready_tail", "waiting_head", "waiting_tail"), NONE)
        records = np.zeros(len(order), _STATION)
        for name, column in columns.items():
            records[name] = column
        return records, [time for table in tables for time in table] or [0.0]


def _tick_s(network: Network) -> float:
    arrivals = network.arrivals
    if isinstance(arrivals, PoissonArrivals):
        return 1 / (arrivals.rate_per_s * _GAP_TICKS)
    return arrivals.crossing_s / _CROSSING_TICKS


def _slots(stations: npt.NDArray[np.void], pool: int) -> npt.NDArray[np.void]:
    """The servers, all idle; no more per station than there can be events in flight."""
    servers = np.minimum(stations["servers"], pool)
    slots = np.zeros(int(servers.sum()), _SLOT)
    slots["head"] = NONE
    last = np.cumsum(servers) - 1
    slots["station"] = np.repeat(np.arange(len(stations)), servers)
    slots["next"] = np.arange(1, len(slots) + 1)
    slots["next"][last] = NONE
    stations["idle"] = last - servers + 1
    return slots


def _keys(seed: int, count: int) -> npt.NDArray[np.uint64]:
    """Keys of so many independent streams."""
    words = np.random.SeedSequence(seed).generate_state(count, np.uint64)
    return words.astype(np.uint64)


@cache
def _run_dtype() -> np.dtype[np.void]:
    """Layout of the run's record.

    One field is named after the digest of the engine's sources: compiled code is kept on disk by
    the types of its arguments, and the cache knows only the file of the outermost function.
    """
    folder = Path(__file__).parent
    text = b"".join((folder / f"{name}.py").read_bytes() for name in _COMPILED)
    digest = hashlib.sha256(text).hexdigest()[:16]
    return np.dtype([*_RUN, (f"build_{digest}", "i8")], align=True)
