"""Traces of DRAMSys: `.stl` with times, `.rstl` with delays.

Grammar: https://github.com/tukl-msd/DRAMSys, README and StlPlayer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np

from workloads.traces.block import TraceBlock
from workloads.traces.text_format import Parsed, TextFormat

if TYPE_CHECKING:
    from workloads.traces.format import TimeUnit
    from workloads.traces.lines import Lines
    from workloads.traces.source import TraceSource

__all__ = ["Rstl", "Stl"]


class Stl(TextFormat):
    """DRAMSys .stl: memory clock cycle, read or write, address."""

    name = "stl"
    grammar = "CYCLE: [(BYTES)] read|write 0xADDRESS [0xDATA]"
    example = "31:\tread\t0x400140"
    time_unit: ClassVar[TimeUnit] = "cycles"
    separators = b":"
    ignored_length = 1  # as StlPlayer does

    def score(self, source: TraceSource) -> float:
        """As for all text; a name in .rstl says that times are delays."""
        return 0.0 if ".rstl" in source.name else super().score(source)

    def parse(self, lines: Lines) -> Parsed:
        """Understand lines; see `TextFormat.parse`."""
        inner, sized = lines.word(1).in_brackets()
        sized &= lines.count > 1
        shift = sized.astype(np.int64)
        clock, command, target = lines.word(0), lines.word(1 + shift), lines.word(2 + shift)
        time, is_time = clock.decimal()
        size, is_size = inner.decimal()
        address, is_address = target.hexadecimal()
        is_write = command.equal(b"write")
        one_colon = clock.followed_by(b":") & ~command.followed_by(b":") & ~target.followed_by(b":")
        words = lines.count - shift
        has_data = (words == 4) & lines.word(3 + shift).is_prefixed_hexadecimal()
        right = (
            is_time & one_colon & (is_size | ~sized) & (is_write | command.equal(b"read"))
            & is_address & ((words == 3) | has_data)
        )  # fmt: skip
        return Parsed(right, TraceBlock.of(time, address, is_write, np.where(sized, size, 0)))

    def format_lines(self, block: TraceBlock) -> list[str]:
        """For example `31:<TAB>read<TAB>0x400140`."""
        commands = np.where(block.is_write, "write", "read").tolist()
        rows = zip(block.time.tolist(), commands, block.address.tolist(), strict=True)
        return [f"{time}:\t{command}\t0x{address:x}\n" for time, command, address in rows]


class Rstl(Stl):
    """DRAMSys .rstl: delay after the previous request, read or write, address."""

    name = "rstl"
    grammar = "DELAY: [(BYTES)] read|write 0xADDRESS [0xDATA]"
    example = "2: (512) read 0x400160"
    time_unit = "delays"

    def score(self, source: TraceSource) -> float:
        """Only the name tells it from .stl."""
        return super(Stl, self).score(source) if ".rstl" in source.name else 0.0
