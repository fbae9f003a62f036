"""Print our DAQ figures beside SystemFlow's; exit with 1 if any misses its tolerance.

python scripts/reproduce_daq.py         one line per table
python scripts/reproduce_daq.py --rows  every figure, then the summary
python scripts/reproduce_daq.py --json  everything, for programs
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from _reproduction import reproduce

from accel_models.daq.reproduction import compare_all

if TYPE_CHECKING:
    from collections.abc import Sequence

MEASURED = Path(__file__).parents[1] / "tests" / "daq" / "data"


def main(arguments: Sequence[str] | None = None) -> int:
    """Compare, print, and return the exit code."""
    return reproduce(__doc__, MEASURED, compare_all, arguments, by_table=True)


if __name__ == "__main__":
    sys.exit(main())
