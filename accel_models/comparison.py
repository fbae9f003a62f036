"""Our figures beside published ones: read, compared cell by cell, summarised per column."""

from __future__ import annotations

import csv
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dse.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path


def read_figures(path: Path) -> list[dict[str, str]]:
    """The rows of a table of published figures.

    Args:
        path: A CSV file with a heading.

    Returns:
        One dictionary from column to cell per row.

    Raises:
        InputError: The file is missing, cannot be read, or holds no figures.
    """
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise _unusable(path, f"cannot be read: {getattr(error, 'strerror', error)}") from None
    if not rows:
        raise _unusable(path, "holds no figures")
    return rows


def _unusable(path: Path, what: str) -> InputError:
    next_step = "name the folder that holds the tables of published figures"
    return InputError(what, where=str(path), next_step=next_step)


@dataclass(frozen=True)
class Comparison:
    """One of our figures beside the published one.

    Attributes:
        file: The table of published figures.
        row: Which row, for people.
        column: Which column.
        ours: Our figure, or word.
        published: The published one.
        tolerance: Largest error that passes.
        is_absolute: Whether the error is a difference in place of a relative one.
    """

    file: str
    row: str
    column: str
    ours: float | str
    published: float | str
    tolerance: float
    is_absolute: bool = False

    @property
    def error(self) -> float:
        """Ours minus published, relative to the published; inf where words differ."""
        if isinstance(self.ours, str) or isinstance(self.published, str):
            return 0.0 if self.ours == self.published else math.inf
        difference = self.ours - self.published
        if self.is_absolute or self.published == 0:
            return difference
        return difference / self.published

    @property
    def passes(self) -> bool:
        """Whether the error is within its tolerance; NaN is not."""
        return abs(self.error) <= self.tolerance


@dataclass(frozen=True)
class ColumnSummary:
    """All comparisons of one column of one table.

    Attributes:
        file: The table.
        column: The column.
        rows: How many figures were compared.
        worst: The comparison with the largest error.
        failed: How many miss their tolerance.
    """

    file: str
    column: str
    rows: int
    worst: Comparison
    failed: int


def summarise(comparisons: Iterable[Comparison]) -> list[ColumnSummary]:
    """One summary per table and column, in order of appearance."""
    groups: dict[tuple[str, str], list[Comparison]] = {}
    for comparison in comparisons:
        groups.setdefault((comparison.file, comparison.column), []).append(comparison)
    return [_summary(group) for group in groups.values()]


def _summary(group: Sequence[Comparison]) -> ColumnSummary:
    worst = max(group, key=lambda c: math.inf if math.isnan(c.error) else abs(c.error))
    failed = sum(not comparison.passes for comparison in group)
    return ColumnSummary(worst.file, worst.column, len(group), worst, failed)
