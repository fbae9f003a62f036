"""Units: reading "400 GiB/s" into SI numbers, and printing SI numbers for people.

Inside the framework every number is SI, and the name of a quantity carries its unit. Other units
exist only here, at the edge.
"""

from __future__ import annotations

import math
import re

from dse.errors import InputError, did_you_mean

__all__ = ["format_quantity", "parse_quantity", "unit_of_name"]

_PREFIXES = {
    "": 1.0, "f": 1e-15, "p": 1e-12, "n": 1e-9, "u": 1e-6, "µ": 1e-6, "m": 1e-3,
    "k": 1e3, "K": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "P": 1e15,
    "Ki": 2.0**10, "Mi": 2.0**20, "Gi": 2.0**30, "Ti": 2.0**40,
}  # fmt: skip

# unit as written by people -> (dimension, factor to the unit that names use here)
_BASES = {
    "Hz": ("frequency", 1.0),
    "s": ("time", 1.0),
    "J": ("energy", 1.0),
    "W": ("power", 1.0),
    "B": ("data", 1.0),
    "bytes": ("data", 1.0),
    "byte": ("data", 1.0),
    "bit": ("data in bits", 1.0),
    "bits": ("data in bits", 1.0),
    "B/s": ("bandwidth", 1.0),
    "bytes/s": ("bandwidth", 1.0),
    "mm2": ("area", 1.0),
    "mm^2": ("area", 1.0),
    "V": ("voltage", 1.0),
}
_FIXED = {"cm2": ("area", 100.0), "cm^2": ("area", 100.0), "um2": ("area", 1e-6)}

_UNPREFIXED = {"bytes", "byte", "bits", "bit", "mm2", "mm^2"}

_NAME_SUFFIXES = [
    ("_bytes_per_s", "B/s"),
    ("_per_s", "1/s"),
    ("_hz", "Hz"),
    ("_bytes", "B"),
    ("_bits", "bit"),
    ("_mm2", "mm2"),
    ("_s", "s"),
    ("_j", "J"),
    ("_w", "W"),
    ("_v", "V"),
]

_QUANTITY = re.compile(r"^\s*([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)\s*(\S.*?)?\s*$")
_BINARY_UNITS = {"B", "B/s"}


def unit_of_name(name: str) -> str:
    """The unit that a name carries, such as "Hz" for `frequency_hz`; "" when it carries none."""
    return next((unit for suffix, unit in _NAME_SUFFIXES if name.endswith(suffix)), "")


def _unit_table() -> dict[str, tuple[str, float]]:
    table = dict(_FIXED)
    for base, (dimension, factor) in _BASES.items():
        prefixes = {"": 1.0} if base in _UNPREFIXED else _PREFIXES
        table.update({p + base: (dimension, f * factor) for p, f in prefixes.items()})
    return table


def parse_quantity(text: str, unit: str) -> float:
    """Read a number with an optional unit.

    Args:
        text: For example "400 GiB/s", "940MHz" or "2.5".
        unit: The unit the result is wanted in, as `unit_of_name` gives it.

    Returns:
        The value in `unit`. A number without a unit is taken to be in `unit`.

    Raises:
        InputError: Not a number, an unknown unit, or a unit of another dimension.
    """
    match = _QUANTITY.match(text)
    if not match:
        wanted = f"a number in {unit}, or with a unit" if unit else "a number"
        raise InputError(f"{text!r} is not a number", allowed=wanted)
    value, written = float(match[1]), match[2]
    if not math.isfinite(value):
        raise InputError(f"{text!r} is too large a number", allowed="a finite number")
    if not written:
        return value
    table = _unit_table()
    if written not in table:
        hint = did_you_mean(written, table)
        raise InputError(
            f"{text!r}: unknown unit {written!r}.{hint}", allowed=f"a unit such as {unit or 'none'}"
        )
    dimension, factor = table[written]
    expected, scale = table.get(unit, ("a plain number", 1.0))
    if dimension != expected:
        raise InputError(
            f"{text!r} is a {dimension}, but this is {_article(expected)}",
            allowed=f"a value in {unit}" if unit else "a number without a unit",
        )
    return value * factor / scale


def _article(dimension: str) -> str:
    return dimension if dimension.startswith("a ") else f"a {dimension}"


def format_quantity(value: float, unit: str, digits: int = 4) -> str:
    """Print a value for people: engineering prefixes, binary ones for bytes.

    Args:
        value: In `unit`. NaN prints as "-".
        unit: For example "s", "B", "mm2"; "" for a plain number.
        digits: Significant digits.
    """
    if math.isnan(value):
        return "-"
    if not math.isfinite(value):
        return f"{value} {unit}".strip()
    if unit in _BINARY_UNITS:
        return _with_prefix(value, unit, 1024.0, ["", "Ki", "Mi", "Gi", "Ti", "Pi"], digits)
    if unit in {"s", "J", "W", "Hz", "V"}:
        return _engineering(value, unit, digits)
    return (
        f"{value:.{digits}g} {unit}".strip()
        if abs(value) < 10**digits
        else f"{value:,.0f} {unit}".strip()
    )


def _engineering(value: float, unit: str, digits: int) -> str:
    names = {-5: "f", -4: "p", -3: "n", -2: "u", -1: "m", 0: "", 1: "k", 2: "M", 3: "G", 4: "T"}
    if unit == "s":
        names = {k: v for k, v in names.items() if k <= 0}
    if value == 0:
        return f"0 {unit}"
    power = min(max(math.floor(math.log10(abs(value)) / 3 + 1e-12), min(names)), max(names))
    return f"{value / 1000.0**power:.{digits}g} {names[power]}{unit}"


def _with_prefix(value: float, unit: str, base: float, names: list[str], digits: int) -> str:
    power = 0
    while abs(value) >= base and power < len(names) - 1:
        value, power = value / base, power + 1
    return f"{value:.{digits}g} {names[power]}{unit}"
