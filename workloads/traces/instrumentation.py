"""Traces of instrumented programs: Valgrind's lackey and Intel Pin's pinatrace."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from workloads.traces.block import TraceBlock
from workloads.traces.text_format import Parsed, TextFormat

if TYPE_CHECKING:
    from workloads.traces.lines import Lines

__all__ = ["Lackey", "Pinatrace"]


class Lackey(TextFormat):
    """Valgrind lackey --trace-mem=yes: instruction fetches, loads, stores with sizes."""

    name = "lackey"
    grammar = "I|L|S|M ADDRESS,BYTES"
    example = " S 1fff000768,8"
    time_unit = "instructions"
    is_cpu_level = True
    counts = True
    separators = b","
    noise = (b"#", b"==", b"--")

    def parse(self, lines: Lines) -> Parsed:
        """Understand lines; M is a load, then a store. Time counts instructions."""
        kind = lines.word(0)
        is_fetch, is_modify = kind.equal(b"I"), kind.equal(b"M")
        is_store = kind.equal(b"S")
        address, is_address = lines.word(1).hexadecimal()
        size, is_size = lines.word(2).decimal()
        known = is_fetch | is_modify | is_store | kind.equal(b"L")
        right = known & (lines.count == 3) & is_address & is_size & (size > 0)
        row = np.repeat(np.arange(len(lines)), 1 + is_modify)
        is_second = np.diff(row, prepend=-1) == 0
        block = TraceBlock.of(
            is_fetch[row], address[row], is_store[row] | is_second, size[row], is_fetch[row]
        )
        return Parsed(right, block, row)

    def format_lines(self, block: TraceBlock) -> list[str]:
        """For example ` S 1fff000768,1`; no instruction fetches, so times are lost."""
        kinds = np.where(block.is_write, "S", "L").tolist()
        rows = zip(kinds, block.address.tolist(), strict=True)
        return [f" {kind} {address:08x},1\n" for kind, address in rows]


class Pinatrace(TextFormat):
    """Intel Pin pinatrace: instruction, R or W, address; no times."""

    name = "pinatrace"
    grammar = "0xINSTRUCTION: R|W 0xADDRESS"
    example = "0x7f1c2a: R 0x7ffd10"
    time_unit = "none"
    is_cpu_level = True
    separators = b":"
    footer = b"#eof\n"

    def parse(self, lines: Lines) -> Parsed:
        """Understand lines; see `TextFormat.parse`."""
        _, is_instruction = lines.word(0).hexadecimal()
        colon = lines.word(0).followed_by(b":")
        command = lines.word(1)
        is_write = command.equal(b"W")
        address, is_address = lines.word(2).hexadecimal()
        known = is_write | command.equal(b"R")
        right = (lines.count == 3) & is_instruction & colon & known & is_address
        return Parsed(right, TraceBlock.of(0, address, is_write, 1))

    def format_lines(self, block: TraceBlock) -> list[str]:
        """For example `0x0: R 0x7ffd10`; the instruction is not known."""
        commands = np.where(block.is_write, "W", "R").tolist()
        rows = zip(commands, block.address.tolist(), strict=True)
        return [f"0x0: {command} 0x{address:x}\n" for command, address in rows]
