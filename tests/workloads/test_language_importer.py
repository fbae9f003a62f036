"""Language models from config.json: families, what an absent key means, and each message."""

import json
from pathlib import Path

import pytest

from dse.errors import InputError, WorkloadError
from workloads.language.catalogue import entry, language_model, names
from workloads.language.importer import BUILDERS, from_config, from_mapping

EXAMPLE = Path(__file__).parents[2] / "examples" / "workloads" / "config.json"


def config(name, **changes):
    return {**entry(name)["config"], **changes}


def without(name, *keys):
    return {key: value for key, value in config(name).items() if key not in keys}


def message(content):
    with pytest.raises(WorkloadError) as caught:
        from_mapping(content, "config.json")
    return str(caught.value)


def attention(content):
    return from_mapping(content, "config.json").decoder[0].block.attention


def test_every_family_is_in_the_catalogue():
    assert {entry(name)["config"]["model_type"] for name in names()} == set(BUILDERS)


def test_the_example_is_llama_3_8b():
    model, published = from_config(EXAMPLE), language_model("llama-3-8b")
    assert model.decoder == published.decoder
    assert model.parameters == published.parameters


def test_grouped_heads():
    found = attention(config("qwen2-7b"))
    assert (found.heads, found.kv_heads, found.head_dim, found.input_bias) == (28, 4, 128, True)


def test_multi_query_heads():
    assert attention(config("llama-3-8b", num_key_value_heads=1)).cached_elements == 256


def test_an_old_llama_shares_no_heads():
    assert attention(without("llama-2-7b", "num_key_value_heads")).kv_heads == 32


def test_a_sliding_window_may_be_switched_off():
    assert attention(config("mistral-7b")).window == 4096
    assert attention(config("qwen2-7b")).window is None
    assert attention(without("qwen2-7b", "use_sliding_window")).window is None
    assert attention(config("qwen2-7b", use_sliding_window=True)).window == 131072


def test_an_absent_window_is_the_familys():
    assert attention(without("mistral-7b", "sliding_window")).window == 4096
    assert attention(without("mixtral-8x7b", "sliding_window")).window is None
    assert attention(config("mistral-7b", sliding_window=None)).window is None


def test_the_first_layers_may_go_without_a_window():
    changes = {"use_sliding_window": True, "max_window_layers": 21}
    full, windowed = from_mapping(config("qwen2-7b", **changes), "config.json").decoder
    assert (full.count, full.block.attention.window) == (21, None)
    assert (windowed.count, windowed.block.attention.window) == (7, 131072)


@pytest.mark.parametrize("limit", [28, 100])
def test_all_layers_may_go_without_a_window(limit):
    changes = {"use_sliding_window": True, "max_window_layers": limit}
    (only,) = from_mapping(config("qwen2-7b", **changes), "config.json").decoder
    assert (only.count, only.block.attention.window) == (28, None)


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("mistral-7b", "num_key_value_heads"),
        ("mixtral-8x7b", "num_key_value_heads"),
        ("qwen2-7b", "num_key_value_heads"),
        ("qwen3-8b", "head_dim"),
        ("qwen3-30b-a3b", "num_experts"),
    ],
)
def test_constants_of_the_library_are_not_guessed(name, key):
    assert f"configuration lacks {key}" in message(without(name, key))


def test_experts_of_mixtral():
    network = language_model("mixtral-8x7b").decoder[0].block.feed_forward
    assert (network.experts, network.active, network.shared) == (8, 2, None)


def test_deepseek_begins_dense():
    dense, mixture = language_model("deepseek-v2-lite").decoder
    assert (dense.count, mixture.count) == (1, 26)
    network = mixture.block.feed_forward
    assert (network.experts, network.active, network.shared.d_ff) == (64, 6, 2 * 1408)


def test_gpt2_ties_its_head():
    assert language_model("gpt2").tied_head


def test_a_gated_t5_has_three_matrices():
    model = from_mapping(config("t5-small", feed_forward_proj="gated-gelu"), "config.json")
    assert model.encoder[0].block.feed_forward.ffn_matrices == 3


def test_all_faults_come_together():
    text = message({**without("llama-3-8b", "vocab_size"), "hidden_size": -4})
    assert "the llama configuration lacks vocab_size" in text
    assert "config.json: hidden_size: hidden_size = -4 is out of range" in text


@pytest.mark.parametrize(
    ("name", "key", "value"),
    [
        ("qwen3-30b-a3b", "decoder_sparse_step", 2),
        ("qwen3-30b-a3b", "mlp_only_layers", [0, 1]),
        ("deepseek-v3", "moe_layer_freq", 3),
    ],
)
def test_other_patterns_of_layers_are_refused(name, key, value):
    assert f"{key} = {value} is not supported" in message(config(name, **{key: value}))


def test_null_is_missing():
    assert "lacks kv_lora_rank" in message(config("deepseek-v2-lite", kv_lora_rank=None))


@pytest.mark.parametrize("value", ["32", 32.5, [32], True])
def test_a_size_is_a_whole_number(value):
    text = message(config("gpt2", n_head=value))
    assert "n_head = " in text
    assert "is not a whole number" in text


def test_an_unsupported_type_gets_a_hint():
    text = message(config("gpt2", model_type="lama"))
    assert "model_type 'lama' is not supported. Did you mean 'llama'?" in text


def test_a_missing_type_lists_the_types():
    assert "deepseek_v3" in message(without("gpt2", "model_type"))


def test_key_value_heads_divide_the_heads():
    assert "does not divide heads = 32" in message(config("llama-3-8b", num_key_value_heads=5))


def test_a_broken_file_has_line_and_column(tmp_path):
    file = tmp_path / "config.json"
    file.write_text('{"model_type": "llama",\n "hidden_size" 4096}')
    with pytest.raises(WorkloadError, match=r"config\.json:2:16: this is not JSON"):
        from_config(file)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(InputError, match="no such file"):
        from_config(tmp_path / "config.json")


def test_a_real_config_with_other_keys(tmp_path):
    file = tmp_path / "config.json"
    extra = {"architectures": ["X"], "rope_theta": 1e4, "torch_dtype": "bfloat16"}
    file.write_text(json.dumps({**config("llama-2-7b"), **extra}))
    assert from_config(file).parameters == 6_738_415_616
