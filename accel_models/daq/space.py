"""The design space of a pipeline: its own figures, each as a parameter.

Names begin with the node or the stage they belong to. Every parameter has the pipeline's own value
as default; `explored` says which of them the default problem varies, and over what.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from accel_models.daq.flow import skill_name, skill_of
from accel_models.daq.outcome import link_names
from accel_models.daq.technology import FIRST_YEAR, LAST_YEAR
from dse import Choice, DesignSpace, Integer, Parameter, Real
from dse.errors import InputError
from workloads.pipelines.scores import ScoreTable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from workloads.pipelines.schema import Node, Pipeline

_OPERATION = "operation"
_EXPLORED_DETECTORS = 2
_LARGEST_SPACE = 32
"""A grid has an axis per parameter, and NumPy broadcasts no more."""

_LARGEST_RATIO = 1e4
"""That a job may ask for, unless the pipeline itself has a larger one."""

_RATIO_STEPS = tuple(2.0 ** (k / 4) for k in range(-4, 13))
"""Multiples of a reduction ratio that the default problem explores: half to eight times."""

_DATA_FACTORS = (1.0, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4)


def pipeline_space(pipeline: Pipeline, tuned_detectors: int) -> DesignSpace:
    """All parameters; those that enter most equations come first.

    Args:
        pipeline: The pipeline.
        tuned_detectors: How many detectors, the largest first, have parameters of their own.

    Raises:
        InputError: There are more parameters than a grid can have axes.
    """
    triggers = [node for node in pipeline.nodes if node.kind == "trigger"]
    parameters = (
        *(parameter for node in triggers for parameter in _trigger(node)),
        _relevant_rate(pipeline),
        *_front_end(pipeline),
        *_pileup(pipeline),
        *(p for node in largest(pipeline, tuned_detectors) for p in _detector(node)),
        *_links(pipeline),
        *(parameter for node in pipeline.nodes for parameter in _work(node)),
        *_dead_time(pipeline),
        _year(pipeline),
    )
    if len(parameters) > _LARGEST_SPACE:
        raise InputError(
            f"{pipeline.name} has {len(parameters)} parameters",
            allowed=f"at most {_LARGEST_SPACE}",
            next_step="lower the option tuned_detectors, or give nodes a common `stage`",
        )
    return DesignSpace(parameters)


def explored(pipeline: Pipeline, space: DesignSpace) -> dict[str, tuple[Any, ...]]:
    """The default problem: parameter -> values; what is not an engineer's choice keeps its own."""
    own = {p.name: (p.plain(p.default_number),) for p in space.parameters}
    varied: dict[str, tuple[Any, ...]] = {}
    for node in pipeline.nodes:
        if node.kind == "trigger":
            ratios = {max(1.0, node.reduction_ratio * step) for step in _RATIO_STEPS}
            largest_ratio = max(_LARGEST_RATIO, node.reduction_ratio)
            varied[f"{node.slug}_reduction_ratio"] = tuple(
                sorted(ratio for ratio in ratios if ratio <= largest_ratio)
            )
        if node.offload is not None:
            varied[f"{node.slug}_offload_share"] = _with_own(node.offload.share, (0.0, 0.5, 1.0))
    for node in largest(pipeline, _EXPLORED_DETECTORS):
        varied[f"{node.slug}_data_factor"] = _with_own(node.data_factor, _DATA_FACTORS)
        if node.front_end is not None:
            varied[f"{node.slug}_filter"] = ("off", "on")
    links = {p.name for p in _links(pipeline)}
    for parameter in space.parameters:
        if parameter.name in links:
            varied[parameter.name] = tuple(parameter.plain(level) for level in parameter.levels)
    return own | {name: values for name, values in varied.items() if name in own}


def _with_own(value: float, values: tuple[float, ...]) -> tuple[float, ...]:
    return values if value in values else (value, *values)


def largest(pipeline: Pipeline, count: int) -> list[Node]:
    """The detectors that send most at the highest pileup."""
    return sorted(pipeline.detectors, key=lambda node: -node.payload_bytes[-1][1])[:count]


# -- parameters of one part ----------------------------------------------------------------------


def _trigger(node: Node) -> Iterator[Parameter]:
    largest_ratio = max(_LARGEST_RATIO, node.reduction_ratio)
    yield Real(
        f"{node.slug}_reduction_ratio", 1.0, largest_ratio, 161, log=True,
        default=node.reduction_ratio, group=node.stage,
        doc=f"Events into {node.name} per event accepted",
    )  # fmt: skip
    if isinstance(node.classifier, ScoreTable):
        yield Real(
            skill_name(node), 0.0, max(2.0, node.classifier.boost), 21, group=node.stage,
            default=node.classifier.boost, doc=f"Shift of the signal's scores in {node.name}",
        )  # fmt: skip
    else:
        assert node.classifier is not None
        yield Real(
            skill_name(node), 0.0, max(8.0, node.classifier.skill), 17, group=node.stage,
            default=node.classifier.skill,
            doc=f"Distance of signal and background in {node.name}",
        )  # fmt: skip


