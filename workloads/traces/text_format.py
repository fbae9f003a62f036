"""What all formats of one line per access (or a few) share."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from dse.errors import InputError, WorkloadError
from workloads.traces.block import TraceBlock
from workloads.traces.format import TraceFormat
from workloads.traces.lines import Lines, text_chunks

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import numpy.typing as npt

    from workloads.traces.format import Reading
    from workloads.traces.source import TraceSource

    Ints = npt.NDArray[np.int64]

__all__ = ["Parsed", "TextFormat", "shown_lines"]

_SAMPLE_BYTES = 1 << 14
_SHOWN = 3
_WIDEST = 50


@dataclass(frozen=True)
class Parsed:
    """What lines mean.

    Attributes:
        right: bool[L], which lines follow the grammar.
        block: The accesses; without meaning unless all lines are right.
        row: int64[N], the line of each access; None if each line is one access.
    """

    right: npt.NDArray[np.bool_]
    block: TraceBlock
    row: Ints | None = None


class TextFormat(TraceFormat):
    """A format of lines. Blank lines and lines that begin with `#` mean nothing.

    Attributes:
        grammar: One line of the format, for messages.
        separators: What separates words besides blanks.
        noise: How lines begin that mean nothing.
        ignored_length: Lines of up to so many characters mean nothing either.
        counts: Whether `parse` gives the time that passes before each access, to be added up.
        footer: The last line when writing.
    """

    grammar: ClassVar[str]
    separators: ClassVar[bytes] = b""
    noise: ClassVar[tuple[bytes, ...]] = (b"#",)
    ignored_length: ClassVar[int] = 0
    counts: ClassVar[bool] = False
    footer: ClassVar[bytes] = b""

    @abstractmethod
    def parse(self, lines: Lines) -> Parsed:
        """Understand lines; at least one.

        Args:
            lines: Without blank lines and noise.
        """

    @abstractmethod
    def format_lines(self, block: TraceBlock) -> list[str]:
        """The lines that hold these requests.

        Args:
            block: Times in the unit of the format.
        """

    # -- reading ---------------------------------------------------------------------------------

    def score(self, source: TraceSource) -> float:
        """The share of the first lines that follow the grammar."""
        head = source.peek(_SAMPLE_BYTES)
        whole = head if len(head) < _SAMPLE_BYTES else head[: head.rfind(b"\n") + 1]
        if not source.is_text or not whole:
            return 0.0
        lines = self._lines(whole if whole.endswith(b"\n") else whole + b"\n", 1)
        return float(self.parse(lines).right.mean()) if len(lines) else 0.0

    def accesses(self, source: TraceSource) -> Iterator[TraceBlock]:
        """Read block by block; see `TraceFormat.accesses`."""
        wrong: list[tuple[int, str]] = []
        clock = _Clock(self, source.name)
        for first_line, chunk in text_chunks(source):
            lines = self._lines(chunk, first_line)
            if not len(lines):
                continue
            parsed = self.parse(lines)
            bad = np.flatnonzero(~parsed.right)[: _SHOWN - len(wrong)]
            wrong += [(int(lines.number[row]), lines.text(row)) for row in bad]
            if len(wrong) == _SHOWN:
                break
            if not wrong:
                yield clock.checked(parsed, lines)
        if wrong:
            raise self._malformed(wrong, source.name)

    def _lines(self, chunk: bytes, first_line: int) -> Lines:
        lines = Lines.of(chunk, first_line, self.separators).without(*self.noise)
        return lines.longer_than(self.ignored_length)

    def _malformed(self, wrong: list[tuple[int, str]], name: str) -> InputError:
        return InputError(
            f"not a line of a {self.name} trace{self._reason(wrong[0][1])}{shown_lines(wrong)}",
            where=f"{name}:{wrong[0][0]}",
            allowed=f"{self.grammar}, for example {self.example!r}",
            next_step="correct the lines, or name another format: `dse list formats`",
        )

    def _reason(self, text: str) -> str:
        """What might be wrong with a line."""
        if any(word.startswith(("-0x", "-0X")) or _is_negative(word) for word in text.split()):
            return " (negative number)"
        lowered = self._lines(text.lower().encode() + b"\n", 1)
        if len(lowered) and self.parse(lowered).right.all():
            return " (commands are in lower case)"
        return ""

    # -- writing ---------------------------------------------------------------------------------

    def write(self, reading: Reading) -> Iterator[bytes]:
        """Pieces of a text file; see `TraceFormat.write`."""
        if reading.is_relative and self.time_unit not in ("delays", "none"):
            raise WorkloadError(
                f"the times of the {reading.format} trace are delays after the previous request; "
                f"{self.name} needs times from the start",
                next_step="give issue_gap_cycles, or write a format with delays or without times",
            )
        last = 0
        for block in reading.blocks:
            time = block.time
            if not reading.is_relative and (self.time_unit == "delays" or self.counts):
                time = np.diff(time, prepend=last)
                last = int(block.time[-1]) if len(block) else last
            lines = self.format_lines(TraceBlock.of(time, block.address, block.is_write))
            yield "".join(lines).encode()
        yield self.footer


class _Clock:
    """Adds up counted times across blocks and demands that times do not decrease."""

    def __init__(self, style: TextFormat, name: str) -> None:
        self._style = style
        self._name = name
        self._last = 0

    def checked(self, parsed: Parsed, lines: Lines) -> TraceBlock:
        """The block with times from the start of the trace."""
        block = parsed.block
        if self._style.time_unit in ("none", "delays") or not len(block):
            return block
        if self._style.counts:
            time = self._last + np.cumsum(block.time)
            self._last = int(time[-1])
            return TraceBlock(time, block.address, block.is_write, block.size_bytes, block.is_fetch)
        late = np.flatnonzero(np.diff(block.time, prepend=self._last) < 0)
        if len(late):
            rows = late if parsed.row is None else np.unique(parsed.row[late])
            raise self._decreasing(block, late, rows, lines)
        self._last = int(block.time[-1])
        return block

    def _decreasing(self, block: TraceBlock, late: Ints, rows: Ints, lines: Lines) -> InputError:
        before = int(block.time[late[0] - 1]) if late[0] else self._last
        shown = shown_lines((int(lines.number[i]), lines.text(int(i))) for i in rows[:_SHOWN])
        return InputError(
            f"the time decreases from {before:,} to {int(block.time[late[0]]):,}{shown}",
            where=f"{self._name}:{lines.number[rows[0]]}",
            allowed="times that do not decrease",
            next_step="sort the trace; if these are delays, name the format rstl",
        )


def shown_lines(lines: Iterable[tuple[int, str]]) -> str:
    """Line numbers and texts as one line of a message."""
    return "\n    " + "; ".join(f"line {number:,}: {_short(text)!r}" for number, text in lines)


def _short(text: str) -> str:
    return text if len(text) <= _WIDEST else f"{text[: _WIDEST - 3]}..."


def _is_negative(word: str) -> bool:
    return word.startswith("-") and word[1:2].isdigit()
