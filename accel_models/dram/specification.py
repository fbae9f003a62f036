"""DRAM specifications: built-in data files, or a user's own file in the same schema."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from accel_models.dram.address import FIELDS, AddressMap, read_address_map
from dse._yaml import load_yaml, read_text
from dse.errors import InputError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from dse._yaml import KeyPath, YamlDocument

BUILT_IN = ("ddr3-1600", "ddr4-2400")
"""Names of the built-in specifications."""

DEFAULT_MAP = "rbc"
"""The address map that every specification has: row, bank and column from the highest bit."""

_HERE = Path(__file__).parent
_TOP = ("name", "family", "clock_hz", "geometry", "timing_cycles", "supply_v", "current_ma",
        "address_maps")  # fmt: skip
_GEOMETRY = ("ranks", "bank_groups", "banks", "rows", "columns", "device_width_bits", "devices",
             "burst_length")  # fmt: skip
_TIMING = ("AL", "RL", "WL", "RCD", "RP", "RAS", "RC", "FAW", "RTP", "WR", "RTRS", "REFI", "RFC",
           "CKE", "PD", "CKESR", "XP", "XS", "XSDLL", "DQSCK", "ACTPDEN", "PRPDEN",
           "REFPDEN")  # fmt: skip
_BY_FAMILY = {
    "DDR3": ("RRD", "CCD", "WTR"),
    "DDR4": ("RRD_S", "RRD_L", "CCD_S", "CCD_L", "WTR_S", "WTR_L", "WPRE"),
}
_SUPPLY = {"DDR3": ("VDD",), "DDR4": ("VDD", "VDD2")}
_CURRENT = ("IDD0", "IDD2N", "IDD3N", "IDD4R", "IDD4W", "IDD5", "IDD6", "IDD2P0", "IDD3P0")
_CURRENTS = {"DDR3": _CURRENT, "DDR4": (*_CURRENT, "IDD02", "IDD62")}
_LARGEST = {"ranks": 4, "banks": 16, "bank_groups": 4, "rows": 2**24, "columns": 2**16,
            "device_width_bits": 64, "devices": 64, "burst_length": 64}  # fmt: skip
_LONGEST = 10**6


@dataclass(frozen=True)
class Specification:
    """One kind of memory on one channel.

    Attributes:
        name: For people.
        family: DDR3 or DDR4; DDR4 has bank groups and a second supply.
        clock_hz: The memory clock; data move at twice its rate.
        geometry: Counts; `banks` are those of one rank.
        timing: Cycles, under the names of `state.TIMING_FIELDS`.
        supply_v: Supply voltages.
        current_ma: Currents of one device.
        maps: Address maps by name.
    """

    name: str
    family: str
    clock_hz: float
    geometry: Mapping[str, int]
    timing: Mapping[str, int]
    supply_v: Mapping[str, float]
    current_ma: Mapping[str, float]
    maps: Mapping[str, AddressMap]

    @property
    def clock_ps(self) -> int:
        """The cycle in times and latencies: whole picoseconds, as DRAMSys counts."""
        return int(1e12 / self.clock_hz + 1e-6)

    @property
    def energy_clock_ns(self) -> float:
        """The cycle in energies, unrounded, as DRAMPower counts."""
        return 1e9 / self.clock_hz

    @property
    def burst_bytes(self) -> int:
        """Data of one access."""
        g = self.geometry
        return g["device_width_bits"] * g["devices"] * g["burst_length"] // 8

    @property
    def banks(self) -> int:
        """Banks of all ranks."""
        return self.geometry["ranks"] * self.geometry["banks"]


def load_specification(memory: str | Path) -> Specification:
    """A built-in specification by name, or a user's file.

    Args:
        memory: One of `BUILT_IN`, or a YAML file in their schema.

    Raises:
        InputError: No such file, or a key that is missing, unknown or out of range; names the
            file, the line and the key.
    """
    if str(memory) in BUILT_IN:
        return _built_in(str(memory))
    path = Path(memory)
    if not path.suffix and not path.exists():
        what = f"unknown memory {str(memory)!r}.{did_you_mean(str(memory), BUILT_IN)}"
        allowed = f"{', '.join(BUILT_IN)}, or a YAML file in their schema"
        raise InputError(what, allowed=allowed)
    return read_specification(read_text(path), str(path))


@cache
def _built_in(name: str) -> Specification:
    path = _HERE / f"{name}.yaml"
    return read_specification(read_text(path), str(path))


def read_specification(text: str, source: str = "<text>") -> Specification:
    """The specification in a YAML text.

    Args:
        text: YAML in the schema of the built-in files.
        source: Where it comes from, for messages.

    Raises:
        InputError: As `load_specification`.
    """
    document = load_yaml(text, source)
    reader = _Reader(document)
    top = reader.keys(document.mapping(), (), _TOP)
    family = top["family"]
    if family not in _BY_FAMILY:
        reader.refuse(("family",), f"family = {family!r}", "DDR3 or DDR4")
    geometry = {
        key: int(reader.number(("geometry", key), 1, _LARGEST[key], whole=True))
        for key in reader.keys(top["geometry"], ("geometry",), _GEOMETRY)
    }
    for key in ("banks", "bank_groups", "rows", "columns", "burst_length"):
        if geometry[key].bit_count() != 1:
            reader.refuse(("geometry", key), f"{key} = {geometry[key]}", "a power of two")
    _check_geometry(reader, geometry, family)
    timing_keys = (*_TIMING, *_BY_FAMILY[family])
    timing = {
        key: int(reader.number(("timing_cycles", key), 0, _LONGEST, whole=True))
        for key in reader.keys(top["timing_cycles"], ("timing_cycles",), timing_keys)
    }
    return Specification(
        name=str(top["name"]),
        family=family,
        clock_hz=reader.number(("clock_hz",), 1e6, 1e11),
        geometry=geometry,
        timing=_completed(reader, timing, geometry["burst_length"] // 2),
        supply_v=reader.numbers("supply_v", _SUPPLY[family]),
        current_ma=reader.numbers("current_ma", _CURRENTS[family]),
        maps=_maps(reader, top["address_maps"], geometry),
    )


def _check_geometry(reader: _Reader, geometry: Mapping[str, int], family: str) -> None:
    """Demand what the simulator assumes of bank groups and bursts."""
    groups = geometry["bank_groups"]
    if groups > geometry["banks"] or (family == "DDR3" and groups > 1):
        allowed = "1 for DDR3, at most as many as banks for DDR4"
        reader.refuse(("geometry", "bank_groups"), f"bank_groups = {groups}", allowed)
    if geometry["burst_length"] < 2:
        reader.refuse(("geometry", "burst_length"), "burst_length = 1", "2 or more")


def _completed(reader: _Reader, timing: dict[str, int], burst: int) -> dict[str, int]:
    """Add what follows from other timings, so that both families have the same ones."""
    if timing["REFI"] <= timing["RFC"]:
        found = f"REFI = {timing['REFI']}, RFC = {timing['RFC']}"
        reader.refuse(("timing_cycles", "REFI"), found, "REFI longer than RFC")
    for key in ("RRD", "CCD", "WTR"):
        if key in timing:
            timing[f"{key}_S"] = timing[f"{key}_L"] = timing.pop(key)
    # Between a read and a write the bus turns around: two cycles on DDR3, the preamble on DDR4.
    turn = 1 + timing.pop("WPRE") if "WPRE" in timing else 2
    return {**timing, "B": burst, "RTW": timing["RL"] + burst + turn - timing["WL"]}


def _maps(reader: _Reader, maps: Any, geometry: Mapping[str, int]) -> dict[str, AddressMap]:
    if not isinstance(maps, dict) or DEFAULT_MAP not in maps:
        what = f"there is no address map {DEFAULT_MAP!r}"
        reader.refuse(("address_maps",), what, f"{DEFAULT_MAP}: {{column: [bits], ...}} and others")
    sizes = {
        "column": geometry["columns"],
        "row": geometry["rows"],
        "bank": geometry["banks"] // geometry["bank_groups"],
        "bank_group": geometry["bank_groups"],
        "rank": geometry["ranks"],
    }
    bits = {field: int(math.log2(sizes[field])) for field in FIELDS}
    return {str(name): _map(reader, str(name), given, bits) for name, given in maps.items()}


def _map(reader: _Reader, name: str, given: Any, bits: Mapping[str, int]) -> AddressMap:
    try:
        return read_address_map(given, bits)
    except InputError as error:
        reader.refuse(("address_maps", name), error.what, error.allowed or "")


class _Reader:
    """Reads values of one document; every error names the file, the line and the key."""

    def __init__(self, document: YamlDocument) -> None:
        self._document = document

    def refuse(self, path: KeyPath, what: str, allowed: str) -> NoReturn:
        """Raise for the value at this path."""
        where = f"{self._document.where(path)} ({'.'.join(map(str, path)) or 'top'})"
        raise InputError(what, where=where, allowed=allowed)

    def keys(self, data: Any, path: KeyPath, wanted: Iterable[str]) -> dict[str, Any]:
        """A mapping with exactly these keys."""
        wanted = tuple(wanted)
        if not isinstance(data, dict):
            self.refuse(path, "this is not a mapping", f"the keys {', '.join(wanted)}")
        for key in data:
            if key not in wanted:
                hint = did_you_mean(str(key), wanted)
                self.refuse((*path, key), f"unknown key {key!r}.{hint}", ", ".join(wanted))
        for key in wanted:
            if key not in data:
                self.refuse(path, f"the key {key!r} is missing", ", ".join(wanted))
        return data

    def numbers(self, section: str, wanted: Iterable[str]) -> dict[str, float]:
        """A mapping of numbers >= 0 with exactly these keys."""
        data = self._document.mapping()[section]
        return {
            key: self.number((section, key), 0, _LONGEST)
            for key in self.keys(data, (section,), wanted)
        }

    def number(self, path: KeyPath, low: float, high: float, *, whole: bool = False) -> float:
        """A number within a range."""
        value: Any = self._document.mapping()
        for key in path:
            value = value[key]
        is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
        if not is_number or not low <= value <= high or (whole and value != int(value)):
            kind = "a whole number" if whole else "a number"
            self.refuse(path, f"{path[-1]} = {value!r}", f"{kind} from {low:g} to {high:g}")
        return float(value)
