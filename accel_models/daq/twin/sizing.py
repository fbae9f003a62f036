"""The design space of the twin: a size for every station of a pipeline, and what sizes cost."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from accel_models.daq.twin.plan import BUILDER, Size
from dse import DesignSpace, Integer, Parameter, Real

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from accel_models.daq.twin.model import DAQTwinOptions
    from accel_models.daq.twin.plan import Plan, Stage

_DEEPEST = 2**14
_DEPTHS = tuple(2**k for k in range(13))
_DEFAULT_DEPTH = 64
_LARGEST_BATCH = 256
_BATCHES = (1, 2, 4, 8, 16, 32)
_SLOWEST, _FASTEST, _DEFAULT_SPEED = 0.8, 4.0, 2.0
"""Bandwidths, as multiples of the mean load."""
_FEWEST, _MOST, _DEFAULT_SERVERS = 0.8, 2.0, 1.3
"""Numbers of servers that the default problem explores, as multiples of the mean load."""
_SERVER_STEPS = 64


@dataclass(frozen=True)
class Sized:
    """One station of a design.

    Attributes:
        stage: Which.
        size: What the design gives it.
        waiting: Events that have room in its buffer; those being worked on count only where they
            stay in it, as in a derandomiser.
    """

    stage: Stage
    size: Size
    waiting: int

    @property
    def buffer_bytes(self) -> float:
        """Memory of the buffer."""
        return self.waiting * self.stage.event_bytes


class Sizing:
    """How the parameters of a design size the stations of a plan.

    Attributes:
        plan: The plan.
        options: Of the model.
    """

    def __init__(self, plan: Plan, options: DAQTwinOptions) -> None:
        self.plan = plan
        self.options = options

    def space(self) -> DesignSpace:
        """All parameters, station by station, from the triggers to the storage."""
        return DesignSpace(tuple(p for stage in self.plan.stages for p in self._parameters(stage)))

    def explored(self) -> dict[str, tuple[Any, ...]]:
        """The default problem: parameter -> values, round numbers and the pipeline's own."""
        space = self.space()
        found: dict[str, tuple[Any, ...]] = {}
        for stage in self.plan.stages:
            for what, levels in self._round_numbers(stage).items():
                own = int(space[f"{stage.slug}_{what}"].default_number)
                found[f"{stage.slug}_{what}"] = tuple(sorted({*levels, own}))
        return found

    def sized(self, x: Mapping[str, float]) -> list[Sized]:
        """The stations of one design.

        Args:
            x: One number per parameter of the space.
        """
        return [self._sized(stage, x) for stage in self.plan.stages]

    def busy(self, stage: Stage) -> float:
        """Servers or builder units that are busy on average, in batches of one event."""
        load, o = self.plan.load(stage), self.options
        if stage.moves_data:
            return load / o.builder_unit_bytes_per_s
        overhead = self.plan.rate_per_s(stage) * self.batch_overhead_s(stage)
        return load / self.units_per_server(stage) + overhead

    def units_per_server(self, stage: Stage) -> int:
        """Units that form a server: of the options, or else the pipeline's own number."""
        given, service = self.options.units_per_server, stage.node.service
        own = 1 if service is None else service.units_per_server
        return own if given is None else given

    def batch_overhead_s(self, stage: Stage) -> float:
        """Time per batch: of the options, or else the pipeline's own."""
        given, service = self.options.batch_overhead_s, stage.node.service
        own = 0.0 if service is None else service.batch_overhead_s
        return own if given is None else given

    def cost_parts(self, sized: list[Sized]) -> dict[str, float]:
        """Price of buffers, of bandwidth, of builder units and of servers."""
        o = self.options
        parts = dict.fromkeys(("buffers", "links", "builder", "servers"), 0.0)
        for station in sized:
            stage, size = station.stage, station.size
            parts["buffers"] += o.price_per_byte * station.buffer_bytes
            if stage.name == BUILDER:
                parts["builder"] += o.price_per_builder_unit * size.servers
            elif stage.moves_data:
                parts["links"] += o.price_per_byte_per_s * size.speed
            else:
                units = self.units_per_server(stage) * size.servers
                parts["servers"] += stage.node.unit_price * units
        return parts

    # -- one station ---------------------------------------------------------------------------

    def _parameters(self, stage: Stage) -> Iterator[Parameter]:
        if stage.name == BUILDER:
            yield _servers(stage, "units", self.busy(stage), None, "Event-builder units")
            yield _depth(stage, "queue_events", "Events that wait for a builder unit")
        elif stage.moves_data:
            yield self._bandwidth(stage)
            yield _depth(stage, "buffer_events", f"Events that the buffer of {stage.name} holds,"
                         " that on the link included")  # fmt: skip
        else:
            together = self.units_per_server(stage)
            doc = f"Servers of {stage.name}, of {together} unit{'s' * (together > 1)} each"
            units = stage.node.servers
            own = None if units is None else math.ceil(units / together)
            yield _servers(stage, "servers", self.busy(stage), own, doc)
            yield _depth(stage, "queue_events", f"Events that wait for a server of {stage.name}")
            yield Integer(f"{stage.slug}_batch", 1, _LARGEST_BATCH, group=stage.slug,
                          doc=f"Events that a server of {stage.name} takes at a time")  # fmt: skip

    def _round_numbers(self, stage: Stage) -> dict[str, tuple[int, ...]]:
        """What the default problem explores of a stage's whole-numbered parameters."""
        if stage.name == BUILDER:
            return {"units": _around(self.busy(stage)), "queue_events": _DEPTHS}
        if stage.moves_data:
            return {"buffer_events": _DEPTHS}
        servers = _around(self.busy(stage))
        return {"servers": servers, "queue_events": _DEPTHS, "batch": _BATCHES}

    def _bandwidth(self, stage: Stage) -> Parameter:
        load = max(self.plan.load(stage), 1.0)
        link = stage.node.link
        own = link.bandwidth_bytes_per_s if link and link.bandwidth_bytes_per_s else None
        default = own or _DEFAULT_SPEED * load
        return Real(
            f"{stage.slug}_bandwidth_bytes_per_s",
            min(_SLOWEST * load, default), max(_FASTEST * load, default), 33, log=True,
            default=default, group=stage.slug, doc=f"Bandwidth of the link behind {stage.name}",
        )  # fmt: skip

    def _sized(self, stage: Stage, x: Mapping[str, float]) -> Sized:
        blocks = self._blocks(stage)
        get: Callable[[str], Any] = lambda name: x[f"{stage.slug}_{name}"]  # noqa: E731
        if stage.name == BUILDER:
            servers, queue = int(get("units")), int(get("queue_events"))
            speed = self.options.builder_unit_bytes_per_s
            places = servers + queue
            return Sized(stage, Size(speed=speed, servers=servers, places=places, blocks=blocks),
                         places)  # fmt: skip
        if stage.moves_data:
            places, speed = int(get("buffer_events")), float(get("bandwidth_bytes_per_s"))
            return Sized(stage, Size(speed=speed, places=places, blocks=blocks), places)
        servers, queue, batch = (int(get(n)) for n in ("servers", "queue_events", "batch"))
        size = Size(
            speed=self.units_per_server(stage),
            servers=servers,
            places=servers * batch + queue,
            batch=batch,
            batch_overhead_s=self.batch_overhead_s(stage),
            blocks=blocks,
        )
        return Sized(stage, size, queue)

    def _blocks(self, stage: Stage) -> bool:
        """As the pipeline says of the node's own buffer, or else as the option says."""
        buffer = stage.node.buffer
        return self.options.back_pressure if buffer is None else buffer.when_full == "block"


