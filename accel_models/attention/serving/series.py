"""Sums over a growing context in closed form.

A decode step takes as long as its slowest resource, and the time of each resource is a straight
line in the context. The sum over consecutive contexts is then one arithmetic series per line,
between the break points at which the slowest resource changes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dse._columns import FloatArray


class Line(NamedTuple):
    """A time that grows with the context: `intercept + slope * t`.

    Attributes:
        intercept: At context zero.
        slope: Per token of context.
    """

    intercept: FloatArray
    slope: FloatArray

    def at(self, t: FloatArray | float) -> FloatArray:
        """The value at a context of t tokens."""
        return self.intercept + self.slope * t


def sum_of_largest(
    lines: Sequence[Line], first: FloatArray, last: FloatArray, window: float | None = None
) -> FloatArray:
    """Sum over t = first, first + 1, ..., last of the largest line at min(t, window).

    Args:
        lines: At least one; their columns broadcast against `first`.
        first: First context, a whole number.
        last: Last context, a whole number; an empty sum if it is first - 1.
        window: Beyond so many tokens the context stays what it is; no limit if None.
    """
    if window is None:
        return _sum_within(lines, first, last)
    end = np.maximum(np.minimum(last, window), first - 1)
    at_window = np.maximum.reduce([line.at(window) for line in lines])
    total: FloatArray = _sum_within(lines, first, end) + (last - end) * at_window
    return total


def _sum_within(lines: Sequence[Line], first: FloatArray, last: FloatArray) -> FloatArray:
    """Every context goes to exactly one line, so that a tie or a rounded break does no harm."""
    ordered = _by_slope(lines)
    start = first - 1
    below = start * (start + 1) / 2
    total: FloatArray = np.zeros(())
    for position, line in enumerate(ordered):
        is_last = position == len(ordered) - 1
        end = last if is_last else np.clip(_break_after(ordered, position), start, last)
        up_to = end * (end + 1) / 2
        total = total + line.intercept * (end - start) + line.slope * (up_to - below)
        start, below = end, up_to
    return total


def _by_slope(lines: Sequence[Line]) -> list[Line]:
    """The same lines, the flattest first, design by design."""
    intercepts = np.stack(np.broadcast_arrays(*(line.intercept for line in lines)))
    slopes = np.stack(np.broadcast_arrays(*(line.slope for line in lines)))
    intercepts, slopes = np.broadcast_arrays(intercepts, slopes)
    order = np.argsort(slopes, axis=0, kind="stable")
    return [
        Line(*pair)
        for pair in zip(
            np.take_along_axis(intercepts, order, axis=0),
            np.take_along_axis(slopes, order, axis=0),
            strict=True,
        )
    ]


def _break_after(ordered: Sequence[Line], position: int) -> FloatArray:
    """Last whole context at which the flatter lines, up to this one, hold the largest value.

    The steeper lines overtake where the first of them has passed all the flatter ones.
    """
    flatter, steeper = ordered[: position + 1], ordered[position + 1 :]
    overtaken = [np.maximum.reduce([_crossing(a, b) for a in flatter]) for b in steeper]
    found: FloatArray = np.floor(np.minimum.reduce(overtaken))
    return found


def _crossing(flat: Line, steep: Line) -> FloatArray:
    """Where the steeper line overtakes; parallel lines never meet, or always have."""
    lead, gain = flat.intercept - steep.intercept, steep.slope - flat.slope
    parallel = np.where(lead >= 0, np.inf, -np.inf)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        return np.where(gain > 0, lead / gain, parallel)
