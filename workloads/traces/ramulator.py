"""Traces of Ramulator 1 and 2.

Grammar: the READMEs of https://github.com/CMU-SAFARI/ramulator and `.../ramulator2`. Both are
strict about blanks; reading is not, writing is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from dse.errors import WorkloadError
from workloads.traces.block import TraceBlock
from workloads.traces.format import Reading
from workloads.traces.text_format import Parsed, TextFormat

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import numpy.typing as npt

    from workloads.traces.lines import Lines

__all__ = ["LoadStore", "Ramulator", "ReadWrite", "SimpleO3"]


class Ramulator(TextFormat):
    """Ramulator 1 DRAM trace: address, R or W; no times."""

    name = "ramulator"
    grammar = "0xADDRESS R|W"
    example = "0x12345680 R"
    time_unit = "none"

    def parse(self, lines: Lines) -> Parsed:
        """Understand lines; see `TextFormat.parse`."""
        address, is_address = lines.word(0).hexadecimal()
        command = lines.word(1)
        is_write = command.equal(b"W")
        right = (lines.count == 2) & is_address & (is_write | command.equal(b"R"))
        return Parsed(right, TraceBlock.of(0, address, is_write))

    def format_lines(self, block: TraceBlock) -> list[str]:
        """For example `0x12345680 R`."""
        commands = np.where(block.is_write, "W", "R").tolist()
        rows = zip(block.address.tolist(), commands, strict=True)
        return [f"0x{address:x} {command}\n" for address, command in rows]


class LoadStore(TextFormat):
    """Ramulator 2 LoadStoreTrace: LD or ST, address; no times."""

    name = "loadstore"
    grammar = "LD|ST ADDRESS, decimal or 0x"
    example = "LD 0x12340"
    time_unit = "none"

    def parse(self, lines: Lines) -> Parsed:
        """Understand lines; see `TextFormat.parse`."""
        command = lines.word(0)
        is_write = command.equal(b"ST")
        address, is_address = lines.word(1).prefixed()
        right = (lines.count == 2) & is_address & (is_write | command.equal(b"LD"))
        return Parsed(right, TraceBlock.of(0, address, is_write))

    def format_lines(self, block: TraceBlock) -> list[str]:
        """For example `LD 0x12340`."""
        commands = np.where(block.is_write, "ST", "LD").tolist()
        rows = zip(commands, block.address.tolist(), strict=True)
        return [f"{command} 0x{address:x}\n" for command, address in rows]


class SimpleO3(TextFormat):
    """Ramulator 1 CPU and Ramulator 2 SimpleO3: instructions between, read, perhaps write-back."""

    name = "simpleo3"
    grammar = "BUBBLES READ-ADDRESS [WRITEBACK-ADDRESS], all decimal"
    example = "3 20734016"
    time_unit = "instructions"
    is_cpu_level = True
    counts = True

    def parse(self, lines: Lines) -> Parsed:
        """Understand lines; the write-back follows its read at once."""
        bubbles, is_bubbles = lines.word(0).decimal()
        read, is_read = lines.word(1).decimal()
        back, is_back = lines.word(2).decimal()
        both = lines.count == 3
        right = is_bubbles & is_read & ((lines.count == 2) | (both & is_back))
        row = np.repeat(np.arange(len(lines)), 1 + both)
        is_write = np.diff(row, prepend=-1) == 0
        # The bubbles of a line come before its read, which is an instruction itself.
        time = np.where(is_write, 0, bubbles.astype(np.int64)[row] + 1)
        address = np.where(is_write, back[row], read[row])
        return Parsed(right, TraceBlock.of(time, address, is_write, 1), row)

    def format_lines(self, block: TraceBlock) -> list[str]:
        """For example `3 20734016`; a write joins the read before it."""
        lines: list[str] = []
        waited = 0
        columns = (block.time, block.address, block.is_write)
        for time, address, is_write in zip(*(c.tolist() for c in columns), strict=True):
            waited += time
            if not is_write:
                lines.append(f"{max(waited - 1, 0)} {address}\n")
                waited = 0
            elif lines and lines[-1].count(" ") == 1:
                lines[-1] = f"{lines[-1].rstrip()} {address}\n"
            else:
                raise WorkloadError(
                    f"simpleo3 lines hold a read and at most one write-back; the write to "
                    f"{address:#x} follows no read of its own",
                    next_step="choose a format with plain writes, such as loadstore",
                )
        return lines

    def write(self, reading: Reading) -> Iterator[bytes]:
        """Pieces of a file; blocks are cut so that a write is never parted from its read."""
        blocks = _beginning_with_reads(reading.blocks)
        return super().write(Reading(reading.format, blocks, reading.is_relative))


def _beginning_with_reads(blocks: Iterable[TraceBlock]) -> Iterator[TraceBlock]:
    held: list[TraceBlock] = []
    for block in blocks:
        joined = TraceBlock.joined([*held, block])
        reads = np.flatnonzero(~joined.is_write)
        cut = int(reads[-1]) if len(reads) else len(joined)
        yield joined.take(slice(cut))
        held = [joined.take(slice(cut, None))]
    yield from held


class _Field(NamedTuple):
    """A part of an address vector, and the bits of the address that hold it."""

    low_bit: int
    bits: int


# Default memories: DDR3 1 Gb x8 (eight banks, 2^14 rows, 2^10 columns) and DDR4 4 Gb x8 (four
# groups of four banks, 2^15 rows); eight bytes per column, row above bank above column.
_VECTORS: dict[int, tuple[_Field, ...]] = {
    5: (_Field(32, 4), _Field(30, 2), _Field(13, 3), _Field(16, 14), _Field(3, 10)),
    6: (_Field(34, 4), _Field(32, 2), _Field(13, 2), _Field(15, 2), _Field(17, 15), _Field(3, 10)),
}
"""Length of an address vector -> its fields: channel, rank, [bank group], bank, row, column."""


class ReadWrite(TextFormat):
    """Ramulator 2 ReadWriteTrace: R or W, channel,rank,[bank group],bank,row,column; no times."""

    name = "readwrite"
    grammar = "R|W CHANNEL,RANK,[BANKGROUP,]BANK,ROW,COLUMN"
    example = "R 0,1,2,100,32"
    time_unit = "none"
    separators = b","

    def parse(self, lines: Lines) -> Parsed:
        """Understand lines; five numbers are a DDR3 address, six a DDR4 one."""
        command = lines.word(0)
        is_write = command.equal(b"W")
        right = is_write | command.equal(b"R")
        address = np.zeros(len(lines), np.uint64)
        known = np.zeros(len(lines), np.bool_)
        for length, vector in _VECTORS.items():
            here = lines.count == length + 1
            known |= here
            for position, part in enumerate(vector, start=1):
                number, is_number = lines.word(position).decimal()
                fits = is_number & (number < np.uint64(1 << part.bits))
                right &= fits | ~here
                address += np.where(here & fits, number << np.uint64(part.low_bit), 0)
        return Parsed(right & known, TraceBlock.of(0, address, is_write))

    def format_lines(self, block: TraceBlock) -> list[str]:
        """For example `R 0,1,2,100,32`; written as DDR3."""
        commands = np.where(block.is_write, "W", "R").tolist()
        vectors = zip(*(_extract(block.address, part) for part in _VECTORS[5]), strict=True)
        return [
            f"{command} {','.join(map(str, vector))}\n"
            for command, vector in zip(commands, vectors, strict=True)
        ]


def _extract(address: npt.NDArray[np.uint64], part: _Field) -> list[int]:
    mask = np.uint64((1 << part.bits) - 1)
    numbers: list[int] = ((address >> np.uint64(part.low_bit)) & mask).tolist()
    return numbers
