"""Packet traces of gem5: usually gzip; "gem5", a header, then packets as protocol buffers.

Grammar: gem5's `src/proto/packet.proto` and `util/decode_packet_trace.py`. The few fields are
decoded here, compiled: the general library is a heavy dependency and far slower per packet.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from dse.errors import InputError
from workloads.traces.block import TraceBlock
from workloads.traces.format import TraceFormat

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt

    from workloads.traces.source import TraceSource

__all__ = ["Gem5"]

_MAGIC = b"gem5"
_PIECE_BYTES = 1 << 20
_LARGEST_HEADER = 1 << 16
_TICK_FREQUENCY = 3
_PS_PER_S = 10**12
_READ, _WRITE = 1, 4


class Gem5(TraceFormat):
    """gem5 packet trace: tick, ReadReq or WriteReq, address, size."""

    name = "gem5"
    example = "a CommMonitor with trace_enable writes it"
    time_unit = "picoseconds"

    def score(self, source: TraceSource) -> float:
        """Whether it begins with the magic number."""
        return float(source.peek(len(_MAGIC)) == _MAGIC)

    def accesses(self, source: TraceSource) -> Iterator[TraceBlock]:
        """Read block by block; see `TraceFormat.accesses`."""
        from workloads.traces.gem5_packets import decode

        tick_hz = _tick_hz(source)
        passed, last_tick = 0, 0
        rest = b""
        while data := source.read(_PIECE_BYTES):
            piece = np.frombuffer(rest + data, np.uint8)
            columns = np.zeros((4, len(piece) // 4 + 1), np.uint64)
            used, count, fault = decode(piece, columns)
            packets = _Packets(*columns[:, :count])
            _check(packets, fault, passed, last_tick, source.name)
            if count:
                last_tick = int(packets.tick[-1])
                yield _block(packets, tick_hz)
            passed += count
            rest = piece[used:].tobytes()
        if rest:
            raise InputError(
                f"the file ends within packet {passed + 1:,}",
                where=source.name,
                next_step="copy or record the trace again",
            )


class _Packets(NamedTuple):
    """Columns of the packets of a piece."""

    tick: npt.NDArray[np.uint64]
    command: npt.NDArray[np.uint64]
    address: npt.NDArray[np.uint64]
    size: npt.NDArray[np.uint64]


def _block(packets: _Packets, tick_hz: int) -> TraceBlock:
    time = packets.tick.astype(np.int64)
    if tick_hz != _PS_PER_S:
        time = (time * (_PS_PER_S / tick_hz)).astype(np.int64)
    size = packets.size.astype(np.int64)
    return TraceBlock.of(time, packets.address, packets.command == _WRITE, size)


def _check(packets: _Packets, fault: int, passed: int, last_tick: int, name: str) -> None:
    """Demand whole packets, the two commands that are known, and times that do not decrease."""
    known = (packets.command == _READ) | (packets.command == _WRITE)
    late = np.diff(packets.tick.astype(np.int64), prepend=last_tick) < 0
    wrong = ~known | late
    if wrong.any():
        at = int(np.argmax(wrong))
        what = (
            f"the tick {packets.tick[at]:,} is smaller than the one before it"
            if late[at]
            else f"the command {packets.command[at]} is neither ReadReq (1) nor WriteReq (4)"
        )
        raise InputError(what, where=f"{name}: packet {passed + at + 1:,}")
    if fault:
        raise InputError(
            "this is no gem5 packet: tick, command and address are needed",
            where=f"{name}: packet {passed + len(packets.tick) + 1:,}",
            allowed="the messages of gem5's packet.proto",
        )


def _tick_hz(source: TraceSource) -> int:
    """Ticks per second, from the header; consumes it."""
    damaged = InputError(
        "the header is damaged or cut off",
        where=source.name,
        allowed='"gem5", then the header message of gem5\'s packet.proto',
    )
    if source.read(len(_MAGIC)) != _MAGIC:
        raise damaged
    try:
        length, start = _varint(source.peek(10), 0)
        message = source.read(start + length)[start:] if length <= _LARGEST_HEADER else b""
        frequency = _field(message, _TICK_FREQUENCY)
    except IndexError:
        raise damaged from None
    if len(message) < length or not 0 < frequency <= _PS_PER_S * 1000:
        raise damaged
    return frequency


def _field(message: bytes, wanted: int) -> int:
    """The number in a field of a message; 0 if it is not there."""
    position = 0
    while position < len(message):
        key, position = _varint(message, position)
        value, position = _varint(message, position)
        if key & 7 == 2:
            position += value
        elif key >> 3 == wanted:
            return value
    return 0


def _varint(data: bytes, position: int) -> tuple[int, int]:
    """A number of seven bits per byte, and where it ends."""
    value, shift = 0, 0
    while data[position] & 0x80:
        value |= (data[position] & 0x7F) << shift
        position, shift = position + 1, shift + 7
    return value | data[position] << shift, position + 1
