"""Print our FuseMax figures beside the published ones; exit with 1 if any misses its tolerance.

python scripts/reproduce_fusemax.py            every figure, then the summary
python scripts/reproduce_fusemax.py --summary  the summary only
python scripts/reproduce_fusemax.py --json     everything, for programs
"""

from __future__ import annotations

import argparse
import json
import math
import sys
from dataclasses import asdict
from itertools import groupby
from pathlib import Path

from accel_models.attention.reproduction import compare_all
from accel_models.comparison import ColumnSummary, Comparison, summarise
from dse.errors import DSEError

PUBLISHED = Path(__file__).parents[1] / "tests" / "golden" / "fusemax"
ROUNDING = 1e-12
"""Errors below this are floating-point rounding and print as such."""
ROW_HEADING = (
    f"{'row':<42} {'column':<19} {'ours':>18} {'published':>18} {'error':>9} {'tolerance':>9}"
)


def main() -> int:
    """Compare, print, and return the exit code."""
    arguments = parse_arguments()
    try:
        comparisons = compare_all(arguments.published)
    except DSEError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    if arguments.json:
        print(as_json(comparisons))
    elif arguments.summary:
        print(summary_text(comparisons))
    else:
        print(rows_text(comparisons), summary_text(comparisons), sep="\n\n")
    return 0 if all(comparison.passes for comparison in comparisons) else 1


def parse_arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument(
        "--published", type=Path, default=PUBLISHED, help="folder of the published figures"
    )
    output = parser.add_mutually_exclusive_group()
    output.add_argument("--json", action="store_true", help="everything, for programs")
    output.add_argument("--summary", action="store_true", help="one line per column only")
    return parser.parse_args()


def rows_text(comparisons: list[Comparison]) -> str:
    """One line per published figure, table by table."""
    lines = []
    for file, group in groupby(comparisons, key=lambda c: c.file):
        lines += [file, f"  {ROW_HEADING}"]
        lines += [f"  {row_text(comparison)}" for comparison in group]
    return "\n".join(lines)


def row_text(c: Comparison) -> str:
    """One figure beside the published one."""
    ours, published = (v if isinstance(v, str) else f"{v:.10g}" for v in (c.ours, c.published))
    return (
        f"{c.row:<42} {c.column:<19} {ours:>18} {published:>18} {error_text(c.error):>9} "
        f"{tolerance_text(c):>9}  {'PASS' if c.passes else 'FAIL'}"
    )


def summary_text(comparisons: list[Comparison]) -> str:
    """One line per column of each table: how many figures, the worst error, the verdict."""
    lines = [f"{'table':<23} {'column':<19} {'rows':>4} {'worst':>9} {'tolerance':>9}  at"]
    lines += [column_text(summary) for summary in summarise(comparisons)]
    failed = sum(not comparison.passes for comparison in comparisons)
    verdict = f"{failed} FAIL" if failed else "all PASS"
    return "\n".join([*lines, f"{len(comparisons)} figures: {verdict}"])


def column_text(summary: ColumnSummary) -> str:
    """One line of the summary."""
    worst = summary.worst
    place = worst.row if abs(worst.error) >= ROUNDING else "-"
    verdict = f"  {summary.failed} FAIL" if summary.failed else ""
    return (
        f"{summary.file:<23} {summary.column:<19} {summary.rows:>4} "
        f"{error_text(worst.error):>9} {tolerance_text(worst):>9}  {place}{verdict}"
    )


def error_text(error: float) -> str:
    """An error; rounding shows as "<1e-12" so that the text is the same on every machine."""
    return f"<{ROUNDING:g}" if abs(error) < ROUNDING else f"{error:+.1e}"


def tolerance_text(comparison: Comparison) -> str:
    """A tolerance; "abs" marks differences in place of relative errors."""
    return f"{comparison.tolerance:g}{' abs' if comparison.is_absolute else ''}"


def as_json(comparisons: list[Comparison]) -> str:
    """All comparisons and the summary; errors that are not finite become null."""
    rows = [
        {**asdict(c), "error": finite(c.error), "ours": finite(c.ours), "passes": c.passes}
        for c in comparisons
    ]
    summary = [
        {
            "file": s.file,
            "column": s.column,
            "rows": s.rows,
            "worst_error": finite(s.worst.error),
            "worst_row": s.worst.row,
            "failed": s.failed,
        }
        for s in summarise(comparisons)
    ]
    passed = all(comparison.passes for comparison in comparisons)
    return json.dumps({"passed": passed, "summary": summary, "figures": rows}, indent=1)


def finite(value: float | str) -> float | str | None:
    """The value, or None where JSON has no number for it."""
    return value if isinstance(value, str) or math.isfinite(value) else None


if __name__ == "__main__":
    sys.exit(main())
