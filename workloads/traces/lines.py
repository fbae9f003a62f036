"""Lines and words of text, found and turned into numbers a whole chunk at a time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from dse.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt

    from workloads.traces.source import TraceSource

    Bools = npt.NDArray[np.bool_]
    Ints = npt.NDArray[np.int64]
    Bytes = npt.NDArray[np.uint8]
    Numbers = npt.NDArray[np.uint64]

__all__ = ["Lines", "Words", "text_chunks"]

_CHUNK_BYTES = 1 << 20
_BLANKS = b" \t\r\n\v\f"
_BOM = b"\xef\xbb\xbf"
_NO_DIGIT = 99
_MOST_DIGITS = {10: 18, 16: 16}
"""Base -> digits that always fit 63 (64) bits."""


def text_chunks(source: TraceSource) -> Iterator[tuple[int, bytes]]:
    """Whole lines of a text, in chunks of about a megabyte.

    Args:
        source: The text.

    Yields:
        Number of the first line, from 1, and the lines.

    Raises:
        InputError: Not UTF-8, or a line longer than a chunk.
    """
    line = 1
    rest = b""
    if source.peek(3) == _BOM:
        source.read(3)
    while data := source.read(_CHUNK_BYTES):
        whole, newline, tail = data.rpartition(b"\n")
        if newline:
            chunk = rest + whole + newline
            _check_utf8(chunk, line, source.name)
            yield line, chunk
            line += chunk.count(b"\n")
            rest = tail
        elif len(rest) + len(tail) > _CHUNK_BYTES:
            raise InputError("the line is longer than 1 MiB", where=f"{source.name}:{line}")
        else:
            rest += tail
    if rest:
        _check_utf8(rest, line, source.name)
        yield line, rest + b"\n"


def _check_utf8(chunk: bytes, first_line: int, name: str) -> None:
    if chunk.isascii():
        return
    try:
        chunk.decode("utf-8")
    except UnicodeDecodeError as error:
        line = first_line + chunk.count(b"\n", 0, error.start)
        raise InputError(
            f"not UTF-8 text: byte 0x{chunk[error.start]:02x}", where=f"{name}:{line}"
        ) from None


@dataclass(frozen=True)
class Words:
    """Some words of a chunk, W of them.

    Attributes:
        buffer: The chunk.
        start: int64[W], where each begins.
        end: int64[W], one past its last byte.
    """

    buffer: Bytes
    start: Ints
    end: Ints

    def take(self, rows: Ints | Bools | slice) -> Words:
        """Some of these words."""
        return Words(self.buffer, self.start[rows], self.end[rows])

    def equal(self, *options: bytes) -> Bools:
        """Which words are one of the options."""
        found = np.zeros(len(self.start), np.bool_)
        for option in options:
            here = (self.end - self.start) == len(option)
            for position, byte in enumerate(option):
                here &= self.byte(position) == byte
            found |= here
        return found

    def byte(self, position: int) -> Bytes:
        """The byte at this position after the start of each word, or of what follows it."""
        return self.buffer[np.minimum(self.start + position, len(self.buffer) - 1)]

    def decimal(self) -> tuple[Numbers, Bools]:
        """The words as decimal numbers, and which of them are."""
        return self._number(10)

    def hexadecimal(self) -> tuple[Numbers, Bools]:
        """The words as hexadecimal numbers, with or without 0x, and which of them are."""
        bare = Words(self.buffer, self.start + 2 * self._has_prefix(), self.end)
        return bare._number(16)

    def prefixed(self) -> tuple[Numbers, Bools]:
        """The words as hexadecimal numbers if they begin with 0x, else decimal ones."""
        based = self._has_prefix()
        hexadecimal, is_hexadecimal = self.hexadecimal()
        decimal, is_decimal = self.decimal()
        values = np.where(based, hexadecimal, decimal)
        return values, np.where(based, is_hexadecimal, is_decimal)

    def is_prefixed_hexadecimal(self) -> Bools:
        """Which words are 0x and hexadecimal digits, however many."""
        others = np.cumsum(np.concatenate(([0], _DIGITS[self.buffer] == _NO_DIGIT)))
        digits = np.minimum(self.start + 2, self.end)
        only_digits: Bools = others[self.end] == others[digits]
        return only_digits & self._has_prefix()

    def in_brackets(self) -> tuple[Words, Bools]:
        """The words without their round brackets, and which of them have some."""
        inner = Words(self.buffer, self.start + 1, self.end - 1)
        return inner, (self.byte(0) == ord("(")) & inner.followed_by(b")")

    def followed_by(self, byte: bytes) -> Bools:
        """Which words stand right before this byte."""
        found: Bools = self.buffer[self.end] == byte[0]
        return found

    def _has_prefix(self) -> Bools:
        is_x: Bools = (self.byte(1) | 0x20) == ord("x")
        is_0: Bools = self.byte(0) == ord("0")
        return is_0 & is_x & (self.end - self.start > 2)

    def _number(self, base: int) -> tuple[Numbers, Bools]:
        length = self.end - self.start
        most = _MOST_DIGITS[base]
        right = (length > 0) & (length <= most)
        value = np.zeros(len(length), np.uint64)
        for position in range(min(int(length.max(initial=0)), most)):
            inside = position < length
            digit = _DIGITS[self.byte(position)]
            right &= ~inside | (digit < base)
            value = np.where(inside, value * np.uint64(base) + digit, value)
        return value, right


@dataclass(frozen=True)
class Lines:
    """The lines of a chunk that hold something, cut into words; L of them.

    Attributes:
        data: The chunk.
        number: int64[L], the line's number in the file.
        start: int64[L], where the line begins.
        end: int64[L], one past its last byte; the end of the line is no part of it.
        words: All words of the chunk.
        first: int64[L], the line's first word.
        count: int64[L], how many words it has.
    """

    data: bytes
    number: Ints
    start: Ints
    end: Ints
    words: Words
    first: Ints
    count: Ints

    @classmethod
    def of(cls, data: bytes, first_line: int = 1, separators: bytes = b"") -> Lines:
        """Cut whole lines into words.

        Args:
            data: Ends with a newline.
            first_line: Number of the first line.
            separators: Bytes that separate words besides blanks.
        """
        buffer = np.frombuffer(data, np.uint8)
        separates = np.zeros(256, np.bool_)
        separates[list(_BLANKS + separators)] = True
        blank = separates[buffer]
        edge = np.diff(blank, prepend=True, append=True)
        edges = np.flatnonzero(edge)
        words = Words(buffer, edges[::2], edges[1::2])
        newline = np.flatnonzero(buffer == ord("\n"))
        start = np.concatenate(([0], newline[:-1] + 1))
        end = newline - (buffer[newline - 1] == ord("\r"))
        first = np.searchsorted(words.start, start)
        count = np.diff(first, append=len(words.start))
        number = np.arange(first_line, first_line + len(newline))
        lines = cls(data, number, start, end, words, first, count)
        return lines.take(count > 0)

    def take(self, rows: Ints | Bools) -> Lines:
        """Some of these lines."""
        return Lines(
            self.data, self.number[rows], self.start[rows], self.end[rows], self.words,
            self.first[rows], self.count[rows],
        )  # fmt: skip

    def __len__(self) -> int:
        return len(self.number)

    def without(self, *prefixes: bytes) -> Lines:
        """The lines that do not begin with any of these."""
        kept = np.ones(len(self), np.bool_)
        whole = Words(self.words.buffer, self.start, self.end)
        for prefix in prefixes:
            heads = Words(whole.buffer, whole.start, whole.start + len(prefix))
            kept &= ~heads.equal(prefix)
        return self.take(kept)

    def longer_than(self, length: int) -> Lines:
        """The lines of more than `length` bytes."""
        return self.take(self.end - self.start > length)

    def word(self, position: int | Ints) -> Words:
        """The word at a position of each line; any other word where the line has none there.

        Args:
            position: From 0; one for all lines, or one per line.
        """
        return self.words.take(np.minimum(self.first + position, len(self.words.start) - 1))

    def text(self, row: int) -> str:
        """A line as the user sees it."""
        return self.data[self.start[row] : self.end[row]].decode("utf-8")


def _digits() -> Numbers:
    """Byte -> value of the digit; `_NO_DIGIT` for other bytes."""
    values = np.full(256, _NO_DIGIT, np.uint64)
    for digit in range(16):
        for letter in f"{digit:x}{digit:X}":
            values[ord(letter)] = digit
    return values


_DIGITS = _digits()
