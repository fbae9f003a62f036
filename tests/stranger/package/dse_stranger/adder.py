"""Adders: a ripple-carry adder is small and slow, a look-ahead adder large and fast."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from dse import Choice, Columns, CostModel, DesignSpace, Evaluation, Integer, Metric, Ops


@dataclass(frozen=True)
class Sums:
    """How many sums to compute."""

    count: int


def sums(*, count: int = 1000) -> Sums:
    """Sums of two 32-bit numbers.

    Args:
        count: How many.
    """
    return Sums(count)


@dataclass(frozen=True)
class AdderOptions:
    """Options of the model.

    Attributes:
        gate_delay_s: Delay of one gate.
    """

    gate_delay_s: float = 1e-11


class Adder(CostModel):
    """Adders side by side, each ripple-carry or look-ahead.

    Textbook gate counts; no wires.
    """

    env_id = "stranger/Adder-v0"
    version = "1"
    workload_type = Sums
    default_workload = "sums"
    Options = AdderOptions
    metrics = (Metric("latency_s", "Time for all sums"), Metric("gates", "Number of gates"))
    default_objectives: ClassVar = {"latency_s": "min", "gates": "min"}

    @property
    def space(self) -> DesignSpace:
        """Style and number of adders: 128 designs."""
        return DesignSpace(
            (
                Choice("style", ("ripple", "look-ahead"), doc="How carries travel", group="adder"),
                Integer("adders", 1, 64, doc="Adders side by side", group="array"),
            )
        )

    def equations(self, x: Columns, ops: Ops, wanted: frozenset[str]) -> Evaluation:
        """32 stages of 2 gate delays, or 5 levels of 4."""
        del wanted
        ahead = x["style"] == 1
        levels: Any = ops.where(ahead, 20.0, 64.0)
        rounds = ops.ceil(self.workload.count / x["adders"])
        return Evaluation(
            {
                "latency_s": rounds * levels * self.options.gate_delay_s,
                "gates": x["adders"] * ops.where(ahead, 480.0, 160.0),
            }
        )
