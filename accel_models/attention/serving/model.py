"""Serving a language model: every request of a trace on a FuseMax accelerator, in closed form.

The accelerator, its dataflow over a prompt (+Binding), its energies and areas are those of
`attention/fusemax`. Each request is one prefill and its decode steps; steps are summed over the
growing context without a loop, and equal requests are worked out once. One chip holds the whole
model: DRAM capacity, norms, activations, residuals, embeddings and rotary positions are left out.
The model note is `docs/models/serving.md`.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from accel_models.attention.components import load_components
from accel_models.attention.hardware import Hardware
from accel_models.attention.options import GIB, MIB
from accel_models.attention.serving import metrics
from accel_models.attention.serving.gemm import Machine
from accel_models.attention.serving.groups import GroupedTrace
from accel_models.attention.serving.options import ServingOptions
from accel_models.attention.serving.prefill import too_small
from accel_models.attention.serving.service import serve
from dse import Choice, CostModel, DesignSpace, Evaluation, Integer, Metric, PowerOfTwo
from workloads.requests.served import ServedRequests

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dse import Columns, Ops
    from dse._columns import FloatArray

_ELEMENTS = 2**17
"""Designs times requests evaluated together: temporaries stay in cache."""


class LLMServing(CostModel):
    """A FuseMax accelerator that serves the requests of a trace to a language model."""

    workload: ServedRequests
    options: ServingOptions

    env_id: ClassVar[str] = "dse/LLMServing-v0"
    version: ClassVar[str] = "1"
    workload_type: ClassVar[type] = ServedRequests
    Options: ClassVar[type] = ServingOptions
    default_workload: ClassVar[str] = "llm-requests"
    default_objectives: ClassVar[Mapping[str, str]] = {
        "time_to_first_token_p99_s": "min",
        "energy_per_token_j": "min",
        "area_mm2": "min",
    }
    default_space: ClassVar[Mapping[str, tuple[Any, ...]]] = {
        "pe_dim": (32, 64, 128, 256, 512),
        "buffer_row_bytes": (512,),
        "buffer_ports": (4,),
    }
    chunk: ClassVar[int] = 256
    infeasibilities: ClassVar[tuple[str, ...]] = (
        "the global buffer is too small for one tile of queries",
    )
    metrics: ClassVar[tuple[Metric, ...]] = metrics.METRICS

    def __init__(self, workload: ServedRequests, options: ServingOptions | None = None) -> None:
        super().__init__(workload, options)
        self._components = load_components(self.options.components)
        self._hardware_options = self.options.hardware()
        self._trace = GroupedTrace.of(workload.requests)

    @cached_property
    def space(self) -> DesignSpace:
        """FuseMax's parameters without its configuration and word width, which the bits decide."""
        return DesignSpace(
            (
                PowerOfTwo("pe_dim", 4, 2048, default=256, group="compute",
                           doc="Side of the square 2D array, in PEs"),
                Choice("pe_1d_ratio", (0.25, 0.5, 1, 2, 4, 8), default=1, extent=(1 / 64, 64),
                       group="compute", doc="Number of 1D PEs per column of the 2D array"),
                Choice("global_buffer_bytes", tuple(int(MIB * 2**k / 4) for k in range(9)),
                       default=int(16 * MIB), extent=(2.0**12, 4 * GIB), group="memory",
                       doc="Capacity of the global buffer"),
                Choice("buffer_row_bytes", (128, 256, 512, 1024), default=512, extent=(16, 4096),
                       group="memory", doc="Bytes of one row of the global buffer"),
                Integer("buffer_ports", 1, 8, default=4, group="memory",
                        doc="Read/write ports of the global buffer"),
                Choice("dram_bandwidth_bytes_per_s",
                       tuple(int(GIB * b) for b in (50, 100, 200, 400, 800, 1600, 3200)),
                       default=int(400 * GIB), extent=(GIB, 65536 * GIB), group="memory",
                       doc="Bandwidth of the DRAM"),
                Choice("frequency_hz", (235e6, 470e6, 705e6, 940e6, 1175e6, 1410e6),
                       default=940e6, extent=(1e6, 1e10), group="clock",
                       doc="Clock; the voltage follows it"),
            )
        )  # fmt: skip

    def equations(self, x: Columns, ops: Ops, wanted: frozenset[str]) -> Evaluation:
        """Designs in blocks that fit the cache; every block against all distinct requests."""
        del ops, wanted  # serving the trace gives everything
        columns = np.broadcast_arrays(*(np.asarray(x[name]) for name in self.space.names))
        shape = columns[0].shape
        flat = dict(zip(self.space.names, (c.reshape(-1, 1) for c in columns), strict=True))
        found = self._in_blocks(flat)
        if not shape:
            return _evaluation({name: column.item() for name, column in found.items()})
        return _evaluation({name: column.reshape(shape) for name, column in found.items()})

    def _in_blocks(self, flat: Mapping[str, FloatArray]) -> dict[str, Any]:
        count = len(flat["pe_dim"])
        size = max(1, _ELEMENTS // len(self.workload.requests))
        with np.errstate(all="ignore"):
            blocks = [
                self._block({name: column[start : start + size] for name, column in flat.items()})
                for start in range(0, count, size)
            ]
        return {name: np.concatenate([block[name] for block in blocks]) for name in blocks[0]}

    def _block(self, x: Columns) -> dict[str, Any]:
        """All metrics and parts of D designs, given as D x 1 columns."""
        model, trace = self.workload.model, self._trace
        hw = Hardware.of({**x, "word_bits": float(model.precision.activation_bits)})
        machine = Machine(hw, model.precision, self.options.port_limit)
        service = serve(model, trace, machine, self.options)
        columns = metrics.request_metrics(service.timeline, trace)
        heads = [stack.block.attention.scores("prefill") for stack in model.decoder]
        key_dim = max(head.key_dim for head in heads)
        columns |= metrics.machine_metrics(
            service, trace.generated, hw, key_dim, self._components,
            self._hardware_options, self.options.flash_energy_j_per_byte,
        )  # fmt: skip
        small = [np.asarray(too_small(head, hw)) for head in heads]
        return {**columns, "too_small": np.logical_or.reduce(small)[:, 0]}


def _evaluation(columns: dict[str, Any]) -> Evaluation:
    """Metrics, and apart from them the parts, whose names hold a dot."""
    small = columns.pop("too_small")
    values = {name: column for name, column in columns.items() if "." not in name}
    parts = {name: column for name, column in columns.items() if "." in name}
    return Evaluation(values, (small,), parts)
