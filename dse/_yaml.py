"""YAML that a person wrote: plain data plus the place of every key, and errors that name it.

The data follow YAML 1.2: `1e-3` is a number and `no` is a word. Duplicate keys, tags and
aliases are errors.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn

import yaml

from dse.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

__all__ = ["KeyPath", "YamlDocument", "dump_yaml", "load_yaml", "read_text", "scalar"]

KeyPath = tuple[str | int, ...]
"""Where a value stands: the keys and positions that lead to it."""

_MAX_BYTES = 1_000_000
_MAX_NODES = 200_000
_MAX_DEPTH = 30
_MAX_DIGITS = 300
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

_WORDS: dict[str, Any] = {
    "": None, "~": None, "null": None, "Null": None, "NULL": None,
    "true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False,
    ".inf": float("inf"), "+.inf": float("inf"), "-.inf": float("-inf"), ".nan": float("nan"),
}  # fmt: skip
_INTEGER = re.compile(r"[-+]?[0-9]+(?:_[0-9]+)*")
_BASED = re.compile(r"0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")


@dataclass(frozen=True)
class YamlDocument:
    """Plain data and where each part of it was written.

    Attributes:
        data: Mappings, lists, text, numbers, booleans and None.
        source: Name of the file, for messages.
        places: Key path -> (line, column), both counted from 1.
    """

    data: Any
    source: str
    places: Mapping[KeyPath, tuple[int, int]]

    def where(self, path: KeyPath) -> str:
        """Where the value at this path, or the nearest known part around it, stands.

        Args:
            path: The keys and positions that lead to the value.

        Returns:
            "file:line:column".
        """
        return _at(self.source, *self.position(path))

    def position(self, path: KeyPath) -> tuple[int, int]:
        """Line and column, from 1, of the value at this path or the nearest part around it."""
        while path and path not in self.places:
            path = path[:-1]
        return self.places.get(path, (1, 1))

    def mapping(self) -> dict[str, Any]:
        """The data, which must be a mapping.

        Raises:
            InputError: The top level is a list or a single value.
        """
        if isinstance(self.data, dict):
            return self.data
        raise InputError(
            f"the file holds {_kind(self.data)}",
            where=self.where(()),
            allowed="keys with values, such as `study: NAME`",
        )


def read_text(path: Path, max_bytes: int = _MAX_BYTES) -> str:
    """Read a text file that a person wrote.

    Args:
        path: The file; a byte-order mark is dropped.
        max_bytes: Larger files are refused unread.

    Raises:
        InputError: Missing (names the absolute path tried), a folder, unreadable, too large,
            binary, or not UTF-8.
    """
    place = str(path)
    try:
        if path.is_dir():
            raise InputError("this is a folder", where=place, allowed="a text file")
        size = path.stat().st_size
        if size > max_bytes:
            found = f"the file has {size:,} bytes"
            raise InputError(found, where=place, allowed=f"at most {max_bytes:,} bytes")
        content = path.read_bytes()
    except FileNotFoundError:
        tried = f"tried {path.absolute()}"
        raise InputError(
            f"no such file ({tried})", where=place, next_step="check the path"
        ) from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise InputError(f"cannot be read: {reason}", where=repr(place)) from None
    return _decoded(content, place)


def _decoded(content: bytes, place: str) -> str:
    if b"\x00" in content:
        raise InputError("this is a binary file", where=place, allowed="UTF-8 text")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        found = f"byte {content[error.start]:#04x} is not UTF-8"
        raise InputError(found, where=f"{place}:{line}", allowed="UTF-8 text") from None


def load_yaml(text: str, source: str) -> YamlDocument:
    """Read one YAML document.

    Args:
        text: Its text.
        source: Name of the file, for messages.

    Raises:
        InputError: Names file, line and column of what is not YAML, of a duplicate key, a tag, an
            alias, too deep nesting, or an empty file.
    """
    try:
        return _Reader(text, source).document()
    except yaml.MarkedYAMLError as error:
        raise _syntax_error(error, text, source) from None
    except yaml.YAMLError as error:
        raise _character_error(error, text, source) from None
    except UnicodeError:
        raise InputError("the text is not Unicode", where=source, allowed="UTF-8 text") from None


def scalar(text: str) -> Any:
    """The value of an unquoted YAML 1.2 word: None, a bool, an int, a float, or the text itself.

    Raises:
        InputError: A number that no float can hold.
    """
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.fullmatch(text):
        if len(text) > _MAX_DIGITS:
            raise InputError(f"{text[:12]}... is too large a number", allowed="a finite number")
        return int(text)
    if _BASED.fullmatch(text) and len(text) <= _MAX_DIGITS:
        return int(text, 0)
    if _FLOAT.fullmatch(text):
        return float(text)
    return text


class _Dumper(yaml.SafeDumper):
    """Quotes every text that `scalar` would take for something else."""

    def ignore_aliases(self, data: Any) -> bool:
        del data
        return True


def _quoted(dumper: _Dumper, text: str) -> yaml.ScalarNode:
    style = None if scalar(text) == text else "'"
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _quoted)


def dump_yaml(data: Any) -> str:
    """Write plain data so that `load_yaml` returns exactly the same."""
    text: str = yaml.dump(data, Dumper=_Dumper, sort_keys=False, allow_unicode=True)
    return text


class _Reader:
    """Builds the data of one document from parser events, noting where everything stands."""

    def __init__(self, text: str, source: str) -> None:
        self._events: Iterator[Any] = yaml.parse(text, Loader=_LOADER)
        self._source = source
        self._places: dict[KeyPath, tuple[int, int]] = {}
        self._nodes = 0

    def document(self) -> YamlDocument:
        next(self._events)  # the start of the stream
        start = next(self._events)
        if isinstance(start, yaml.StreamEndEvent):
            raise InputError("the file is empty", where=self._source, allowed="keys with values")
        data = self._value(next(self._events), ())
        next(self._events)  # the end of the document
        following = next(self._events)
        if not isinstance(following, yaml.StreamEndEvent):
            self._refuse(following, "a second document begins", "one document per file")
        return YamlDocument(data, self._source, self._places)

    def _value(self, event: Any, path: KeyPath) -> Any:
        self._places.setdefault(path, _position(event))
        self._check_bounds(event, path)
        if isinstance(event, yaml.AliasEvent):
            self._refuse(event, f"the alias *{event.anchor}", "the value written out")
        if event.tag not in (None, "!"):
            self._refuse(event, f"the tag {event.tag!r}", "plain values without tags")
        if isinstance(event, yaml.MappingStartEvent):
            return self._mapping(path)
        if isinstance(event, yaml.SequenceStartEvent):
            return self._sequence(path)
        return self._scalar(event)

    def _mapping(self, path: KeyPath) -> dict[str, Any]:
        values: dict[str, Any] = {}
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            if not isinstance(event, yaml.ScalarEvent):
                self._refuse(event, "a key that is not a word", "a word as key")
            key = event.value
            if key in values:
                first = self._places[*path, key][0]
                self._refuse(
                    event, f"the key {key!r} occurs twice, first in line {first}", "each key once"
                )
            self._places[*path, key] = _position(event)
            values[key] = self._value(next(self._events), (*path, key))
        return values

    def _sequence(self, path: KeyPath) -> list[Any]:
        values: list[Any] = []
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            values.append(self._value(event, (*path, len(values))))
        return values

    def _scalar(self, event: Any) -> Any:
        if not event.implicit[0]:
            return event.value
        try:
            return scalar(event.value)
        except InputError as error:
            self._refuse(event, error.what, error.allowed)

    def _check_bounds(self, event: Any, path: KeyPath) -> None:
        self._nodes += 1
        if self._nodes > _MAX_NODES:
            self._refuse(event, f"more than {_MAX_NODES:,} values", f"at most {_MAX_NODES:,}")
        if len(path) > _MAX_DEPTH:
            self._refuse(event, "nested too deeply", f"at most {_MAX_DEPTH} levels")

    def _refuse(self, event: Any, what: str, allowed: str | None) -> NoReturn:
        raise InputError(what, where=_at(self._source, *_position(event)), allowed=allowed)


def _position(event: Any) -> tuple[int, int]:
    return event.start_mark.line + 1, event.start_mark.column + 1


def _at(source: str, line: int, column: int) -> str:
    return f"{source}:{line}:{column}"


def _kind(data: Any) -> str:
    return "a list" if isinstance(data, list) else "nothing" if data is None else "a single value"


def _syntax_error(error: yaml.MarkedYAMLError, text: str, source: str) -> InputError:
    mark = error.problem_mark or error.context_mark
    problem = " ".join(part for part in (error.context, error.problem) if part)
    if mark is None:
        return InputError(f"not YAML: {problem}", where=source)
    lines = text.splitlines()
    line = lines[mark.line] if mark.line < len(lines) else ""
    tabbed = "\t" in line[: mark.column + 1]
    return InputError(
        f"not YAML: {'a tab where a space belongs' if tabbed else problem}",
        where=_at(source, mark.line + 1, mark.column + 1),
        next_step="indent with spaces"
        if tabbed
        else "check brackets, quotes, colons and indentation",
    )


def _character_error(error: yaml.YAMLError, text: str, source: str) -> InputError:
    """The reader met a character that YAML forbids; it tells the position only."""
    forbidden = next(
        (i for i, c in enumerate(text) if not c.isprintable() and c not in "\n\r\t"), 0
    )
    before = text[:forbidden]
    line, column = before.count("\n") + 1, forbidden - before.rfind("\n")
    reason = getattr(error, "reason", str(error))
    return InputError(f"not YAML: {reason}", where=_at(source, line, column), allowed="UTF-8 text")
