"""Where episodes stand: evaluated designs, and the state of N episodes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from dse._columns import Columns, FloatArray, IntArray, take

if TYPE_CHECKING:
    from dse._columns import BoolArray


@dataclass(frozen=True)
class Evaluated:
    """A flat batch of N evaluated designs.

    Attributes:
        codes: Their codes (N x P).
        metrics: What the cost model returned, N rows.
        values: The objectives in their own units (N x m); NaN without usable metrics.
        log_ratios: Decades worse than the reference (N x m).
        violation: Total constraint violation (N); +inf without usable metrics.
    """

    codes: IntArray
    metrics: Columns
    values: FloatArray
    log_ratios: FloatArray
    violation: FloatArray

    def take(self, rows: Any) -> Evaluated:
        """The given rows (indices, slice or mask)."""
        return Evaluated(
            self.codes[rows],
            take(self.metrics, rows),
            self.values[rows],
            self.log_ratios[rows],
            self.violation[rows],
        )

    def updated(self, rows: BoolArray, found: Evaluated) -> Evaluated:
        """These designs with the masked rows replaced by `found`, in order."""
        if rows.all():
            return found
        if not rows.any():
            return self
        return Evaluated(
            _updated(self.codes, rows, found.codes),
            {name: _updated(c, rows, found.metrics[name]) for name, c in self.metrics.items()},
            _updated(self.values, rows, found.values),
            _updated(self.log_ratios, rows, found.log_ratios),
            _updated(self.violation, rows, found.violation),
        )


@dataclass(frozen=True)
class State:
    """Where N episodes stand.

    Attributes:
        at: The designs evaluated last.
        draft: Codes of the designs in the making (N x P); those of `at` between two designs.
        best: The best scalar of each episode so far (N).
        steps: Steps taken in each episode (N).
    """

    at: Evaluated
    draft: IntArray
    best: FloatArray
    steps: IntArray

    def updated(self, rows: BoolArray, other: State) -> State:
        """This state with the masked rows taken from another one of N rows."""
        return State(
            self.at.updated(rows, other.at.take(rows)),
            np.where(rows[:, None], other.draft, self.draft),
            np.where(rows, other.best, self.best),
            np.where(rows, other.steps, self.steps),
        )


def _updated(column: Any, rows: BoolArray, new: Any) -> Any:
    """A copy of the column with the masked rows replaced."""
    copy = np.array(column)
    copy[rows] = new
    return copy
