"""A fast memory of so many words in front of an unbounded slow one; it refuses to overflow."""

from __future__ import annotations

import math
from collections import Counter, deque
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from dse.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from dse._columns import FloatArray

T = TypeVar("T")


class TwoLevelMemory:
    """Moves blocks of words explicitly and counts them.

    A schedule may compute only on blocks that it loaded or allocated, and must release them. What
    one arithmetic operation needs while it runs lives in registers and is not counted.

    Args:
        capacity_words: M, the words that fast memory holds.
        slow: Slow memory, array by name. It is written in place.

    Attributes:
        loads: Words loaded, by name of the array.
        stores: Words stored, by name of the array.
        messages: Loads and stores.
        resident_words: Words in fast memory now.
        peak_words: Most words that were ever in it.
    """

    def __init__(self, capacity_words: float, slow: dict[str, FloatArray]) -> None:
        self.capacity_words = capacity_words
        self.slow = slow
        self.loads: Counter[str] = Counter()
        self.stores: Counter[str] = Counter()
        self.messages = 0
        self.resident_words = 0
        self.peak_words = 0

    def allocate(self, *shape: int) -> FloatArray:
        """A block of zeros in fast memory.

        Raises:
            InputError: Fast memory cannot hold it beside what is resident.
        """
        self._take("a block", shape)
        return np.zeros(shape)

    def load(self, name: str, *index: slice | int) -> FloatArray:
        """A copy of a part of a slow array in fast memory.

        Raises:
            InputError: Fast memory cannot hold it beside what is resident.
        """
        part = self.slow[name][index]
        self._take(f"a part of {name}", part.shape)
        self.loads[name] += part.size
        self.messages += 1
        return part.copy()

    def load_rows(
        self, names: tuple[str, ...], rows: slice
    ) -> tuple[slice, tuple[FloatArray, ...]]:
        """The same rows of several slow arrays, and which rows they are."""
        return rows, tuple(self.load(name, rows) for name in names)

    def store(self, name: str, block: FloatArray, *index: slice | int) -> None:
        """Write a resident block to a part of a slow array; it stays resident."""
        self.slow[name][index] = block
        self.stores[name] += block.size
        self.messages += 1

    def release(self, *blocks: FloatArray) -> None:
        """Give the words of resident blocks back."""
        self.resident_words -= sum(block.size for block in blocks)

    def _take(self, what: str, shape: tuple[int, ...]) -> None:
        words = math.prod(shape)
        needed = self.resident_words + words
        if needed > self.capacity_words:
            size = " x ".join(map(str, shape))
            raise InputError(
                f"the fast memory overflows: {what} ({size}) beside {self.resident_words:,} "
                f"resident words makes {needed:,}",
                allowed=f"at most {self.capacity_words:,} words at any time",
                next_step="choose smaller tiles or a larger memory",
            )
        self.resident_words = needed
        self.peak_words = max(self.peak_words, needed)


def prefetched(loads: Iterable[Callable[[], T]], buffers: int) -> Iterator[T]:
    """Loaded items, one after the other; with two buffers the next is loaded ahead.

    The consumer releases an item before it asks for the next.

    Args:
        loads: What to call for each item, in order.
        buffers: How many items may be resident.
    """
    waiting: deque[T] = deque()
    for load in loads:
        waiting.append(load())
        if len(waiting) == buffers:
            yield waiting.popleft()
    yield from waiting
