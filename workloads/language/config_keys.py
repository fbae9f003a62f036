"""The keys of a `config.json`, read one by one, with every fault remembered."""

from __future__ import annotations

import reprlib
from typing import TYPE_CHECKING, Any

from dse.errors import WorkloadError
from workloads._checks import raise_faults
from workloads.language.checks import allowed_counts, count_fault

if TYPE_CHECKING:
    from collections.abc import Mapping


class Keys:
    """Reads the keys of a configuration and remembers every fault.

    Args:
        config: The configuration.
        source: Where it comes from, for messages.
    """

    def __init__(self, config: Mapping[str, Any], source: str) -> None:
        self._config = config
        self._source = source
        self._faults: list[WorkloadError] = []

    def size(self, key: str, default: int | None = None) -> int:
        """A count; `default` where the key is absent or null, and a fault without one.

        Args:
            key: The key.
            default: What an absent key stands for; None if it must be there.
        """
        value = self._config.get(key)
        if value is None and default is not None:
            return default
        if value is None:
            what = f"the {self._config['model_type']} configuration lacks {key}"
            next_step = "add it, or download the config.json again"
            self._faults.append(WorkloadError(what, where=self._source, next_step=next_step))
            return 1
        if fault := count_fault(key, value):
            where = f"{self._source}: {key}"
            self._faults.append(WorkloadError(fault, where=where, allowed=allowed_counts()))
            return 1
        return int(value)

    def optional(self, key: str, absent: int | None = None) -> int | None:
        """A count, or None where the key is null.

        Args:
            key: The key.
            absent: What an absent key stands for.
        """
        if key not in self._config:
            return absent
        return None if self._config[key] is None else self.size(key)

    def only(self, key: str, value: object) -> None:
        """Demand that a key, if it is there, has the one value that is supported.

        Args:
            key: The key.
            value: What it must be.
        """
        found = self._config.get(key, value)
        if found != value:
            what = f"{key} = {reprlib.repr(found)} is not supported"
            self._faults.append(WorkloadError(what, where=self._source, allowed=str(value)))

    def flag(self, key: str, *, default: bool) -> bool:
        """A truth value; anything that counts as true in JSON."""
        return bool(self._config.get(key, default))

    def word(self, key: str, default: str) -> str:
        """A name."""
        return str(self._config.get(key, default))

    def raise_faults(self) -> None:
        """Raise all faults as one error; return if there are none."""
        raise_faults(self._faults)
