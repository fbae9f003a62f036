"""Small traces as bytes, written by independent code from the formats' descriptions."""

import struct

from workloads.traces.auto import format_named
from workloads.traces.block import TraceBlock


def blocks_of(file, format_name="auto"):
    """All accesses of a file as one block."""
    with format_named(format_name).open(file) as reading:
        return TraceBlock.joined(list(reading.blocks))


def recognised(file):
    with format_named("auto").open(file) as reading:
        return reading.format


def varint(value):
    digits = []
    while True:
        digits.append(value & 0x7F | (0x80 if value > 0x7F else 0))
        value >>= 7
        if not value:
            return bytes(digits)


def message(fields):
    """Protocol buffer of number fields, and bytes fields, by field number."""
    body = b""
    for number, value in fields.items():
        if isinstance(value, bytes):
            body += varint(number << 3 | 2) + varint(len(value)) + value
        else:
            body += varint(number << 3) + varint(value)
    return varint(len(body)) + body


def gem5(packets, tick_hz=10**12):
    """A packet trace of (tick, command, address, size)."""
    header = message({1: b"system.monitor", 2: 0, 3: tick_hz, 4: b"\x08\x01"})
    body = [message({1: t, 2: c, 3: a, 4: s, 5: 0, 6: 77, 7: 0x400000}) for t, c, a, s in packets]
    return b"gem5" + header + b"".join(body)


def champsim(instructions, size=64):
    """Records of (instruction address, loads, stores)."""
    records = b""
    for ip, loads, stores in instructions:
        addresses = [*stores, *[0] * (2 - len(stores)), *loads, *[0] * (4 - len(loads))]
        record = struct.pack("<QBB2B4B6Q", ip, 1, 0, 6, 0, 7, 8, 0, 0, *addresses)
        records += record.ljust(size, b"\0")
    return records
