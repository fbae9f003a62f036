"""Print our DRAM figures beside DRAMSys's; exit with 1 if any differs.

python scripts/reproduce_dram.py         one line per column of each table
python scripts/reproduce_dram.py --rows  every figure, then the summary
python scripts/reproduce_dram.py --json  everything, for programs
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from _reproduction import reproduce

from accel_models.dram.reproduction import compare_all

if TYPE_CHECKING:
    from collections.abc import Sequence

    from accel_models.comparison import Comparison

MEASURED = Path(__file__).parents[1] / "tests" / "golden" / "dram"


def main(arguments: Sequence[str] | None = None) -> int:
    """Compare, print, and return the exit code."""
    return reproduce(__doc__, MEASURED, compare_all, arguments, verdict=differing_runs)


def differing_runs(comparisons: Sequence[Comparison]) -> str:
    """How many runs have a figure that differs; a run is a row with all its figures."""
    runs = {(c.file, c.row) for c in comparisons}
    failed = {(c.file, c.row) for c in comparisons if not c.passes}
    if failed:
        return f"{len(failed)} of {len(runs)} runs differ"
    return f"all {len(runs)} runs are exact"


if __name__ == "__main__":
    sys.exit(main())
