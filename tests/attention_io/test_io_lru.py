"""FlashAttention-2 through a cache that replaces the least recently used word."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from accel_models.attention.io_complexity.lru import LruCache, LruCounts, lru_trace_fa2

A, B, C = (("Q", 0, k) for k in range(3))


@pytest.fixture
def cache():
    return LruCache(2)


@settings(deadline=None)
@given(
    st.integers(1, 7), st.integers(1, 3), st.integers(1, 8), st.integers(1, 8), st.integers(0, 9)
)
def test_a_cache_that_holds_everything_moves_the_compulsory_words(N, d, Br, Bc, spare):
    M = 4 * N * d + spare
    assert lru_trace_fa2(N, d, M, Br, Bc) == LruCounts(loads=3 * N * d, stores=N * d)


@settings(deadline=None)
@given(st.integers(1, 7), st.integers(1, 3), st.integers(1, 8), st.integers(1, 60))
def test_no_cache_moves_less_than_compulsory_and_none_more_than_all_accesses(N, d, tile, M):
    found = lru_trace_fa2(N, d, M, tile, tile)
    accesses = N * N * d
    assert 3 * N * d <= found.loads <= 4 * accesses
    assert N * d <= found.stores <= accesses


def test_control_by_hand_beats_the_cache():
    # The same tiles, explicitly controlled: 64 + 2*64*4 loads and 64 stores.
    found = lru_trace_fa2(16, 4, 64, 4, 4)
    assert found == LruCounts(936, 244)
    assert found.loads > 576


def test_least_recently_used_word_goes_first(cache):
    for word in (A, B, A, C, A):  # C replaces B, not A
        cache.read(word)
    assert cache.loads == 3
    cache.read(B)
    assert cache.loads == 4


def test_first_write_fetches_nothing_and_is_stored_once(cache):
    cache.write(A)
    cache.write(A)
    cache.flush()
    assert (cache.loads, cache.stores) == (0, 1)


def test_write_after_eviction_is_a_load(cache):
    cache.write(A)
    cache.read(B)
    cache.read(C)  # evicts A
    cache.write(A)
    cache.flush()
    assert (cache.loads, cache.stores) == (3, 2)


def test_clean_words_are_not_stored(cache):
    cache.read(A)
    cache.flush()
    assert cache.stores == 0
