"""The CMS systems: one description (`cms.yaml`), and switches that change its parts.

`systems.yaml` names combinations of the switches; every other combination is as good.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from dse._yaml import load_yaml, read_text
from dse.errors import WorkloadError, did_you_mean
from workloads.pipelines.reader import from_yaml
from workloads.pipelines.schema import Gaussian
from workloads.pipelines.scores import load_scores

if TYPE_CHECKING:
    from collections.abc import Callable

    from workloads.pipelines.schema import Node, Pipeline

    Change = Callable[[Node], Node]

System = Literal[
    "phase1", "phase2-pu60", "phase2-pu140", "phase2-pu200", "smart-pixels", "l1-tracks",
    "gpu-farm", "micro-led", "full-upgrade",
]  # fmt: skip

_HERE = Path(__file__).parent
_SMART_PIXELS = 0.46
"""Share of the inner tracker's data that smart pixels send (54 % less)."""
_L1_TRACKS = 0.40
"""Gain of the L1 signal score from tracks."""
_GAUSSIAN_SKILL = {"L1": 3.0, "HLT": 4.0}
_SCORES = {"L1": "cms-l1", "HLT": "cms-hlt"}


def cms(
    *,
    system: System = "phase2-pu200",
    pileup: float | None = None,
    l1_ratio: float | None = None,
    hlt_ratio: float | None = None,
    hlt: Literal["cpu", "gpu"] | None = None,
    l1_tracks: bool | None = None,
    smart_pixels: bool | None = None,
    micro_led: Literal["none", "detectors", "all"] | None = None,
    l1_classifier: Literal["table", "gaussian"] = "table",
    hlt_classifier: Literal["table", "gaussian"] = "gaussian",
    sizes: Literal["table", "ends"] = "table",
    year: int = 2032,
) -> Pipeline:
    """The CMS data-acquisition system, Phase 1 or HL-LHC, with any combination of upgrades.

    Args:
        system: Which combination of the switches below is meant where they are null.
        pileup: Collisions per crossing, 0 to 400.
        l1_ratio: Events into L1 per event accepted, at least 1.
        hlt_ratio: Events into the HLT per event stored, at least 1.
        hlt: Whether the HLT runs on processors or on GPUs, which halve its operations.
        l1_tracks: Whether L1 uses tracks: its signal scores rise by 0.40.
        smart_pixels: Whether the inner tracker sends 46 % of its data.
        micro_led: Which links are micro-LED links of 2 pJ/bit: none, those of the detectors, or
            those up to L1.
        l1_classifier: Scores of the L1 trigger: tabulated, or Gaussian of skill 3.
        hlt_classifier: Scores of the HLT: tabulated, or Gaussian of skill 4.
        sizes: Payloads between pileup 60, 140 and 200, or on the line from 60 to 200 as in the
            sweeps of the source.
        year: Year of the technology.

    Raises:
        WorkloadError: An unknown system, or a value out of range.
    """
    chosen = _switches(system)
    given = {
        "pileup": pileup, "l1_ratio": l1_ratio, "hlt_ratio": hlt_ratio, "hlt": hlt,
        "l1_tracks": l1_tracks, "smart_pixels": smart_pixels, "micro_led": micro_led,
    }  # fmt: skip
    chosen |= {name: value for name, value in given.items() if value is not None}
    _check({**chosen, "year": year})
    base = _base()
    technologies = {t.name: t for t in base.technologies}
    changes = [
        _ratio("L1", chosen.get("l1_ratio")),
        _ratio("HLT", chosen.get("hlt_ratio")),
        _scores("L1", l1_classifier, _L1_TRACKS if chosen.get("l1_tracks") else 0.0),
        _scores("HLT", hlt_classifier, 0.0),
        _hardware(1.0 if chosen.get("hlt") == "gpu" else 0.0),
        _smart_pixels(_SMART_PIXELS if chosen.get("smart_pixels") else 1.0),
        _micro_led(technologies["micro-led"], chosen.get("micro_led", "none")),
    ]
    changes += [_straight] if sizes == "ends" else []
    nodes = base.nodes
    for change in changes:
        nodes = tuple(change(node) for node in nodes)
    name = system if not any(v is not None for v in given.values()) else f"{system}, changed"
    return replace(base, name=f"CMS {name}", nodes=nodes, pileup=float(chosen["pileup"]), year=year)


@cache
def _base() -> Pipeline:
    return from_yaml(file=_HERE / "cms.yaml")


def _switches(system: str) -> dict[str, Any]:
    path = _HERE / "systems.yaml"
    systems = load_yaml(read_text(path), str(path)).mapping()
    if system not in systems:
        raise WorkloadError(
            f"system = {system!r} is unknown.{did_you_mean(str(system), systems)}",
            allowed=", ".join(systems),
        )
    return dict(systems[system])


_LIMITS = {
    "pileup": (0.0, 400.0), "l1_ratio": (1.0, 1e6), "hlt_ratio": (1.0, 1e6), "year": (2000, 2100),
}  # fmt: skip


def _check(chosen: dict[str, Any]) -> None:
    for name, (low, high) in _LIMITS.items():
        value = chosen.get(name, low)
        if not (isinstance(value, (int, float)) and low <= value <= high):
            what = f"{name} = {value!r} is out of range"
            raise WorkloadError(what, allowed=f"a number from {low:g} to {high:g}")


def _only(names: str | tuple[str, ...], change: Change) -> Change:
    """The change, for nodes of these names."""
    wanted = (names,) if isinstance(names, str) else names
    return lambda node: change(node) if node.name in wanted else node


def _ratio(name: str, ratio: float | None) -> Change:
    if ratio is None:
        return lambda node: node
    return _only(name, lambda node: replace(node, reduction_ratio=float(ratio)))


def _scores(name: str, kind: str, boost: float) -> Change:
    """Gaussian scores know no boost: in the source only the tabulated ones are shifted."""
    classifier = (
        Gaussian(skill=_GAUSSIAN_SKILL[name])
        if kind == "gaussian"
        else load_scores(_SCORES[name], boost)
    )
    return _only(name, lambda node: replace(node, classifier=classifier))


def _hardware(gpu_share: float) -> Change:
    def change(node: Node) -> Node:
        assert node.offload is not None
        return replace(node, offload=replace(node.offload, share=gpu_share))

    return _only("HLT", change)


def _smart_pixels(factor: float) -> Change:
    return _only("Inner Tracker", lambda node: replace(node, data_factor=factor))


def _micro_led(technology: Any, where: str) -> Change:
    stages = {"none": (), "detectors": ("front end",), "all": ("front end", "aggregation")}[where]
    return lambda node: replace(node, link=technology) if node.stage in stages else node


def _straight(node: Node) -> Node:
    """Payloads on the line between the smallest and the largest pileup."""
    points = node.payload_bytes
    return replace(node, payload_bytes=(points[0], points[-1]) if len(points) > 1 else points)
