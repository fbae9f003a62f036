"""Decoding gem5's packet messages, compiled."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numba import njit

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["decode"]

# Wire types of protocol buffers.
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
# Field numbers of `Packet`: tick 1, cmd 2, addr 3, size 4. The first three must be there.
_LAST_COLUMN = 4
_NEEDED = 0b0111


@njit(cache=True)
def _varint(
    data: npt.NDArray[np.uint8], position: np.int64, end: np.int64
) -> tuple[np.uint64, np.int64]:  # pragma: no cover - compiled
    """A number and where it ends; -1 there if it is cut off, -2 if it is longer than 64 bits."""
    value = np.uint64(0)
    for digit in range(10):
        if position >= end:
            return value, np.int64(-1)
        byte = data[position]
        position += np.int64(1)
        value |= np.uint64(byte & 0x7F) << np.uint64(7 * digit)
        if byte < 0x80:
            return value, position
    return value, np.int64(-2)


@njit(cache=True)
def _packet(
    data: npt.NDArray[np.uint8],
    position: np.int64,
    end: np.int64,
    columns: npt.NDArray[np.uint64],
    row: int,
) -> bool:  # pragma: no cover - compiled
    """Decode one message into a row of the columns; whether it is right."""
    seen = np.int64(0)
    while position < end:
        key, position = _varint(data, position, end)
        if position < 0:
            return False
        kind, field = np.int64(key & np.uint64(7)), np.int64(key >> np.uint64(3))
        if kind == _FIXED64:
            position += np.int64(8)
        elif kind == _FIXED32:
            position += np.int64(4)
        elif kind in (_VARINT, _BYTES):
            value, position = _varint(data, position, end)
            if position < 0:
                return False
            if kind == _BYTES:
                position += np.int64(value & np.uint64(0x7FFFFFFF))
            elif 1 <= field <= _LAST_COLUMN:
                columns[field - 1, row] = value
                seen |= np.int64(1) << (field - np.int64(1))
        else:
            return False
    return bool(position == end) and seen & _NEEDED == _NEEDED


@njit(cache=True)
def decode(
    data: npt.NDArray[np.uint8], columns: npt.NDArray[np.uint64]
) -> tuple[np.int64, int, int]:  # pragma: no cover - compiled
    """Decode the whole packets at the beginning of some bytes.

    Args:
        data: Messages, each after its length.
        columns: uint64[4, at least len(data) / 4 + 1], filled: tick, command, address, size.

    Returns:
        Bytes used, packets decoded, and 1 if what follows is no packet, else 0.
    """
    position, total, count = np.int64(0), np.int64(len(data)), 0
    while position < total:
        length, start = _varint(data, position, total)
        if start == -1:
            break
        if start == -2 or length > np.uint64(1 << 16):
            return position, count, 1
        end = start + np.int64(length)
        if end > total:
            break
        if not _packet(data, start, end, columns, count):
            return position, count, 1
        position = end
        count += 1
    return position, count, 0
