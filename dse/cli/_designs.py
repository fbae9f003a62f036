"""Designs in and evaluations out, as CSV."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Any

import numpy as np

from dse._yaml import read_text
from dse.errors import DesignError, EnvironmentRefusal, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from pathlib import Path

    from dse._parameters import Parameter
    from dse._space import DesignSpace

__all__ = ["csv_text", "read_designs", "write_text"]

_MAX_BYTES = 500_000_000
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def read_designs(
    file: Path, space: DesignSpace, given: Mapping[str, Any], ignored: Collection[str]
) -> dict[str, Any]:
    """A flat batch of designs from a CSV file with one column per parameter.

    Args:
        file: UTF-8, with a line of names on top; names of choices and units are allowed.
        space: What the columns mean. Parameters without a column take their default.
        given: Parameter -> value for all designs.
        ignored: Columns that may be there too, such as the metrics of an earlier evaluation.

    Raises:
        DesignError: Names file, line and column of what is wrong.
        InputError: The file cannot be read.
    """
    header, lines, rows = _table(file)
    _check_header(file, header, space, given, ignored)
    base = space.parse(given)
    columns = {name: np.full(len(rows), value) for name, value in base.items()}
    for position, name in enumerate(header):
        if name in space.names:
            cells = [row[position] for row in rows]
            columns[name] = _numbers(space[name], cells, file, lines, position)
    return columns


def _table(file: Path) -> tuple[list[str], list[int], list[list[str]]]:
    """Names, line number of each row, and rows; blank lines are skipped."""
    reader = csv.reader(io.StringIO(read_text(file, _MAX_BYTES), newline=""), strict=True)
    lines: list[int] = []
    rows: list[list[str]] = []
    try:
        for row in reader:
            if row:
                lines.append(reader.line_num)
                rows.append([cell.strip() for cell in row])
    except csv.Error as error:
        raise DesignError(f"not CSV: {error}", where=f"{file}:{reader.line_num}") from None
    if rows and len(rows[0]) == 1 and ";" in rows[0][0]:
        raise DesignError(
            "the columns are separated by ';'",
            where=f"{file}:{lines[0]}",
            allowed="',' between columns, '.' in numbers",
        )
    if len(rows) < 2:
        raise DesignError("no design", where=str(file), allowed="a line of names, then designs")
    for line, row in zip(lines, rows, strict=True):
        if len(row) != len(rows[0]):
            raise DesignError(
                f"{len(row)} cells",
                where=f"{file}:{line}",
                allowed=f"{len(rows[0])} cells per line",
            )
    return rows[0], lines[1:], rows[1:]


def _check_header(
    file: Path,
    header: Sequence[str],
    space: DesignSpace,
    given: Mapping[str, Any],
    ignored: Collection[str],
) -> None:
    for position, name in enumerate(header):
        where = f"{file}:1, column {position + 1}"
        if name not in space.names and name not in ignored:
            hint = did_you_mean(name, space.names)
            allowed = ", ".join(space.names)
            raise DesignError(f"unknown parameter {name!r}.{hint}", where=where, allowed=allowed)
        if name in header[:position]:
            raise DesignError(f"the column {name!r} occurs twice", where=where)
        if name in given:
            raise DesignError(f"{name!r} is a column, and set for all designs too", where=where)


def _numbers(
    parameter: Parameter, cells: list[str], file: Path, lines: list[int], position: int
) -> Any:
    """One column as numbers: at once if all are plain and right, else cell by cell."""
    try:
        numbers = np.array(cells, dtype=np.float64)
    except ValueError:
        numbers = None
    named = getattr(parameter, "is_named", False)
    if numbers is not None and not named and np.all(parameter.contains(numbers)):
        return numbers
    return np.array(
        [
            _number(parameter, cell, f"{file}:{line}, column {position + 1} ({parameter.name})")
            for cell, line in zip(cells, lines, strict=True)
        ]
    )


def _number(parameter: Parameter, cell: str, where: str) -> float:
    try:
        return parameter.parse(cell.removeprefix("'"))
    except DesignError as error:
        raise DesignError(error.what, where=where, allowed=error.allowed) from None


def csv_text(columns: Mapping[str, Sequence[Any]]) -> str:
    """Columns as CSV; numbers in full precision, NaN as an empty cell.

    Text that a spreadsheet would take for a formula gets an apostrophe in front.
    """
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([_cell(v) for v in row] for row in zip(*columns.values(), strict=True))
    return stream.getvalue()


def _cell(value: Any) -> Any:
    if isinstance(value, str):
        return f"'{value}" if value.startswith(_FORMULA) else value
    return "" if isinstance(value, float) and np.isnan(value) else value


def write_text(file: Path, text: str) -> None:
    """Write a result file.

    Raises:
        EnvironmentRefusal: The disk or its permissions say no.
    """
    try:
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise EnvironmentRefusal(
            f"cannot be written: {error.strerror}",
            where=str(file.absolute()),
            next_step="choose another file, or make room",
        ) from None
