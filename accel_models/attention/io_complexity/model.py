"""Attention as an I/O problem: a schedule, its tiles and the fast memory it needs.

The counts are exact for the schedules of `execution`; time is a roofline over them, energy is that
of the slow memory, area that of the fast one. Valid for self-attention of any length; heads run
one after the other, each with its own keys and values. The model note is
`docs/models/attention_io.md`.
"""

from __future__ import annotations

from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, ClassVar

from accel_models.attention.components import load_components
from accel_models.attention.io_complexity.bounds import (
    reference_backward_words,
    reference_forward_words,
)
from accel_models.attention.io_complexity.capacity import Capacity
from accel_models.attention.io_complexity.counts import BACKWARD, FORWARD, TENSORS
from accel_models.attention.io_complexity.options import AttentionIOOptions
from accel_models.attention.io_complexity.tiling import Head, Tiling
from accel_models.attention.options import GIB
from dse import Choice, CostModel, DesignSpace, Evaluation, Integer, Metric
from workloads.transformer import TransformerLayer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from accel_models.attention.io_complexity.counts import Counter, Counts
    from dse import Columns, Ops
    from dse._columns import Column

_KIB = 1024
_LONGEST_TILE = 65536


def _ladder(low: int, high: int) -> tuple[int, ...]:
    """Powers of two from low to high, and the values half-way between them."""
    powers = [low << k for k in range((high // low).bit_length())]
    return tuple(sorted({*powers, *(p + p // 2 for p in powers if 1 < p < high)}))


class AttentionIO(CostModel):
    """I/O complexity of attention: what a schedule moves through a fast memory of a given size."""

    workload: TransformerLayer
    options: AttentionIOOptions

    env_id: ClassVar[str] = "dse/AttentionIO-v0"
    version: ClassVar[str] = "1"
    workload_type: ClassVar[type] = TransformerLayer
    Options: ClassVar[type] = AttentionIOOptions
    default_workload: ClassVar[str] = "bert"
    default_objectives: ClassVar[Mapping[str, str]] = {
        "latency_s": "min",
        "energy_j": "min",
        "area_mm2": "min",
    }
    default_space: ClassVar[Mapping[str, tuple[Any, ...]]] = {
        "query_tile_rows": _ladder(1, 4096),
        "key_tile_rows": _ladder(1, 4096),
    }
    infeasibilities: ClassVar[tuple[str, ...]] = (
        (
            "the schedule holds more words than the fast memory has: use smaller tiles, "
            "stream_buffers = 1, or more fast_memory_bytes"
        ),
    )
    metrics: ClassVar[tuple[Metric, ...]] = (
        Metric("latency_s", "Time of one layer's attention"),
        Metric("energy_j", "Energy of the off-chip traffic", parts=("loads", "stores")),
        Metric("area_mm2", "Area of the fast memory"),
        Metric("traffic_bytes", "Off-chip reads and writes", parts=TENSORS),
        Metric("loads_words", "Words read from slow memory"),
        Metric("stores_words", "Words written to slow memory"),
        Metric("messages", "Transfers between the memories"),
        Metric("peak_words", "Most words of one head in fast memory at any time"),
        Metric("arithmetic_intensity", "Multiply-accumulates per byte of traffic"),
        Metric("compute_time_s", "Time of the multiply-accumulates"),
        Metric("transfer_time_s", "Time of the traffic and of setting up its transfers"),
        Metric("reference_words", "Asymptotic reference for the words moved, up to constants"),
    )

    def __init__(
        self, workload: TransformerLayer, options: AttentionIOOptions | None = None
    ) -> None:
        super().__init__(workload, options)
        self._components = load_components(self.options.components)
        layer = self.workload
        self._head = Head(float(layer.seq_len), float(layer.head_dim), float(layer.value_dim))
        self._heads = float(layer.batch * layer.heads)

    @property
    def algorithms(self) -> Mapping[str, Counter]:
        """The algorithms of the pass."""
        return FORWARD if self.options.direction == "forward" else BACKWARD

    @cached_property
    def space(self) -> DesignSpace:
        """Everything the equations accept; `default_space` narrows the tiles."""
        default = "fa2"
        return DesignSpace(
            (
                Choice("algorithm", tuple(self.algorithms), default=default, group="dataflow",
                       doc="Schedule: FlashAttention 1 or 2, or tiled products for small caches"),
                Integer("query_tile_rows", 1, _LONGEST_TILE, default=64, group="tiling",
                        doc="Br, queries per tile; all of them where it exceeds the length"),
                Integer("key_tile_rows", 1, _LONGEST_TILE, default=64, group="tiling",
                        doc="Bc, keys per tile"),
                Integer("stream_buffers", 1, 2, default=2, group="dataflow",
                        doc="1: transfers and arithmetic take turns; 2: they overlap"),
                Capacity("fast_memory_bytes", _ladder(_KIB // 4, _KIB * _KIB), default=64 * _KIB,
                         extent=(1.0, 4 * GIB), group="memory",
                         doc="Capacity of the fast memory"),
            )
        )  # fmt: skip

    def equations(self, x: Columns, ops: Ops, wanted: frozenset[str]) -> Evaluation:
        """Each algorithm has its own counts; every design runs those of its own only."""
        cases = [
            partial(self._case, counter, ops=ops, wanted=wanted)
            for counter in self.algorithms.values()
        ]
        columns = ops.by_case(x["algorithm"], cases, x)
        too_large = columns.pop("too_large")
        parts = {name: columns.pop(name) for name in list(columns) if "." in name}
        return Evaluation(columns, (too_large,), parts)

    def _case(
        self, counter: Counter, x: Columns, *, ops: Ops, wanted: frozenset[str]
    ) -> dict[str, Column]:
        """All wanted columns for designs of one algorithm."""
        tiling = Tiling(
            Br=x["query_tile_rows"],
            Bc=x["key_tile_rows"],
            buffers=x["stream_buffers"],
            causal=self.options.mask == "causal",
            statistics=self.options.statistics,
        )
        counts = counter(self._head, tiling, ops)
        capacity_words = ops.floor(x["fast_memory_bytes"] / self.options.word_bytes)
        area = self._components.area_mm2["buffer_per_KiB"]
        columns = {
            **self._traffic(counts),
            **self._times(counts, x["stream_buffers"], ops),
            "peak_words": counts.peak_words,
            "area_mm2": area * x["fast_memory_bytes"] / _KIB,
            "too_large": counts.peak_words > capacity_words,
        }
        if "reference_words" in wanted:
            columns["reference_words"] = self._heads * self._reference(capacity_words, ops)
        return columns | self._parts(counts) if "parts" in wanted else columns

    def _traffic(self, counts: Counts) -> dict[str, Column]:
        """Words, bytes and joules of all heads."""
        traffic = self._heads * counts.words * self.options.word_bytes
        return {
            "loads_words": self._heads * counts.loads_words,
            "stores_words": self._heads * counts.stores_words,
            "messages": self._heads * counts.messages,
            "traffic_bytes": traffic,
            "energy_j": traffic * self._components.energy_j["dram"],
            "arithmetic_intensity": self._heads * counts.macs / traffic,
        }

    def _parts(self, counts: Counts) -> dict[str, Column]:
        """Traffic by tensor, and energy by direction."""
        head_bytes = self._heads * self.options.word_bytes
        moved = {
            tensor: counts.loads.get(tensor, 0.0) + counts.stores.get(tensor, 0.0)
            for tensor in TENSORS
        }
        head_j = head_bytes * self._components.energy_j["dram"]
        return {
            **{f"traffic_bytes.{tensor}": head_bytes * words for tensor, words in moved.items()},
            "energy_j.loads": head_j * counts.loads_words,
            "energy_j.stores": head_j * counts.stores_words,
        }

    def _times(self, counts: Counts, buffers: Column, ops: Ops) -> dict[str, Column]:
        """A roofline: transfers and arithmetic overlap with two buffers, and add up with one."""
        options = self.options
        compute_s = self._heads * counts.macs / options.macs_per_s
        moved_s = counts.words * options.word_bytes / options.dram_bandwidth_bytes_per_s
        transfer_s = self._heads * (moved_s + counts.messages * options.transfer_setup_s)
        overlapped_s = ops.maximum(compute_s, transfer_s)
        return {
            "compute_time_s": compute_s,
            "transfer_time_s": transfer_s,
            "latency_s": ops.where(buffers > 1.0, overlapped_s, compute_s + transfer_s),
        }

    def _reference(self, capacity_words: Column, ops: Ops) -> Column:
        """The asymptotic reference of one head; d is the mean of its two widths."""
        forward = self.options.direction == "forward"
        reference = reference_forward_words if forward else reference_backward_words
        d = (self._head.E + self._head.F) / 2.0
        return reference(self._head.N, d, ops.maximum(capacity_words, 1.0), ops)
