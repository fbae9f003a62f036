"""Words and numbers as a reader wants them, and the colours of every picture."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from dse.errors import InputError
from dse.units import format_quantity, parse_quantity, unit_of_name

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dse.report.data import AxisInfo

PALETTE = (
    "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#882255",
)  # fmt: skip
"""Okabe and Ito's colours, told apart by all eyes; wine replaces the yellow, faint on white."""

EVALUATED, VIOLATING = "evaluated designs", "violates a constraint"
CLOUD_COLOURS = {EVALUATED: "#c3c9d2", VIOLATING: "#f3e2dc"}
"""What lies behind a front, as the legend names it -> its colour."""

_UNIT_SUFFIX = re.compile(r"_(bytes_per_s|per_s|hz|bytes|bits|mm2|js|s|j|w|v)$")


def colour(position: int) -> str:
    """The colour of the group at this position; colours repeat after eight."""
    return PALETTE[position % len(PALETTE)]


def quantity_of_name(name: str) -> str:
    """The quantity alone: "latency" for `latency_s`, "dram bandwidth" for ..._bytes_per_s."""
    return _UNIT_SUFFIX.sub("", name).replace("_", " ")


def printed_unit(unit: str) -> str:
    """The unit with a proper exponent."""
    return unit.replace("mm2", "mm²")


def printed(value: float, unit: str) -> str:
    """A value with its unit, four digits, as `format_quantity` prints it."""
    return printed_unit(format_quantity(float(value), unit))


def axis_title(axis: AxisInfo) -> str:
    """The title of an axis: "latency [s]"; without brackets for a plain number."""
    quantity = quantity_of_name(axis.name)
    return f"{quantity} [{printed_unit(axis.unit)}]" if axis.unit else quantity


def directions_sentence(objectives: Iterable[AxisInfo]) -> str:
    """Which way is better: "Lower is better for latency and energy; higher for throughput."."""
    lower = [quantity_of_name(axis.name) for axis in objectives if axis.direction == "min"]
    higher = [quantity_of_name(axis.name) for axis in objectives if axis.direction == "max"]
    parts = [f"lower is better for {_listed(lower)}"] if lower else []
    if higher:
        parts.append(f"higher {'' if lower else 'is better '}for {_listed(higher)}")
    sentence = "; ".join(parts)
    return f"{sentence[:1].upper()}{sentence[1:]}."


def ordered_labels(name: str, labels: Iterable[str]) -> list[str]:
    """The distinct labels of a parameter: by value where they are quantities, else by name."""
    distinct = sorted(set(labels))
    try:
        return sorted(distinct, key=lambda label: _number(label, unit_of_name(name)))
    except InputError:
        return distinct


def _number(label: str, unit: str) -> float:
    return parse_quantity(label.replace(",", "").removesuffix(" 1/s"), unit)


def _listed(words: list[str]) -> str:
    return " and ".join(filter(None, [", ".join(words[:-1]), words[-1]]))
