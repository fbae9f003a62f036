"""From the forward pass to metrics: quality, power, energy per event, latency, size and cost.

Sources: SystemFlow, metrics.py and graph.py (contingency table, powers, productivity, error cost,
latency). Service times, `cost`, `units`, bandwidths and `dead_fraction` are extensions of ours, the
last the closed form of a simple dead time.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from operator import add
from typing import TYPE_CHECKING

from accel_models.daq.stream import TINY
from workloads.pipelines.schema import slug

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from accel_models.daq.flow import NodeState, Pass
    from accel_models.daq.stream import Stream
    from dse import Columns, Ops
    from dse._columns import Column
    from workloads.pipelines.schema import Pipeline

_BITS = 8.0
_ROUNDING = 1.0 + 1e-9
"""A link that is filled to the last byte is not overloaded."""


@dataclass(frozen=True)
class Contingency:
    """Events per second by truth and fate.

    Attributes:
        TN: Background rejected.
        FN: Relevant events rejected, or stored without a part of their data.
        FP: Background stored.
        TP: Relevant events stored with all their data.
        stored_hz: Events stored, whatever they are.
    """

    TN: Column
    FN: Column
    FP: Column
    TP: Column
    stored_hz: Column

    @classmethod
    def of(cls, found: Pass) -> Contingency:
        """Row 0 of every stage that rejects, and row 1 of the last one."""
        stored = found.stored
        discards = [state.discards for state in found.states.values()]
        rejected = [negatives for negatives, _ in discards]
        missed = [positives for _, positives in discards]
        complete = stored.positives * stored.complete
        return cls(
            TN=total(rejected),
            FN=total(missed) + (stored.positives - complete),
            FP=stored.negatives,
            TP=complete,
            stored_hz=stored.negatives + stored.positives,
        )

    def precision(self, ops: Ops) -> Column:
        """TP / stored: 1 - precision is what is stored in vain."""
        found: Column = self.TP / ops.maximum(self.stored_hz, TINY)
        return found

    def recall(self, ops: Ops) -> Column:
        """TP / (TP + FN)."""
        found: Column = self.TP / ops.maximum(self.TP + self.FN, TINY)
        return found

    def f1(self, ops: Ops) -> Column:
        """2 P R / (P + R), written without P and R."""
        found: Column = 2.0 * self.TP / ops.maximum(self.stored_hz + self.TP + self.FN, TINY)
        return found


def total(columns: Iterable[Column]) -> Column:
    """Sum in the order given, so that every path adds in the same order."""
    return reduce(add, columns)


# -- power and energy ----------------------------------------------------------------------------


def power_parts_w(found: Pass, x: Columns, links: Mapping[str, str], ops: Ops) -> dict[str, Column]:
    """Unscaled power of every node, and of the link that it sends over.

    Args:
        found: The forward pass.
        x: The designs.
        links: `link_names` of the pipeline.
        ops: The operations to compute with.
    """
    parts: dict[str, Column] = {}
    for state in found.states.values():
        parts[state.node.slug] = state.power_w
        if state.node.name in links:
            energy = x[links[state.node.name]]
            parts[f"{state.node.slug}_link"] = link_power_w(state.output, energy, ops)
    return parts


def link_power_w(sent: Stream, bit_energy_j: Column, ops: Ops) -> Column:
    """P_e = 8 eta_e m_u times the output rate of u."""
    return _BITS * bit_energy_j * sent.message_bytes(ops) * sent.rate_hz


def overloaded(found: Pass, ops: Ops) -> Column:
    """Whether any link is asked to carry more than its bandwidth, which is m_u times the rate."""
    excess: Column = False
    for state in found.states.values():
        link = state.node.link
        if link is not None and link.bandwidth_bytes_per_s is not None:
            carried = state.output.message_bytes(ops) * state.output.rate_hz
            excess = ops.either(excess, carried > link.bandwidth_bytes_per_s * _ROUNDING)
    return excess


def link_names(pipeline: Pipeline) -> dict[str, str]:
    """Node -> the parameter with the energy per bit of its link; links of a stage share one.

    Links of several technologies in one stage have one each.
    """
    linked = [(node, node.link) for node in pipeline.nodes if node.link is not None]
    kinds = {(node.stage, link.name) for node, link in linked}
    stages = [stage for stage, _ in kinds]
    return {
        node.name: f"{slug(node.stage)}_bit_energy_j"
        if stages.count(node.stage) == 1
        else f"{slug(node.stage)}_{slug(link.name)}_bit_energy_j"
        for node, link in linked
    }


def stored_event_energy_j(found: Pass) -> Column:
    """Energy of an event that is stored: the sum of e_v upstream of the root, unscaled."""
    return total(state.energy_j for state in found.states.values())


def rejected_event_energy_j(found: Pass, ops: Ops) -> Column:
    """Energy of an event that is rejected: e_v up to where it is, weighted with the discards."""
    spent: Column = 0.0
    weighted: Column = 0.0
    discarded: Column = 0.0
    for state in found.states.values():
        spent = spent + state.energy_j
        events = state.discards[0] + state.discards[1]
        weighted = weighted + spent * events
        discarded = discarded + events
    mean: Column = weighted / ops.maximum(discarded, TINY)
    return mean


# -- time ----------------------------------------------------------------------------------------


def latencies_s(found: Pass, pipeline: Pipeline, ops: Ops) -> dict[str, Column]:
    """T_v = t_v + max(routing of inputs) + max T_u, by node; no queues."""
    times: dict[str, Column] = {}
    for name, state in found.states.items():
        senders = pipeline.inputs(name)
        arrivals = [times[sender.name] for sender in senders]
        routing = max((s.link.latency_s for s in senders if s.link is not None), default=0.0)
        times[name] = reduce(ops.maximum, arrivals, 0.0) + routing + working_s(state, ops)
    return times


def working_s(state: NodeState, ops: Ops) -> Column:
    """Time t_v of a message in a node: t_op steps(ops), or the time it keeps a unit busy if longer.

    The first alone is the law of the source, which has no service times. It is the longer one in a
    pipelined node, which takes the next message before it is done with this one.
    """
    node = state.node
    stepping: Column = node.op_time_s * (state.operations if node.steps == "serial" else 1.0)
    return stepping if node.service is None else ops.maximum(stepping, busy_s(state))


def busy_s(state: NodeState) -> Column:
    """Mean time that one unit is busy with one message: time_s + time_per_op_s ops_v."""
    service = state.node.service
    return 0.0 if service is None else service.time_s + service.time_per_op_s * state.operations


def dead_fraction(accepted_hz: Column, crossing_rate_hz: float, dead_crossings: Column) -> Column:
    """Dead fraction p d / (1 + p d): d crossings blocked after an accept, p accepts per crossing.

    Arrivals are independent from crossing to crossing. Buffers, rules of several accepts and bunch
    trains need the discrete-event twin.
    """
    blocked = accepted_hz / crossing_rate_hz * dead_crossings
    return blocked / (1.0 + blocked)


# -- size and cost -------------------------------------------------------------------------------


def units(state: NodeState, utilisation: float, ops: Ops) -> Column:
    """N = ceil(rate times service time / utilisation); the pipeline's own number if it has one."""
    node = state.node
    if node.servers is not None:
        return float(node.servers)
    if node.service is None:
        return 0.0
    needed: Column = ops.ceil(state.rate_hz * busy_s(state) / utilisation)
    return needed


def cost_parts(
    found: Pass, utilisation: float, ops: Ops
) -> tuple[dict[str, Column], dict[str, Column]]:
    """Units, and their price, of every node that has a service time or a number of servers."""
    working = [s for s in found.states.values() if s.node.servers or s.node.service]
    counts = {state.node.slug: units(state, utilisation, ops) for state in working}
    prices = {s.node.slug: counts[s.node.slug] * s.node.unit_price for s in working}
    return counts, prices
