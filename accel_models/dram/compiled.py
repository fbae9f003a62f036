"""How the simulator's functions are compiled."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar, cast

import numba

if TYPE_CHECKING:
    from collections.abc import Callable

_Function = TypeVar("_Function", bound="Callable[..., Any]")

# Nothing here allocates, so arrays need no reference counts: those were a quarter of the time.
_OPTIONS: dict[str, Any] = {"nogil": True, "_nrt": False}


def compiled(function: _Function) -> _Function:
    """Compile at first use, keep the result on disk, and release the interpreter lock."""
    return cast("_Function", numba.njit(cache=True, **_OPTIONS)(function))


def called(function: _Function) -> _Function:
    """A part of the simulator that its callers call: used in many places, or seldom."""
    return cast("_Function", numba.njit(**_OPTIONS)(function))


def inlined(function: _Function) -> _Function:
    """A part that becomes part of its callers: worth it on the path that every request takes."""
    return cast("_Function", numba.njit(forceinline=True, **_OPTIONS)(function))
