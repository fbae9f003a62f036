"""Simulating many designs side by side."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_Given = TypeVar("_Given")
_Found = TypeVar("_Found")


def thread_count() -> int:
    """OMP_NUM_THREADS where it is set (Ray sets it for its workers), else the cores we may use."""
    wanted = os.environ.get("OMP_NUM_THREADS", "")
    return int(wanted) if wanted.isdigit() and int(wanted) else len(os.sched_getaffinity(0))


def run_all(run: Callable[[_Given], _Found], given: Sequence[_Given], threads: int) -> list[_Found]:
    """`run` of everything given, in order; it must leave the interpreter lock alone."""
    if min(threads, len(given)) <= 1:
        return [run(one) for one in given]
    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(run, given))
