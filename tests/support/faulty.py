"""A model that misbehaves as its workload asks: 256 designs, two objectives."""

import os
import time
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import numpy as np

from dse import Choice, CostModel, DesignSpace, Evaluation, Integer, Metric
from dse._columns import batch_shape

VALUES = {
    "nan": float("nan"),
    "inf": float("inf"),
    "minus-inf": float("-inf"),
    "none": None,
    "text": "fast",
    "complex": 1 + 2j,
    "negative": -3.0,
}
"""Fault -> what the model returns as energy."""

EXCEPTIONS = {"raise": ValueError, "exit": SystemExit, "interrupt": KeyboardInterrupt}
"""Fault -> what the model raises."""


@dataclass(frozen=True)
class FaultyWork:
    fault: str
    everywhere: bool
    sleep_s: float
    calls: Path | None
    dies_once: Path | None


def faulty_work(
    *,
    fault: str = "",
    everywhere: bool = False,
    sleep_s: float = 0.0,
    calls: Path | None = None,
    dies_once: Path | None = None,
) -> FaultyWork:
    """What is to go wrong.

    Args:
        fault: A key of `VALUES` or `EXCEPTIONS`, or "constant"; "" for none.
        everywhere: At every design, not at the 16 with a = 3 and b = 0.
        sleep_s: Per design.
        calls: A file that grows by a byte per evaluated design.
        dies_once: The process dies at its first evaluation unless this file exists.
    """
    return FaultyWork(fault, everywhere, sleep_s, calls, dies_once)


class Faulty(CostModel):
    """Latency falls with a and b, energy rises with them; c and d add a little to either."""

    env_id = "dse-test/Faulty-v0"
    version = os.environ.get("FAULTY_VERSION", "1")
    workload_type = FaultyWork
    metrics = (Metric("latency_s", "Time"), Metric("energy_j", "Energy"))
    default_objectives = MappingProxyType({"latency_s": "min", "energy_j": "min"})
    default_workload = "faulty-work"
    infeasibilities = ("a and b cannot both be 0",)

    @property
    def space(self):
        return DesignSpace(
            (
                Integer("a", 0, 3, doc="Lanes"),
                Integer("b", 0, 3, doc="Banks"),
                Integer("c", 0, 3, doc="Ports"),
                Choice("d", ("none", "half", "most", "all"), doc="How much is cached"),
            )
        )

    def equations(self, x, ops, wanted):
        work, count = self.workload, int(np.prod(batch_shape(x)))
        if work.dies_once and not work.dies_once.exists():
            work.dies_once.touch()
            os._exit(9)
        if work.calls:
            with work.calls.open("ab") as file:
                file.write(b"." * count)
        time.sleep(work.sleep_s * count)
        latency = 10.0 / (1 + x["a"] + 2 * x["b"]) + 0.1 * x["d"]
        energy = 1.0 + x["a"] * 2 + x["b"] ** 2 + 0.25 * x["c"]
        if work.fault == "constant":
            latency, energy = 0 * latency + 1.0, 0 * energy + 1.0
        elif work.fault:
            energy = self._misbehave((x["a"] == 3) & (x["b"] == 0) | work.everywhere, energy)
        return Evaluation({"latency_s": latency, "energy_j": energy}, ((x["a"] + x["b"]) == 0,))

    def _misbehave(self, where, energy):
        fault = self.workload.fault
        if fault in EXCEPTIONS:
            if np.any(where):
                raise EXCEPTIONS[fault]("as asked")
            return energy
        where = np.broadcast_to(where, np.broadcast_shapes(np.shape(where), np.shape(energy)))
        value = VALUES[fault]
        if isinstance(value, float):
            return np.where(where, value, energy)
        mixed = np.array(np.broadcast_to(energy, where.shape), dtype=object)
        mixed[where] = value
        return mixed
