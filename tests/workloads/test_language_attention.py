"""Masks, heads and caches: counted by hand and pair by pair."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dse.errors import WorkloadError
from workloads.language.attention import (
    Attention,
    Heads,
    LatentAttention,
    Matrix,
    attended_pairs,
    parameters_of,
)

MULTI_HEAD = Attention(heads=8, kv_heads=8, head_dim=64, value_dim=64)
GROUPED = Attention(heads=8, kv_heads=2, head_dim=64, value_dim=64)
MULTI_QUERY = Attention(heads=8, kv_heads=1, head_dim=64, value_dim=64)
LATENT = LatentAttention(
    heads=16, query_rank=None, kv_rank=512, nope_dim=128, rope_dim=64, value_dim=128
)


def test_a_causal_prompt_of_four_has_ten_pairs():
    assert attended_pairs(4, 4, "causal") == 10


def test_a_decode_step_attends_to_its_context():
    assert attended_pairs(1, 100, "causal") == 100


def test_a_full_mask_pairs_all():
    assert attended_pairs(4, 7, "full") == 28


def test_a_window_of_two():
    # 1, 2, 2, 2
    assert attended_pairs(4, 4, "causal", 2) == 7


@settings(deadline=None)
@given(
    st.integers(1, 60),
    st.integers(0, 60),
    st.one_of(st.none(), st.integers(1, 130)),
)
def test_pairs_one_by_one(queries, before, window):
    keys = before + queries
    expected = sum(
        key <= query and (window is None or key > query - window)
        for query in range(before, keys)
        for key in range(keys)
    )
    assert attended_pairs(queries, keys, "causal", window) == expected


@pytest.mark.parametrize(
    ("attention", "cached"),
    [(MULTI_HEAD, 1024), (GROUPED, 256), (MULTI_QUERY, 128), (LATENT, 576)],
)
def test_elements_that_a_token_adds_to_the_cache(attention, cached):
    assert attention.cached_elements == cached


def test_grouping_shrinks_only_keys_and_values():
    sizes = [parameters_of(a.matrices(512)) for a in (MULTI_HEAD, GROUPED, MULTI_QUERY)]
    # queries and outputs 2 * 512^2; keys and values 2 * 512 * 64 per key-value head
    assert sizes == [524288 + 65536 * kv for kv in (8, 2, 1)]


def test_a_score_counts_query_heads():
    assert Heads(8, 2, 64, 32).macs(10) == 8 * 96 * 10


def test_latent_passes_have_equally_many_weights():
    prefill, decode = (
        parameters_of(LATENT.matrices(2048, phase)) for phase in ("prefill", "decode")
    )
    # queries 2048 * 16 * 192, down 2048 * 576, expansion 512 * 16 * 256, output 16 * 128 * 2048
    assert prefill == decode == 6291456 + 1179648 + 2097152 + 4194304


def test_a_latent_prompt_attends_in_full_heads():
    heads = LATENT.scores("prefill")
    assert (heads.queries, heads.keys, heads.key_dim, heads.value_dim) == (16, 16, 192, 128)
    assert not heads.are_cached


def test_a_latent_step_shares_one_vector_per_token():
    heads = LATENT.scores("decode")
    assert (heads.queries, heads.keys, heads.key_dim, heads.value_dim) == (16, 1, 576, 512)
    assert heads.elements_per_token == 576


def test_compressed_queries_take_two_matrices():
    attention = LatentAttention(
        heads=2, query_rank=8, kv_rank=16, nope_dim=4, rope_dim=2, value_dim=4
    )
    assert attention.matrices(32)[:2] == (Matrix(32, 8), Matrix(8, 12))
    assert attention.vector_parameters(32) == 24


def test_biases_by_hand():
    attention = Attention(
        heads=8, kv_heads=2, head_dim=64, value_dim=64, input_bias=True, output_bias=True
    )
    assert attention.vector_parameters(500) == 512 + 128 + 128 + 500


@pytest.mark.parametrize("value", [0, -1, 2.0, "8", True, 2**25])
def test_a_size_is_a_count(value):
    with pytest.raises(WorkloadError, match="head_dim = ") as caught:
        Attention(heads=8, kv_heads=2, head_dim=value, value_dim=64)
    assert "a whole number from 1" in str(caught.value)


def test_key_value_heads_divide_the_heads():
    with pytest.raises(WorkloadError, match="kv_heads = 3 does not divide heads = 8"):
        Attention(heads=8, kv_heads=3, head_dim=64, value_dim=64)
