"""Request traces from CSV files: which column holds what is the caller's to say.

The defaults fit the traces of LLM inference in AzurePublicDataset. Files are read line by line.
"""

from __future__ import annotations

import csv
import math
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple, TextIO

import numpy as np

from dse.errors import InputError, WorkloadError, did_you_mean
from workloads.requests.trace import RequestTrace

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_MOST_TOKENS = 2**24
_MOST_DIGITS = 9


@dataclass(frozen=True)
class Columns:
    """Names of the columns of a request trace.

    Attributes:
        timestamp: Time of arrival: seconds, or a date and time such as
            "2023-11-16 18:17:03.9799600" with as many digits as there are.
        context: Tokens of the prompt.
        generated: Tokens of the answer.
    """

    timestamp: str = "TIMESTAMP"
    context: str = "ContextTokens"
    generated: str = "GeneratedTokens"


class _Request(NamedTuple):
    seconds: int
    fraction: float
    context: int
    generated: int


def read_requests(
    file: Path, columns: Columns | None = None, *, limit: int | None = None, every: int = 1
) -> RequestTrace:
    """Read a request trace.

    Args:
        file: CSV with a header line; further columns are ignored. Requests may stand in any order;
            they are sorted by arrival, and time starts with the first.
        columns: Which column holds what.
        limit: Read this many requests at most, from the top; all if None.
        every: Keep every so-many-th request in order of arrival, the first included.

    Raises:
        WorkloadError: `limit` or `every` is below 1.
        InputError: The file cannot be read, lacks a column, or has a wrong value; names the line.
    """
    for name, value in (("limit", limit), ("every", every)):
        if value is not None and value < 1:
            raise WorkloadError(f"{name} = {value}", allowed="a whole number from 1")
    try:
        with file.open(encoding="utf-8-sig", newline="") as lines:
            found = list(islice(_requests(lines, str(file), columns or Columns()), limit))
    except OSError as error:
        place = str(file.absolute())
        raise InputError(f"cannot be read: {error.strerror}", where=place) from None
    except UnicodeDecodeError:
        raise InputError("not UTF-8 text", where=str(file)) from None
    if not found:
        raise InputError("the file holds no request", where=str(file))
    found.sort(key=lambda request: (request.seconds, request.fraction))
    return _trace(file.name, found[::every])


def _trace(name: str, found: list[_Request]) -> RequestTrace:
    """Times from the first arrival on; whole seconds are subtracted exactly."""
    start = found[0]
    arrival = [(r.seconds - start.seconds) + (r.fraction - start.fraction) for r in found]
    return RequestTrace(
        name=name,
        arrival_s=np.array(arrival),
        context_tokens=np.array([r.context for r in found]),
        generated_tokens=np.array([r.generated for r in found]),
    )


def _requests(lines: TextIO, source: str, columns: Columns) -> Iterator[_Request]:
    reader = csv.reader(lines)
    try:
        header = [title.strip() for title in next(reader, [])]
        at = [_position(header, name, source) for name in vars(columns).values()]
        for row in reader:
            if any(cell.strip() for cell in row):
                yield _request(row, at, header, f"{source}:{reader.line_num}")
    except csv.Error as error:
        raise InputError(f"not CSV: {error}", where=f"{source}:{reader.line_num}") from None


def _position(header: list[str], name: str, source: str) -> int:
    if name not in header:
        raise InputError(
            f"column {name!r} is missing.{did_you_mean(name, header)}",
            where=f"{source}:1",
            allowed=", ".join(title for title in header if title) or "a line of column names",
            next_step="name the columns: timestamp_column, context_column, generated_column",
        )
    return header.index(name)


def _request(row: list[str], at: list[int], header: list[str], where: str) -> _Request:
    if len(row) <= max(at):
        raise InputError(f"{len(row)} values", where=where, allowed=f"{len(header)} of them")
    time, context, generated = (row[position].strip() for position in at)
    return _Request(
        *_time(time, header[at[0]], where),
        _tokens(context, header[at[1]], where),
        _tokens(generated, header[at[2]], where),
    )


def _tokens(text: str, column: str, where: str) -> int:
    count = int(text) if text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS else 0
    if not 1 <= count <= _MOST_TOKENS:
        raise InputError(
            f"{column} = {text!r} is not a number of tokens",
            where=where,
            allowed=f"a whole number from 1 to {_MOST_TOKENS:,}",
        )
    return count


def _time(text: str, column: str, where: str) -> tuple[int, float]:
    """Whole seconds and the fraction, apart so that no digit of the fraction is lost."""
    try:
        seconds = float(text)
    except ValueError:
        return _date_time(text, column, where)
    if not 0 <= seconds < math.inf:
        raise _no_time(text, column, where)
    return int(seconds), seconds % 1.0


def _date_time(text: str, column: str, where: str) -> tuple[int, float]:
    """A date and time with any number of digits after the point; UTC unless it names a zone."""
    whole, point, rest = text.partition(".")
    zone = rest.lstrip("0123456789")
    digits = rest[: len(rest) - len(zone)]
    try:
        moment = datetime.fromisoformat(whole + zone)
    except ValueError:
        raise _no_time(text, column, where) from None
    if point and not digits:
        raise _no_time(text, column, where)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return int(moment.timestamp()), float(f"0.{digits or 0}")


def _no_time(text: str, column: str, where: str) -> InputError:
    return InputError(
        f"{column} = {text!r} is not a time",
        where=where,
        allowed="seconds from 0 on, or a date and time such as 2023-11-16 18:17:03.9799600",
    )
