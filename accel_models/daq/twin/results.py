"""What a run of the twin tells."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from accel_models.daq.twin.state import BUSY, LOST, REJECTED, STALLED, STORED, VETOED

if TYPE_CHECKING:
    import numpy.typing as npt

    from accel_models.daq.twin.state import Compiled, State

OUTCOMES = {
    "vetoed": VETOED,
    "busy": BUSY,
    "lost": LOST,
    "rejected": REJECTED,
    "stored": STORED,
}
"""What may become of a trigger -> its code in `Run.events`: blocked by the rules, turned away by a
full entry station, lost at a station without room, rejected by a classifier, stored."""


@dataclass(frozen=True)
class StationFigures:
    """One station in the measuring window.

    Attributes:
        name: Of the station.
        occupancy: Mean number of events that it holds.
        peak: The most that it ever held.
        utilisation: Share of its servers' time spent serving, in the whole run.
        blocked: Share of its servers' time spent waiting for room further on, in the whole run.
        rate_per_s: Events served per second.
        lost: Events lost for want of room here.
        rejected: Events that its classifier rejected.
    """

    name: str
    occupancy: float
    peak: int
    utilisation: float
    blocked: float
    rate_per_s: float
    lost: int
    rejected: int


@dataclass(frozen=True)
class Run:
    """A finished run. Figures count the triggers after the warm-up.

    Attributes:
        compiled: What ran.
        state: How it ended.
    """

    compiled: Compiled
    state: State

    @property
    def is_stalled(self) -> bool:
        """Whether events were left that all wait for each other."""
        return bool(self.state.run["status"][0] == STALLED)

    @property
    def handled(self) -> int:
        """Events of the simulation: arrivals of triggers plus ends of services."""
        return int(self.state.run["handled"][0])

    @property
    def events(self) -> npt.NDArray[np.void]:
        """The event list: `state.EVENT` of every trigger, the warm-up included, in ticks."""
        return self.state.events

    @cached_property
    def measured(self) -> npt.NDArray[np.void]:
        """The event list without the warm-up."""
        return self.events[int(self.state.run["warm_up"][0]) :]

    @cached_property
    def span_s(self) -> float:
        """Length of the measuring window: from its first trigger to the last."""
        run = self.state.run[0]
        return float(run["window_to"] - run["window_from"]) * self.compiled.tick_s

    @cached_property
    def _counts(self) -> list[int]:
        """Measured triggers by the code of their outcome."""
        return np.bincount(self.measured["outcome"], minlength=STORED + 1).tolist()  # type: ignore[no-any-return]

    def share(self, *outcomes: str) -> float:
        """Share of the offered triggers that came to any of these outcomes (see `OUTCOMES`)."""
        return sum(self._counts[OUTCOMES[outcome]] for outcome in outcomes) / len(self.measured)

    @property
    def dead_fraction(self) -> float:
        """Share of the offered triggers that were not taken: by the rules, or for want of room."""
        return self.share("vetoed", "busy")

    @property
    def loss_fraction(self) -> float:
        """Share of the offered triggers that want of room cost, at the entry or later."""
        return self.share("busy", "lost")

    @cached_property
    def latencies_s(self) -> npt.NDArray[np.float64]:
        """Times from trigger to decision or storage of the events that came to either, rising."""
        done = self.measured[self.measured["outcome"] >= REJECTED]
        ticks: npt.NDArray[np.float64] = (done["departure"] - done["arrival"]).astype(np.float64)
        return np.sort(ticks) * self.compiled.tick_s

    def latency_s(self, share: float) -> float:
        """The latency that this share of the events does not exceed; NaN if there are none."""
        count = len(self.latencies_s)
        return float(self.latencies_s[math.ceil(share * count) - 1]) if count else math.nan

    @property
    def stored_per_s(self) -> float:
        """Throughput: stored events per second of the window; NaN for a window without length."""
        return self._counts[STORED] / self.span_s if self.span_s else math.nan

    def stations(self) -> tuple[StationFigures, ...]:
        """The figures of each station, the root first."""
        records = self.state.stations
        return tuple(self._figures(i, records[i]) for i in range(len(records)))

    def _figures(self, number: int, record: Any) -> StationFigures:
        run = self.state.run[0]
        station = self.compiled.order[number]
        window = float(run["window_to"] - run["window_from"]) or math.nan
        at_station = self.measured[self.measured["station"] == number]
        whole = float(run["now"]) * station.servers or math.nan
        return StationFigures(
            name=station.name,
            occupancy=float(record["window_end"] - record["window_start"]) / window,
            peak=int(record["peak"]),
            utilisation=float(record["busy_ticks"]) / whole,
            blocked=float(record["blocked_ticks"]) / whole,
            rate_per_s=float(record["served"]) / (window * self.compiled.tick_s),
            lost=int(np.count_nonzero(at_station["outcome"] == LOST)),
            rejected=int(np.count_nonzero(at_station["outcome"] == REJECTED)),
        )
