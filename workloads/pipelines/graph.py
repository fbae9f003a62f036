"""What makes a set of nodes a pipeline: one root, no cycle, every processor fed by detectors."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dse.errors import WorkloadError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from workloads.pipelines.schema import Node

Fault = tuple[str, WorkloadError]
"""The node to blame, and what is wrong with it."""


def raise_graph_faults(nodes: Sequence[Node]) -> None:
    """Refuse nodes that form no pipeline.

    Raises:
        WorkloadError: All faults in one error.
    """
    faults = graph_faults(nodes)
    if len(faults) == 1:
        raise faults[0][1]
    if faults:
        raise WorkloadError("\n".join(str(error) for _, error in faults))


def graph_faults(nodes: Sequence[Node]) -> list[Fault]:
    """Everything that is wrong with the graph; the name of the node comes with each fault."""
    if not any(node.kind == "detector" for node in nodes):
        name = nodes[0].name if nodes else ""
        error = WorkloadError("the pipeline has no detector", allowed="at least one detector")
        return [(name, error)]
    if not any(node.kind == "storage" for node in nodes):
        return [_without_storage(nodes)]
    wrong = [*_unknown_targets(nodes), *_fed_detectors(nodes), *_undecided(nodes)]
    return wrong or [*_cycles(nodes), *_orphans(nodes), *_roots(nodes)]


def in_order(nodes: Iterable[Node]) -> tuple[Node, ...]:
    """The nodes with every sender before its receiver, otherwise as given; no cycle allowed."""
    waiting = list(nodes)
    ordered: list[Node] = []
    while waiting:
        fed = {node.target for node in waiting}
        ready = [node for node in waiting if node.name not in fed]
        ordered += ready
        waiting = [node for node in waiting if node.name in fed]
    return tuple(ordered)


def _without_storage(nodes: Sequence[Node]) -> Fault:
    """The node to blame is the one that sends to nowhere, if there is one."""
    names = {node.name for node in nodes}
    last = next((node for node in nodes if node.target not in names), nodes[-1])
    error = WorkloadError(
        f"the pipeline has no storage; {last.name} sends to {last.target!r}",
        allowed="one storage, where the data end",
        next_step="add `storage: {Disk: {}}`, and send the last trigger's events `to: Disk`",
    )
    return last.name, error


def _unknown_targets(nodes: Sequence[Node]) -> list[Fault]:
    names = {node.name for node in nodes}
    return [
        (node.name, _unknown_target(node.name, node.target, nodes))
        for node in nodes
        if node.target is not None and node.target not in names
    ]


def _unknown_target(sender: str, target: str, nodes: Sequence[Node]) -> WorkloadError:
    """Offers what the node could send to: no detector, and not the node itself."""
    others = [node.name for node in nodes if node.kind != "detector" and node.name != sender]
    return WorkloadError(
        f"{sender} sends to {target!r}, which is no node.{did_you_mean(target, others)}",
        allowed=", ".join(others),
    )


def _fed_detectors(nodes: Sequence[Node]) -> list[Fault]:
    detectors = {node.name for node in nodes if node.kind == "detector"}
    return [
        (
            node.name,
            WorkloadError(
                f"{node.name} sends to the detector {node.target}",
                allowed="a processor, a trigger or storage as target",
            ),
        )
        for node in nodes
        if node.target in detectors
    ]


def _undecided(nodes: Sequence[Node]) -> list[Fault]:
    return [
        (
            node.name,
            WorkloadError(
                f"{node.name} has no classifier, or a ratio below 1",
                allowed="triggers with a classifier and a reduction ratio of at least 1",
            ),
        )
        for node in nodes
        if node.kind == "trigger" and (node.classifier is None or node.reduction_ratio < 1)
    ]


def _cycles(nodes: Sequence[Node]) -> list[Fault]:
    """One fault per cycle, at its first node in reading order."""
    targets = {node.name: node.target for node in nodes}
    seen: set[str] = set()
    faults: list[Fault] = []
    for node in nodes:
        path: list[str] = []
        here: str | None = node.name
        while here is not None and here not in seen:
            seen.add(here)
            path.append(here)
            here = targets[here]
        if here in path:
            loop = [*path[path.index(here) :], here]
            error = WorkloadError(
                f"data run in a circle: {' -> '.join(loop)}",
                allowed="a tree that ends at storage",
                next_step=f"change `to` of one of {', '.join(loop[:-1])}",
            )
            faults.append((here, error))
    return faults


def _orphans(nodes: Sequence[Node]) -> list[Fault]:
    fed = {node.target for node in nodes}
    return [
        (
            node.name,
            WorkloadError(
                f"nothing sends to {node.name}",
                allowed="only detectors may have no input",
                next_step=f"name {node.name} in `to` of another node, or remove it",
            ),
        )
        for node in nodes
        if node.kind != "detector" and node.name not in fed
    ]


def _roots(nodes: Sequence[Node]) -> list[Fault]:
    """Every node but the first that stores: only one may."""
    roots = [node.name for node in nodes if node.target is None]
    return [
        (
            name,
            WorkloadError(
                f"{name} is a second end of the pipeline, besides {roots[0]}",
                allowed="one storage; every other node names a target in `to`",
            ),
        )
        for name in roots[1:]
    ]
