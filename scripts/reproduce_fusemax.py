"""Print our FuseMax figures beside the published ones; exit with 1 if any misses its tolerance.

python scripts/reproduce_fusemax.py         one line per column of each table
python scripts/reproduce_fusemax.py --rows  every figure, then the summary
python scripts/reproduce_fusemax.py --json  everything, for programs
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from _reproduction import reproduce

from accel_models.attention.reproduction import compare_all

if TYPE_CHECKING:
    from collections.abc import Sequence

PUBLISHED = Path(__file__).parents[1] / "tests" / "golden" / "fusemax"


def main(arguments: Sequence[str] | None = None) -> int:
    """Compare, print, and return the exit code."""
    return reproduce(__doc__, PUBLISHED, compare_all, arguments)


if __name__ == "__main__":
    sys.exit(main())
