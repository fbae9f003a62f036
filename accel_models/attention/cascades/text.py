"""Lines of the notation, their tokens, and errors that name file, line and column."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from accel_models.attention.cascades.einsums import START, Place
from dse.errors import WorkloadError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["Text", "Token", "listed", "tokens"]

_MOST_TOKENS = 300  # bounds the depth of brackets; the longest Einsum of the catalogue has 50

_TOKEN = re.compile(
    r"\s*(?:(?P<name>[A-Za-z_]\w*)|(?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)"
    r"|(?P<sign>::|<=|[-+*/=<,()\[\]$]))"
)


@dataclass(frozen=True)
class Text:
    """One line to read.

    Attributes:
        text: The line.
        source: Name of the file.
        place: Where the line starts in it.
    """

    text: str
    source: str = "<text>"
    place: Place = START

    def at(self, position: int) -> Place:
        """Where the character at this position stands in the file."""
        return Place(self.place.line, self.place.column + position)

    def fault(self, place: Place, what: str, allowed: str | None = None) -> WorkloadError:
        """An error at a place of this line, which it quotes."""
        where = f"{self.source}:{place.line}:{place.column}"
        shown = " ".join(self.text.split())
        return WorkloadError(f"`{shown}`: {what}", where=where, allowed=allowed)


@dataclass(frozen=True)
class Token:
    """A name, a number, a sign, or the end of the line.

    Attributes:
        kind: "name", "number", "sign" or "end".
        text: As written; "" at the end.
        position: Of its first character, from 0.
    """

    kind: str
    text: str
    position: int

    @property
    def shown(self) -> str:
        """The token in a message."""
        return f"'{self.text}'" if self.text else "the end of the line"


def listed(names: Iterable[str]) -> str:
    """Names for a message, each once."""
    return ", ".join(dict.fromkeys(names))


def tokens(line: Text) -> Iterator[Token]:
    """The tokens of a line, and the end after them.

    Raises:
        WorkloadError: A character that the notation does not use, or too long a line.
    """
    position, end = 0, len(line.text.rstrip())
    for _ in range(_MOST_TOKENS):
        if position == end:
            break
        match = _TOKEN.match(line.text, position)
        if match is None or match.lastgroup is None:
            rest = line.text[position:]
            bad = position + len(rest) - len(rest.lstrip())
            raise line.fault(line.at(bad), f"{line.text[bad]!r} has no meaning here")
        yield Token(match.lastgroup, match[match.lastgroup], match.start(match.lastgroup))
        position = match.end()
    else:
        found = f"the line has more than {_MOST_TOKENS} words and signs"
        raise line.fault(line.at(position), found, "an Einsum split into several")
    yield Token("end", "", end)
