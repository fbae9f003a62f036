"""What a search reports while it runs, and what the ledger tells it when it goes on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dse._columns import FloatArray, IntArray
    from dse._outcomes import Outcome


@dataclass(frozen=True)
class Known:
    """What the ledger already holds of a search.

    Attributes:
        codes: N x P codes of the evaluated designs, in order.
        outcome: Their results.
        checkpoint: The last saved state, if any.
    """

    codes: IntArray
    outcome: Outcome
    checkpoint: dict[str, Any] | None = None


@dataclass(frozen=True)
class SearchStep:
    """New evaluations of one search, and perhaps a state from which it can go on.

    Attributes:
        run: Number of the search within the study.
        position: How many distinct designs the search had evaluated before these.
        codes: N x P codes of the new designs.
        outcome: Their results.
        checkpoint: State of the search after learning them, now and then; None otherwise.
        finished: Why the search ended; empty while it goes on.
    """

    run: int
    position: int
    codes: IntArray
    outcome: Outcome
    checkpoint: dict[str, Any] | None = None
    finished: str = ""


@dataclass(frozen=True)
class RangeStep:
    """The front of one enumerated range.

    Attributes:
        run: Number of the enumeration within the study.
        start: First index.
        stop: One past the last index.
        points: N x m objectives of the range's front (minimised).
        ids: Indices of its designs (N).
        infeasible: Designs that cannot work.
        admissible: How many designs work and satisfy every constraint.
    """

    run: int
    start: int
    stop: int
    points: FloatArray
    ids: IntArray
    infeasible: int
    admissible: int


Step = SearchStep | RangeStep


def design_keys(codes: IntArray) -> list[bytes]:
    """One key per design: its codes as bytes, the same on every machine."""
    return [row.tobytes() for row in codes.astype("<i4")]
