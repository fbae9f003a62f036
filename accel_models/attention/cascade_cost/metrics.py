"""From what a cascade makes the hardware do to its metrics: limits, energy, utilisation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from accel_models.attention import physical
from accel_models.attention.linear import linear_layers

if TYPE_CHECKING:
    from collections.abc import Mapping

    from accel_models.attention.components import Components
    from accel_models.attention.hardware import Activity, Hardware
    from accel_models.attention.options import FuseMaxOptions
    from dse import Ops
    from dse._columns import Column
    from workloads.transformer import TransformerLayer

__all__ = ["TRAFFIC_PARTS", "Finishing"]

TRAFFIC_PARTS = ("column_inputs", "row_inputs", "results", "intermediates", "linear_layers")
"""Inputs along the columns of the 2D array (queries), other inputs (keys and values), results,
tensors that leave the chip and come back, and the linear layers."""

_ENERGY = frozenset({"energy_j", "power_w", "energy_delay_product_js", "parts"})
_NOTHING: Mapping[str, Column] = {"latency_s": 0.0, "energy_j": 0.0, "traffic_bytes": 0.0}


@dataclass(frozen=True)
class Finishing:
    """What turns activity into metrics, for some designs.

    Attributes:
        layer: The layer.
        hw: The hardware.
        components: Component energies.
        options: Which assumptions apply.
        ops: Operations.
    """

    layer: TransformerLayer
    hw: Hardware
    components: Components
    options: FuseMaxOptions
    ops: Ops

    def columns(
        self, a: Activity, area: Mapping[str, Column], wanted: frozenset[str]
    ) -> dict[str, Column]:
        """All wanted columns.

        Args:
            a: What the cascade does.
            area: Area per component.
            wanted: Metrics, and "parts" for the breakdown.
        """
        moved = physical.traffic_bytes(a)
        cascade_s = self._latency_s(a, moved)
        linear = self._linear() if self.options.scope == "end_to_end" else _NOTHING
        busy_2d_s = total(a.busy_2d_s)
        found: dict[str, Any] = {
            "latency_s": cascade_s + linear["latency_s"],
            "area_mm2": total(area),
            "traffic_bytes": moved + linear["traffic_bytes"],
            "dram_time_s": moved / self.hw.BW,
            "port_time_s": self._port_s(a),
            "busy_1d_s": a.busy_1d_s,
            "busy_2d_s": busy_2d_s,
            "util_1d": a.busy_1d_s / cascade_s,
            "util_2d": busy_2d_s / cascade_s,
            "too_small": a.too_small,
        }
        if wanted & _ENERGY:
            energy = self._energy_parts_j(a, found, linear["energy_j"])
            found |= _energy_metrics(energy, found["latency_s"])
        if "parts" in wanted:
            inputs_and_results = (
                a.query_bytes, a.key_value_bytes, a.output_bytes, a.score_bytes,
                linear["traffic_bytes"],
            )  # fmt: skip
            traffic = dict(zip(TRAFFIC_PARTS, inputs_and_results, strict=True))
            parts = {"energy_j": energy, "area_mm2": area, "traffic_bytes": traffic}
            found |= {
                f"{m}.{part}": c for m, columns in parts.items() for part, c in columns.items()
            }
        return found

    def _latency_s(self, a: Activity, moved: Column) -> Column:
        """Compute and DRAM overlap within a phase, phases do not; the ports bound everything."""
        phases = a.phases or ((a.compute_s, moved),)
        limited = [self.ops.maximum(compute, part / self.hw.BW) for compute, part in phases]
        latency: Column = sum(limited[1:], start=limited[0])
        bound: Column = (
            self.ops.maximum(latency, self._port_s(a)) if self.options.port_limit else latency
        )
        return bound

    def _port_s(self, a: Activity) -> Column:
        return physical.port_time_s(a.buffer_read_words, a.buffer_write_words, self.hw)

    def _linear(self) -> dict[str, Column]:
        """The linear layers after the cascade."""
        layers = linear_layers(self.layer, self.hw, self.ops, self.options)
        port_s = physical.port_time_s(layers.buffer_read_words, layers.buffer_write_words, self.hw)
        latency = layers.latency_s
        if self.options.port_limit:
            latency = self.ops.maximum(latency, port_s)
        energy = physical.linear_energy_j(layers, self.hw, self.components, self.options, self.ops)
        return {"latency_s": latency, "traffic_bytes": layers.traffic_bytes, "energy_j": energy}

    def _energy_parts_j(
        self, a: Activity, found: Mapping[str, Column], linear_j: Column
    ) -> dict[str, Column]:
        """What switches, what leaks for as long as it takes, and the linear layers."""
        parts = physical.dynamic_energy_j(a, self.hw, self.components, self.options, self.ops)
        static_w = physical.static_power_w(found["area_mm2"], self.hw, self.options)
        parts["leakage"] = static_w * found["latency_s"]
        parts["linear_layers"] = linear_j
        return parts


def total(parts: Mapping[str, Column]) -> Column:
    """Sum in the order of the parts, so that every path adds in the same order."""
    first, *others = parts.values()
    return sum(others, start=first)


def _energy_metrics(energy: Mapping[str, Column], latency_s: Column) -> dict[str, Column]:
    joules = total(energy)
    return {
        "energy_j": joules,
        "power_w": joules / latency_s,
        "energy_delay_product_js": joules * latency_s,
    }
