"""The options of `reset`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dse.errors import InputError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Mapping

_KNOWN = ("random_start",)


def wants_random_start(
    options: Mapping[str, Any] | None, *, lets_others_pass: bool = False
) -> bool:
    """Whether `reset` shall start at random designs.

    Args:
        options: {"random_start": True}, or nothing.
        lets_others_pass: Accept options that are not ours, unless they look like a misspelling.

    Raises:
        InputError: Another option, or a value that is not a boolean.
    """
    for name in options or {}:
        hint = did_you_mean(name, _KNOWN)
        if name not in _KNOWN and (hint or not lets_others_pass):
            raise InputError(f"unknown reset option {name!r}.{hint}", allowed=", ".join(_KNOWN))
    value = (options or {}).get("random_start", False)
    if not isinstance(value, bool):
        raise InputError(f"reset option random_start = {value!r}", allowed="True or False")
    return value
