"""Layers of Hugging Face models: each family, then each error message."""

import json
from pathlib import Path

import pytest

from dse.errors import InputError, WorkloadError
from workloads.huggingface import FAMILIES, from_config, from_str
from workloads.transformer import TransformerLayer

EXAMPLE = Path(__file__).parents[2] / "examples" / "workloads" / "config.json"

BERT_BASE = {
    "architectures": ["BertForMaskedLM"],
    "attention_probs_dropout_prob": 0.1,
    "hidden_act": "gelu",
    "hidden_size": 768,
    "intermediate_size": 3072,
    "max_position_embeddings": 512,
    "model_type": "bert",
    "num_attention_heads": 12,
    "num_hidden_layers": 12,
    "vocab_size": 30522,
}
DISTILBERT = {
    "model_type": "distilbert",
    "dim": 768,
    "hidden_dim": 3072,
    "n_heads": 12,
    "n_layers": 6,
}
GPT2 = {
    "activation_function": "gelu_new",
    "model_type": "gpt2",
    "n_ctx": 1024,
    "n_embd": 768,
    "n_head": 12,
    "n_inner": None,
    "n_layer": 12,
    "vocab_size": 50257,
}
LLAMA_3_8B = {
    "_name_or_path": "meta-llama/Meta-Llama-3-8B",
    "hidden_act": "silu",
    "hidden_size": 4096,
    "intermediate_size": 14336,
    "model_type": "llama",
    "num_attention_heads": 32,
    "num_hidden_layers": 32,
    "num_key_value_heads": 8,
}
MISTRAL_NEMO = {
    "model_type": "mistral",
    "head_dim": 128,
    "hidden_size": 5120,
    "intermediate_size": 14336,
    "num_attention_heads": 32,
    "num_key_value_heads": 8,
}
QWEN2_7B = {
    "model_type": "qwen2",
    "hidden_size": 3584,
    "intermediate_size": 18944,
    "num_attention_heads": 28,
    "num_key_value_heads": 4,
}
GEMMA_7B = {
    "model_type": "gemma",
    "head_dim": 256,
    "hidden_size": 3072,
    "intermediate_size": 24576,
    "num_attention_heads": 16,
    "num_key_value_heads": 16,
}
T5_SMALL = {
    "model_type": "t5",
    "d_ff": 2048,
    "d_kv": 64,
    "d_model": 512,
    "num_heads": 8,
    "num_layers": 6,
    "vocab_size": 32128,
}
FLAN_T5_SMALL = {
    "model_type": "t5",
    "d_ff": 1024,
    "d_kv": 64,
    "d_model": 512,
    "num_heads": 6,
    "feed_forward_proj": "gated-gelu",
}


def read(config, **options):
    return from_str(json.dumps(config), "config.json", **{"seq_len": 4096, **options})


def message(config):
    text = config if isinstance(config, str) else json.dumps(config)
    with pytest.raises(WorkloadError) as caught:
        from_str(text, "config.json", seq_len=4096)
    return str(caught.value)


def without(config, *keys):
    return {key: value for key, value in config.items() if key not in keys}


# config, heads, kv_heads, head_dim, d_model, d_ff, ffn_matrices
SHAPES = [
    (BERT_BASE, 12, 12, 64, 768, 3072, 2),
    ({**BERT_BASE, "model_type": "roberta"}, 12, 12, 64, 768, 3072, 2),
    ({**BERT_BASE, "model_type": "xlm-roberta"}, 12, 12, 64, 768, 3072, 2),
    (DISTILBERT, 12, 12, 64, 768, 3072, 2),
    (GPT2, 12, 12, 64, 768, 3072, 2),  # n_inner null: 4 * 768
    (LLAMA_3_8B, 32, 8, 128, 4096, 14336, 3),  # 4096 / 32
    (MISTRAL_NEMO, 32, 8, 128, 5120, 14336, 3),  # stated, not 5120 / 32 = 160
    (QWEN2_7B, 28, 4, 128, 3584, 18944, 3),  # 3584 / 28
    ({**MISTRAL_NEMO, "model_type": "qwen3"}, 32, 8, 128, 5120, 14336, 3),
    (GEMMA_7B, 16, 16, 256, 3072, 24576, 3),
    (T5_SMALL, 8, 8, 64, 512, 2048, 2),
    (FLAN_T5_SMALL, 6, 6, 64, 512, 1024, 3),
    ({**T5_SMALL, "model_type": "mt5"}, 8, 8, 64, 512, 2048, 3),  # MT5 is gated unless told
]


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape[0]["model_type"])
def test_each_family_gives_its_shapes(shape):
    layer = read(shape[0])
    found = (layer.heads, layer.kv_heads, layer.head_dim, layer.d_model, layer.d_ff)
    assert (*found, layer.ffn_matrices) == shape[1:]
    assert layer.value_dim == layer.head_dim


