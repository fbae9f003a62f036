"""FuseMax and its baselines: attention latency, traffic, utilisation, energy and area.

One model for the five configurations of FuseMax (Nayak et al., MICRO 2024, arXiv 2406.10491):
unfused, FLAT, +Cascade, +Architecture and +Binding (= FuseMax). The equations reproduce the public
artifact (FPSG-UIUC/micro24-fusemax-artifact, f543beb); `preset: published` switches our additions
off. Valid for self-attention of any length; the last tile is padded and costs as much as a full
one. The model note is `docs/models/fusemax.md`.
"""

from __future__ import annotations

from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, ClassVar

from accel_models.attention import one_pass, physical
from accel_models.attention.components import load_components
from accel_models.attention.design_space import DEFAULT_SPACE, machine_parameters
from accel_models.attention.flat import flat
from accel_models.attention.flat_mapper import FlatMapper
from accel_models.attention.hardware import Activity, Hardware, Shape
from accel_models.attention.linear import linear_layers
from accel_models.attention.options import FuseMaxOptions
from accel_models.attention.unfused import unfused
from dse import Choice, CostModel, DesignSpace, Evaluation, Metric
from workloads.transformer import TransformerLayer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dse import Columns, Ops
    from dse._columns import Column

CONFIGURATIONS = ("unfused", "flat", "cascade", "architecture", "binding")
_ON_FUSEMAX = frozenset({"architecture", "binding"})
_EINSUMS = ("qk", "lm", "sln", "sld", "av")
_TRAFFIC = ("query", "key_value", "output", "scores", "linear_layers")
_FULL = 1.0 + 1e-9
_ENERGY = frozenset({"energy_j", "power_w", "energy_delay_product_js", "parts"})
_BUSY = frozenset({"util_2d", "util_1d", "busy_2d_s", "parts"})


