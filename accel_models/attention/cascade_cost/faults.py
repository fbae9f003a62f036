"""What is wrong with a file, collected with its place, to be reported together."""

from __future__ import annotations

import math
import reprlib
from typing import TYPE_CHECKING, Any

from dse.errors import WorkloadError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from dse._yaml import KeyPath, YamlDocument

__all__ = ["Faults"]


class Faults:
    """The faults of one document.

    Args:
        document: It knows where its values stand.
    """

    def __init__(self, document: YamlDocument) -> None:
        self._document = document
        self._found: list[WorkloadError] = []

    def add(self, path: KeyPath, what: str, allowed: str | None = None) -> None:
        """Note a fault of the value at a path."""
        where = self._document.where(path)
        self._found.append(WorkloadError(what, where=where, allowed=allowed))

    def line_of(self, path: KeyPath) -> int:
        """The line on which the value at a path stands."""
        return self._document.position(path)[0]

    def raise_if_any(self) -> None:
        """Raise the faults, if any, as one error.

        Raises:
            WorkloadError: There is at least one.
        """
        if len(self._found) == 1:
            raise self._found[0]
        if self._found:
            raise WorkloadError("\n".join(str(fault) for fault in self._found))

    # -- values of a kind, or a fault ------------------------------------------------------------

    def keys(self, path: KeyPath, values: Iterable[str], known: Mapping[str, str]) -> None:
        """Every key must be known.

        Args:
            path: Where the mapping stands.
            values: Its keys.
            known: Key -> what it holds.
        """
        for key in values:
            if key not in known:
                hint = did_you_mean(key, known)
                self.add((*path, key), f"unknown key {key!r}.{hint}", ", ".join(known))

    def pairs(self, path: KeyPath, value: Any, allowed: str) -> dict[str, Any]:
        """Keys with values; empty if there are none."""
        if value is None or isinstance(value, dict):
            return value or {}
        self.add(path, f"{path[-1]} has no keys with values", allowed)
        return {}

    def names(self, path: KeyPath, value: Any) -> tuple[str, ...]:
        """A list of names; empty if there is none."""
        if value is None:
            return ()
        if isinstance(value, list) and all(isinstance(name, str) for name in value):
            return tuple(value)
        self.add(path, f"{path[-1]} is no list of names", "[NAME, ...]")
        return ()

    def number(self, path: KeyPath, value: Any, what: str) -> float | None:
        """A finite number from 0."""
        is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
        if is_number and 0 <= value < math.inf:
            return float(value)
        self.add(path, f"{what} = {reprlib.repr(value)} is no number from 0", "a number >= 0")
        return None

    def text(self, path: KeyPath, value: Any, default: str = "") -> str:
        """A text on one line."""
        if value is None:
            return default
        if isinstance(value, str):
            return " ".join(value.split())
        self.add(path, f"{path[-1]} is no text", "a text")
        return default
