"""The size of a fast memory as a parameter: listed sizes, and any other in whole bytes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from dse import Choice

__all__ = ["Capacity"]


@dataclass(frozen=True)
class Capacity(Choice):
    """A choice of sizes in bytes, whose interval holds whole bytes only."""

    @property
    def range_text(self) -> str:
        """The listed sizes, and what else a job may ask for."""
        return f"{super().range_text}, whole bytes only"

    def contains(self, numbers: Any) -> Any:
        """Elementwise: is this a listed size, or a whole number of bytes within the interval?"""
        return super().contains(numbers) & (np.floor(numbers) == numbers)