def _relevant_rate(pipeline: Pipeline) -> Parameter:
    return Real(
        "relevant_rate_hz", 0.0, pipeline.crossing_rate_hz, 101, group=_OPERATION,
        default=pipeline.relevant_rate_hz or 0.0,
        doc="Relevant events per second; 0 for as many as the pipeline stores",
    )  # fmt: skip


def _front_end(pipeline: Pipeline) -> Iterator[Parameter]:
    """One ratio and one skill for all filters, if they are the same in all detectors."""
    equipped = [(n.stage, n.front_end) for n in pipeline.detectors if n.front_end is not None]
    kinds = {(front.reduction_ratio, skill_of(front.classifier)) for _, front in equipped}
    if len(kinds) != 1:
        return
    ((ratio, skill),) = kinds
    stage = equipped[0][0]
    yield Real("front_end_reduction_ratio", 1.0, max(100.0, ratio), 41, log=True,
               default=ratio, group=stage,
               doc="Crossings per crossing that a detector's filter sends; has an effect with a"
               " filter on")  # fmt: skip
    yield Real("front_end_skill", 0.0, max(8.0, skill), 17, default=skill, group=stage,
               doc="Distance of signal and background in a detector's filter; has an effect with"
               " a filter on")  # fmt: skip


def _pileup(pipeline: Pipeline) -> Iterator[Parameter]:
    pileups = [pileup for node in pipeline.nodes for pileup, _ in node.payload_bytes[1:]]
    starts = [node.payload_bytes[0][0] for node in pipeline.nodes if len(node.payload_bytes) > 1]
    if pileups:
        low, high = min(*starts, pipeline.pileup), max(*pileups, pipeline.pileup)
        yield Real("pileup", low, high, 57, default=pipeline.pileup, group=_OPERATION,
                   doc="Collisions per crossing")  # fmt: skip


def _detector(node: Node) -> Iterator[Parameter]:
    if node.front_end is not None:
        yield Choice(
            f"{node.slug}_filter", ("off", "on"), group=node.stage,
            default="on" if node.front_end.enabled else "off",
            doc=f"Whether the front end of {node.name} filters",
        )  # fmt: skip
    yield Real(
        f"{node.slug}_data_factor", min(0.05, node.data_factor), 2.0, 40, group=node.stage,
        default=node.data_factor, doc=f"Share of its data that {node.name} sends: 1 - compression",
    )  # fmt: skip


def _links(pipeline: Pipeline) -> Iterator[Parameter]:
    energies = {technology.bit_energy_j for technology in pipeline.technologies}
    first: dict[str, Node] = {}
    for node_name, name in link_names(pipeline).items():
        first.setdefault(name, pipeline.node(node_name))
    for name, node in first.items():
        assert node.link is not None
        own = node.link.bit_energy_j
        yield Choice(
            name, tuple(sorted(energies | {own})), extent=(0.0, 1e-9), default=own,
            group=node.stage, doc=f"Energy per bit of the links of {node.stage}",
        )  # fmt: skip


def _year(pipeline: Pipeline) -> Parameter:
    year = min(max(pipeline.year, FIRST_YEAR), LAST_YEAR)
    return Integer("year", FIRST_YEAR, LAST_YEAR, default=year, group=_OPERATION,
                   doc="Year of the technology, which divides all power")  # fmt: skip


def _work(node: Node) -> Iterator[Parameter]:
    if node.operations:
        own = node.op_energy_j
        yield Real(f"{node.slug}_op_energy_j", 0.0, 2.0 * own, 41, default=own, group=node.stage,
                   doc=f"Energy of one operation of {node.name}")  # fmt: skip
    if node.operations and node.offload is not None:
        yield Real(f"{node.slug}_offload_share", 0.0, 1.0, 11, default=node.offload.share,
                   group=node.stage, doc=f"Share of the work of {node.name} on its accelerator",
        )  # fmt: skip


def _dead_time(pipeline: Pipeline) -> Iterator[Parameter]:
    trigger = first_trigger(pipeline)
    if trigger is not None:
        yield Integer(f"{trigger.slug}_dead_crossings", 0, max(64, trigger.dead_crossings),
                      default=trigger.dead_crossings, group=trigger.stage,
                      doc=f"Crossings blocked after every accept of {trigger.name}")  # fmt: skip


def first_trigger(pipeline: Pipeline) -> Node | None:
    """The first trigger that everything passes; None if nothing is rejected."""
    chain = [pipeline.node(name) for name in pipeline.trunk]
    return next((node for node in chain if node.kind == "trigger"), None)
