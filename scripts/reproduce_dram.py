"""Print our DRAM figures beside DRAMSys's; exit with 1 if any differs.

python scripts/reproduce_dram.py         one line per column of each table
python scripts/reproduce_dram.py --rows  every figure, then the summary
python scripts/reproduce_dram.py --json  the summary and every figure that differs, for programs
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path

from accel_models.comparison import ColumnSummary, Comparison, summarise
from accel_models.dram.reproduction import compare_all
from dse.errors import DSEError

MEASURED = Path(__file__).parents[1] / "tests" / "golden" / "dram"
HEADING = f"{'table':<25} {'column':<27} {'rows':>5} {'exact':>6} {'worst error':>12}  at"
NOISE = 1e-12
"""Errors below this are floating-point rounding. Absolute ones are those of rounded figures."""


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
        print(summary_text(comparisons))
    return 0 if all(comparison.passes for comparison in comparisons) else 1


def parse_arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument(
        "--measured", type=Path, default=MEASURED, help="folder of the measured figures"
    )
    output = parser.add_mutually_exclusive_group()
    output.add_argument("--rows", action="store_true", help="every figure")
    output.add_argument("--json", action="store_true", help="for programs")
    return parser.parse_args()


def row_text(c: Comparison) -> str:
    """One figure beside the measured one."""
    verdict = "PASS" if c.passes else "FAIL"
    figures = f"{c.ours:>17.12g} {c.published:>17.12g}"
    return f"{c.file:<25} {c.row:<32} {c.column:<27} {figures} {verdict}"


def summary_text(comparisons: list[Comparison]) -> str:
    """One line per column of each table, and the verdict."""
    runs = len({(c.file, c.row) for c in comparisons})
    failed = {(c.file, c.row) for c in comparisons if not c.passes}
    lines = [HEADING, *map(column_text, summarise(comparisons))]
    verdict = f"{len(failed)} of {runs} runs differ" if failed else f"all {runs} runs are exact"
    return "\n".join([*lines, f"{len(comparisons)} figures: {verdict}"])


def column_text(summary: ColumnSummary) -> str:
    """One line of the summary."""
    worst = summary.worst
    error = f"<{NOISE:g}" if abs(worst.error) < NOISE else f"{worst.error:+.1e}"
    error += " abs" if worst.is_absolute else ""
    place = worst.row if summary.failed else "-"
    return (
        f"{summary.file:<25} {summary.column:<27} {summary.rows:>5} "
        f"{summary.rows - summary.failed:>6} {error:>12}  {place}"
    )


def as_json(comparisons: list[Comparison]) -> str:
    """The summary, and the figures that differ."""
    failed = [{**asdict(c), "error": c.error} for c in comparisons if not c.passes]
    summary = [
        {"file": s.file, "column": s.column, "rows": s.rows, "failed": s.failed}
        for s in summarise(comparisons)
    ]
    return json.dumps({"passed": not failed, "summary": summary, "failed": failed}, indent=1)


if __name__ == "__main__":
    sys.exit(main())
