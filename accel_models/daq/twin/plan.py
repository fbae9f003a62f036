"""From a pipeline to what the twin simulates of it.

Up to its first trigger a pipeline works in step with the crossings: every crossing takes the same
time, nothing queues and nothing is lost. The analytical model gives the rates there; what that
trigger accepts is the twin's stream of triggers. From then on there are queues: each branch into
the trigger reads its data out through a derandomiser, an event builder assembles the event, and the
nodes after the trigger work on it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from accel_models.daq.outcome import busy_s
from accel_models.daq.pipeline import DAQPipeline
from accel_models.daq.twin.laws import Deterministic, Exponential, LogNormal
from accel_models.daq.twin.network import (
    EXIT,
    UNLIMITED,
    BunchArrivals,
    Network,
    Station,
    TriggerRules,
    WindowRule,
)
from dse._ops import FLOATS
from dse.errors import WorkloadError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from accel_models.daq.flow import NodeState, Pass
    from accel_models.daq.twin.laws import ServiceLaw
    from workloads.pipelines.schema import Bunches, Node, Pipeline

BUILDER = "event builder"
"""Name of the station that assembles events."""


@dataclass(frozen=True, kw_only=True)
class Size:
    """What a design gives one station.

    Attributes:
        speed: How many units of the station's time work on an event together: bytes per second
            where it moves data, units of a node where it computes.
        servers: Events worked on side by side.
        places: Events that have room, those being worked on included.
        batch: Events that a server takes at a time.
        batch_overhead_s: Time per batch on top.
        blocks: Whether senders wait where there is no room.
    """

    speed: float
    servers: int = 1
    places: int = UNLIMITED
    batch: int = 1
    batch_overhead_s: float = 0.0
    blocks: bool = True


@dataclass(frozen=True, kw_only=True)
class Stage:
    """One station before it is given a size.

    Attributes:
        name: Of the node, or `BUILDER`.
        slug: The name as parameters begin with it.
        event_bytes: Data of an event that wait here.
        work: Time per event at speed 1: bytes where it moves data, seconds where it computes.
        law: Distribution of that time.
        spread: Its standard deviation over its mean, if lognormal.
        accepts: Shares of background and signal events that pass.
        is_entry: Whether triggers come here.
        next: Name of the station after it.
        moves_data: Whether `work` is in bytes.
        node: The node whose queue and servers these are; the first trigger for the builder.
    """

    name: str
    slug: str
    event_bytes: float
    work: float
    law: str = "deterministic"
    spread: float = 0.0
    accepts: tuple[float, float] = (1.0, 1.0)
    is_entry: bool = False
    next: str = EXIT
    moves_data: bool = True
    node: Node

    def station(self, size: Size) -> Station:
        """The station of this size."""
        return Station(
            name=self.name,
            law=_law(self.law, self.work / size.speed, self.spread),
            next=self.next,
            is_entry=self.is_entry,
            servers=size.servers,
            places=size.places,
            blocks=size.blocks,
            batch=size.batch,
            batch_overhead_s=size.batch_overhead_s,
            accepts=self.accepts,
        )


@dataclass(frozen=True)
class Plan:
    """The part of a pipeline that the twin simulates.

    Attributes:
        pipeline: All of it.
        found: Its rates by the analytical model, without queues.
        arrivals: What the first trigger accepts, before its rules.
        rules: Its rules.
        branches: Read-out of each input of the first trigger.
        builder: The event builder.
        nodes: The nodes after the first trigger, the storage last.
    """

    pipeline: Pipeline
    found: Pass
    arrivals: BunchArrivals
    rules: TriggerRules
    branches: tuple[Stage, ...]
    builder: Stage
    nodes: tuple[Stage, ...]

    @property
    def stages(self) -> tuple[Stage, ...]:
        """All stations, from the triggers to the exit."""
        return (*self.branches, self.builder, *self.nodes)

    def rate_per_s(self, stage: Stage) -> float:
        """Events per second that reach a stage where nothing is lost."""
        rate = self.arrivals.mean_rate_per_s
        if stage not in self.nodes:
            return rate
        state = self.found.states[stage.name]
        return float(state.rate_hz)

    def load(self, stage: Stage) -> float:
        """Mean work per second for a stage where nothing is lost.

        Bytes per second where it moves data, busy units where it computes.
        """
        return self.rate_per_s(stage) * stage.work

    def utilisation(self, sizes: Mapping[str, Size]) -> float:
        """The largest load of a station over what its servers can carry, if nothing is lost.

        Args:
            sizes: Name of a stage -> its size.
        """
        stations = [(stage, stage.station(sizes[stage.name])) for stage in self.stages]
        return max(self.rate_per_s(t) * s.mean_service_s / s.servers for t, s in stations)

    def network(self, sizes: Mapping[str, Size]) -> Network:
        """The network with these sizes.

        Args:
            sizes: Name of a stage -> its size.
        """
        stations = tuple(stage.station(sizes[stage.name]) for stage in self.stages)
        return Network(self.arrivals, stations, self.rules)


def plan_of(pipeline: Pipeline) -> Plan:
    """What the twin simulates of a pipeline.

    Raises:
        WorkloadError: It has no trigger that all data pass, or its first one accepts nothing.
    """
    first = _first_trigger(pipeline)
    rates = DAQPipeline(pipeline)
    found = rates.states(rates.space.parse({}), FLOATS)
    after = _after(pipeline, first)
    return Plan(
        pipeline=pipeline,
        found=found,
        arrivals=_arrivals(pipeline, found.states[first.name]),
        rules=_rules(pipeline, first),
        branches=tuple(_branch(found.states[n.name]) for n in pipeline.inputs(first.name)),
        builder=_builder(found.states[first.name], after[0].name),
        nodes=tuple(_node(found.states[node.name]) for node in after),
    )


def _first_trigger(pipeline: Pipeline) -> Node:
    found = [n for name in pipeline.trunk if (n := pipeline.node(name)).kind == "trigger"]
    if not found:
        raise WorkloadError(
            "no trigger decides on whole events",
            where=pipeline.name,
            allowed="a pipeline with a trigger that every detector's data pass",
        )
    return found[0]


def _after(pipeline: Pipeline, node: Node) -> list[Node]:
    """The nodes from this one's target to the root."""
    chain: list[Node] = []
    while node.target is not None:
        node = pipeline.node(node.target)
        chain.append(node)
    return chain


