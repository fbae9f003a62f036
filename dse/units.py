"""Units: reading "400 GiB/s" into SI numbers, and printing SI numbers for people.

Inside the framework every number is SI, and the name of a quantity carries its unit. Other units
exist only here, at the edge.
"""

from __future__ import annotations

import math
import re
from decimal import Context, Decimal

from dse.errors import InputError, did_you_mean

__all__ = ["format_quantity", "parse_quantity", "unit_of_name"]

# Decimal, so that "3 ns" is the number 3e-9 exactly as Python reads it, and equals a level 3e-9.
_PREFIXES = {
    "": Decimal(1), "f": Decimal("1e-15"), "p": Decimal("1e-12"), "n": Decimal("1e-9"),
    "u": Decimal("1e-6"), "µ": Decimal("1e-6"), "m": Decimal("1e-3"),
    "k": Decimal("1e3"), "K": Decimal("1e3"), "M": Decimal("1e6"), "G": Decimal("1e9"),
    "T": Decimal("1e12"), "P": Decimal("1e15"),
    "Ki": Decimal(2**10), "Mi": Decimal(2**20), "Gi": Decimal(2**30), "Ti": Decimal(2**40),
    "Pi": Decimal(2**50),
}  # fmt: skip
_EXACT = Context(prec=60)

_PREFIXED = {
    "Hz": "a frequency",
    "s": "a time",
    "J": "an energy",
    "W": "a power",
    "B": "an amount of data",
    "B/s": "a bandwidth",
    "V": "a voltage",
}
"""Unit that takes prefixes -> what it measures."""

_UNPREFIXED = {
    "bytes": ("an amount of data", Decimal(1)),
    "byte": ("an amount of data", Decimal(1)),
    "bytes/s": ("a bandwidth", Decimal(1)),
    "bit": ("a number of bits", Decimal(1)),
    "bits": ("a number of bits", Decimal(1)),
    "mm2": ("an area", Decimal(1)),
    "mm^2": ("an area", Decimal(1)),
    "cm2": ("an area", Decimal(100)),
    "cm^2": ("an area", Decimal(100)),
    "um2": ("an area", Decimal("1e-6")),
    "1/s": ("a rate", Decimal(1)),
    "J s": ("an energy-delay product", Decimal(1)),
}
"""Other unit -> what it measures, and its factor to the unit that names use here."""

_BITS = {"bit/s": "a bandwidth", "b/s": "a bandwidth"}
_BITS_PER_BYTE = Decimal(8)
"""Links are sold in bits: "10 Gb/s" is 1.25 GB/s."""

_NAME_SUFFIXES = [
    ("_js", "J s"),
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


def _unit_table() -> dict[str, tuple[str, Decimal]]:
    """Unit as people write it -> what it measures, and its factor to the unit of names."""
    prefixed = {
        prefix + base: (dimension, factor)
        for base, dimension in _PREFIXED.items()
        for prefix, factor in _PREFIXES.items()
    }
    bits = {
        prefix + base: (dimension, factor / _BITS_PER_BYTE)
        for base, dimension in _BITS.items()
        for prefix, factor in _PREFIXES.items()
    }
    return {**prefixed, **bits, **_UNPREFIXED}


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
    if written in _PREFIXES:
        raise InputError(f"{text!r}: {_prefix_hint(match[1], written, unit)}")
    if written not in table:
        raise InputError(
            f"{text!r}: unknown unit {written!r}.{did_you_mean(written, table)}",
            allowed=f"a unit such as {unit}" if unit else "a number without a unit",
        )
    dimension, factor = table[written]
    expected, scale = table.get(unit, ("a plain number", Decimal(1)))
    if dimension != expected:
        raise InputError(
            f"{text!r} is {dimension}, but this is {expected}",
            allowed=f"a value in {unit}" if unit else "a number without a unit",
        )
    return float(_EXACT.divide(_EXACT.multiply(Decimal(match[1]), factor), scale))


def _prefix_hint(number: str, prefix: str, unit: str) -> str:
    """What to write in place of a prefix without a unit, such as "16K"."""
    if unit:
        return f"{prefix} is not a unit. Write {number} {prefix}{unit}."
    factors = [_PREFIXES[prefix]]
    if f"{prefix}i" in _PREFIXES:  # K may mean either
        factors.insert(0, _PREFIXES[f"{prefix}i"])
    choices = [
        f"{_EXACT.multiply(Decimal(number), factor).normalize():f} ({number} * {factor:f})"
        for factor in factors
    ]
    return f"{prefix} is not a unit. Write {' or '.join(choices)}."


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
    return f"{_significant(value, digits)} {unit}".strip()


def _engineering(value: float, unit: str, digits: int) -> str:
    names = {-5: "f", -4: "p", -3: "n", -2: "u", -1: "m", 0: "", 1: "k", 2: "M", 3: "G", 4: "T"}
    if unit == "s":
        names = {k: v for k, v in names.items() if k <= 0}
    if value == 0:
        return f"0 {unit}"
    power = min(max(math.floor(math.log10(abs(value)) / 3 + 1e-12), min(names)), max(names))
    return f"{_significant(value / 1000.0**power, digits)} {names[power]}{unit}"


def _with_prefix(value: float, unit: str, base: float, names: list[str], digits: int) -> str:
    power = 0
    while abs(value) >= base and power < len(names) - 1:
        value, power = value / base, power + 1
    return f"{_significant(value, digits)} {names[power]}{unit}"


def _significant(value: float, digits: int) -> str:
    """So many significant digits; large numbers in full, with thousands separated."""
    return f"{value:,.0f}" if abs(value) >= 10**digits else f"{value:.{digits}g}"
