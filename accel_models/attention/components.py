"""Component energies and areas: `components.csv`, or a file of the user's in the same columns."""

from __future__ import annotations

import csv
import math
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from dse.errors import InputError, did_you_mean

_HERE = Path(__file__).parent
_COLUMNS = ("component", "quantity", "value", "unit", "source")
_TO_SI = {("energy", "pJ"): 1e-12, ("energy", "pJ/B"): 1e-12, ("area", "um2"): 1e-6}


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

    def __hash__(self) -> int:
        return id(self)


@cache
def load_components(path: Path | None = None) -> Components:
    """Read the built-in table, or the user's.

    Args:
        path: CSV with the columns component, quantity, value, unit, source. Rows that it does not
            list keep the built-in values.

    Raises:
        InputError: Missing file or column, unknown component or unit, or a value that is not a
            number >= 0; names file and line.
    """
    energy: dict[str, float] = {}
    area: dict[str, float] = {}
    _read(_HERE / "components.csv", energy, area, known=None)
    if path is not None:
        known = {("energy", name) for name in energy} | {("area", name) for name in area}
        _read(path, energy, area, known)
    return Components(energy, area, _buffer_table())


def _read(
    path: Path, energy: dict[str, float], area: dict[str, float], known: set[tuple[str, str]] | None
) -> None:
    for line, row in _rows(path):
        where = f"{path}:{line}"
        key = (row["quantity"], row["component"])
        if known is not None and key not in known:
            hint = did_you_mean(row["component"], [name for _, name in known])
            raise InputError(
                f"unknown component {row['component']!r} ({row['quantity']!r}).{hint}", where=where,
                allowed=", ".join(f"{name} ({quantity})" for quantity, name in sorted(known)),
            )  # fmt: skip
        scale = _TO_SI.get((row["quantity"], row["unit"]))
        if scale is None:
            raise InputError(
                f"unit {row['unit']!r} for {row['quantity']!r}",
                where=where,
                allowed="pJ, pJ/B, um2",
            )
        (energy if row["quantity"] == "energy" else area)[row["component"]] = (
            _number(row["value"], where) * scale
        )


def _rows(path: Path) -> list[tuple[int, dict[str, str]]]:
    try:
        with path.open(encoding="utf-8", newline="") as file:
            reader = csv.DictReader(file)
            missing = [c for c in _COLUMNS if c not in (reader.fieldnames or [])]
            if missing:
                raise InputError(
                    f"column {missing[0]!r} is missing",
                    where=str(path),
                    allowed=", ".join(_COLUMNS),
                )
            return [(reader.line_num, {c: row[c] or "" for c in _COLUMNS}) for row in reader]
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(
            f"cannot read the component table: {error}", where=str(path.absolute())
        ) from None


def _number(text: str, where: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 <= value < math.inf:
        raise InputError(f"value {text!r} is not a number >= 0", where=where)
    return value


def _buffer_table() -> dict[tuple[float, float], float]:
    with (_HERE / "buffer_area.csv").open(encoding="utf-8", newline="") as file:
        return {
            (float(row["capacity_kib"]) * 1024, float(row["row_bits"])): float(row["area_um2"])
            * 1e-6
            for row in csv.DictReader(file)
        }