def _arrivals(pipeline: Pipeline, state: NodeState) -> BunchArrivals:
    """Accepts of the first trigger, as a Bernoulli trial at every filled crossing."""
    negatives, positives = float(state.output.negatives), float(state.output.positives)
    accepted = negatives + positives
    filled, orbit = _filled(pipeline.bunches)
    probability = accepted / (pipeline.crossing_rate_hz * len(filled) / orbit)
    if not 0 < probability <= 1:
        raise WorkloadError(
            f"{state.node.name} accepts {accepted:g} of the events of each second",
            where=pipeline.name,
            allowed="above 0, and no more than there are filled crossings",
        )
    return BunchArrivals(
        crossing_s=1 / pipeline.crossing_rate_hz,
        probability=probability,
        filled=filled,
        orbit=orbit,
        signal_share=positives / accepted,
    )


def _filled(bunches: Bunches | None) -> tuple[tuple[int, ...], int]:
    """Filled crossings of the orbit, and its length."""
    if bunches is None:
        return (0,), 1
    filled = tuple(first + i for first, length in bunches.trains for i in range(length))
    return filled, bunches.orbit_crossings


def _rules(pipeline: Pipeline, trigger: Node) -> TriggerRules:
    crossing_s = 1 / pipeline.crossing_rate_hz
    windows = tuple(WindowRule(r.accepts, r.crossings * crossing_s) for r in trigger.rules)
    return TriggerRules(windows, trigger.dead_crossings * crossing_s)


def _branch(state: NodeState) -> Stage:
    """Read-out of one input; where a front end drops fragments, their mean size counts."""
    output, node = state.output, state.node
    share = output.rate_hz / (output.negatives + output.positives)
    size = float(output.message_bytes(FLOATS) * share)
    return Stage(
        name=node.name, slug=node.slug, event_bytes=size, work=size,
        is_entry=True, next=BUILDER, node=node,
    )  # fmt: skip


def _builder(state: NodeState, following: str) -> Stage:
    size = float(state.message_bytes)
    return Stage(
        name=BUILDER, slug="builder", event_bytes=size, work=size, next=following, node=state.node
    )


def _node(state: NodeState) -> Stage:
    """A node after the first trigger; storage, and what has no service, only moves data."""
    node, service = state.node, state.node.service
    size = float(state.message_bytes)
    moving = Stage(
        name=node.name, slug=node.slug, event_bytes=size, work=size, accepts=_accepts(state),
        next=node.target or EXIT, node=node,
    )  # fmt: skip
    if service is None:
        return moving
    work = float(busy_s(state))
    return replace(moving, work=work, law=service.law, spread=service.spread, moves_data=False)


def _accepts(state: NodeState) -> tuple[float, float]:
    """Shares of background and signal that pass the node."""
    if state.decision is None:
        return 1.0, 1.0
    return float(state.decision.background), float(state.decision.signal)


def _law(name: str, mean_s: float, spread: float) -> ServiceLaw:
    """The service law of a name; sigma of a lognormal from its standard deviation over mean."""
    if name == "deterministic" or mean_s == 0:
        return Deterministic(mean_s)
    if name == "exponential":
        return Exponential(mean_s)
    return LogNormal(mean_s, math.sqrt(math.log1p(spread**2)))