def test_every_family_is_tested():
    assert {shape[0]["model_type"] for shape in SHAPES} == set(FAMILIES)


def test_the_example_is_a_grouped_query_layer():
    assert from_config(file=EXAMPLE, seq_len=8192, batch=1) == TransformerLayer(
        name="llama",
        batch=1,
        heads=32,
        kv_heads=8,
        head_dim=128,
        value_dim=128,
        d_model=4096,
        d_ff=14336,
        ffn_matrices=3,
        seq_len=8192,
    )


def test_the_default_batch_is_64():
    assert read(BERT_BASE).batch == 64


def test_a_wider_inner_layer_of_gpt2_is_taken():
    assert read({**GPT2, "n_inner": 1000}).d_ff == 1000


def test_n_inner_may_be_absent():
    assert read(without(GPT2, "n_inner")).d_ff == 3072


def test_an_old_llama_shares_no_heads():
    assert read(without(LLAMA_3_8B, "num_key_value_heads")).kv_heads == 32


def test_t5_states_an_ungated_activation():
    assert read({**T5_SMALL, "feed_forward_proj": "relu"}).ffn_matrices == 2


def test_the_name_is_the_models_own():
    assert read(LLAMA_3_8B).name == "Meta-Llama-3-8B"


@pytest.mark.parametrize("path", ["", None])
def test_the_type_names_a_model_without_a_name(path):
    assert read({**BERT_BASE, "_name_or_path": path}).name == "bert"


def test_all_missing_keys_are_named():
    text = message(without(LLAMA_3_8B, "hidden_size", "intermediate_size"))
    assert text.startswith(
        "config.json: the llama configuration lacks hidden_size, intermediate_size"
    )


def test_null_is_missing_where_nothing_is_implied():
    assert "lacks intermediate_size" in message({**BERT_BASE, "intermediate_size": None})


@pytest.mark.parametrize("model_type", ["mistral", "qwen2"])
def test_constants_of_the_library_are_not_guessed(model_type):
    config = without({**MISTRAL_NEMO, "model_type": model_type}, "num_key_value_heads")
    assert f"the {model_type} configuration lacks num_key_value_heads" in message(config)


def test_an_unsupported_type_gets_a_hint_and_the_list():
    text = message({**BERT_BASE, "model_type": "robertta"})
    assert "model_type 'robertta' is not supported. Did you mean 'roberta'?" in text
    assert ", ".join(FAMILIES) in text


def test_a_missing_type_lists_the_types():
    text = message(without(BERT_BASE, "model_type"))
    assert "config.json: model_type is missing" in text
    assert "gpt2" in text


@pytest.mark.parametrize("value", ["768", 768.5, [768], True])
def test_a_size_is_a_whole_number(value):
    text = message({**BERT_BASE, "hidden_size": value})
    assert text.startswith("config.json: hidden_size: d_model = ")
    assert "is not a whole number" in text


def test_a_size_has_a_range():
    assert "hidden_size: d_model = 0 is out of range" in message({**BERT_BASE, "hidden_size": 0})


def test_bad_sizes_come_together():
    text = message({**BERT_BASE, "hidden_size": -1, "intermediate_size": "x"})
    assert "d_model = -1" in text
    assert "d_ff = 'x'" in text


def test_key_value_heads_divide_the_heads():
    text = message({**LLAMA_3_8B, "num_key_value_heads": 5})
    assert "num_key_value_heads: kv_heads = 5 does not divide heads = 32" in text


def test_heads_divide_the_model_dimension_where_no_head_dimension_is_stated():
    text = message({**BERT_BASE, "num_attention_heads": 7})
    assert "num_attention_heads = 7 does not divide hidden_size = 768" in text


def test_an_implied_width_has_a_range_too():
    text = message({**GPT2, "n_embd": 12 * 2**16})
    assert "d_ff = 3145728 is out of range" in text


def test_invalid_json_has_line_and_column():
    text = message('{"model_type": "bert",\n "hidden_size" 768}')
    assert text.startswith("config.json:2:16: this is not JSON")


def test_an_empty_file_is_not_json():
    assert message("").startswith("config.json:1:1: this is not JSON")


@pytest.mark.parametrize("text", ["[]", "7", "null", "[" * 100_000, "1" * 5000])
def test_json_of_another_kind_is_refused(text):
    assert "this JSON is not a model configuration" in message(text)


def test_a_directory_is_not_a_file(tmp_path):
    with pytest.raises(InputError, match="this is a folder"):
        from_config(file=tmp_path, seq_len=1024)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(InputError, match="no such file") as caught:
        from_config(file=tmp_path / "config.json", seq_len=1024)
    assert str(tmp_path / "config.json") in str(caught.value)


def test_weights_are_not_a_configuration(tmp_path):
    file = tmp_path / "model.bin"
    file.write_bytes(bytes(range(256)))
    with pytest.raises(InputError, match="binary"):
        from_config(file=file, seq_len=1024)
