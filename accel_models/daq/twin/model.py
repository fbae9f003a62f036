"""The twin as a cost model: buffers, bandwidths, servers and batches of a pipeline's read-out.

Losses, dead time and latencies come from a simulation with fixed random numbers, so that a design
always has the same figures and all designs see the same triggers. Sources: the pipeline's own (see
`accel_models.daq.flow`); queueing as in the model note. Prices are assumptions, to be replaced.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from accel_models.daq.twin.checks import require
from accel_models.daq.twin.plan import plan_of
from accel_models.daq.twin.simulation import simulate_network
from accel_models.daq.twin.sizing import Sizing
from accel_models.parallel import run_all, thread_count
from dse import CostModel, DesignSpace, Evaluation, Metric
from workloads.pipelines.schema import Pipeline

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy.typing as npt

    from dse import Columns, Ops

_TRANSIENT = 5.0
"""Warm-up in units of the mean number of events in service: e^-5 of a start from empty is left."""


@dataclass(frozen=True)
class DAQTwinOptions:
    """Options of the model.

    Attributes:
        triggers: Triggers that are measured; the smallest loss that can be seen is one of them.
        warm_up: Triggers before these; if null, five times as many as there are events in service
            on average.
        seed: Of all random numbers.
        units_per_server: Units of a node (cores) that form a server and share each event's work;
            as the pipeline says of each service if null, 1 where it says nothing.
        builder_unit_bytes_per_s: Bandwidth of an event-builder unit.
        batch_overhead_s: Time that a server spends per batch, on top of its events; as the pipeline
            says of each service if null, 0 where it says nothing.
        back_pressure: Whether a full station holds up those before it, in the end the trigger; if
            not, an event is lost where there is no room for it. A node with a buffer of its own in
            the pipeline does as that says.
        price_per_byte: Of buffer memory, in the currency of the pipeline's unit prices.
        price_per_byte_per_s: Of bandwidth.
        price_per_builder_unit: Of an event-builder unit.
        threads: Designs simulated side by side; OMP_NUM_THREADS or all cores if null.

    Raises:
        WorkloadError: A value out of range.
    """

    triggers: int = 20_000
    warm_up: int | None = None
    seed: int = 0
    units_per_server: int | None = None
    builder_unit_bytes_per_s: float = 12.5e9
    batch_overhead_s: float | None = None
    back_pressure: bool = True
    price_per_byte: float = 1e-6
    price_per_byte_per_s: float = 50e-9
    price_per_builder_unit: float = 2000.0
    threads: int | None = None

    def __post_init__(self) -> None:
        for name, low in (("triggers", 2), ("seed", 0), ("units_per_server", 1)):
            value = getattr(self, name)
            is_valid = value is None or value >= low
            require(is_valid, f"{name} = {value}", f"a whole number of {low} or more")
        speed = self.builder_unit_bytes_per_s
        require(speed > 0, f"builder_unit_bytes_per_s = {speed}", "a bandwidth above 0")
        for name in ("batch_overhead_s", *_PRICES):
            value = getattr(self, name)
            require(value is None or value >= 0, f"{name} = {value}", "0 or more")


_PRICES = ("price_per_byte", "price_per_byte_per_s", "price_per_builder_unit")


class DAQTwin(CostModel):
    """The read-out of a data-acquisition pipeline, simulated event by event behind its trigger."""

    workload: Pipeline
    options: DAQTwinOptions

    env_id: ClassVar[str] = "dse/DAQTwin-v0"
    version: ClassVar[str] = "2"
    workload_type: ClassVar[type] = Pipeline
    Options: ClassVar[type] = DAQTwinOptions
    default_workload: ClassVar[str] = "cms"
    default_objectives: ClassVar[Mapping[str, str]] = {"loss_fraction": "min", "cost": "min"}
    infeasibilities: ClassVar[tuple[str, ...]] = ("no measured event comes through",)
    # Designs that cannot differ are found within a chunk.
    chunk: ClassVar[int] = 2**16
    metrics: ClassVar[tuple[Metric, ...]] = (
        Metric("loss_fraction", "Share of the triggers that want of room costs, at the entry or"
               " later", high=1.0, parts=("entry", "inside")),
        Metric("dead_fraction", "Share of the triggers that are not taken: by the rules, or for"
               " want of room", high=1.0, parts=("rules", "entry")),
        Metric("utilisation", "Largest load of a station over what it can carry: at 1 and above its"
               " queue grows as long as the run lasts"),
        Metric("median_latency_s", "Time from trigger to decision or storage that half the events"
               " keep"),
        Metric("p99_latency_s", "The same for 99 % of the events"),
        Metric("stored_per_s", "Events stored per second"),
        Metric("cost", "Price of all that the design sizes, in the currency of the pipeline; a"
               " server costs as much as its units",
               parts=("buffers", "links", "builder", "servers")),
        Metric("buffer_bytes", "Memory of all buffers"),
    )  # fmt: skip

    def __init__(self, workload: Pipeline, options: DAQTwinOptions | None = None) -> None:
        super().__init__(workload, options)
        self.plan = plan_of(workload)
        self.sizing = Sizing(self.plan, self.options)
        self.default_space = self.sizing.explored()  # type: ignore[misc]  # of this pipeline

    @cached_property
    def space(self) -> DesignSpace:
        """A size for every station of the pipeline."""
        return self.sizing.space()

    @cached_property
    def warm_up(self) -> int:
        """Triggers that pass before measuring starts."""
        if self.options.warm_up is not None:
            return self.options.warm_up
        computing = [stage for stage in self.plan.nodes if not stage.moves_data]
        in_service = sum(self.sizing.busy(stage) for stage in computing)
        return math.ceil(_TRANSIENT * in_service)

    def equations(self, x: Columns, ops: Ops, wanted: frozenset[str]) -> Evaluation:
        """Simulate every design; those of a batch run side by side on all cores."""
        del ops, wanted  # one simulation gives everything
        columns = np.broadcast_arrays(*(np.asarray(x[name]) for name in self.space.names))
        shape = columns[0].shape
        designs, position = np.unique(
            np.stack([column.ravel() for column in columns], axis=1), axis=0, return_inverse=True
        )
        threads = self.options.threads or thread_count()
        figures = np.array(run_all(self._figures, list(designs), threads))[position.ravel()]
        named = dict(zip(_FIGURES, figures.T, strict=True))
        empty = np.isnan(named["p99_latency_s"])
        if not shape:
            single = {name: column.item() for name, column in named.items()}
            return _evaluation(single, bool(empty.item()))
        shaped = {name: column.reshape(shape) for name, column in named.items()}
        return _evaluation(shaped, empty.reshape(shape))

    def _figures(self, design: npt.NDArray[np.float64]) -> list[float]:
        """`_FIGURES` of one design."""
        x = dict(zip(self.space.names, design.tolist(), strict=True))
        sized = self.sizing.sized(x)
        sizes = {station.stage.name: station.size for station in sized}
        network = self.plan.network(sizes)
        count = self.warm_up + self.options.triggers
        run = simulate_network(network, count, self.options.seed, self.warm_up)
        rules, entry, inside = (run.share(outcome) for outcome in ("vetoed", "busy", "lost"))
        prices = self.sizing.cost_parts(sized)
        return [
            entry + inside, entry, inside, rules + entry, rules, entry,
            self.plan.utilisation(sizes) * (1 - rules),
            run.latency_s(0.5), run.latency_s(0.99), run.stored_per_s,
            sum(prices.values()), *prices.values(),
            sum(station.buffer_bytes for station in sized),
        ]  # fmt: skip


_FIGURES = tuple(
    name
    for metric in DAQTwin.metrics
    for name in (metric.name, *(f"{metric.name}.{part}" for part in metric.parts))
)
"""Metrics, each followed by its parts."""


def _evaluation(columns: Mapping[str, Any], is_empty: Any) -> Evaluation:
    """Metrics, and apart from them the parts, whose names hold a dot."""
    metrics = {name: column for name, column in columns.items() if "." not in name}
    parts = {name: column for name, column in columns.items() if "." in name}
    return Evaluation(metrics, (is_empty,), parts)
