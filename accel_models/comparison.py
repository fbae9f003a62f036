"""Our figures beside published ones: one comparison per cell, and a summary per column."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


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
