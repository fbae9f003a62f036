"""Schedules executed word by word: right results, never above the capacity."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from io_cases import IDS, KEYS, counted, executed, gradients, random_tensors, small_heads, tilings

from accel_models.attention.io_complexity import execution
from accel_models.attention.io_complexity.memory import TwoLevelMemory, prefetched
from accel_models.attention.io_complexity.tiling import Head, Tiling
from dse.errors import InputError

FORWARD = [key for key in KEYS if key[0] == "forward"]


@pytest.fixture
def memory():
    return TwoLevelMemory(10, {"A": np.arange(24.0).reshape(6, 4)})


# -- results -------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", FORWARD, ids=" ".join)
@settings(deadline=None)
@given(head=small_heads(), tiling=tilings())
def test_forward_schedules_compute_attention(key, head, tiling):
    found = executed(key, head, tiling).slow["O"]
    np.testing.assert_allclose(found, random_tensors(head, causal=tiling.causal)["O"], atol=1e-9)


@settings(deadline=None)
@given(head=small_heads(), tiling=tilings())
def test_flash_attention_2_saves_the_log_sum_exp(head, tiling):
    tiling = Tiling(tiling.Br, tiling.Bc, tiling.buffers, tiling.causal, statistics=True)
    found = executed(("forward", "fa2"), head, tiling).slow["L"]
    np.testing.assert_allclose(found, random_tensors(head, causal=tiling.causal)["L"], atol=1e-9)


@settings(deadline=None)
@given(head=small_heads(), tiling=tilings())
def test_backward_schedule_computes_the_gradients(head, tiling):
    found = executed(("backward", "fa2"), head, tiling).slow
    expected = gradients(random_tensors(head, causal=tiling.causal), causal=tiling.causal)
    for name, gradient in expected.items():
        np.testing.assert_allclose(found[name], gradient, atol=1e-8)


def test_online_softmax_is_safe_where_the_exponential_overflows():
    tensors = random_tensors(Head(16, 4, 4))
    tensors["Q"] *= 1000.0
    found = execution.execute(execution.FORWARD["fa2"], tensors, Tiling(4, 4), 1000).slow["O"]
    scores = tensors["Q"] @ tensors["K"].T
    p = np.exp(scores - scores.max(axis=1, keepdims=True))
    np.testing.assert_allclose(found, p / p.sum(axis=1, keepdims=True) @ tensors["V"], atol=1e-9)


# -- capacity ------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", KEYS, ids=IDS)
@settings(deadline=None)
@given(head=small_heads(), tiling=tilings())
def test_schedules_run_within_their_peak_and_refuse_one_word_less(key, head, tiling):
    peak = counted(key, head, tiling).peak_words
    assert executed(key, head, tiling, peak).peak_words == peak
    with pytest.raises(InputError, match="the fast memory overflows"):
        executed(key, head, tiling, peak - 1)


@pytest.mark.parametrize("key", KEYS, ids=IDS)
@settings(deadline=None)
@given(head=small_heads(), tiling=tilings())
def test_schedules_release_all_that_they_take(key, head, tiling):
    assert executed(key, head, tiling).resident_words == 0


def test_overflow_says_what_was_loaded_and_what_was_resident(memory):
    memory.load("A", slice(0, 2))
    with pytest.raises(InputError) as caught:
        memory.load("A", slice(2, 5), slice(0, 1))
    assert str(caught.value) == (
        "the fast memory overflows: a part of A (3 x 1) beside 8 resident words makes 11\n"
        "  allowed: at most 10 words at any time\n"
        "  next:    choose smaller tiles or a larger memory"
    )


def test_overflow_by_an_allocation_names_its_size(memory):
    with pytest.raises(InputError, match=r"a block \(3 x 4\) beside 0 resident words makes 12"):
        memory.allocate(3, 4)


# -- the memory ----------------------------------------------------------------------------------


def test_loads_and_stores_are_counted_by_array_and_as_messages(memory):
    block = memory.load("A", slice(0, 2))
    memory.store("A", block[:1], slice(5, 6))
    assert (memory.loads["A"], memory.stores["A"], memory.messages) == (8, 4, 2)


def test_resident_words_are_a_copy(memory):
    block = memory.load("A", slice(0, 1))
    block += 100.0
    assert memory.slow["A"][0].tolist() == [0, 1, 2, 3]


def test_store_writes_slow_memory(memory):
    memory.store("A", np.full((1, 4), 7.0), slice(1, 2))
    assert memory.slow["A"][1].tolist() == [7.0] * 4


def test_peak_remembers_what_was_released(memory):
    memory.release(memory.allocate(2, 4))
    memory.allocate(3)
    assert (memory.resident_words, memory.peak_words) == (3, 8)


@settings(deadline=None)
@given(count=st.integers(0, 6), buffers=st.integers(1, 3))
def test_prefetching_keeps_the_order_and_loads_that_many_ahead(count, buffers):
    loaded, seen = [], []

    def load(item):
        loaded.append(item)
        return item

    for item in prefetched([lambda i=i: load(i) for i in range(count)], buffers):
        assert len(loaded) == min(count, item + buffers)
        seen.append(item)
    assert seen == list(range(count))
