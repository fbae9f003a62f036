"""What a year of technology is worth: the factor by which power is divided.

Source: SystemFlow (wilkieolin/system_flow, tag `paper`), models.py and `scaling projection.xlsx`.
The source divides power by the growth of transistor *density*; its sheet also projects energy
efficiency, which grows far less. Both are offered.
"""

from __future__ import annotations

import csv
import math
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Callable

Scaling = Literal["density", "energy", "none"]
FIRST_YEAR, LAST_YEAR = 2022, 2037
"""The years that the projection covers."""

_DENSITY_GROWTH = 0.18717361
"""Per year; fitted by the source to the relative TOPS/mm2 of its sheet."""


def scale_of(scaling: Scaling) -> Callable[[float], tuple[float, ...]]:
    """A function from the year to the factor, as `Ops.table` wants it."""
    return {"density": _density, "energy": _energy, "none": _none}[scaling]


def _density(year: float) -> tuple[float, ...]:
    """s(y) = exp(0.18717361 (y - 2022)): 6.4996 in 2032."""
    return (math.exp(_DENSITY_GROWTH * (year - FIRST_YEAR)),)


def _energy(year: float) -> tuple[float, ...]:
    """Relative TOPS/W, linear between the projected years: 1.79 in 2031."""
    points = _efficiency()
    for (y0, e0), (y1, e1) in pairwise(points):
        if year <= y1:
            return (e0 + (year - y0) / (y1 - y0) * (e1 - e0),)
    return (points[-1][1],)


def _none(_year: float) -> tuple[float, ...]:
    return (1.0,)


@cache
def _efficiency() -> tuple[tuple[float, float], ...]:
    path = Path(__file__).with_name("technology_projection.csv")
    with path.open(encoding="utf-8", newline="") as file:
        return tuple(
            (float(row["year"]), float(row["rel_TOPS_per_W"])) for row in csv.DictReader(file)
        )
