"""Columns: a batch of designs, or of metrics, as a struct of arrays.

Every column is numeric. A parameter whose options are names is held as the position of the
option; labels appear only where people read (`DesignSpace.labels`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

FloatArray: TypeAlias = npt.NDArray[np.float64]
IntArray: TypeAlias = npt.NDArray[np.int64]
BoolArray: TypeAlias = npt.NDArray[np.bool_]

Column: TypeAlias = "float | FloatArray"
"""One value, or an array of values, of one parameter or metric."""

BoolColumn: TypeAlias = "bool | BoolArray"
Columns: TypeAlias = Mapping[str, Any]
"""Name -> column; the columns of one mapping broadcast against each other."""


def is_single(columns: Columns) -> bool:
    """Whether these columns describe one design, as plain numbers."""
    return not any(isinstance(column, np.ndarray) for column in columns.values())


def batch_shape(columns: Columns) -> tuple[int, ...]:
    """The common broadcast shape of the columns; `()` for a single design."""
    return np.broadcast_shapes(*(np.shape(column) for column in columns.values()))


def batch_length(columns: Columns) -> int:
    """The number of designs in a flat batch."""
    return int(np.prod(batch_shape(columns), dtype=np.int64))


def take(columns: Columns, rows: Any) -> dict[str, Any]:
    """The given rows (indices, slice or mask) of a flat batch."""
    return {name: np.asarray(column)[rows] for name, column in columns.items()}


def concatenate(parts: list[dict[str, Any]]) -> dict[str, Any]:
    """Join flat batches with the same columns."""
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
