"""Component energies and areas: `components.csv`, or a file of the user's in the same columns."""

from __future__ import annotations

import csv
import math
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import NamedTuple

from dse.errors import InputError, did_you_mean

_HERE = Path(__file__).parent
_COLUMNS = ("component", "quantity", "value", "unit", "source")
_TO_SI = {"pJ": 1e-12, "pJ/B": 1e-12, "um2": 1e-6}


@dataclass(frozen=True)
class Components:
    """Energies in J per action and areas in mm2.

    Attributes:
        energy_j: Component -> energy of one action (per byte for `dram`).
        area_mm2: Component -> area.
        buffer_area_mm2: (capacity in bytes, row in bits) -> area of that SRAM, from CACTI.
    """

    energy_j: dict[str, float]
    area_mm2: dict[str, float]
    buffer_area_mm2: dict[tuple[float, float], float]


class _Entry(NamedTuple):
    """One row of a table: its place, its (quantity, component), its value and its unit."""

    where: str
    key: tuple[str, str]
    value: float
    unit: str


def load_components(path: Path | None = None) -> Components:
    """Read the built-in table, and over it the user's.

    Args:
        path: CSV with the columns component, quantity, value, unit, source. Rows that it does not
            list keep the built-in values.

    Raises:
        InputError: Missing file or column, unknown or repeated component, a unit other than the
            built-in row's, or a value that is not a number >= 0; names file and line.
    """
    table = _builtin()
    if path is not None:
        table = {**table, **_replacements(_entries(Path(path)), table)}
    si = {key: entry.value * _TO_SI[entry.unit] for key, entry in table.items()}
    return Components(
        energy_j={name: value for (quantity, name), value in si.items() if quantity == "energy"},
        area_mm2={name: value for (quantity, name), value in si.items() if quantity == "area"},
        buffer_area_mm2=_buffer_table(),
    )


@cache
def _builtin() -> dict[tuple[str, str], _Entry]:
    return {entry.key: entry for entry in _entries(_HERE / "components.csv")}


def _replacements(
    entries: list[_Entry], builtin: dict[tuple[str, str], _Entry]
) -> dict[tuple[str, str], _Entry]:
    """The user's rows by key, each of them naming a built-in row and using its unit."""
    found: dict[tuple[str, str], _Entry] = {}
    for entry in entries:
        quantity, name = entry.key
        if entry.key not in builtin:
            hint = did_you_mean(name, [known for _, known in builtin])
            raise InputError(
                f"unknown component {name!r} ({quantity!r}).{hint}",
                where=entry.where,
                allowed=", ".join(f"{known} ({q})" for q, known in sorted(builtin)),
            )
        if entry.unit != builtin[entry.key].unit:
            raise InputError(
                f"unit {entry.unit!r} for {name} ({quantity})",
                where=entry.where,
                allowed=builtin[entry.key].unit,
            )
        if entry.key in found:
            raise InputError(f"{name} ({quantity}) is listed twice", where=entry.where)
        found[entry.key] = entry
    return found


def _entries(path: Path) -> list[_Entry]:
    """The rows of a table.

    A byte-order mark, as spreadsheets write it, is skipped.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            missing = [c for c in _COLUMNS if c not in (reader.fieldnames or [])]
            if missing:
                raise InputError(
                    f"column {missing[0]!r} is missing",
                    where=str(path),
                    allowed=", ".join(_COLUMNS),
                )
            return [_entry(row, f"{path}:{reader.line_num}") for row in reader]
    except FileNotFoundError:
        raise InputError(f"file not found: {path.absolute()}") from None
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(
            f"cannot read the component table: {error}", where=str(path.absolute())
        ) from None


def _entry(row: dict[str, str | None], where: str) -> _Entry:
    cells = {column: (row[column] or "").strip() for column in _COLUMNS}
    value = _number(cells["value"], where)
    return _Entry(where, (cells["quantity"], cells["component"]), value, cells["unit"])


def _number(text: str, where: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 <= value < math.inf:
        raise InputError(f"value {text!r} is not a number >= 0", where=where)
    return value


@cache
def _buffer_table() -> dict[tuple[float, float], float]:
    with (_HERE / "buffer_area.csv").open(encoding="utf-8", newline="") as file:
        return {
            (float(row["capacity_kib"]) * 1024, float(row["row_bits"])): (
                float(row["area_um2"]) * 1e-6
            )
            for row in csv.DictReader(file)
        }
