"""Data-acquisition pipelines: power, quality of the selection, latency, size and cost.

Re-implements SystemFlow (Olin-Ammentorp, Wu, Chien 2024, arXiv 2407.00123; wilkieolin/system_flow,
tag `paper`) from its published equations, for any pipeline. A rate model: no queues, no losses; the
discrete-event twin has those. The model note is `docs/models/daq.md`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property, reduce
from operator import mul, truediv
from typing import TYPE_CHECKING, ClassVar, Literal

from accel_models.daq import outcome
from accel_models.daq.flow import Forward
from accel_models.daq.space import explored, first_trigger, pipeline_space
from accel_models.daq.stream import TINY
from accel_models.daq.technology import scale_of
from dse import CostModel, DesignSpace, Evaluation, Metric
from dse.errors import InputError, did_you_mean
from workloads.pipelines.schema import Pipeline

if TYPE_CHECKING:
    from collections.abc import Mapping

    from accel_models.daq.flow import Pass
    from dse import Columns, Ops
    from dse._columns import Column

_SCALINGS = ("density", "energy", "none")
_SHARE = 1.0 + 1e-9
_TIMES = frozenset({"trigger_latency_s", "latency_s", "trigger_buffer_bytes"})
_SPENT = frozenset({"stored_event_energy_j", "rejected_event_energy_j"})
_SIZES = frozenset({"units", "cost", "parts"})


@dataclass(frozen=True)
class PipelineOptions:
    """Options of the model.

    Attributes:
        technology: What power is divided by as the years pass: the growth of transistor density,
            as the source does; the projected growth of energy efficiency, 3.6 times less by 2034;
            or nothing.
        scale_links: Whether the links profit, too, as in the source.
        integer_counts: Whether events per second are cut to integers after every trigger, as the
            source does.
        total_reduction: Whether the ratio of the last trigger is free, or follows from the others
            so that as many events are stored as the pipeline's own ratios would.
        tuned_detectors: How many detectors, those that send most, have parameters of their own;
            the others stay as the pipeline describes them.
        utilisation: Share of the time that a unit is busy, for the number of units.
    """

    technology: Literal["density", "energy", "none"] = "density"
    scale_links: bool = True
    integer_counts: bool = False
    total_reduction: Literal["free", "constant"] = "free"
    tuned_detectors: int = 7
    utilisation: float = 0.8

    def __post_init__(self) -> None:
        if self.technology not in _SCALINGS:
            hint = did_you_mean(str(self.technology), _SCALINGS)
            what = f"option technology = {self.technology!r}.{hint}"
            raise InputError(what, allowed=", ".join(_SCALINGS))
        if self.total_reduction not in ("free", "constant"):
            what = f"option total_reduction = {self.total_reduction!r}"
            raise InputError(what, allowed="free, constant")
        if not 0 <= self.tuned_detectors <= 1000:
            what = f"option tuned_detectors = {self.tuned_detectors}"
            raise InputError(what, allowed="a whole number from 0 to 1,000")
        if not 0 < self.utilisation <= 1:
            what = f"option utilisation = {self.utilisation}"
            raise InputError(what, allowed="a number > 0 and <= 1")


class DAQPipeline(CostModel):
    """Data-acquisition pipelines of particle physics: power, selection quality, latency, cost."""

    workload: Pipeline
    options: PipelineOptions

    env_id: ClassVar[str] = "dse/DAQ-v0"
    version: ClassVar[str] = "2"
    workload_type: ClassVar[type] = Pipeline
    Options: ClassVar[type] = PipelineOptions
    default_workload: ClassVar[str] = "cms"
    default_objectives: ClassVar[Mapping[str, str]] = {"power_w": "min", "f1": "max"}
    infeasibilities: ClassVar[tuple[str, ...]] = (
        "no relevant event is stored",
        "a link carries more than its bandwidth",
        "nothing uses any energy, so that relevant samples per joule have no value",
    )
    metrics: ClassVar[tuple[Metric, ...]] = (
        Metric("power_w", "Electrical power at the technology of the year"),
        Metric("f1", "Harmonic mean of precision and recall of what is stored", high=_SHARE),
        Metric("precision", "Share of the stored events that are relevant", high=_SHARE),
        Metric("recall", "Share of the relevant events that are stored", high=_SHARE),
        Metric("productivity", "F1 times stored rate over power: relevant samples per joule"),
        Metric("relevant_sample_energy_j", "Energy per relevant sample, 1 / productivity"),
        Metric("true_positive_energy_j", "Power over the rate of relevant events stored"),
        Metric("stored_event_energy_j", "Work spent on an event that is stored, unscaled"),
        Metric("rejected_event_energy_j", "Work spent on an event that is rejected, unscaled"),
        Metric("trigger_rate_hz", "Events accepted by the first trigger"),
        Metric("stored_rate_hz", "Events stored"),
        Metric("event_builder_bytes_per_s", "Data that leave the first trigger"),
        Metric("trigger_latency_s", "From the crossing to the decision of the first trigger"),
        Metric("latency_s", "From the crossing to storage, with mean service times and no queues"),
        Metric("trigger_buffer_bytes", "Data that wait for the decision of the first trigger"),
        Metric("dead_fraction", "Share of the crossings that simple dead time blocks", high=_SHARE),
        Metric("units", "Units (cores, boards: whatever a node's service time is of) that serve the"
               " load at the utilisation of the options"),
        Metric("cost", "Price of all units, in the pipeline's currency; the twin prices links and"
               " buffers, too"),
    )  # fmt: skip

    def __init__(self, workload: Pipeline, options: PipelineOptions | None = None) -> None:
        super().__init__(workload, options)
        self.forward = Forward(workload, integer_counts=self.options.integer_counts)
        self.links = outcome.link_names(workload)
        self._scale = scale_of(self.options.technology)
        self._trigger = first_trigger(workload)
        self._last = self._following()
        # Parts and the default problem are those of this pipeline.
        parts = self._part_names()
        self.metrics = tuple(  # type: ignore[misc]
            replace(metric, parts=parts.get(metric.name, ())) for metric in type(self).metrics
        )
        self.default_space = explored(workload, self.space)  # type: ignore[misc]

    @cached_property
    def space(self) -> DesignSpace:
        """Every figure of the pipeline that a design may change."""
        whole = pipeline_space(self.workload, self.options.tuned_detectors)
        kept = tuple(p for p in whole.parameters if self._last is None or p.name != self._last[0])
        return DesignSpace(kept)

    def equations(self, x: Columns, ops: Ops, wanted: frozenset[str]) -> Evaluation:
        """One forward pass, and what is wanted of it."""
        found = self.states(x, ops)
        counts = outcome.Contingency.of(found)
        powers = outcome.power_parts_w(found, x, self.links, ops)
        (scale,) = ops.table(self._scale, x["year"])
        columns = self._quality(counts, ops)
        power = self._scaled(powers, scale)
        power_w = outcome.total(power.values())
        columns |= _energies(power_w, counts, columns["f1"], ops)
        columns |= self._traffic(found, counts, x)
        if wanted & _TIMES:
            columns |= self._times(found, ops)
        if wanted & _SPENT:
            columns["stored_event_energy_j"] = outcome.stored_event_energy_j(found)
            columns["rejected_event_energy_j"] = outcome.rejected_event_energy_j(found, ops)
        parts = {f"power_w.{name}": column for name, column in power.items()}
        if wanted & _SIZES:
            units, prices = outcome.cost_parts(found, self.options.utilisation, ops)
            columns |= {"units": _sum(units), "cost": _sum(prices)}
            parts |= {f"units.{name}": column for name, column in units.items()}
            parts |= {f"cost.{name}": column for name, column in prices.items()}
        metrics = {name: columns[name] for name in self.metric_names if name in wanted}
        infeasible = (counts.TP <= 0.0, outcome.overloaded(found, ops), power_w <= 0.0)
        return Evaluation(metrics, infeasible, parts if "parts" in wanted else {})

    def states(self, x: Columns, ops: Ops) -> Pass:
        """The forward pass behind the metrics: every node with what it works on and decides.

        Args:
            x: Valid columns, one per parameter of `space`.
            ops: The operations to compute with.
        """
        if self._last is not None:
            name, product, others = self._last
            ratio = reduce(truediv, (x[other] for other in others), product)
            x = {**x, name: ops.maximum(ratio, 1.0)}
        return self.forward.run(x, ops)

    def _following(self) -> tuple[str, float, tuple[str, ...]] | None:
        """The ratio that follows from others, their product, and the others."""
        if self.options.total_reduction == "free":
            return None
        nodes = [self.workload.node(name) for name in self.workload.trunk]
        triggers = [node for node in nodes if node.kind == "trigger"]
        if len(triggers) < 2:
            what = f"{self.workload.name} has no two triggers that everything passes"
            raise InputError(what, next_step="leave the option total_reduction at free")
        names = [f"{node.slug}_reduction_ratio" for node in triggers]
        product = reduce(mul, (node.reduction_ratio for node in triggers))
        return names[-1], product, tuple(names[:-1])

    def _part_names(self) -> dict[str, tuple[str, ...]]:
        power: list[str] = []
        for node in self.workload.nodes:
            power += [node.slug] if node.link is None else [node.slug, f"{node.slug}_link"]
        working = [node.slug for node in self.workload.nodes if node.servers or node.service]
        return {"power_w": tuple(power), "units": tuple(working), "cost": tuple(working)}

    def _scaled(self, powers: Mapping[str, Column], scale: Column) -> dict[str, Column]:
        """Power at the technology of the year; links need not profit."""
        links = {f"{node.slug}_link" for node in self.workload.nodes if node.link is not None}
        spared = links if not self.options.scale_links else frozenset()
        return {name: p if name in spared else p / scale for name, p in powers.items()}

    def _quality(self, counts: outcome.Contingency, ops: Ops) -> dict[str, Column]:
        return {
            "precision": counts.precision(ops),
            "recall": counts.recall(ops),
            "f1": counts.f1(ops),
            "stored_rate_hz": counts.stored_hz,
        }

    def _traffic(self, found: Pass, counts: outcome.Contingency, x: Columns) -> dict[str, Column]:
        """What the first trigger accepts; without one, what is stored."""
        if self._trigger is None:
            stored = counts.stored_hz
            state = found.states[self.workload.root.name]
            return {
                "trigger_rate_hz": stored,
                "event_builder_bytes_per_s": state.message_bytes * stored,
                "dead_fraction": 0.0,
            }
        state = found.states[self._trigger.name]
        rate = state.output.rate_hz
        blocked = x[f"{self._trigger.slug}_dead_crossings"]
        return {
            "trigger_rate_hz": rate,
            "event_builder_bytes_per_s": state.message_bytes * rate,
            "dead_fraction": outcome.dead_fraction(rate, self.workload.crossing_rate_hz, blocked),
        }

    def _times(self, found: Pass, ops: Ops) -> dict[str, Column]:
        times = outcome.latencies_s(found, self.workload, ops)
        decided = 0.0 if self._trigger is None else times[self._trigger.name]
        detectors = [found.states[node.name].output for node in self.workload.detectors]
        arriving = outcome.total(s.message_bytes(ops) * s.rate_hz for s in detectors)
        return {
            "trigger_latency_s": decided,
            "latency_s": times[self.workload.root.name],
            "trigger_buffer_bytes": arriving * decided,
        }


def _energies(
    power: Column, counts: outcome.Contingency, f1: Column, ops: Ops
) -> dict[str, Column]:
    """Productivity F1 * stored / power, its inverse, and power per true positive."""
    useful = f1 * counts.stored_hz
    return {
        "power_w": power,
        "productivity": useful / ops.maximum(power, TINY),
        "relevant_sample_energy_j": power / ops.maximum(useful, TINY),
        "true_positive_energy_j": power / ops.maximum(counts.TP, TINY),
    }


def _sum(columns: Mapping[str, Column]) -> Column:
    return outcome.total(columns.values()) if columns else 0.0
