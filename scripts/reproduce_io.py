"""Print our I/O counts of attention beside the reference ones; exit with 1 if any differs.

python scripts/reproduce_io.py                  one line per column of each table
python scripts/reproduce_io.py --rows           every figure, then the summary
python scripts/reproduce_io.py --json           everything, for programs
python scripts/reproduce_io.py --plot FILE.png  the best schedules against the bounds, too
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from _reproduction import reproduce

from accel_models.attention.io_complexity import bounds, counts, optimal
from accel_models.attention.io_complexity.reproduction import compare_all
from accel_models.attention.io_complexity.tiling import Head, Tiling
from dse._ops import ARRAYS
from dse.report.labels import colour

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes

    from dse._columns import FloatArray

REFERENCE = Path(__file__).parents[1] / "tests" / "attention_io" / "data"
WIDTHS = (32, 64, 128)
TOKENS = 16384
DECADES = (1.0, 7.0)
POINTS_PER_DECADE = 24
INK, QUIET, SHADE = "#2b2f36", "#6b7280", "#f1f3f6"


# -- picture -------------------------------------------------------------------------------------


class Curves(NamedTuple):
    """Words moved by the best tiles of each schedule, over M; NaN where none fits."""

    M: FloatArray
    fa1: FloatArray
    fa2: FloatArray
    small_cache: FloatArray
    reference: FloatArray


def curves(d: int) -> Curves:
    """One panel: all curves relative to the compulsory words, 4Nd."""
    count = int((DECADES[1] - DECADES[0]) * POINTS_PER_DECADE) + 1
    M = np.floor(np.logspace(*DECADES, count))  # noqa: N806 - the symbol of the papers
    head = Head(float(TOKENS), float(d), float(d))
    fa1 = Tiling(1.0, _fitting(optimal.fa1_max_bc(head, M, ARRAYS)))
    fa2 = Tiling(_fitting(optimal.fa2_max_br(head, M, ARRAYS)), 1.0, statistics=False)
    tiles = np.array([optimal.small_cache_tile(TOKENS, d, d, int(m)) for m in M], dtype=float)
    small = Tiling(*map(_fitting, tiles.T))
    moved = (
        counts.fa1_forward(head, fa1, ARRAYS).words,
        counts.fa2_forward(head, fa2, ARRAYS).words,
        counts.small_cache_forward(head, small, ARRAYS).words,
        bounds.reference_forward_words(head.N, float(d), M, ARRAYS),
    )
    compulsory = bounds.compulsory_forward_words(head.N, float(d))
    return Curves(M, *(np.asarray(words / compulsory) for words in moved))


def _fitting(rows: object) -> FloatArray:
    """Rows of a tile, NaN where no tile fits."""
    tile = np.asarray(rows, dtype=float)
    return np.where(tile >= 1.0, tile, np.nan)


def plot(path: Path) -> None:
    """The best tiles of each schedule against the reference, a panel per width."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(11.6, 4.7), layout="constrained")
    panels = figure.subplots(1, len(WIDTHS), sharey=True)
    for axes, d in zip(panels, WIDTHS, strict=True):
        draw(axes, d)
    panels[0].set_ylabel(f"words moved / compulsory words 4Nd, N = {TOKENS:,}")
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", frameon=False, ncols=len(labels))
    figure.savefig(path, dpi=160)


def draw(axes: Axes, d: int) -> None:
    """One panel: regimes, reference, schedules, and where the schedules cross."""
    found = curves(d)
    shade_regimes(axes, d)
    style = {"color": INK, "ls": (0, (5, 3)), "lw": 1.2}
    axes.loglog(found.M, found.reference, label="reference, up to constants", **style)
    names = (
        ("small cache, best tiles", found.small_cache),
        ("FlashAttention-2, best Br", found.fa2),
        ("FlashAttention-1, best Bc", found.fa1),
    )
    for position, (label, words) in enumerate(names):
        axes.loglog(found.M, words, color=colour(position), lw=1.8, label=label)
    mark_crossover(axes, d)
    axes.set(title=f"d = {d}", xlabel="fast memory M [words]", xlim=tuple(10.0**e for e in DECADES))
    axes.set_ylim(0.5, 1e4)
    axes.spines[["top", "right"]].set_visible(False)


def shade_regimes(axes: Axes, d: int) -> None:
    """Name the regimes of the bound; the middle one is shaded."""
    low, high = bounds.crossover_words(d), TOKENS * d / 4
    axes.axvspan(low, high, color=SHADE, lw=0)
    borders = (10.0 ** DECADES[0], low, high, 10.0 ** DECADES[1])
    for name, left, right in zip(bounds.REGIMES, borders, borders[1:], strict=False):
        where = float(np.sqrt(left * right))
        axes.text(where, 0.56, name, ha="center", va="bottom", fontsize=8, color=QUIET)


def mark_crossover(axes: Axes, d: int) -> None:
    """Where square small-cache tiles stop winning over FlashAttention-2."""
    words = optimal.crossover(TOKENS, d)
    axes.axvline(words, color=QUIET, lw=0.9, ls=":")
    text = f"schedules cross\nat M = {words:,}\n= {words / d**2:.2f} d²"
    axes.text(words * 0.85, 4.0, text, ha="right", va="center", fontsize=8, color=INK)


# -- command line --------------------------------------------------------------------------------


def main(arguments: Sequence[str] | None = None) -> int:
    """Compare, print, and return the exit code."""
    return reproduce(__doc__, REFERENCE, compare_all, arguments, plot=plot)


if __name__ == "__main__":
    sys.exit(main())
