"""Traces of DRAMsim3. Grammar: https://github.com/umd-memsys/DRAMsim3, `common.cc`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from workloads.traces.block import TraceBlock
from workloads.traces.text_format import Parsed, TextFormat

if TYPE_CHECKING:
    from workloads.traces.lines import Lines

__all__ = ["DRAMsim3"]

_WRITES = (b"WRITE", b"write", b"P_MEM_WR", b"BOFF")


class DRAMsim3(TextFormat):
    """DRAMsim3: address, operation, memory clock cycle."""

    name = "dramsim3"
    grammar = "0xADDRESS OPERATION CYCLE; WRITE, write, P_MEM_WR and BOFF write, other words read"
    example = "0x1FF96FC0 WRITE   160"
    time_unit = "cycles"

    def parse(self, lines: Lines) -> Parsed:
        """Understand lines; see `TextFormat.parse`."""
        address, is_address = lines.word(0).hexadecimal()
        operation = lines.word(1)
        is_word = (operation.byte(0) | 0x20) - np.uint8(ord("a")) < 26
        time, is_time = lines.word(2).decimal()
        right = (lines.count == 3) & is_address & is_word & is_time
        return Parsed(right, TraceBlock.of(time, address, operation.equal(*_WRITES)))

    def format_lines(self, block: TraceBlock) -> list[str]:
        """For example `0x1ff96fc0 WRITE 160`."""
        commands = np.where(block.is_write, "WRITE", "READ").tolist()
        rows = zip(block.address.tolist(), commands, block.time.tolist(), strict=True)
        return [f"0x{address:x} {command} {time}\n" for address, command, time in rows]
