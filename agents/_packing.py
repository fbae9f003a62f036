"""Arrays as text, so that a search with a long history still has a small JSON state."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from dse import DesignSpace
    from dse._columns import FloatArray, IntArray


def code_dtype(space: DesignSpace) -> np.dtype[Any]:
    """The smallest unsigned integer (little-endian) that holds every code of the space."""
    return np.min_scalar_type(max(space.shape) - 1).newbyteorder("<")


def pack_codes(codes: IntArray, space: DesignSpace) -> str:
    """Codes (N x P) as base64 text."""
    return base64.b64encode(codes.astype(code_dtype(space)).tobytes()).decode()


def unpack_codes(text: str, space: DesignSpace) -> IntArray:
    """The inverse of `pack_codes`."""
    flat = np.frombuffer(base64.b64decode(text), dtype=code_dtype(space))
    return flat.reshape(-1, len(space.shape)).astype(np.int64)


def pack_floats(values: FloatArray) -> str:
    """Numbers, infinities included (which JSON has not), as base64 text."""
    return base64.b64encode(values.astype("<f8").tobytes()).decode()


def unpack_floats(text: str, shape: tuple[int, ...]) -> FloatArray:
    """The inverse of `pack_floats`; one dimension of the shape may be -1."""
    return np.frombuffer(base64.b64decode(text), dtype="<f8").reshape(shape).astype(np.float64)