def _servers(stage: Stage, what: str, load: float, own: int | None, doc: str) -> Parameter:
    """Up to four times the mean load."""
    default = own or math.ceil(_DEFAULT_SERVERS * load) + 1
    high = max(default, math.ceil(_FASTEST * load) + 4)
    return Integer(f"{stage.slug}_{what}", 1, high, default=default, group=stage.slug, doc=doc)


def _around(load: float) -> tuple[int, ...]:
    """Numbers of servers around the mean load."""
    low, high = max(1, math.ceil(_FEWEST * load)), math.ceil(_MOST * load) + 4
    return tuple(range(low, high + 1, max(1, (high - low) // _SERVER_STEPS)))


def _depth(stage: Stage, what: str, doc: str) -> Parameter:
    """As deep as the pipeline's own buffer if it has one."""
    own = _own_depth(stage) or _DEFAULT_DEPTH
    return Integer(f"{stage.slug}_{what}", 1, max(_DEEPEST, own), default=own,
                   group=stage.slug, doc=doc)  # fmt: skip


def _own_depth(stage: Stage) -> int | None:
    buffer = stage.node.buffer
    if buffer is None or stage.event_bytes == 0:
        return None
    by_bytes = math.inf if buffer.capacity_bytes is None else (
        buffer.capacity_bytes / stage.event_bytes
    )  # fmt: skip
    depth = min(by_bytes, math.inf if buffer.slots is None else buffer.slots)
    return max(1, int(depth)) if math.isfinite(depth) else None
