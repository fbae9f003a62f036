"""Tabulated classifier scores: built-in tables, or a user's own CSV file."""

from __future__ import annotations

import csv
import io
import math
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from dse._yaml import read_text
from dse.errors import WorkloadError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Sequence

_SURVIVALS = ("sf_background", "sf_signal")
COLUMNS = ("score", *_SURVIVALS)
BUILT_IN = ("cms-l1", "cms-hlt")
"""Names of the built-in tables."""

_HERE = Path(__file__).parent
_FILES = {"cms-l1": "l1t_score_sf.csv", "cms-hlt": "hlt_score_sf.csv"}


@dataclass(frozen=True, kw_only=True)
class ScoreTable:
    """Survival functions P(score >= s) of background and signal events on shared scores.

    Linear between the scores, 1 below the first and 0 above the last: what is missing there are
    events that all have the same score.

    Attributes:
        name: Where it comes from.
        scores: Strictly ascending (N >= 2).
        background: Survival of background events (N), never ascending, within [0, 1].
        signal: Survival of signal events (N), likewise.
        boost: Shift of the signal's scores: the skill gained by, say, tracks.
    """

    name: str
    scores: tuple[float, ...]
    background: tuple[float, ...]
    signal: tuple[float, ...]
    boost: float = 0.0

    def __repr__(self) -> str:
        """Without its hundreds of numbers."""
        return f"ScoreTable({self.name!r}, {len(self.scores)} scores, boost={self.boost:g})"


def load_scores(table: str | Path, boost: float = 0.0) -> ScoreTable:
    """A built-in table by name, or a user's file.

    Args:
        table: One of `BUILT_IN`, or a CSV file with the columns `COLUMNS`.
        boost: Shift of the signal's scores.

    Raises:
        InputError: The file is missing or malformed; names file and line.
    """
    known = str(table) in BUILT_IN
    scores, background, signal = _built_in(str(table)) if known else _columns_of_file(Path(table))
    return ScoreTable(
        name=str(table), scores=scores, background=background, signal=signal, boost=boost
    )


def _columns_of_file(path: Path) -> tuple[tuple[float, ...], ...]:
    if not path.suffix and not path.exists():
        what = f"unknown score table {path.name!r}.{did_you_mean(path.name, BUILT_IN)}"
        raise WorkloadError(what, allowed=f"{', '.join(BUILT_IN)}, or a CSV file")
    return read_scores(read_text(path), str(path))


@cache
def _built_in(name: str) -> tuple[tuple[float, ...], ...]:
    path = _HERE / _FILES[name]
    return read_scores(read_text(path), str(path))


def read_scores(text: str, source: str) -> tuple[tuple[float, ...], ...]:
    """Scores and the two survival functions from CSV text.

    Raises:
        WorkloadError: A column is missing, or a row breaks what `ScoreTable` demands; names the
            line.
    """
    reader = csv.DictReader(io.StringIO(text))
    missing = [column for column in COLUMNS if column not in (reader.fieldnames or [])]
    if missing:
        what = f"column {missing[0]!r} is missing"
        raise WorkloadError(what, where=f"{source}:1", allowed=", ".join(COLUMNS))
    rows: list[tuple[float, ...]] = []
    for row in reader:
        place = f"{source}:{reader.line_num}"
        values = tuple(_number(row[column], column, place) for column in COLUMNS)
        _check_row(values, rows[-1] if rows else None, place)
        rows.append(values)
    if len(rows) < 2:
        raise WorkloadError("too few scores", where=source, allowed="at least 2 rows")
    scores, background, signal = zip(*rows, strict=True)
    _check_signal(background, signal, source)
    return scores, background, signal


def _number(cell: str | None, column: str, place: str) -> float:
    try:
        value = float(cell or "")
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise WorkloadError(
            f"{column} = {cell!r} is not a number", where=place, allowed="a finite number"
        )
    return value


def _check_row(values: Sequence[float], before: Sequence[float] | None, place: str) -> None:
    """Refuse a row that breaks what `ScoreTable` demands, given the one before it."""
    score, *survivals = values
    for column, survival in zip(_SURVIVALS, survivals, strict=True):
        if not 0 <= survival <= 1:
            raise WorkloadError(
                f"{column} = {survival:g} is outside 0 to 1",
                where=place,
                allowed="the share of the events that score at least so much, 0 to 1",
                next_step="divide counts by the number of all events, per cent by 100",
            )
    if before is None:
        return
    if score <= before[0]:
        raise WorkloadError(
            f"the score {score:g} does not ascend",
            where=place,
            allowed=f"a score above the {before[0]:g} of the row before",
            next_step="sort the rows by score, and give each score once",
        )
    for column, survival, earlier in zip(_SURVIVALS, survivals, before[1:], strict=True):
        if survival > earlier:
            raise WorkloadError(
                f"{column} ascends from {earlier:g} to {survival:g}",
                where=place,
                allowed="a share that falls, or stays, as the score rises",
                next_step="turn the shares p of events that score less into 1 - p, if that is"
                " what they are",
            )


def _check_signal(background: Sequence[float], signal: Sequence[float], source: str) -> None:
    """Refuse a signal that scores worse than the background, wherever they differ."""
    pairs = list(zip(background, signal, strict=True))
    if all(s <= b for b, s in pairs) and any(s < b for b, s in pairs):
        raise WorkloadError(
            "the signal scores worse than the background everywhere",
            where=source,
            allowed="sf_signal above sf_background at some score",
            next_step="check whether the columns sf_background and sf_signal are swapped",
        )
