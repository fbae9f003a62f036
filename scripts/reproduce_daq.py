"""Print our DAQ figures beside SystemFlow's; exit with 1 if any misses its tolerance.

python scripts/reproduce_daq.py            one line per table
python scripts/reproduce_daq.py --columns  one line per column of each table
python scripts/reproduce_daq.py --rows     every figure, then one line per table
python scripts/reproduce_daq.py --json     every figure, for programs
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict, replace
from pathlib import Path

from accel_models.comparison import ColumnSummary, Comparison, summarise
from accel_models.daq.reproduction import compare_all
from dse.errors import DSEError

MEASURED = Path(__file__).parents[1] / "tests" / "daq" / "data"
HEADING = f"{'table':<38} {'figures':>7} {'worst error':>12} {'tolerance':>9}  verdict  at"


def main() -> int:
    """Compare, print, and return the exit code."""
    arguments = parse_arguments()
    try:
        comparisons = compare_all(arguments.measured)
    except DSEError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    if arguments.json:
        print(as_json(comparisons))
    else:
        if arguments.rows:
            print(*map(row_text, comparisons), "", sep="\n")
        print(summary_text(comparisons, by_column=arguments.columns))
    return 0 if all(comparison.passes for comparison in comparisons) else 1


def parse_arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument(
        "--measured", type=Path, default=MEASURED, help="folder of the measured figures"
    )
    output = parser.add_mutually_exclusive_group()
    output.add_argument("--columns", action="store_true", help="one line per column")
    output.add_argument("--rows", action="store_true", help="every figure")
    output.add_argument("--json", action="store_true", help="for programs")
    return parser.parse_args()


def row_text(c: Comparison) -> str:
    """One figure beside the measured one."""
    figures = f"{c.ours:>17.10g} {c.published:>17.10g} {c.error:>+9.1e}"
    verdict = "PASS" if c.passes else "FAIL"
    return f"{c.file:<38} {c.row:<34} {c.column:<30} {figures} {verdict}"


def summary_text(comparisons: list[Comparison], *, by_column: bool) -> str:
    """One line per table, or per column, and the verdict."""
    shown = [c if by_column else replace(c, column="") for c in comparisons]
    named = [replace(c, file=f"{c.file} {c.column}".strip()) for c in shown]
    lines = [HEADING, *map(line_text, summarise(named))]
    failed = sum(not comparison.passes for comparison in comparisons)
    verdict = f"{failed} FAIL" if failed else "all PASS"
    return "\n".join([*lines, f"{len(comparisons)} figures: {verdict}"])


def line_text(summary: ColumnSummary) -> str:
    """The figure nearest to its tolerance, or furthest beyond it."""
    worst = summary.worst
    unit = " abs" if worst.is_absolute else ""
    verdict = "FAIL" if summary.failed else "PASS"
    return (
        f"{summary.file:<38} {summary.rows:>7} {worst.error:>+8.1e}{unit:<4} "
        f"{worst.tolerance:>9g}  {verdict:<7}  {worst.row}"
    )


def as_json(comparisons: list[Comparison]) -> str:
    """Every figure and the verdict."""
    figures = [{**asdict(c), "error": c.error, "passes": c.passes} for c in comparisons]
    return json.dumps({"passed": all(c.passes for c in comparisons), "figures": figures}, indent=1)


if __name__ == "__main__":
    sys.exit(main())
