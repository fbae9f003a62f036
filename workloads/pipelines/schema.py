"""A data-acquisition pipeline as frozen data: detectors, links, processors, triggers, storage.

The graph is a tree: every node sends to one other, and the root stores. Quantities are SI, as their
names say; "op" is the unit of work that a node's `op_energy_j` refers to. What only a
discrete-event simulation needs (buffers, rules, bunches) is optional everywhere.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import Literal, TypeAlias

from dse.errors import WorkloadError
from workloads.pipelines.graph import in_order, raise_graph_faults
from workloads.pipelines.scores import ScoreTable

Kind = Literal["detector", "processor", "trigger", "storage"]
Law = Literal["deterministic", "exponential", "lognormal"]
WhenFull = Literal["block", "lose"]


@dataclass(frozen=True, kw_only=True)
class LinkTechnology:
    """A kind of link.

    Attributes:
        name: For example "micro-led".
        bit_energy_j: Energy of moving one bit.
        latency_s: Routing latency of one message.
        bandwidth_bytes_per_s: Of one link; None if it is no limit.
    """

    name: str
    bit_energy_j: float
    latency_s: float = 900e-9
    bandwidth_bytes_per_s: float | None = None


@dataclass(frozen=True, kw_only=True)
class Gaussian:
    """A classifier whose scores are N(0, 1) for background and N(skill, sd) for signal.

    Attributes:
        skill: Distance of the means, in standard deviations of the background.
        sd: Standard deviation of the signal's scores.
    """

    skill: float
    sd: float = 1.0


Classifier: TypeAlias = Gaussian | ScoreTable


@dataclass(frozen=True, kw_only=True)
class Offload:
    """Hardware that takes over a share of a node's operations, such as GPUs.

    Attributes:
        speedup: Operations it saves: work sent there counts divided by this.
        share: Share of the work sent there, 0 to 1.
    """

    speedup: float
    share: float = 0.0


@dataclass(frozen=True, kw_only=True)
class FrontEnd:
    """A detector's own classifier: it sends the data of accepted crossings only.

    Attributes:
        reduction_ratio: Crossings per crossing whose data are sent.
        classifier: What it decides by.
        operations: Coefficients of the operations per crossing, as in `Node`.
        op_energy_j: Energy of one operation.
        enabled: Whether it filters; if not, it costs nothing.
    """

    reduction_ratio: float
    classifier: Classifier
    operations: tuple[float, ...] = ()
    op_energy_j: float = 0.0
    enabled: bool = False


@dataclass(frozen=True, kw_only=True)
class Service:
    """How long one unit of a node is busy with one message: time_s + time_per_op_s * operations.

    Attributes:
        law: Distribution of the time; `time_s` and `time_per_op_s` give its mean.
        time_s: Time per message.
        time_per_op_s: Time per operation, on top.
        spread: Standard deviation over mean; lognormal only.
        units_per_server: Units that a discrete-event simulation lets share each message's work.
        batch_overhead_s: Time that such a server spends per batch of messages, on top.
    """

    law: Law = "deterministic"
    time_s: float = 0.0
    time_per_op_s: float = 0.0
    spread: float = 1.0
    units_per_server: int = 1
    batch_overhead_s: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Buffer:
    """The queue in front of a node.

    Attributes:
        slots: Messages it holds, those in service included; None if that is no limit.
        capacity_bytes: Bytes it holds; None if that is no limit.
        when_full: Whether the sender waits (back-pressure) or the message is lost.
    """

    slots: int | None = None
    capacity_bytes: float | None = None
    when_full: WhenFull = "lose"


@dataclass(frozen=True, kw_only=True)
class TriggerRule:
    """At most `accepts` accepted triggers in any `crossings` consecutive crossings.

    Attributes:
        accepts: n of "n in w".
        crossings: w: a trigger is blocked if the n-th last accepted one is less than w away.
    """

    accepts: int
    crossings: int


@dataclass(frozen=True, kw_only=True)
class Bunches:
    """Which crossings of an orbit hold colliding bunches.

    Attributes:
        orbit_crossings: Length of the orbit.
        trains: (first crossing, length) of every train, ascending, without overlap.
    """

    orbit_crossings: int
    trains: tuple[tuple[int, int], ...]


@dataclass(frozen=True, kw_only=True)
class Node:
    """One node, and the link it sends over.

    Attributes:
        name: Its name.
        kind: Detectors are the leaves, storage is the root, triggers classify.
        target: Name of the node it sends to; None for the root.
        stage: Subsystem it belongs to: its parameters form one group.
        payload_bytes: (pileup, bytes) points, ascending: what it adds to every message; linear in
            between.
        sample_rate_hz: Messages per second of a detector; None for other nodes.
        data_factor: Share of its payload that it sends, 1 - compression.
        operations: Coefficients c0, c1, ... of the operations per message, a polynomial in its
            bytes: c0 + c1 b + c2 b^2 + ...
        op_energy_j: Energy of one operation.
        offload: Hardware for a share of the operations; None if there is none.
        reduction_ratio: Messages in per message accepted; 1 where nothing is rejected.
        classifier: What a trigger decides by; None for other nodes.
        front_end: Filter of a detector; None if it has none.
        link: Link to the target; None for the root.
        service: How long a unit is busy with a message.
        steps: Operations run all at once ("parallel") or one after the other ("serial"): the
            latency of a message is `op_time_s` times 1 or times the operations, or the time of
            `service` if that is longer.
        op_time_s: Time of one step.
        servers: Units (cores, boards) working side by side; None for as many as the load needs.
        unit_price: Price of one unit, in any currency.
        buffer: Queue in front of it; None if it is unlimited.
        rules: Trigger rules, applied to what it accepts.
        dead_crossings: Crossings blocked after every accept (simple dead time).
    """

    name: str
    kind: Kind
    target: str | None
    stage: str
    payload_bytes: tuple[tuple[float, float], ...] = ((0.0, 0.0),)
    sample_rate_hz: float | None = None
    data_factor: float = 1.0
    operations: tuple[float, ...] = ()
    op_energy_j: float = 0.0
    offload: Offload | None = None
    reduction_ratio: float = 1.0
    classifier: Classifier | None = None
    front_end: FrontEnd | None = None
    link: LinkTechnology | None = None
    service: Service | None = None
    steps: Literal["parallel", "serial"] = "parallel"
    op_time_s: float = 1e-9
    servers: int | None = None
    unit_price: float = 0.0
    buffer: Buffer | None = None
    rules: tuple[TriggerRule, ...] = ()
    dead_crossings: int = 0

    @property
    def slug(self) -> str:
        """The name as the parameters of the node begin: "Inner Tracker" is inner_tracker."""
        return slug(self.name)


@cache
def slug(name: str) -> str:
    """A name in lower case, everything but letters and digits as one underscore."""
    return re.sub(r"[^a-z0-9]+", "_", name.casefold()).strip("_")


@dataclass(frozen=True, kw_only=True)
class Pipeline:
    """A whole pipeline and the conditions it runs under.

    Attributes:
        name: Its name.
        nodes: Given in any order, kept with every sender before its receiver.
        technologies: Kinds of link there are.
        crossing_rate_hz: Bunch crossings per second.
        pileup: Collisions per crossing, at which payloads are read.
        year: Year of the technology; 2022, which scales nothing, unless given.
        relevant_rate_hz: Relevant events per second; None for as many as the pipeline stores.
        bunches: Which crossings collide; None for all.

    Raises:
        WorkloadError: The graph is no tree with detectors as leaves; all faults in one error.
    """

    name: str
    nodes: tuple[Node, ...]
    technologies: tuple[LinkTechnology, ...] = ()
    crossing_rate_hz: float = 40e6
    pileup: float = 200.0
    year: int = 2022
    relevant_rate_hz: float | None = None
    bunches: Bunches | None = field(default=None)

    def __post_init__(self) -> None:
        raise_graph_faults(self.nodes)
        object.__setattr__(self, "nodes", in_order(self.nodes))

    @property
    def root(self) -> Node:
        """The node that stores."""
        return self.nodes[-1]

    @cached_property
    def detectors(self) -> tuple[Node, ...]:
        """The leaves."""
        return tuple(node for node in self.nodes if node.kind == "detector")

    @cached_property
    def trunk(self) -> tuple[str, ...]:
        """Names of the nodes that everything passes, in order: they reject whole events."""
        senders = {node.target for node in self.nodes}
        chain = [node for node in self.nodes if node.kind != "detector"]
        single = [n.name for n in chain if n.name in senders and self._holds_all(n.name)]
        return tuple(single)

    def node(self, name: str) -> Node:
        """The node of this name.

        Raises:
            WorkloadError: There is none.
        """
        found = next((node for node in self.nodes if node.name == name), None)
        if found is None:
            names = ", ".join(node.name for node in self.nodes)
            raise WorkloadError(f"the pipeline has no node {name!r}", allowed=names)
        return found

    def inputs(self, name: str) -> tuple[Node, ...]:
        """The nodes that send to this one."""
        return tuple(node for node in self.nodes if node.target == name)

    def features(self) -> dict[str, float]:
        """The pipeline in numbers, for learning agents."""
        triggers = [node for node in self.nodes if node.kind == "trigger"]
        return {
            "detectors": float(len(self.detectors)),
            "triggers": float(len(triggers)),
            "pileup": float(self.pileup),
            "year": float(self.year - 2000),
        }

    def describe(self) -> dict[str, str]:
        """The pipeline in words, for reports."""
        triggers = [node for node in self.nodes if node.kind == "trigger"]
        ratios = ", ".join(f"{node.name} 1 in {node.reduction_ratio:g}" for node in triggers)
        return {
            "pipeline": self.name,
            "detectors": f"{len(self.detectors)} at {self.crossing_rate_hz / 1e6:g} MHz",
            "triggers": ratios or "none",
            "pileup": f"{self.pileup:g}",
            "technology of": f"{self.year}",
        }

    def _holds_all(self, name: str) -> bool:
        return all(name in self._path(detector) for detector in self.detectors)

    def _path(self, node: Node) -> list[str]:
        """Names of the nodes from this one's target to the root."""
        targets = {n.name: n.target for n in self.nodes}
        path: list[str] = []
        target = node.target
        while target is not None:
            path.append(target)
            target = targets[target]
        return path
