"""Reading a cascade from a YAML file.

    cascade: attention                      # name; the file's if left out
    summary: What it computes.
    source: Where it was published.
    ranks: {m: 1024, m0: 128, e: 64}        # sizes; `s: t` makes s a second variable over rank t
    split: {m: [m1, m0]}                    # m = m1 * size(m0) + m0
    inputs: Q[e, p] K[e, m] V[f, m]
    initial: {RM: -inf}                     # values of iterative tensors at coordinate 0
    einsums: |
      QK[m, p] = Q[e, p] * K[e, m]          # one Einsum per line; see `notation`
    results: [AV]

Faults are reported together, each with its line and column: first those of the keys, the ranks and
the notation of every line; then, if keys and ranks are in order, those of the names in all lines
that could be read; the order of the tensors once nothing else is wrong.
"""

from __future__ import annotations

import math
import re
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeVar

from accel_models.attention.cascades.cascade import Cascade
from accel_models.attention.cascades.checks import faults
from accel_models.attention.cascades.einsums import Place
from accel_models.attention.cascades.notation import parse_accesses, parse_einsum
from accel_models.attention.cascades.ranks import Ranks, checked_size, completed
from accel_models.attention.cascades.text import Text, listed
from dse._yaml import load_yaml, read_text
from dse.errors import InputError, WorkloadError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from accel_models.attention.cascades.einsums import Access, Einsum
    from dse._yaml import KeyPath, YamlDocument

__all__ = ["cascade_from_file", "cascade_from_text"]

_KEYS: Mapping[str, str] = MappingProxyType(
    {
        "cascade": "a name",
        "summary": "text",
        "source": "text",
        "ranks": "{m: 1024, e: 64, ...}",
        "split": "{m: [m1, m0], ...}",
        "inputs": "tensors, such as Q[e, p] K[e, m]",
        "initial": "{RM: -inf, ...}",
        "einsums": "|, then one Einsum per line",
        "results": "names of tensors",
    }
)
_REQUIRED = ("ranks", "inputs", "einsums", "results")
_MOST_EINSUMS = 200
_NAME = re.compile(r"[A-Za-z_]\w*")
_Read = TypeVar("_Read")


def cascade_from_file(path: Path) -> Cascade:
    """The cascade that a YAML file describes.

    Args:
        path: The file; its name is the cascade's unless the file gives one.

    Raises:
        WorkloadError: What the file says is wrong; all faults in one error.
        InputError: The file cannot be read or is not YAML.
    """
    return cascade_from_text(read_text(path), str(path), name=path.stem)


def cascade_from_text(text: str, source: str = "<text>", *, name: str = "cascade") -> Cascade:
    """The cascade that a YAML text describes; `cascade_from_file` for text at hand.

    Args:
        text: The text.
        source: Where it comes from, for messages.
        name: Name of the cascade if the text gives none.

    Raises:
        WorkloadError: What the text says is wrong; all faults in one error.
        InputError: The text is not YAML.
    """
    return _Reader(text, source).cascade(name)


