"""The forward pass: what every node receives, computes, decides and sends.

Source: SystemFlow (arXiv 2407.00123; wilkieolin/system_flow, tag `paper`), graph.py; section names
follow the model note. Triggers that everything passes (the trunk) reject whole events. A filter in
a branch rejects that branch's data of an event only (our extension, off in the source).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import partial, reduce
from operator import mul
from typing import TYPE_CHECKING

from accel_models.daq.classify import Decision, Scores, decide
from accel_models.daq.stream import Stream, merged
from workloads.pipelines.scores import ScoreTable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from dse import Columns, Ops
    from dse._columns import Column
    from workloads.pipelines.schema import Classifier, Node, Pipeline


@dataclass(frozen=True)
class Truth:
    """The events there are, as counts per second.

    Attributes:
        negatives: Background.
        positives: Relevant events.
    """

    negatives: Column
    positives: Column


@dataclass(frozen=True)
class NodeState:
    """One node at work.

    Attributes:
        node: Which.
        rate_hz: Messages per second that it works on.
        message_bytes: Mean size of such a message, with what the node adds.
        operations: Operations per message, after offloading.
        energy_j: e_v = eps_v ops_v, energy per message.
        output: What it sends.
        decision: What it accepts; None if it takes no decision.
        discards: (negatives, positives) per second of the events that it rejects as a whole.
    """

    node: Node
    rate_hz: Column
    message_bytes: Column
    operations: Column
    energy_j: Column
    output: Stream
    decision: Decision | None = None
    discards: tuple[Column, Column] = (0.0, 0.0)

    @property
    def power_w(self) -> Column:
        """P_v = eps_v ops_v times the input rate."""
        return self.energy_j * self.rate_hz


@dataclass(frozen=True)
class Pass:
    """Everything that the forward pass finds.

    Attributes:
        truth: The events there are.
        states: Node -> its state, senders before receivers.
    """

    truth: Truth
    states: Mapping[str, NodeState]

    @property
    def stored(self) -> Stream:
        """What reaches the root."""
        return [*self.states.values()][-1].output


class Forward:
    """The forward pass through one pipeline.

    Attributes:
        pipeline: The pipeline.
        integer_counts: Whether counts are cut to integers after every stage, as in the source.
    """

    def __init__(self, pipeline: Pipeline, *, integer_counts: bool) -> None:
        self.pipeline = pipeline
        self.integer_counts = integer_counts
        deciding = [*((n.name, n.classifier) for n in pipeline.nodes)]
        deciding += [(n.name, n.front_end.classifier) for n in pipeline.nodes if n.front_end]
        self._scores = {name: Scores.of(found) for name, found in deciding if found is not None}
        self._trunk = frozenset(pipeline.trunk)

    def run(self, x: Columns, ops: Ops) -> Pass:
        """States of all nodes for the designs `x`.

        Args:
            x: One column per parameter of `space.pipeline_space`.
            ops: The operations to compute with.
        """
        truth = self.truth(x, ops)
        states: dict[str, NodeState] = {}
        sent: dict[str, list[Stream]] = {}
        for node in self.pipeline.nodes:
            state = self._state(node, sent.get(node.name, []), truth, x, ops)
            states[node.name] = state
            if node.target is not None:
                sent.setdefault(node.target, []).append(state.output)
        return Pass(truth, states)

    def truth(self, x: Columns, ops: Ops) -> Truth:
        """Relevant events are as many as the pipeline stores, r / G, unless a rate is given.

        G is the product of the reduction ratios of the trunk.
        """
        rate: float = self.pipeline.crossing_rate_hz
        ratios = [x[f"{n.slug}_reduction_ratio"] for n in self._triggers()]
        stored = rate / reduce(mul, ratios, 1.0)
        given = x["relevant_rate_hz"]
        relevant = ops.where(given > 0.0, given, stored)
        return Truth(self._count(rate - relevant, ops), self._count(relevant, ops))

    def _triggers(self) -> list[Node]:
        return [
            node
            for node in self.pipeline.nodes
            if node.kind == "trigger" and node.name in self._trunk
        ]

    def _count(self, value: Column, ops: Ops) -> Column:
        return ops.floor(value) if self.integer_counts else value

    def _state(
        self, node: Node, inputs: Sequence[Stream], truth: Truth, x: Columns, ops: Ops
    ) -> NodeState:
        if node.kind == "detector":
            return self._detector(node, truth, x, ops)
        stream = merged(inputs).plus(payload_bytes(node, x, ops))
        if node.name in self._trunk:
            return self._of_trunk(node, stream, x, ops)
        if node.kind == "trigger":
            decision = self._decision(node, stream, x)
            output = stream.thinned(decision.background, decision.signal)
            return replace(_working(node, stream, output, x, ops), decision=decision)
        return _working(node, stream, stream, x, ops)

    def _detector(self, node: Node, truth: Truth, x: Columns, ops: Ops) -> NodeState:
        """A detector sends c d bytes per crossing, or of the crossings its front end accepts."""
        rate = self.pipeline.crossing_rate_hz
        sampled = (node.sample_rate_hz or rate) / rate
        data = payload_bytes(node, x, ops) * own(x, node, "data_factor", node.data_factor)
        data = data * sampled
        stream = Stream(truth.negatives, truth.positives, sampled, sampled, data, data, 1.0)
        state = _working(node, stream, stream, x, ops)
        if node.front_end is None:
            return state
        front_end = node.front_end
        inputs = {
            "negatives": truth.negatives,
            "positives": truth.positives,
            "size": state.message_bytes,
            "ratio": x.get("front_end_reduction_ratio", front_end.reduction_ratio),
            "skill": x.get("front_end_skill", skill_of(front_end.classifier)),
        }
        cases = (_unfiltered, partial(self._filtered, node))
        enabled = own(x, node, "filter", float(front_end.enabled))
        found = ops.by_case(enabled, cases, inputs)
        decision = Decision(found["threshold"], found["background"], found["signal"])
        return replace(
            state,
            energy_j=state.energy_j + found["energy_j"],
            decision=decision,
            output=stream.thinned(decision.background, decision.signal),
        )

    def _filtered(self, node: Node, x: Columns) -> dict[str, Column]:
        """What a front end that is on does to one crossing."""
        front_end = node.front_end
        assert front_end is not None
        decision = decide(
            self._scores[node.name], x["negatives"], x["positives"], x["ratio"], x["skill"]
        )
        energy = front_end.op_energy_j * polynomial(front_end.operations, x["size"])
        return {**decision._asdict(), "energy_j": energy}

    def _of_trunk(self, node: Node, arriving: Stream, x: Columns, ops: Ops) -> NodeState:
        """A node that everything passes: events of which nothing arrives are lost here."""
        stream = arriving.settled(ops)
        lost = (
            arriving.negatives * (1.0 - arriving.negative_share),
            arriving.positives * (1.0 - arriving.positive_share),
        )
        if node.kind != "trigger":
            return replace(_working(node, stream, stream, x, ops), discards=lost)
        decision = self._decision(node, stream, x)
        output = replace(
            stream,
            negatives=self._count(stream.negatives * decision.background, ops),
            positives=self._count(stream.positives * decision.signal, ops),
        )
        discards = (
            lost[0] + self._count(stream.negatives * (1.0 - decision.background), ops),
            lost[1] + self._count(stream.positives * (1.0 - decision.signal), ops),
        )
        state = _working(node, stream, output, x, ops)
        return replace(state, decision=decision, discards=discards)

    def _decision(self, node: Node, stream: Stream, x: Columns) -> Decision:
        """A trigger decides on the events of which it has a message."""
        return decide(
            self._scores[node.name],
            stream.negatives * stream.negative_share,
            stream.positives * stream.positive_share,
            x[f"{node.slug}_reduction_ratio"],
            x[skill_name(node)],
        )


def _unfiltered(_x: Columns) -> dict[str, Column]:
    """A front end that is off: everything passes, at no cost."""
    everything = 1.0
    return {
        "threshold": -math.inf, "background": everything, "signal": everything, "energy_j": 0.0,
    }  # fmt: skip


def _working(node: Node, stream: Stream, output: Stream, x: Columns, ops: Ops) -> NodeState:
    """ops_v = f_v(m_v) on what comes in; offloaded operations count less."""
    size = stream.message_bytes(ops)
    rate = stream.rate_hz
    if not node.operations:
        return NodeState(node, rate, size, 0.0, 0.0, output)
    operations = polynomial(node.operations, size)
    if node.offload is not None:
        share = x[f"{node.slug}_offload_share"]
        operations = operations * (1.0 - share + share / node.offload.speedup)
    return NodeState(
        node, rate, size, operations, x[f"{node.slug}_op_energy_j"] * operations, output
    )


def polynomial(coefficients: Sequence[float], b: Column) -> Column:
    """c0 + c1 b + c2 b^2 + ..., by Horner's rule."""
    found: Column = 0.0
    for coefficient in reversed(coefficients):
        found = found * b + coefficient
    return found


def own(x: Columns, node: Node, parameter: str, value: float) -> Column:
    """The node's parameter, or the pipeline's own value where the design has no say."""
    found: Column = x.get(f"{node.slug}_{parameter}", value)
    return found


def payload_bytes(node: Node, x: Columns, ops: Ops) -> Column:
    """d_v at the pileup of the design: linear between the points, constant outside them."""
    (pileup0, total), *points = node.payload_bytes
    before: float = total
    found: Column = total
    for pileup1, after in points:
        share = (x["pileup"] - pileup0) / (pileup1 - pileup0)
        found = found + ops.minimum(ops.maximum(share, 0.0), 1.0) * (after - before)
        pileup0, before = pileup1, after
    return found


def skill_of(classifier: Classifier) -> float:
    """What shifts the signal's scores: a Gaussian's skill or a table's boost."""
    return classifier.boost if isinstance(classifier, ScoreTable) else classifier.skill


def skill_name(node: Node) -> str:
    """The parameter that takes the place of a trigger's `skill_of`."""
    kind = "boost" if isinstance(node.classifier, ScoreTable) else "skill"
    return f"{node.slug}_{kind}"
