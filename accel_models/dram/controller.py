"""The DRAM memory controller: ten parameters of ArchGym, evaluated by simulating a trace.

Results equal those of DRAMSys 4.0 and DRAMPower 4 to the last digit, quirks included; the
simulator's modules cite the sections of the specification that they implement. Left out: more than
one channel, the energy of pins and termination, and refresh of single banks.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path  # noqa: TC003 - the framework reads the annotations at run time
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np

from accel_models.dram.energy import PARTS, energy_parts_pj, window_cycles
from accel_models.dram.simulation import RESULT, simulate_controllers
from accel_models.dram.specification import load_specification
from accel_models.dram.state import Command
from dse import Choice, CostModel, DesignSpace, Evaluation, Integer, Metric
from workloads.traces.trace import MemoryTrace

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy.typing as npt

    from dse import Columns, Ops

PAGE_POLICIES = ("Open", "OpenAdaptive", "Closed", "ClosedAdaptive")
SCHEDULERS = ("Fifo", "FrFcfsGrp", "FrFcfs")
SCHEDULER_BUFFERS = ("Bankwise", "ReadWrite", "Shared")
RESPONSE_QUEUES = ("Fifo", "Reorder")
REFRESH_POLICIES = ("NoRefresh", "AllBank")
ARBITERS = ("Simple", "Fifo", "Reorder")
POWER_DOWN_POLICIES = ("NoPowerDown", "Staggered")

_CONTROLLER = (
    "page_policy", "scheduler", "scheduler_buffer", "request_buffer_size", "response_queue",
    "refresh_policy", "refresh_max_postponed", "refresh_max_pulledin", "arbiter",
    "max_active_transactions", "powerdown_policy",
)  # fmt: skip
"""Parameters in the order of `state.CONTROLLER_FIELDS`."""

_TIMES = (
    "total_time", "latency_sum", "latency_max", "accepted_latency_sum", "accepted_latency_max",
)  # fmt: skip
_ISSUED = tuple(command for command in Command if command is not Command.NOP)
_FROM_PJ, _FROM_NS, _FROM_PS = 1e-12, 1e-9, 1e-12


@dataclass(frozen=True)
class DRAMControllerOptions:
    """Options of the model.

    Attributes:
        memory: A built-in memory.
        memory_file: A YAML file with the user's own memory, in the schema of the built-in ones;
            replaces `memory`.
        threads: Controllers simulated side by side; OMP_NUM_THREADS or all cores if null.
    """

    memory: Literal["ddr3-1600", "ddr4-2400"] = "ddr3-1600"
    memory_file: Path | None = None
    threads: int | None = None


class DRAMController(CostModel):
    """A DRAM memory controller (ArchGym's DRAMGym on DRAMSys 4.0), simulated cycle by cycle."""

    workload: MemoryTrace
    options: DRAMControllerOptions

    env_id: ClassVar[str] = "dse/DRAMController-v0"
    version: ClassVar[str] = "1"
    workload_type: ClassVar[type] = MemoryTrace
    Options: ClassVar[type] = DRAMControllerOptions
    default_workload: ClassVar[str] = "trace-random"
    default_objectives: ClassVar[Mapping[str, str]] = {"latency_s": "min", "energy_j": "min"}
    default_space: ClassVar[Mapping[str, tuple[Any, ...]]] = {
        "request_buffer_size": (1, 2, 4, 8, 16, 32, 64, 128),
        "refresh_max_postponed": (1, 2, 4, 8),
        "refresh_max_pulledin": (1, 2, 4, 8),
        "max_active_transactions": (1, 2, 4, 8, 16, 32, 64, 128),
        "address_map": ("rbc",),
        "powerdown_policy": ("NoPowerDown",),
    }
    # Controllers that cannot differ are found within a chunk.
    chunk: ClassVar[int] = 2**16
    metrics: ClassVar[tuple[Metric, ...]] = (
        Metric("latency_s", "Time until the last response, for the whole trace"),
        Metric("average_latency_s", "Mean time from putting a request on the bus to its response"),
        Metric("max_latency_s", "Longest time from putting a request on the bus to its response"),
        Metric("average_accepted_latency_s", "Mean time from accepting a request to its response"),
        Metric("max_accepted_latency_s", "Longest time from accepting a request to its response"),
        Metric("bandwidth_bytes_per_s", "Data of all requests over the time of the trace"),
        Metric("energy_j", "Energy of all devices", parts=PARTS),
        Metric("power_w", "Energy over the time that DRAMPower counts, to the last command's end"),
        Metric("energy_delay_product_js", "Energy times the time of the trace, in joule seconds"),
        Metric("row_hits", "Accesses that found their row open"),
        Metric("commands", "DRAM commands issued", parts=tuple(c.name for c in _ISSUED)),
    )

    def __init__(self, workload: MemoryTrace, options: DRAMControllerOptions | None = None) -> None:
        super().__init__(workload, options)
        self.memory = load_specification(self.options.memory_file or self.options.memory)

    @cached_property
    def space(self) -> DesignSpace:
        """ArchGym's integer ranges; `default_space` narrows it to the 442,368 of its RL agents."""
        return DesignSpace(
            (
                Choice("page_policy", PAGE_POLICIES, group="bank",
                       doc="When a bank closes its row"),
                Choice("scheduler", SCHEDULERS, default="FrFcfs", group="scheduler",
                       doc="Which queued request of a bank is next"),
                Choice("scheduler_buffer", SCHEDULER_BUFFERS, group="scheduler",
                       doc="What the size of the request buffer limits"),
                Integer("request_buffer_size", 1, 128, default=8, group="scheduler",
                        doc="Requests that the buffer admits per bank, per direction or in all"),
                Choice("response_queue", RESPONSE_QUEUES, group="scheduler",
                       doc="Whether responses leave in order of issue or of arrival"),
                Choice("refresh_policy", REFRESH_POLICIES, default="AllBank", group="refresh",
                       doc="Whether rows are refreshed"),
                Integer("refresh_max_postponed", 1, 8, default=8, group="refresh",
                        doc="Refreshes that may be postponed while requests wait"),
                Integer("refresh_max_pulledin", 1, 8, default=8, group="refresh",
                        doc="Refreshes that may be done ahead of time while idle"),
                Choice("arbiter", ARBITERS, group="arbiter",
                       doc="How requests and responses pass between player and controller"),
                Integer("max_active_transactions", 1, 128, default=128, group="arbiter",
                        doc="Unfinished requests that the Fifo and Reorder arbiters let in"),
                Choice("address_map", tuple(self.memory.maps), default="rbc", group="bank",
                       doc="Order of row, bank and column in an address, highest first"),
                Choice("powerdown_policy", POWER_DOWN_POLICIES, group="refresh",
                       doc="Whether idle ranks sleep"),
            )
        )  # fmt: skip

    def equations(self, x: Columns, ops: Ops, wanted: frozenset[str]) -> Evaluation:
        """Simulate every controller; whole batches run side by side on all cores."""
        del ops, wanted  # one simulation gives everything
        columns = np.broadcast_arrays(*(np.asarray(x[name]) for name in self.space.names))
        shape = columns[0].shape
        flat = {
            name: column.ravel().astype(np.int64)
            for name, column in zip(self.space.names, columns, strict=True)
        }
        found = self._metrics(self._simulate(flat))
        if not shape:
            return _evaluation({name: column.item() for name, column in found.items()})
        return _evaluation({name: column.reshape(shape) for name, column in found.items()})

    def _simulate(self, flat: Mapping[str, Any]) -> npt.NDArray[np.void]:
        """Results of a flat batch, simulated map by map."""
        controllers = np.stack([flat[name] for name in _CONTROLLER], axis=1)
        results = np.empty(len(controllers), dtype=RESULT)
        for code, address_map in enumerate(self.memory.maps.values()):
            rows = flat["address_map"] == code
            if rows.any():
                results[rows] = simulate_controllers(
                    controllers[rows], self.memory, address_map, self.workload, self.options.threads
                )
        return results

    def _metrics(self, r: Any) -> dict[str, Any]:
        """All metrics and parts in SI units; cycles and pJ end here."""
        count = len(self.workload)
        seconds = {name: r[name] * self.memory.clock_ps * _FROM_PS for name in _TIMES}
        latency_s = seconds["total_time"]
        energy_pj = energy_parts_pj(r, self.memory)
        parts_j = {f"energy_j.{part}": energy_pj[part] * _FROM_PJ for part in PARTS}
        energy_j = sum(energy_pj.values()) * _FROM_PJ
        window_s = window_cycles(r) * self.memory.energy_clock_ns * _FROM_NS
        issued = {f"commands.{c.name}": r["commands"][:, c] * 1.0 for c in _ISSUED}
        return {
            "latency_s": latency_s,
            "average_latency_s": seconds["latency_sum"] / count,
            "max_latency_s": seconds["latency_max"],
            "average_accepted_latency_s": seconds["accepted_latency_sum"] / count,
            "max_accepted_latency_s": seconds["accepted_latency_max"],
            "bandwidth_bytes_per_s": count * self.workload.request_bytes / latency_s,
            "energy_j": energy_j,
            "power_w": energy_j / window_s,
            "energy_delay_product_js": energy_j * latency_s,
            "row_hits": r["row_hits"] * 1.0,
            "commands": r["commands"].sum(axis=1) * 1.0,
            **parts_j,
            **issued,
        }


def _evaluation(columns: Mapping[str, Any]) -> Evaluation:
    """Metrics, and apart from them the parts, whose names hold a dot."""
    metrics = {name: column for name, column in columns.items() if "." not in name}
    parts = {name: column for name, column in columns.items() if "." in name}
    return Evaluation(metrics, (), parts)