class _Reader:
    """Reads one document and collects what is wrong with it."""

    def __init__(self, text: str, source: str) -> None:
        self._document: YamlDocument = load_yaml(text, source)
        self._data = _mapping(self._document)
        self._lines = text.removeprefix("\ufeff").splitlines()
        self._source = source
        self._faults: list[InputError] = []
        self._line_faults: list[InputError] = []
        self._unread: set[str] = set()  # tensors of lines that cannot be read

    def cascade(self, name: str) -> Cascade:
        self._check_keys()
        splits = self._splits()
        ranks = self._ranks(splits)
        inputs = self._inputs(splits)
        cascade = Cascade(
            name=self._word("cascade") or name,
            einsums=self._einsums(splits),
            inputs=inputs,
            results=self._results(),
            ranks=ranks,
            summary=self._word("summary"),
            source=self._word("source"),
        )
        if self._faults:
            self._raise()
        cascade = replace(cascade, initial=self._initial(cascade))
        self._faults += faults(cascade, self._source, self._unread)
        self._check_results(cascade)
        self._raise()
        return cascade

    # -- keys ------------------------------------------------------------------------------------

    def _check_keys(self) -> None:
        for key in self._data:
            if key not in _KEYS:
                hint = did_you_mean(key, _KEYS)
                self._blame((key,), f"unknown key {key!r}.{hint}", ", ".join(_KEYS))
        for key in _REQUIRED:
            if self._data.get(key) is None:
                self._blame((key,), f"the key {key!r} is missing", f"{key}: {_KEYS[key]}")

    def _word(self, key: str) -> str:
        value = self._data.get(key)
        if value is None or isinstance(value, str):
            return " ".join((value or "").split())
        self._blame((key,), f"{key} is not text", _KEYS[key])
        return ""

    def _pairs(self, key: str) -> dict[str, Any]:
        value = self._data.get(key)
        if value is None or isinstance(value, dict):
            return value or {}
        self._blame((key,), f"{key} has no keys with values", _KEYS[key])
        return {}

    def _names(self, path: KeyPath, value: Any) -> tuple[str, ...]:
        """A list of names, or names in one text."""
        found = value.replace(",", " ").split() if isinstance(value, str) else value
        if isinstance(found, list) and found and all(isinstance(name, str) for name in found):
            return tuple(found)
        self._blame(path, f"{path[-1]} is no list of names", "[NAME, ...]")
        return ()

    def _results(self) -> tuple[str, ...]:
        value = self._data.get("results")
        return () if value is None else self._names(("results",), value)

    # -- ranks -----------------------------------------------------------------------------------

    def _splits(self) -> Mapping[str, tuple[str, ...]]:
        found: dict[str, tuple[str, ...]] = {}
        taken = list(self._pairs("split"))
        for whole, value in self._pairs("split").items():
            parts = self._names(("split", whole), value)
            if len(parts) == 1:
                self._blame(("split", whole), f"{whole} has one part", "two or more")
            for part in parts:
                if part in taken:
                    self._blame(("split", whole), f"duplicate: the part {part} occurs twice")
                taken.append(part)
            found[whole] = parts
        return MappingProxyType(found)

    def _ranks(self, splits: Mapping[str, tuple[str, ...]]) -> Ranks:
        given = self._pairs("ranks")
        aliases = {name: value for name, value in given.items() if isinstance(value, str)}
        sizes = {name: value for name, value in given.items() if name not in aliases}
        parts = [part for parts in splits.values() for part in parts]
        checked = {n: self._attempt(("ranks", n), checked_size, n, s) for n, s in sizes.items()}
        valid = [name for name, size in checked.items() if size is not None]
        for name, rank in aliases.items():
            if name in {*splits, *parts}:
                self._blame(("ranks", name), f"{name} is split, and so no alias", "a number")
            elif rank not in sizes and rank not in parts:
                hint = did_you_mean(rank, [*valid, *parts])
                found = f"{name} = {rank!r} is neither a size nor another rank.{hint}"
                self._blame(("ranks", name), found, listed([*valid, *parts]))
        complete = None
        if len(valid) == len(sizes):
            complete = self._attempt(("ranks",), completed, sizes, splits)
        return Ranks(complete or MappingProxyType({}), splits, MappingProxyType(aliases))

    # -- tensors ---------------------------------------------------------------------------------

    def _inputs(self, splits: Mapping[str, tuple[str, ...]]) -> tuple[Access, ...]:
        value = self._data.get("inputs")
        if value is None:
            return ()
        if isinstance(value, list) and all(isinstance(item, str) for item in value):
            lines = [
                line for i, item in enumerate(value) for line in self._texts(("inputs", i), item)
            ]
        elif isinstance(value, str):
            lines = list(self._texts(("inputs",), value))
        else:
            self._blame(("inputs",), "inputs are no tensors", _KEYS["inputs"])
            return ()
        found = (self._parsed(parse_accesses, line, splits, _NAME.findall) or () for line in lines)
        return tuple(access for accesses in found for access in accesses)

    def _einsums(self, splits: Mapping[str, tuple[str, ...]]) -> tuple[Einsum, ...]:
        value = self._data.get("einsums")
        if value is None:
            return ()
        if not isinstance(value, str):
            self._blame(("einsums",), "einsums are no block of text", _KEYS["einsums"])
            return ()
        lines = list(self._texts(("einsums",), value))
        if len(lines) > _MOST_EINSUMS:
            found = f"the cascade has {len(lines):,} Einsums"
            self._blame(("einsums",), found, f"at most {_MOST_EINSUMS}")
            return ()
        found_all = (self._parsed(parse_einsum, line, splits, _first_tensor) for line in lines)
        return tuple(einsum for einsum in found_all if einsum is not None)

    def _initial(self, cascade: Cascade) -> Mapping[str, float]:
        iterative = [
            e.name for e in cascade.einsums if any(index.offset for index in e.output.indices)
        ]
        found = {}
        for name, value in self._pairs("initial").items():
            path = ("initial", name)
            if name not in (*iterative, *self._unread):
                hint = did_you_mean(name, iterative)
                allowed = listed(iterative) or "none: no tensor is defined at i+1"
                self._blame(path, f"{name!r} is no iterative tensor.{hint}", allowed)
            found[name] = self._initial_value(path, value)
        return MappingProxyType(found)

    def _initial_value(self, path: KeyPath, value: Any) -> float:
        """A number, infinite ones included; 0, and a fault noted, if it is none."""
        if value in ("inf", "-inf"):
            return float(value)
        try:
            is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
            number = float(value) if is_number else math.nan
        except OverflowError:
            number = math.nan
        if math.isnan(number):
            self._blame(path, f"the initial value of {path[-1]} is not a number", "-inf, 0, ...")
            return 0.0
        return number

    def _check_results(self, cascade: Cascade) -> None:
        defined = [einsum.name for einsum in cascade.einsums]
        for position, name in enumerate(cascade.results):
            if name not in (*defined, *self._unread):
                hint = did_you_mean(name, defined)
                found = f"result {name!r} is never defined.{hint}"
                self._blame(("results",), found, listed(defined))
            if name in cascade.results[:position]:
                self._blame(("results",), f"duplicate: result {name!r} is named twice")

    # -- places ----------------------------------------------------------------------------------

    def _texts(self, path: KeyPath, value: str) -> Iterator[Text]:
        """The lines of a text without comments, each with its place in the file."""
        for number, line in enumerate(self._pieces(value)):
            place = self._place(path, number, line)
            if line.strip():
                yield Text(line, self._source, place)

    def _pieces(self, value: str) -> Sequence[str]:
        return [line.partition("#")[0].rstrip() for line in value.splitlines()]

    def _place(self, path: KeyPath, number: int, line: str) -> Place:
        """Where a line of a text starts: on the line of its key, or in the block below it."""
        top, column = self._document.position(path)
        key = str(path[-1]) if isinstance(path[-1], str) else ""
        for row, start in ((top, column - 1 + len(key)), (top + 1 + number, 0)):
            raw = self._lines[row - 1] if row <= len(self._lines) else ""
            found = raw.find(line.strip(), start) if line.strip() else -1
            if found >= 0:
                return Place(row, found + 1 - (len(line) - len(line.lstrip())))
        return Place(top, column)

    def _parsed(
        self,
        parse: Callable[..., _Read],
        line: Text,
        splits: Mapping[str, tuple[str, ...]],
        tensors: Callable[[str], Iterable[str]],
    ) -> _Read | None:
        """What a line says; None, with its error and the `tensors` it defines noted, if nothing."""
        try:
            return parse(line, splits)
        except WorkloadError as error:
            self._line_faults.append(error)
            self._unread.update(tensors(line.text))
            return None

    def _attempt(self, path: KeyPath, function: Callable[..., Any], *arguments: Any) -> Any:
        """The function's result; None, and its error noted, if it refuses."""
        try:
            return function(*arguments)
        except WorkloadError as error:
            self._blame(path, error.what, error.allowed)
            return None

    def _blame(self, path: KeyPath, what: str, allowed: str | None = None) -> None:
        where = self._document.where(path)
        self._faults.append(WorkloadError(what, where=where, allowed=allowed))

    def _raise(self) -> None:
        found = [*self._faults, *self._line_faults]
        if len(found) == 1:
            raise found[0]
        if found:
            raise WorkloadError("\n".join(str(fault) for fault in found))


def _mapping(document: YamlDocument) -> dict[str, Any]:
    """The keys of a cascade; the hint of the framework is about jobs."""
    try:
        return document.mapping()
    except InputError as error:
        allowed = "keys with values, such as `ranks: {m: 1024}`"
        raise WorkloadError(error.what, where=error.where, allowed=allowed) from None


def _first_tensor(line: str) -> list[str]:
    """The tensor that an Einsum defines, as far as can be told from its text."""
    return _NAME.findall(line)[:1]
