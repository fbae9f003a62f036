"""FlashAttention-2's accesses through a cache that decides by itself: least recently used."""

from __future__ import annotations

from collections import OrderedDict
from itertools import product
from typing import TYPE_CHECKING, NamedTuple

from accel_models.attention.io_complexity.tiles import cuts

if TYPE_CHECKING:
    from collections.abc import Iterator

Word = tuple[str, int, int]


class LruCounts(NamedTuple):
    """What the cache moves.

    Attributes:
        loads: Words fetched.
        stores: Dirty words evicted or flushed.
    """

    loads: int
    stores: int


class LruCache:
    """A fully associative write-back cache of words, with one exception for outputs.

    The first write to a word allocates it without a fetch, because its old value is nothing that a
    schedule could need; once it was evicted, a miss on it is a load.

    Args:
        capacity_words: M, the words that it holds.
    """

    def __init__(self, capacity_words: int) -> None:
        self.capacity_words = capacity_words
        self.loads = self.stores = 0
        self._is_dirty: OrderedDict[Word, bool] = OrderedDict()
        self._written_back: set[Word] = set()

    def read(self, word: Word) -> None:
        """Touch a word; a miss is a load."""
        if word not in self._is_dirty:
            self.loads += 1
        self._touch(word, is_write=False)

    def write(self, word: Word) -> None:
        """Touch a word and mark it; a miss is a load only if it was evicted before."""
        if word not in self._is_dirty and word in self._written_back:
            self.loads += 1
        self._touch(word, is_write=True)

    def flush(self) -> None:
        """Empty the cache; each dirty word is a store."""
        while self._is_dirty:
            self._evict()

    def _touch(self, word: Word, *, is_write: bool) -> None:
        was_dirty = self._is_dirty.pop(word, False)
        if len(self._is_dirty) == self.capacity_words:
            self._evict()
        self._is_dirty[word] = was_dirty or is_write

    def _evict(self) -> None:
        word, is_dirty = self._is_dirty.popitem(last=False)
        if is_dirty:
            self.stores += 1
            self._written_back.add(word)


def lru_trace_fa2(N: int, d: int, M: int, Br: int, Bc: int) -> LruCounts:
    """Loads and stores of FlashAttention-2's trace in an LRU cache of M words.

    Scores, maxima and sums are not traced: they stay in registers.

    Args:
        N: Tokens.
        d: Width of the head.
        M: Words that the cache holds.
        Br: Queries per tile.
        Bc: Keys per tile.
    """
    cache = LruCache(M)
    for rows, keys in product(cuts(N, Br), cuts(N, Bc)):
        for r, c, k in _points(rows, keys, d):
            cache.read(("Q", r, k))
            cache.read(("K", c, k))
        for r, c, k in _points(rows, keys, d):
            cache.read(("V", c, k))
            cache.write(("O", r, k))
    cache.flush()
    return LruCounts(cache.loads, cache.stores)


def _points(rows: slice, keys: slice, d: int) -> Iterator[tuple[int, int, int]]:
    return product(range(rows.start, rows.stop), range(keys.start, keys.stop), range(d))
