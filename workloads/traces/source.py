"""The bytes of a trace: plain, gzip or xz, from a file or a pipe, never all in memory."""

from __future__ import annotations

import contextlib
import lzma
import zlib
from typing import TYPE_CHECKING, Any, Protocol

from dse.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import IO

__all__ = ["TraceSource"]

_PIECE_BYTES = 1 << 18
_LFS = b"version https://git-lfs.github.com/spec/"
_GZIP = b"\x1f\x8b"
_XZ = b"\xfd7zXZ\x00"


class TraceSource:
    """Reads a trace forward, decompressed; a look ahead consumes nothing.

    Args:
        name: Of the file, for messages.
        pieces: The decompressed bytes.
    """

    def __init__(self, name: str, pieces: Iterator[bytes]) -> None:
        self.name = name
        self._pieces = pieces
        self._ahead = bytearray()
        self._received_bytes = 0
        self._received_lines = 0

    @classmethod
    @contextlib.contextmanager
    def open(cls, file: Path) -> Iterator[TraceSource]:
        """Open a file or a pipe for the length of a `with` block.

        Args:
            file: The trace; `/dev/stdin` reads what is piped in.

        Raises:
            InputError: It cannot be opened, is empty, or is only a Git LFS pointer.
        """
        try:
            raw = file.open("rb")
        except OSError as error:
            path = str(file.absolute())
            raise InputError(f"cannot be read: {error.strerror}", where=path) from None
        with raw:
            source = cls(str(file), iter(()))
            source._pieces = _decompressed(raw, source)
            if not source.peek(1):
                raise InputError("the file is empty: no request in it", where=source.name)
            yield source

    @property
    def is_text(self) -> bool:
        """Whether what comes next looks like text: no zero byte."""
        return b"\0" not in self.peek(4096)

    def peek(self, count: int) -> bytes:
        """The next `count` bytes, or fewer at the end."""
        self._fetch(count)
        return bytes(self._ahead[:count])

    def read(self, count: int) -> bytes:
        """Consume the next `count` bytes, or fewer at the end."""
        found = self.peek(count)
        del self._ahead[: len(found)]
        return found

    def _fetch(self, count: int) -> None:
        while len(self._ahead) < count:
            piece = next(self._pieces, b"")
            if not piece:
                return
            self._ahead += piece
            self._received_bytes += len(piece)
            self._received_lines += piece.count(b"\n")

    def broken(self, kind: str, complaint: str) -> InputError:
        """The error for compressed data that end too early or are damaged.

        Args:
            kind: "gzip" or "xz".
            complaint: What is wrong.
        """
        at_line = f":{self._received_lines + 1}" if b"\0" not in self._ahead else ""
        return InputError(
            f"the {kind} data {complaint} after {self._received_bytes:,} bytes of trace",
            where=f"{self.name}{at_line}",
            next_step="copy or download the file again",
        )


class _Decompressor(Protocol):
    """What zlib's (once adapted) and lzma's decompressors have in common."""

    eof: bool
    unused_data: bytes

    def decompress(self, data: bytes, max_length: int) -> bytes: ...


class _Gunzip:
    """zlib's decompressor with the interface of lzma's: it keeps the input it has not used."""

    def __init__(self) -> None:
        self._inner = zlib.decompressobj(wbits=31)

    @property
    def eof(self) -> bool:
        return self._inner.eof

    @property
    def unused_data(self) -> bytes:
        return self._inner.unused_data

    def decompress(self, data: bytes, max_length: int) -> bytes:
        return self._inner.decompress(self._inner.unconsumed_tail + data, max_length)


def _decompressed(raw: IO[bytes], source: TraceSource) -> Iterator[bytes]:
    """Pieces of the trace, whatever it is packed in."""
    first = raw.read(_PIECE_BYTES)
    if first.startswith(_LFS):
        raise InputError(
            "this is a Git LFS pointer, not the trace itself",
            where=f"{source.name}:1",
            next_step="fetch the data with `git lfs pull`",
        )
    if first.startswith(_GZIP):
        yield from _unpacked(raw, first, source, "gzip", _Gunzip)
    elif first.startswith(_XZ):
        yield from _unpacked(raw, first, source, "xz", lzma.LZMADecompressor)
    else:
        while first:
            yield first
            first = raw.read(_PIECE_BYTES)


def _unpacked(
    raw: IO[bytes], data: bytes, source: TraceSource, kind: str, decompressor: Any
) -> Iterator[bytes]:
    """Everything that can be unpacked, then an error if something is missing."""
    while data:
        member: _Decompressor = decompressor()
        while not member.eof:
            try:
                piece = member.decompress(data, _PIECE_BYTES)
            except (zlib.error, lzma.LZMAError):
                raise source.broken(kind, "are damaged") from None
            if piece:
                yield piece
            data = b"" if piece else raw.read(_PIECE_BYTES)
            if not (piece or data or member.eof):
                raise source.broken(kind, "are cut off")
        data = member.unused_data or raw.read(_PIECE_BYTES)
        data = data.lstrip(b"\0") or raw.read(_PIECE_BYTES)  # padding between members