class FuseMax(CostModel):
    """Attention accelerators of FuseMax (MICRO 2024): five configurations, one design space."""

    workload: TransformerLayer
    options: FuseMaxOptions

    env_id: ClassVar[str] = "dse/FuseMax-v0"
    version: ClassVar[str] = "1"
    workload_type: ClassVar[type] = TransformerLayer
    Options: ClassVar[type] = FuseMaxOptions
    default_workload: ClassVar[str] = "bert"
    default_objectives: ClassVar[Mapping[str, str]] = {
        "latency_s": "min",
        "energy_j": "min",
        "area_mm2": "min",
    }
    default_space: ClassVar[Mapping[str, tuple[Any, ...]]] = DEFAULT_SPACE
    chunk: ClassVar[int] = 8192 * len(CONFIGURATIONS)
    infeasibilities: ClassVar[tuple[str, ...]] = (
        "the global buffer is too small for one tile of queries",
    )
    metrics: ClassVar[tuple[Metric, ...]] = (
        Metric("latency_s", "Time of one layer"),
        Metric("energy_j", "Energy of one layer", parts=physical.ENERGY_PARTS),
        Metric("area_mm2", "Silicon area", parts=physical.AREA_PARTS),
        Metric("power_w", "Average power, energy over latency"),
        Metric("energy_delay_product_js", "Energy times latency, in joule seconds"),
        Metric("traffic_bytes", "Off-chip reads and writes", parts=_TRAFFIC),
        Metric(
            "util_2d", "Busy share of the 2D array during attention", high=_FULL, parts=_EINSUMS
        ),
        Metric("util_1d", "Busy share of the 1D array during attention", high=_FULL),
        Metric("busy_2d_s", "Time the 2D array is busy during attention"),
        Metric("busy_1d_s", "Time the 1D array is busy during attention"),
        Metric("dram_time_s", "Time the DRAM needs for the traffic of attention"),
        Metric("port_time_s", "Time the buffer ports need for attention"),
    )

    def __init__(self, workload: TransformerLayer, options: FuseMaxOptions | None = None) -> None:
        super().__init__(workload, (options or FuseMaxOptions()).resolved())
        self._components = load_components(self.options.components)
        self._mapper = FlatMapper(workload)

    @cached_property
    def space(self) -> DesignSpace:
        """Everything the equations accept; `default_space` narrows it to 57,024 working designs."""
        return DesignSpace(
            (
                Choice(
                    "configuration",
                    CONFIGURATIONS,
                    default="binding",
                    group="dataflow",
                    doc="How attention is mapped: the configurations of the paper",
                ),
                *machine_parameters(),
            )
        )

    def equations(self, x: Columns, ops: Ops, wanted: frozenset[str]) -> Evaluation:
        """Each configuration has its own equations; every design runs those of its own only."""
        cases = [
            partial(self._configuration, name, ops=ops, wanted=wanted) for name in CONFIGURATIONS
        ]
        columns = ops.by_case(x["configuration"], cases, x)
        too_small = columns.pop("too_small")
        parts = {name: columns.pop(name) for name in list(columns) if "." in name}
        return Evaluation(columns, (too_small,), parts)

    def _configuration(
        self, name: str, x: Columns, *, ops: Ops, wanted: frozenset[str]
    ) -> dict[str, Column]:
        """All wanted columns for designs of one configuration."""
        hw = Hardware.of(x)
        shape = Shape.of(self.workload, hw, ops)
        activity = self._activity(name, shape, hw, ops)
        area = physical.area_parts_mm2(
            name in _ON_FUSEMAX, shape.E, hw, self._components, self.options, ops
        )
        return self._metrics(activity, area, hw, ops, wanted)

    def _activity(self, name: str, shape: Shape, hw: Hardware, ops: Ops) -> Activity:
        if name == "flat":
            return flat(shape, hw, ops, self.options, self._mapper)
        equations = {
            "unfused": unfused,
            "cascade": one_pass.cascade,
            "architecture": one_pass.architecture,
            "binding": one_pass.binding,
        }
        return equations[name](shape, hw, ops, self.options)

    def _metrics(
        self, a: Activity, area: dict[str, Column], hw: Hardware, ops: Ops, wanted: frozenset[str]
    ) -> dict[str, Column]:
        """Apply the limits of memory and ports, add energy, and name everything."""
        traffic = physical.traffic_bytes(a)
        port_s = physical.port_time_s(a.buffer_read_words, a.buffer_write_words, hw)
        attention_s = self._attention_latency_s(a, traffic, port_s, hw, ops)
        columns: dict[str, Any] = {
            "latency_s": attention_s,
            "area_mm2": _total(area),
            "traffic_bytes": traffic,
            "dram_time_s": traffic / hw.BW,
            "port_time_s": port_s,
            "busy_1d_s": a.busy_1d_s,
            "too_small": a.too_small,
        }
        linear: dict[str, Column] = {"energy_j": 0.0, "traffic_bytes": 0.0}
        if self.options.scope == "end_to_end":
            linear = self._linear(hw, ops)
            columns["latency_s"] = attention_s + linear["latency_s"]
            columns["traffic_bytes"] = traffic + linear["traffic_bytes"]
        if wanted & _BUSY:
            columns |= _busy_metrics(a, attention_s)
        if wanted & _ENERGY:
            energy = self._energy_parts_j(a, columns, linear["energy_j"], hw, ops)
            columns |= _energy_metrics(energy, columns["latency_s"])
        if "parts" in wanted:
            shares = {part: busy_s / attention_s for part, busy_s in a.busy_2d_s.items()}
            moved = _traffic_parts(a, linear["traffic_bytes"])
            parts = {
                "energy_j": energy,
                "area_mm2": area,
                "traffic_bytes": moved,
                "util_2d": shares,
            }
            columns |= _breakdown(parts)
        return columns

    def _attention_latency_s(
        self, a: Activity, traffic: Column, port_s: Column, hw: Hardware, ops: Ops
    ) -> Column:
        """Compute, DRAM and buffer ports overlap; the phases of unfused attention do not."""
        if a.phases:
            limited = [ops.maximum(compute, moved / hw.BW) for compute, moved in a.phases]
            latency = sum(limited[1:], start=limited[0])
        else:
            latency = ops.maximum(a.compute_s, traffic / hw.BW)
        bound: Column = ops.maximum(latency, port_s) if self.options.port_limit else latency
        return bound

    def _linear(self, hw: Hardware, ops: Ops) -> dict[str, Column]:
        layers = linear_layers(self.workload, hw, ops, self.options)
        port_s = physical.port_time_s(layers.buffer_read_words, layers.buffer_write_words, hw)
        latency = (
            ops.maximum(layers.latency_s, port_s) if self.options.port_limit else layers.latency_s
        )
        return {
            "latency_s": latency,
            "traffic_bytes": layers.traffic_bytes,
            "energy_j": physical.linear_energy_j(layers, hw, self._components, self.options, ops),
        }

    def _energy_parts_j(
        self, a: Activity, columns: dict[str, Any], linear_j: Column, hw: Hardware, ops: Ops
    ) -> dict[str, Column]:
        """What switches, what leaks for as long as the layer takes, and the linear layers."""
        parts = physical.dynamic_energy_j(a, hw, self._components, self.options, ops)
        static_w = physical.static_power_w(columns["area_mm2"], hw, self.options)
        parts["leakage"] = static_w * columns["latency_s"]
        parts["linear_layers"] = linear_j
        return parts


def _total(parts: Mapping[str, Column]) -> Column:
    """Sum in declaration order, so that every path adds in the same order."""
    first, *others = parts.values()
    return sum(others, start=first)


def _busy_metrics(a: Activity, attention_s: Column) -> dict[str, Column]:
    busy_2d_s = _total(a.busy_2d_s)
    return {
        "busy_2d_s": busy_2d_s,
        "util_2d": busy_2d_s / attention_s,
        "util_1d": a.busy_1d_s / attention_s,
    }


def _energy_metrics(energy: Mapping[str, Column], latency_s: Column) -> dict[str, Column]:
    total = _total(energy)
    return {
        "energy_j": total,
        "power_w": total / latency_s,
        "energy_delay_product_js": total * latency_s,
    }


def _traffic_parts(a: Activity, linear_bytes: Column) -> dict[str, Column]:
    moved = (a.query_bytes, a.key_value_bytes, a.output_bytes, a.score_bytes, linear_bytes)
    return dict(zip(_TRAFFIC, moved, strict=True))


def _breakdown(parts: Mapping[str, Mapping[str, Column]]) -> dict[str, Column]:
    """Columns "metric.part"."""
    return {
        f"{metric}.{part}": column
        for metric, columns in parts.items()
        for part, column in columns.items()
    }
