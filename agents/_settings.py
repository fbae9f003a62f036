"""Checks of searcher settings, so that every searcher refuses bad ones in the same words."""

from __future__ import annotations

from numbers import Integral

from dse.errors import InputError


def check_whole(name: str, value: object, low: int) -> None:
    """Demand a whole number of at least `low`.

    Raises:
        InputError: Names the setting, its value and what is allowed.
    """
    if isinstance(value, bool) or not isinstance(value, Integral) or value < low:
        raise InputError(f"setting {name} = {value!r}", allowed=f"a whole number, at least {low}")


def check_between(name: str, value: object, low: float, high: float) -> None:
    """Demand a number above `low` and at most `high`.

    Raises:
        InputError: Names the setting, its value and what is allowed.
    """
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not low < value <= high:
        allowed = f"a number above {low:g} and at most {high:g}"
        raise InputError(f"setting {name} = {value!r}", allowed=allowed)
