"""Metrics of a served trace: what each request sees, and what the machine spends."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from accel_models.attention import physical
from accel_models.attention.serving.service import as_activity
from accel_models.attention.serving.waiting import percentiles
from dse import Metric
from dse._ops import ARRAYS

if TYPE_CHECKING:
    from accel_models.attention.components import Components
    from accel_models.attention.hardware import Hardware
    from accel_models.attention.options import FuseMaxOptions
    from accel_models.attention.serving.groups import GroupedTrace
    from accel_models.attention.serving.service import Service
    from accel_models.attention.serving.timeline import Timeline
    from dse._columns import FloatArray

_SHARES = (0.5, 0.99)
_DYNAMIC = ("macc", "add", "max", "divide", "registers", "buffer", "dram")
ENERGY_PARTS = (*_DYNAMIC, "flash", "leakage")
BUSY_PARTS = ("prefill", "decode")
_FULL = 1.0 + 1e-9

METRICS = (
    Metric("time_to_first_token_mean_s", "Arrival to first token, mean over the requests"),
    Metric("time_to_first_token_p50_s", "Arrival to first token, median"),
    Metric("time_to_first_token_p99_s", "Arrival to first token, 99th percentile"),
    Metric(
        "time_per_output_token_mean_s", "First token to last over decode steps, of all requests"
    ),
    Metric("time_per_output_token_p50_s", "Mean step of a request, median over the requests"),
    Metric("time_per_output_token_p99_s", "Mean step of a request, 99th percentile"),
    Metric("request_latency_p50_s", "Arrival to last token, median"),
    Metric("request_latency_p99_s", "Arrival to last token, 99th percentile"),
    Metric("waiting_mean_s", "Arrival to start of service, mean; 0 if isolated"),
    Metric("tokens_per_s", "Generated tokens over the time that the trace takes"),
    Metric("energy_per_token_j", "Energy per generated token", parts=ENERGY_PARTS),
    Metric("energy_j", "Energy of the whole trace"),
    Metric("power_w", "Energy over the time that the trace takes"),
    Metric("busy_s", "Time that the machine serves", parts=BUSY_PARTS),
    Metric("utilisation", "Busy share of the time that the trace takes", high=_FULL),
    Metric("area_mm2", "Silicon area", parts=physical.AREA_PARTS),
)


def request_metrics(timeline: Timeline, trace: GroupedTrace) -> dict[str, Any]:
    """What the requests see, and how busy the machine is; D values each."""
    prefill_busy_s = timeline.prefill_s.sum(axis=-1)
    busy_s = prefill_busy_s + timeline.decode_busy_s
    first_token_s = timeline.first_token_s
    return {
        "time_to_first_token_mean_s": first_token_s.mean(axis=-1),
        **_quantiles("time_to_first_token", first_token_s),
        **_step_metrics(timeline, trace),
        **_quantiles("request_latency", timeline.latency_s),
        "waiting_mean_s": timeline.waiting_s.mean(axis=-1),
        "tokens_per_s": trace.generated / timeline.span_s,
        "busy_s": busy_s,
        "utilisation": busy_s / timeline.span_s,
        "busy_s.prefill": prefill_busy_s,
        "busy_s.decode": timeline.decode_busy_s,
    }


def _quantiles(name: str, values: FloatArray) -> dict[str, FloatArray]:
    median, tail = percentiles(values, _SHARES)
    return {f"{name}_p50_s": median, f"{name}_p99_s": tail}


def _step_metrics(timeline: Timeline, trace: GroupedTrace) -> dict[str, FloatArray]:
    """Time per output token; requests of a single token have no step, and zero if all are such."""
    name = "time_per_output_token"
    steps = trace.steps[0, trace.answer_of]
    stepping = np.flatnonzero(steps)
    if not len(stepping):
        zero = np.zeros_like(timeline.span_s)
        return {f"{name}_{which}_s": zero for which in ("mean", "p50", "p99")}
    decoding_s = timeline.decoding_s
    mean_s = decoding_s.sum(axis=-1) / steps.sum()
    per_request_s = np.take(decoding_s, stepping, axis=1) / steps[stepping]
    return {f"{name}_mean_s": mean_s, **_quantiles(name, per_request_s)}


def machine_metrics(
    service: Service,
    generated: int,
    hw: Hardware,
    key_dim: int,
    components: Components,
    options: FuseMaxOptions,
    flash_j_per_byte: float,
) -> dict[str, Any]:
    """Area, energy and power with their parts; D values each.

    Args:
        service: The served trace.
        generated: Generated tokens.
        hw: D x 1 designs.
        key_dim: Length of a query of one head.
        components: Energies and areas.
        options: Assumptions of FuseMax's equations.
        flash_j_per_byte: Energy of reading a byte of flash.
    """
    span_s = service.timeline.span_s[:, np.newaxis]
    area = physical.area_parts_mm2(True, key_dim, hw, components, options, ARRAYS)
    area_mm2 = _total(area)
    switching = physical.dynamic_energy_j(
        as_activity(service.work), hw, components, options, ARRAYS
    )
    static_w = physical.static_power_w(area_mm2, hw, options)
    energy = {part: switching[part] for part in _DYNAMIC}
    energy["flash"] = service.flash_bytes * flash_j_per_byte
    energy["leakage"] = static_w * span_s
    energy_j = _total(energy)
    columns = {
        "area_mm2": area_mm2,
        "energy_j": energy_j,
        "energy_per_token_j": energy_j / generated,
        "power_w": energy_j / span_s,
        **{f"area_mm2.{part}": column for part, column in area.items()},
        **{f"energy_per_token_j.{part}": column / generated for part, column in energy.items()},
    }
    return {name: np.broadcast_to(column, span_s.shape)[:, 0] for name, column in columns.items()}


def _total(parts: dict[str, Any]) -> Any:
    """Sum in declaration order, so that every path adds in the same order."""
    first, *others = parts.values()
    return sum(others, start=first)
