"""Traces of ChampSim: one fixed-size binary record per instruction, usually xz.

Layout: https://github.com/ChampSim/ChampSim, `inc/trace_instruction.h`. Newer traces have records
of 72 bytes: a load type and padding at the end.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dse.errors import InputError
from workloads.traces.block import TraceBlock
from workloads.traces.format import TraceFormat

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt

    from workloads.traces.source import TraceSource

__all__ = ["ChampSim"]

_RECORDS = 8192
_SAMPLE_RECORDS = 512
_SHORT, _LONG = 64, 72


class ChampSim(TraceFormat):
    """ChampSim instructions, 64- or 72-byte records: loads, then stores, of each instruction."""

    name = "champsim"
    example = "ChampSim's tracer writes it"
    time_unit = "instructions"
    is_cpu_level = True

    def score(self, source: TraceSource) -> float:
        """The share of the first records that look like instructions."""
        return max(_likelihood(source, size) for size in (_SHORT, _LONG))

    def accesses(self, source: TraceSource) -> Iterator[TraceBlock]:
        """Read block by block; see `TraceFormat.accesses`."""
        size = _LONG if _likelihood(source, _LONG) > _likelihood(source, _SHORT) else _SHORT
        passed = 0
        while data := source.read(size * _RECORDS):
            if len(data) % size:
                raise InputError(
                    f"the file ends within record {passed + len(data) // size + 1:,}",
                    where=source.name,
                    allowed=f"records of {size} bytes",
                    next_step="copy or download the trace again",
                )
            records = np.frombuffer(data, _record(size))
            _check(records, passed, source.name)
            yield _block(records, passed)
            passed += len(records)


def _record(size: int) -> np.dtype[np.void]:
    fields = [
        ("ip", "<u8"), ("is_branch", "u1"), ("taken", "u1"), ("registers", "u1", 6),
        ("stores", "<u8", 2), ("loads", "<u8", 4),
    ]  # fmt: skip
    return np.dtype(fields + ([("load_type", "u1"), ("padding", "u1", 7)] if size == _LONG else []))


def _looks_right(records: npt.NDArray[np.void]) -> npt.NDArray[np.bool_]:
    """Which records could be instructions: flags are 0 or 1, padding is 0."""
    right = (records["is_branch"] <= 1) & (records["taken"] <= 1) & (records["ip"] != 0)
    if "padding" in (records.dtype.names or ()):
        right &= ~records["padding"].any(axis=1)
    return np.asarray(right, np.bool_)


def _likelihood(source: TraceSource, size: int) -> float:
    head = source.peek(size * _SAMPLE_RECORDS)
    whole = head[: len(head) // size * size]
    # Both sizes fit a single record, or records of zeros: the remainder decides.
    remainder = 0.0 if len(head) == len(whole) else 0.05
    if not whole or source.is_text:
        return 0.0
    return float(_looks_right(np.frombuffer(whole, _record(size))).mean()) - remainder


def _check(records: npt.NDArray[np.void], passed: int, name: str) -> None:
    wrong = ~_looks_right(records)
    if wrong.any():
        raise InputError(
            "this is no instruction: its flags are neither 0 nor 1",
            where=f"{name}: record {passed + int(np.argmax(wrong)) + 1:,}",
            allowed=f"records of {records.itemsize} bytes as in ChampSim's trace_instruction.h",
        )


def _block(records: npt.NDArray[np.void], passed: int) -> TraceBlock:
    """The memory accesses; 0 is no address."""
    addresses = np.concatenate((records["loads"], records["stores"]), axis=1)
    is_store = np.arange(addresses.shape[1]) >= records["loads"].shape[1]
    row, column = np.nonzero(addresses)
    return TraceBlock.of(passed + row + 1, addresses[row, column], is_store[column], 1)
