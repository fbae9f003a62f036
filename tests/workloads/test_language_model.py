"""Parameters, bytes and work of whole models: by hand, and against published totals."""

import pickle

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dse.errors import WorkloadError
from workloads.language.attention import Attention
from workloads.language.catalogue import entry, language_model, names
from workloads.language.feed_forward import Experts, FeedForward
from workloads.language.model import Block, LanguageModel, Precision, Stack

# Totals that the owners or the model cards state, all exact
PUBLISHED = {
    "bert-base": 109_482_240,
    "deepseek-v2-lite": 15_706_484_224,
    "deepseek-v3": 671_026_419_200,
    "gpt2": 124_439_808,
    "gpt2-xl": 1_557_611_200,
    "llama-2-70b": 68_976_648_192,
    "llama-2-7b": 6_738_415_616,
    "llama-3-70b": 70_553_706_496,
    "llama-3-8b": 8_030_261_248,
    "llama-3.2-1b": 1_235_814_400,
    "mistral-7b": 7_241_732_096,
    "mixtral-8x7b": 46_702_792_704,
    "qwen2-1.5b": 1_543_714_304,
    "qwen2-7b": 7_615_616_512,
    "qwen3-30b-a3b": 30_532_122_624,
    "qwen3-8b": 8_190_735_360,
    "t5-base": 222_903_552,
    "t5-small": 60_506_624,
}

ATTENTION = Attention(heads=4, kv_heads=2, head_dim=8, value_dim=8)
BLOCK = Block(attention=ATTENTION, feed_forward=FeedForward(d_ff=64))
TINY = LanguageModel(name="tiny", d_model=32, vocab_size=100, decoder=(Stack(BLOCK, 3),))
MIXED = Block(
    attention=ATTENTION,
    feed_forward=Experts(
        experts=8, active=2, expert=FeedForward(d_ff=16), shared=FeedForward(d_ff=24)
    ),
)


@pytest.mark.parametrize("name", PUBLISHED)
def test_parameters_equal_the_published_total(name):
    assert language_model(name).parameters == PUBLISHED[name]


def test_every_network_has_a_total_and_a_source():
    assert list(names()) == sorted(PUBLISHED)
    for name in names():
        assert entry(name)["parameters"] == PUBLISHED[name]
        assert "config.json" in entry(name)["source"]


def test_parameters_by_hand():
    # layer: q and o 2*32*32, k and v 2*32*16, three of 32*64, two norms; embedding and head
    layer = 2048 + 1024 + 6144 + 64
    assert TINY.parameters == 3 * layer + 2 * 3200 + 32


def test_a_tied_head_is_stored_once():
    tied = LanguageModel(
        name="tied", d_model=32, vocab_size=100, decoder=TINY.decoder, tied_head=True
    )
    assert TINY.parameters - tied.parameters == 3200


def test_experts_by_hand():
    network = MIXED.feed_forward
    # router 8*32, shared 3*32*24, experts 3*32*16 each
    assert network.parameters(32) == 256 + 2304 + 8 * 1536
    assert network.parameters(32, experts=2) == 256 + 2304 + 2 * 1536


# "47B parameters, but only 13B active" (Mixtral, arXiv 2401.04088), "671B with 37B" (DeepSeek-V3,
# arXiv 2412.19437), "30.5B with 3.3B" (Qwen3-30B-A3B card).
@pytest.mark.parametrize(
    ("name", "billions", "tolerance"),
    [
        ("mixtral-8x7b", 12.9, 0.1),
        ("deepseek-v3", 37, 0.6),
        ("qwen3-30b-a3b", 3.3, 0.06),
    ],
)
def test_active_parameters_round_to_the_stated_ones(name, billions, tolerance):
    found = language_model(name).active_parameters / 1e9
    assert found == pytest.approx(billions, abs=tolerance)


# Bytes per token at 16 bits: 2 tensors * 2 bytes * layers * key-value heads * head dimension
CACHE = {
    "llama-2-7b": 4 * 32 * 32 * 128,
    "llama-3-8b": 4 * 32 * 8 * 128,
    "llama-2-70b": 4 * 80 * 8 * 128,
    "gpt2": 4 * 12 * 12 * 64,
    "deepseek-v2-lite": 2 * 27 * (512 + 64),
    "deepseek-v3": 2 * 61 * (512 + 64),
}


@pytest.mark.parametrize("name", CACHE)
def test_cache_per_token(name):
    model = language_model(name)
    assert model.cache_bytes_per_token == CACHE[name]
    assert model.cache_bytes(1000) == 1000 * CACHE[name]


def test_a_window_bounds_the_cache():
    model = language_model("mistral-7b")
    assert model.cache_bytes(100_000) == model.cache_bytes(4096) == 4096 * 131072


