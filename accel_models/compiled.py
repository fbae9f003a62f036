"""How the functions of a simulator are compiled."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar, cast

import numba

if TYPE_CHECKING:
    from collections.abc import Callable

_Function = TypeVar("_Function", bound="Callable[..., Any]")


class Compiler:
    """The decorators of one simulator, whose functions all release the interpreter lock.

    Args:
        options: Further options of `numba.njit` for all functions.
    """

    def __init__(self, **options: Any) -> None:
        self._options: dict[str, Any] = {"nogil": True, **options}

    def compiled(self, function: _Function) -> _Function:
        """Compile at first use and keep the result on disk: what Python calls."""
        return self._njit(function, cache=True)

    def called(self, function: _Function) -> _Function:
        """A part of the simulator that its callers call: used in many places, or seldom."""
        return self._njit(function)

    def inlined(self, function: _Function) -> _Function:
        """A part that becomes part of its callers: worth it on the path that every event takes."""
        return self._njit(function, forceinline=True)

    def _njit(self, function: _Function, **options: Any) -> _Function:
        return cast("_Function", numba.njit(**self._options, **options)(function))
