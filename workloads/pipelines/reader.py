"""Reading a pipeline from YAML; every fault names its node, key, file and line."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from dse._faults import Faults, grouped
from dse._yaml import load_yaml, read_text
from dse.errors import WorkloadError, did_you_mean
from workloads.pipelines import quantities as q
from workloads.pipelines.graph import graph_faults
from workloads.pipelines.schema import (
    Buffer,
    Bunches,
    FrontEnd,
    Gaussian,
    Law,
    LinkTechnology,
    Node,
    Offload,
    Pipeline,
    Service,
    TriggerRule,
    WhenFull,
)
from workloads.pipelines.scores import load_scores

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from dse._yaml import KeyPath, YamlDocument
    from workloads.pipelines.schema import Classifier, Kind

_SECTIONS: dict[str, Kind] = {
    "detectors": "detector", "processors": "processor", "triggers": "trigger",
    "storage": "storage",
}  # fmt: skip

_TOP: dict[str, Callable[[Any], Any]] = {
    "name": q.word,
    "crossing_rate": q.quantity("Hz"),
    "pileup": q.number(0.0),
    "year": q.whole(2000, 2100),
    "relevant_rate": q.quantity("Hz"),
}
_TECHNOLOGY: dict[str, Callable[[Any], Any]] = {
    "energy": q.quantity("J/bit"), "latency": q.quantity("s"), "bandwidth": q.quantity("B/s"),
}  # fmt: skip
_NODE: dict[str, Callable[[Any], Any]] = {
    "to": q.word,
    "stage": q.word,
    "energy_per_op": q.quantity("J/op"),
    "operations": q.polynomial,
    "steps": q.one_of(("parallel", "serial")),
    "op_time": q.quantity("s"),
    "servers": q.whole(1),
    "unit_price": q.number(0.0),
}
_DETECTOR: dict[str, Callable[[Any], Any]] = {
    "sends": q.payload,
    "rate": q.quantity("Hz"),
    "data_factor": q.number(0.0, 1.0, above=True),
}
_FRONT_END: dict[str, Callable[[Any], Any]] = {
    "operations": q.polynomial, "energy_per_op": q.quantity("J/op"), "enabled": q.truth,
}  # fmt: skip
_TRIGGER: dict[str, Callable[[Any], Any]] = {"dead_crossings": q.whole(0)}
_RATIO = q.number(1.0, 1e9)
"""Nobody rejects more: of 40 MHz one event in 25 seconds is left."""
_PARTS: dict[str, dict[str, Callable[[Any], Any]]] = {
    "offload": {"speedup": q.number(0.0, above=True), "share": q.number(0.0, 1.0)},
    "service": {
        "law": q.one_of(get_args(Law)), "time": q.quantity("s"),
        "time_per_op": q.quantity("s/op"), "spread": q.number(0.0),
        "units_per_server": q.whole(1, 10**6), "batch_overhead": q.quantity("s"),
    },
    "buffer": {
        "slots": q.whole(1), "capacity": q.quantity("B"), "when_full": q.one_of(get_args(WhenFull)),
    },
}  # fmt: skip
_RULE: dict[str, Callable[[Any], Any]] = {"accepts": q.whole(1), "crossings": q.whole(1)}
_FIELDS = {
    "to": "target", "energy_per_op": "op_energy_j", "op_time": "op_time_s",
    "sends": "payload_bytes", "adds": "payload_bytes", "rate": "sample_rate_hz",
    "energy": "bit_energy_j", "latency": "latency_s", "bandwidth": "bandwidth_bytes_per_s",
    "time": "time_s", "time_per_op": "time_per_op_s", "capacity": "capacity_bytes",
    "batch_overhead": "batch_overhead_s",
    "crossing_rate": "crossing_rate_hz", "relevant_rate": "relevant_rate_hz",
}  # fmt: skip
"""Key in the file -> field, where they differ."""


def from_yaml(*, file: Path, pileup: float | None = None, year: int | None = None) -> Pipeline:
    """Any data-acquisition pipeline, described in a YAML file.

    Args:
        file: The description; `docs/tutorials/daq.md` explains it.
        pileup: Replaces the file's pileup.
        year: Replaces the file's year, which is 2022 (power is not scaled) if the file gives none.

    Raises:
        InputError: The file cannot be read, is not YAML, or is wrong; all faults in one error.
    """
    text, folder = read_text(file), file.parent
    return from_str(text, str(file), folder=folder, name=file.stem, pileup=pileup, year=year)


def from_str(
    text: str,
    source: str = "<text>",
    *,
    folder: Path | None = None,
    name: str = "pipeline",
    pileup: float | None = None,
    year: int | None = None,
) -> Pipeline:
    """The pipeline that a YAML text describes; `from_yaml` for text at hand.

    Args:
        text: The description.
        source: Where it comes from, for messages.
        folder: Folder that relative paths start from; the working directory if None.
        name: Name of the pipeline if the text gives none.
        pileup: Replaces the text's pileup.
        year: Replaces the text's year.

    Raises:
        InputError: The text is not YAML, or wrong; all faults in one error.
    """
    document = load_yaml(text, source)
    if not isinstance(document.data, dict):
        raise WorkloadError(
            "this is not the description of a pipeline",
            where=source,
            allowed=f"a mapping with the keys {', '.join((*_TOP, 'links', *_SECTIONS))}",
        )
    replaced = {"pileup": pileup, "year": year}
    given = {key: value for key, value in replaced.items() if value is not None}
    reading = _Reading({"name": name, **document.data, **given}, folder or Path())
    values = reading.pipeline()
    _raise_faults(reading.faults, document)
    return Pipeline(**values)


def _raise_faults(faults: Faults, document: YamlDocument) -> None:
    if faults.found:
        errors = grouped(faults.located(document.where))
        raise WorkloadError("\n".join(str(error) for error in errors))


class _Reading:
    """Turns the data of one document into fields, collecting faults on the way."""

    def __init__(self, data: Mapping[str, Any], folder: Path) -> None:
        self.faults = Faults()
        self._data = data
        self._folder = folder
        self._technologies: dict[str, LinkTechnology] = {}

    def pipeline(self) -> dict[str, Any]:
        """The fields of `Pipeline`, as far as they could be read."""
        others = {"links", "beam", "front_end", *_SECTIONS}
        values = self._fields((), self._data, _TOP, others)
        links = self._section("links")
        self._technologies = {key: self._technology(key, value) for key, value in links.items()}
        nodes = [
            self._node(section, kind, key, value)
            for section, kind in _SECTIONS.items()
            for key, value in self._section(section).items()
        ]
        self._check_names(nodes)
        self._check_rates(nodes, values)
        if not self.faults.found:
            for name, error in graph_faults(nodes):
                self.faults.add(self._path_of(name), error)
        values |= {"nodes": tuple(nodes), "technologies": tuple(self._technologies.values())}
        if "beam" in self._data:
            values["bunches"] = self.faults.attempt(("beam",), self._bunches, self._data["beam"])
        return values

    # -- nodes ------------------------------------------------------------------------------------

    def _node(self, section: str, kind: Kind, name: str, data: Any) -> Node:
        path: KeyPath = (section, name)
        data = self._mapping(path, {} if data is None else data)
        parsers, nested = _keys_of(kind)
        values = self._fields(path, data, parsers, nested)
        self._require(path, data, kind)
        if "link" in data:
            values["link"] = self.faults.attempt((*path, "link"), self._link, data["link"])
        for key in _PARTS.keys() & data.keys():
            values[key] = self._part(path, key, data[key])
        if "rules" in data:
            values["rules"] = self._rules((*path, "rules"), data["rules"])
        if kind == "trigger":
            values |= self._decision(path, data)
        front_end = data.get("front_end", self._data.get("front_end"))
        if kind == "detector" and front_end is not None:
            own = (*path, "front_end") if "front_end" in data else ("front_end",)
            values["front_end"] = self._front_end(own, front_end)
        stage = "front end" if kind == "detector" else name
        return Node(**{"name": name, "kind": kind, "target": None, "stage": stage, **values})

    def _require(self, path: KeyPath, data: Mapping[str, Any], kind: Kind) -> None:
        for key, what in _required(kind).items():
            if key not in data:
                error = WorkloadError(f"{path[-1]} lacks {key!r}", allowed=f"{key}: {what}")
                self.faults.add(path, error)

    def _decision(self, path: KeyPath, data: Mapping[str, Any]) -> dict[str, Any]:
        """Ratio and classifier, as far as they are given."""
        parsers = {"reduction_ratio": _RATIO, "classifier": self._classifier}
        return {
            key: self.faults.attempt((*path, key), parser, data[key])
            for key, parser in parsers.items()
            if key in data
        }

    def _front_end(self, path: KeyPath, data: Any) -> FrontEnd | None:
        data = self._mapping(path, data)
        values = self._fields(path, data, _FRONT_END, {"reduction_ratio", "classifier"})
        values |= self._decision(path, data)
        for key in ("reduction_ratio", "classifier"):
            if key not in data:
                error = WorkloadError(f"the front end lacks {key!r}", allowed=f"{key}: ...")
                self.faults.add(path, error)
        return None if self.faults.found else FrontEnd(**values)

    def _classifier(self, data: Any) -> Classifier:
        if isinstance(data, dict) and set(data) == {"gaussian"}:
            values = data["gaussian"] if isinstance(data["gaussian"], dict) else {}
            if not values or set(values) - {"skill", "sd"} or "skill" not in values:
                raise WorkloadError("no Gaussian", allowed="gaussian: {skill: 3, sd: 1}")
            skill = q.number(0.0)(values["skill"])
            return Gaussian(skill=skill, sd=q.number(0.0, above=True)(values.get("sd", 1.0)))
        if isinstance(data, dict) and "scores" in data and not set(data) - {"scores", "boost"}:
            table = q.word(data["scores"])
            path = self._folder / table if Path(table).suffix else table
            return load_scores(path, q.number(0.0)(data.get("boost", 0.0)))
        allowed = "{gaussian: {skill: 3, sd: 1}} or {scores: TABLE, boost: 0}"
        raise WorkloadError(f"{data!r} is not a classifier", allowed=allowed)

    def _link(self, name: Any) -> LinkTechnology:
        if name in self._technologies:
            return self._technologies[name]
        hint = did_you_mean(str(name), self._technologies)
        allowed = ", ".join(self._technologies) or "a key of `links`, which lists none"
        raise WorkloadError(f"unknown link {name!r}.{hint}", allowed=allowed)

    def _rules(self, path: KeyPath, data: Any) -> tuple[TriggerRule, ...]:
        if not isinstance(data, list):
            error = WorkloadError("no list", allowed="[{accepts: 1, crossings: 3}]")
            self.faults.add(path, error)
            return ()
        rules = []
        for position, rule in enumerate(data):
            place = (*path, position)
            values = self._fields(place, self._mapping(place, rule), _RULE)
            rules.append(TriggerRule(**{"accepts": 1, "crossings": 1, **values}))
        return tuple(rules)

    def _part(self, path: KeyPath, key: str, data: Any) -> Offload | Service | Buffer | None:
        place = (*path, key)
        values = self._fields(place, self._mapping(place, data), _PARTS[key])
        if key == "offload":
            return Offload(**{"speedup": 1.0, **values})
        return Service(**values) if key == "service" else Buffer(**values)

    def _technology(self, name: str, data: Any) -> LinkTechnology:
        path: KeyPath = ("links", name)
        values = self._fields(path, self._mapping(path, data), _TECHNOLOGY)
        if "bit_energy_j" not in values:
            error = WorkloadError(f"{name} lacks 'energy'", allowed="energy: 22.2 pJ/bit")
            self.faults.add(path, error)
        return LinkTechnology(**{"name": name, "bit_energy_j": 0.0, **values})

    def _bunches(self, data: Any) -> Bunches:
        if not isinstance(data, dict) or set(data) != {"orbit_crossings", "trains"}:
            raise WorkloadError("no bunches", allowed="orbit_crossings: 3564, trains: [[0, 72]]")
        orbit, trains = q.whole(1)(data["orbit_crossings"]), data["trains"]
        found = []
        end = 0
        for train in trains if isinstance(trains, list) else [None]:
            if not isinstance(train, list) or len(train) != 2:
                raise WorkloadError(f"{train!r} is no train", allowed="[first crossing, length]")
            first, length = q.whole(end, orbit - 1)(train[0]), q.whole(1, orbit)(train[1])
            end = first + length
            if end > orbit:
                raise WorkloadError(f"{train!r} leaves the orbit", allowed=f"{orbit} crossings")
            found.append((first, length))
        return Bunches(orbit_crossings=orbit, trains=tuple(found))

    # -- mappings ---------------------------------------------------------------------------------

    def _fields(
        self,
        path: KeyPath,
        data: Mapping[str, Any],
        parsers: Mapping[str, Callable[[Any], Any]],
        others: set[str] | None = None,
    ) -> dict[str, Any]:
        """Field -> value of every key that has a parser; keys in `others` are read elsewhere."""
        values = {}
        for key, value in data.items():
            if key in parsers:
                values[_FIELDS.get(key, key)] = self.faults.attempt(
                    (*path, key), parsers[key], value
                )
            elif key not in (others or ()):
                known = [*parsers, *sorted(others or ())]
                hint = did_you_mean(key, known)
                error = WorkloadError(f"unknown key {key!r}.{hint}", allowed=", ".join(known))
                self.faults.add((*path, key), error)
        return values

    def _section(self, name: str) -> Mapping[str, Any]:
        return self._mapping((name,), self._data.get(name) or {})

    def _mapping(self, path: KeyPath, data: Any) -> Mapping[str, Any]:
        if isinstance(data, dict):
            return data
        self.faults.add(path, WorkloadError(f"{data!r} is no mapping", allowed="keys with values"))
        return {}

    def _check_names(self, nodes: list[Node]) -> None:
        first: dict[str, str] = {}
        for node in nodes:
            slug = node.slug
            if slug in first:
                what = f"{node.name} has the same name as another node, {first[slug]}"
                self.faults.add(self._path_of(node.name, node.kind), WorkloadError(what))
            first[slug] = node.name

    def _check_rates(self, nodes: list[Node], values: Mapping[str, Any]) -> None:
        """Nothing happens more often than crossings."""
        highest = values.get("crossing_rate_hz") or Pipeline.crossing_rate_hz
        rates = [
            (self._path_of(node.name), f"{node.name} samples", node.sample_rate_hz)
            for node in nodes
        ]
        rates.append((("relevant_rate",), "relevant events come", values.get("relevant_rate_hz")))
        for path, what, rate in rates:
            if rate is not None and rate > highest:
                text = f"{what} more often than there are crossings"
                self.faults.add(path, WorkloadError(text, allowed=f"at most {highest:g} Hz"))

    def _path_of(self, name: str, kind: str = "") -> KeyPath:
        sections = [s for s, k in _SECTIONS.items() if name in self._section(s) and kind in ("", k)]
        return (sections[0], name) if sections else ()


def _keys_of(kind: Kind) -> tuple[dict[str, Callable[[Any], Any]], set[str]]:
    """Parsers of a node's plain keys, and its keys that hold more."""
    nested = {"link", *_PARTS}
    if kind == "detector":
        return {**_NODE, **_DETECTOR}, nested | {"front_end"}
    parsers = {**_NODE, "adds": q.payload}
    if kind == "storage":
        return {key: parser for key, parser in parsers.items() if key != "to"}, nested - {"link"}
    if kind == "trigger":
        return {**parsers, **_TRIGGER}, nested | {"reduction_ratio", "classifier", "rules"}
    return parsers, nested


def _required(kind: Kind) -> dict[str, str]:
    """Keys that a node must give, and what they hold."""
    if kind == "storage":
        return {}
    common = {"to": "NODE", "link": "LINK"}
    if kind == "detector":
        return {**common, "sends": "1.44 MB"}
    if kind == "trigger":
        return {**common, "reduction_ratio": "53.3", "classifier": "{gaussian: {skill: 3}}"}
    return common