def test_precision_sets_bytes():
    model = language_model("llama-3-8b", Precision(4, 16, 8))
    assert model.weight_bytes == 8_030_261_248 / 2
    assert model.cache_bytes_per_token == CACHE["llama-3-8b"] / 2


def test_cross_attention_caches_the_source():
    model = language_model("t5-small")
    per_token = 2 * 6 * 8 * 128
    assert model.cache_bytes(10, source=30) == per_token * 40


# -- work --------------------------------------------------------------------------------------


def test_work_of_a_prompt_by_hand():
    # per token and layer 2048 + 1024 + 6144 MACs; scores 4 heads * 16 * pairs; head once
    assert TINY.prefill_macs(5) == 3 * (5 * 9216 + 64 * 15) + 3200


def test_work_of_a_step_by_hand():
    assert TINY.decode_macs(5) == 3 * (9216 + 64 * 5) + 3200


def test_two_operations_per_mac():
    assert TINY.prefill_flops(5) == 2 * TINY.prefill_macs(5)
    assert TINY.decode_flops(5) == 2 * TINY.decode_macs(5)


def test_llama_2_7b_takes_about_two_flops_per_weight():
    # without the embedding, 6.607e9 weights; scores 32 layers * 32 heads * 256 * 1 key
    model = language_model("llama-2-7b")
    assert model.decode_flops(1) == 2 * (6_607_077_376 + 32 * 32 * 256)


def test_a_step_passes_active_experts_only():
    model = LanguageModel(name="mixed", d_model=32, vocab_size=100, decoder=(Stack(MIXED, 1),))
    assert model.decode_macs(1) == 2048 + 1024 + 256 + 2304 + 2 * 1536 + 64 + 3200


@settings(deadline=None)
@given(st.integers(1, 40), st.integers(1, 40))
def test_a_prompt_is_its_steps_without_their_heads(first, more):
    # A causal prompt of n + m tokens computes what n tokens and then m decode steps compute.
    steps = sum(TINY.decode_macs(first + j + 1) for j in range(more))
    assert TINY.prefill_macs(first + more) + more * 3200 == TINY.prefill_macs(first) + steps


def test_an_encoder_sees_both_ways():
    model = language_model("bert-base")
    linear = 12 * (4 * 768 * 768 + 2 * 768 * 3072)
    assert model.prefill_macs(128) == 128 * linear + 12 * 12 * 128 * 128**2


def test_an_encoder_decoder_by_hand():
    model = language_model("t5-small")
    attention, ffn, head = 4 * 512 * 512, 2 * 512 * 2048, 512 * 32128
    encoder = 6 * (10 * (attention + ffn) + 8 * 128 * 100)
    assert model.prefill_macs(10) == encoder + 10 * 6 * 2 * 512 * 512
    step = 6 * (attention + 2 * 512 * 512 + ffn + 8 * 128 * (3 + 10)) + head
    assert model.decode_macs(3, source=10) == step


def test_latent_attention_is_absorbed_in_a_step():
    model = language_model("deepseek-v2-lite")
    one, two = (model.decode_macs(t) for t in (1, 2))
    assert two - one == 27 * 16 * (576 + 512)


# -- the description ---------------------------------------------------------------------------


def test_models_are_values():
    assert language_model("gpt2") == language_model("gpt2")
    assert len({language_model("gpt2"), language_model("gpt2"), TINY}) == 2
    assert pickle.loads(pickle.dumps(TINY)) == TINY


def test_an_unknown_network_gets_a_hint():
    with pytest.raises(WorkloadError, match="unknown network 'llama-3-8'") as caught:
        language_model("llama-3-8")
    assert "Did you mean 'llama-3-8b'?" in str(caught.value)


def test_a_model_has_layers():
    with pytest.raises(WorkloadError, match="no layer"):
        LanguageModel(name="empty", d_model=32, vocab_size=100)


def test_a_stack_has_layers():
    with pytest.raises(WorkloadError, match="layers = 0 is out of range"):
        LanguageModel(name="empty", d_model=32, vocab_size=100, decoder=(Stack(BLOCK, 0),))


@pytest.mark.parametrize("bits", [0, 65, 8.0, "8"])
def test_bits_have_a_range(bits):
    with pytest.raises(WorkloadError, match="cache_bits") as caught:
        Precision(cache_bits=bits)
    assert "from 1 to 64" in str(caught.value)


def test_no_more_experts_are_active_than_there_are():
    with pytest.raises(WorkloadError, match="active = 9 of experts = 8"):
        Experts(experts=8, active=9, expert=FeedForward(d_ff=16))
