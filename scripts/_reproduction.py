"""What all `reproduce_*` scripts share: the command line, the tables they print, the exit code."""

from __future__ import annotations

import argparse
import json
import math
import sys
from dataclasses import asdict, replace
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

from accel_models.comparison import ColumnSummary, Comparison, summarise
from dse.errors import DSEError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

ROUNDING = 1e-12
"""Errors below this are floating-point rounding and print as such."""


def misses(comparisons: Sequence[Comparison]) -> str:
    """The verdict of most scripts: how many figures miss their tolerance."""
    failed = sum(not comparison.passes for comparison in comparisons)
    return f"{failed} FAIL" if failed else "all PASS"


def reproduce(
    title: str | None,
    reference: Path,
    compare_all: Callable[[Path], list[Comparison]],
    arguments: Sequence[str] | None = None,
    *,
    by_table: bool = False,
    verdict: Callable[[Sequence[Comparison]], str] = misses,
    plot: Callable[[Path], None] | None = None,
) -> int:
    """Compare our figures with reference ones, print them, and return the exit code.

    Args:
        title: The doc string of the script; its first line is shown.
        reference: Folder of the reference figures where the command line names none.
        compare_all: Every figure in such a folder beside ours.
        arguments: The command line; None for that of the process.
        by_table: Whether the summary has one line per table in place of one per column.
        verdict: What the last line says of all figures.
        plot: Draws the picture that `--plot` asks for; None where there is none.

    Returns:
        0 if every figure is within its tolerance, 1 if one is not, 2 for unusable input.
    """
    options = command_line(title, reference, has_plot=plot is not None).parse_args(arguments)
    try:
        comparisons = compare_all(options.reference)
    except DSEError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    if options.json:
        print(as_json(comparisons))
    else:
        if options.rows:
            print(rows_text(comparisons), end="\n\n")
        print(summary_text(comparisons, by_table=by_table))
        print(f"{len(comparisons)} figures: {verdict(comparisons)}")
    if plot is not None and options.plot is not None:
        plot(options.plot)
    return 0 if all(comparison.passes for comparison in comparisons) else 1


def command_line(
    title: str | None, reference: Path, *, has_plot: bool = False
) -> argparse.ArgumentParser:
    """The options of a script; see `reproduce`."""
    parser = argparse.ArgumentParser(description=(title or "").partition("\n")[0])
    parser.add_argument(
        "--reference",
        type=Path,
        default=reference,
        metavar="FOLDER",
        help="the reference figures (default: those of the tests)",
    )
    output = parser.add_mutually_exclusive_group()
    output.add_argument("--rows", action="store_true", help="every figure, then the summary")
    output.add_argument("--json", action="store_true", help="everything, for programs")
    if has_plot:
        parser.add_argument("--plot", type=Path, metavar="FILE", help="also draw a picture")
    return parser


# -- text ----------------------------------------------------------------------------------------


def rows_text(comparisons: Iterable[Comparison]) -> str:
    """One line per figure, table by table."""
    heading = ("row", "column", "ours", "reference", "error", "tolerance", "")
    lines = []
    for file, group in groupby(comparisons, key=lambda c: c.file):
        cells = [heading, *map(row_cells, group)]
        lines += [file, *(f"  {line}" for line in aligned(cells, "<<>>>><"))]
    return "\n".join(lines)


def row_cells(c: Comparison) -> tuple[str, ...]:
    """One figure beside its reference."""
    ours, reference = (v if isinstance(v, str) else f"{v:.10g}" for v in (c.ours, c.published))
    verdict = "PASS" if c.passes else "FAIL"
    return c.row, c.column, ours, reference, error_text(c.error), tolerance_text(c), verdict


def summary_text(comparisons: Iterable[Comparison], *, by_table: bool = False) -> str:
    """One line per column or table: how many figures, the worst error, how many fail."""
    names = ("table",) if by_table else ("table", "column")
    heading = (*names, "figures", "worst error", "tolerance", "at")
    shown = (replace(c, column="") for c in comparisons) if by_table else comparisons
    cells = [heading, *(summary_cells(s, by_table=by_table) for s in summarise(shown))]
    return "\n".join(aligned(cells, "<" * len(names) + ">>><"))


def summary_cells(summary: ColumnSummary, *, by_table: bool) -> tuple[str, ...]:
    """One line of the summary."""
    worst = summary.worst
    names = (summary.file,) if by_table else (summary.file, summary.column)
    place = "-" if abs(worst.error) < ROUNDING else worst.row
    verdict = f"  {summary.failed} FAIL" if summary.failed else ""
    figures = str(summary.rows), error_text(worst.error), tolerance_text(worst)
    return (*names, *figures, place + verdict)


def error_text(error: float) -> str:
    """An error; rounding shows as "<1e-12" so that the text is the same on every machine."""
    return f"<{ROUNDING:g}" if abs(error) < ROUNDING else f"{error:+.1e}"


def tolerance_text(comparison: Comparison) -> str:
    """A tolerance; "abs" marks differences in place of relative errors."""
    return f"{comparison.tolerance:g}{' abs' if comparison.is_absolute else ''}"


def aligned(rows: Sequence[Sequence[str]], sides: str) -> list[str]:
    """Rows of cells as lines of columns.

    Args:
        rows: All of one length.
        sides: A "<" for each column that is aligned left, a ">" for each aligned right.
    """
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    styles = [f"{side}{width}" for side, width in zip(sides, widths, strict=True)]
    return ["  ".join(map(format, row, styles)).rstrip() for row in rows]


# -- JSON ----------------------------------------------------------------------------------------


def as_json(comparisons: Sequence[Comparison]) -> str:
    """Whether all pass, one summary per column, and every figure."""
    report = {
        "passed": all(comparison.passes for comparison in comparisons),
        "summary": [summary_record(summary) for summary in summarise(comparisons)],
        "figures": [figure_record(comparison) for comparison in comparisons],
    }
    return json.dumps(report, indent=1, allow_nan=False)


def summary_record(summary: ColumnSummary) -> dict[str, Any]:
    """One column of a table."""
    return {
        "file": summary.file,
        "column": summary.column,
        "rows": summary.rows,
        "worst_error": finite(summary.worst.error),
        "worst_row": summary.worst.row,
        "failed": summary.failed,
    }


def figure_record(comparison: Comparison) -> dict[str, Any]:
    """One figure beside its reference; what is not finite becomes null."""
    record = {**asdict(comparison), "error": comparison.error, "passes": comparison.passes}
    return {name: finite(value) for name, value in record.items()}


def finite(value: float | str) -> float | str | None:
    """The value, or None where JSON has no number for it."""
    return value if isinstance(value, str) or math.isfinite(value) else None
