"""Language models from a Hugging Face `config.json`.

`BUILDERS` holds one function per family of `model_type`s; the meaning of the keys, and what an
absent one stands for, follows the configuration classes of the `transformers` library. A key that
decides a size must be there where the library would fill in a constant of one particular model.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any, TypeAlias

from dse._yaml import read_text
from dse.errors import WorkloadError, did_you_mean
from workloads.huggingface import model_name, parse_config
from workloads.language.attention import Attention, LatentAttention
from workloads.language.config_keys import Keys
from workloads.language.feed_forward import Experts, FeedForward
from workloads.language.model import Block, LanguageModel, Precision, Stack

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path


def from_config(file: Path, precision: Precision | None = None) -> LanguageModel:
    """The language model that a `config.json` describes.

    Args:
        file: The model's `config.json`.
        precision: Bits per element; 16 each if None.

    Raises:
        WorkloadError: Not JSON, a family that is not supported, or sizes that are missing or wrong
            (all named in one error).
        InputError: The file cannot be read.
    """
    return from_mapping(parse_config(read_text(file), str(file)), str(file), precision)


def from_mapping(
    config: Mapping[str, Any], source: str, precision: Precision | None = None
) -> LanguageModel:
    """The language model that a configuration at hand describes.

    Args:
        config: The content of a `config.json`.
        source: Where it comes from, for messages.
        precision: Bits per element; 16 each if None.

    Raises:
        WorkloadError: As for `from_config`.
    """
    model_type = str(config.get("model_type", ""))
    if model_type not in BUILDERS:
        raise WorkloadError(
            f"model_type {model_type!r} is not supported.{did_you_mean(model_type, BUILDERS)}",
            where=source,
            allowed=", ".join(BUILDERS),
        )
    keys = Keys(config, source)
    name = model_name(config)
    fields = BUILDERS[model_type](keys)
    keys.raise_faults()
    return LanguageModel(name=name, precision=precision or Precision(), **fields())


Fields: TypeAlias = "Callable[[], dict[str, Any]]"
"""Builds the fields of a model, once the sizes are known to be right."""


@dataclass(frozen=True)
class Dialect:
    """What a family of Llama's kin means by its keys, and by those that are absent.

    Attributes:
        required: Keys that must be there.
        input_bias: Whether the query, key and value projections have a bias.
        head_norms: Whether queries and keys are normalised head by head.
        absent_window: Sliding window of a configuration that does not speak of one.
        switched_window: Whether a window counts only if `use_sliding_window` is true; the first
            `max_window_layers` layers then go without.
    """

    required: frozenset[str] = frozenset()
    input_bias: bool = False
    head_norms: bool = False
    absent_window: int | None = None
    switched_window: bool = False


_LLAMA = Dialect()
_MISTRAL = Dialect(frozenset({"num_key_value_heads"}), absent_window=4096)
_MIXTRAL = replace(_MISTRAL, absent_window=None)
_QWEN2 = Dialect(frozenset({"num_key_value_heads"}), input_bias=True, switched_window=True)
_QWEN3 = Dialect(
    frozenset({"num_key_value_heads", "head_dim"}), head_norms=True, switched_window=True
)


def _grouped(keys: Keys, dialect: Dialect) -> Callable[[], Attention]:
    """The attention of Llama and its kin."""

    def implied(key: str, value: int) -> int:
        return keys.size(key) if key in dialect.required else keys.size(key, max(value, 1))

    heads = keys.size("num_attention_heads")
    kv_heads = implied("num_key_value_heads", heads)
    width = implied("head_dim", keys.size("hidden_size") // heads)
    slides = keys.flag("use_sliding_window", default=False) or not dialect.switched_window
    window = keys.optional("sliding_window", dialect.absent_window) if slides else None
    output_bias = keys.flag("attention_bias", default=False)
    return lambda: Attention(
        heads=heads,
        kv_heads=kv_heads,
        head_dim=width,
        value_dim=width,
        window=window,
        input_bias=dialect.input_bias or output_bias,
        output_bias=output_bias,
        norm_parameters=2 * width if dialect.head_norms else 0,
    )


def _stacks(
    keys: Keys, dialect: Dialect, network: Callable[[], FeedForward | Experts]
) -> Callable[[], tuple[Stack, ...]]:
    """Equal layers; where a window is switched on, the first ones may go without it."""
    attention, layers = _grouped(keys, dialect), keys.size("num_hidden_layers")
    whole = keys.optional("max_window_layers") if dialect.switched_window else None

    def stacks() -> tuple[Stack, ...]:
        block = Block(attention=attention(), feed_forward=network())
        full = replace(block, attention=replace(attention(), window=None))
        first = min(whole or 0, layers) if block != full else 0
        parts = (Stack(full, first), Stack(block, layers - first))
        return tuple(part for part in parts if part.count)

    return stacks


def _decoder(keys: Keys, stacks: Callable[[], tuple[Stack, ...]]) -> Fields:
    """A decoder-only model with RMS norms and, unless told, a head of its own."""
    d_model, vocab_size = keys.size("hidden_size"), keys.size("vocab_size")
    tied = keys.flag("tie_word_embeddings", default=False)
    return lambda: {
        "d_model": d_model, "vocab_size": vocab_size, "decoder": stacks(), "tied_head": tied
    }  # fmt: skip


def _dense(keys: Keys, dialect: Dialect) -> Fields:
    """Llama and its kin: a gated feed-forward network in every layer."""
    d_ff, bias = keys.size("intermediate_size"), keys.flag("mlp_bias", default=False)
    return _decoder(keys, _stacks(keys, dialect, lambda: FeedForward(d_ff=d_ff, bias=bias)))


def _mixture(keys: Keys, dialect: Dialect, names: tuple[str, str]) -> Fields:
    """Mixtral and Qwen-MoE: every layer routes, no network is shared."""
    keys.only("decoder_sparse_step", 1)
    keys.only("mlp_only_layers", [])
    active = keys.size("num_experts_per_tok")
    experts, d_ff = (keys.size(name) for name in names)

    def network() -> Experts:
        return Experts(experts=experts, active=active, expert=FeedForward(d_ff=d_ff))

    return _decoder(keys, _stacks(keys, dialect, network))


def _deepseek(keys: Keys) -> Fields:
    """DeepSeek-V2 and -V3: latent attention; dense layers first, then mixtures of experts."""
    keys.only("moe_layer_freq", 1)
    sizes = {
        "heads": keys.size("num_attention_heads"),
        "query_rank": keys.optional("q_lora_rank"),
        "kv_rank": keys.size("kv_lora_rank"),
        "nope_dim": keys.size("qk_nope_head_dim"),
        "rope_dim": keys.size("qk_rope_head_dim"),
        "value_dim": keys.size("v_head_dim"),
    }
    layers, dense = keys.size("num_hidden_layers"), keys.size("first_k_dense_replace")
    d_ff, expert_ff = keys.size("intermediate_size"), keys.size("moe_intermediate_size")
    experts, active = keys.size("n_routed_experts"), keys.size("num_experts_per_tok")
    shared = keys.size("n_shared_experts")
    corrected = keys.word("topk_method", "greedy") == "noaux_tc"

    def stacks() -> tuple[Stack, ...]:
        attention = LatentAttention(**sizes)  # type: ignore[arg-type]  # the names are the fields
        mixture = Experts(
            experts=experts,
            active=active,
            expert=FeedForward(d_ff=expert_ff),
            shared=FeedForward(d_ff=shared * expert_ff),
            router_bias=corrected,
        )
        first = Block(attention=attention, feed_forward=FeedForward(d_ff=d_ff))
        others = Block(attention=attention, feed_forward=mixture)
        return (Stack(first, dense), Stack(others, layers - dense))

    return _decoder(keys, stacks)


def _gpt2(keys: Keys) -> Fields:
    d_model, heads, layers = (keys.size(key) for key in ("n_embd", "n_head", "n_layer"))
    d_ff = keys.size("n_inner", 4 * d_model)
    vocab_size, positions = keys.size("vocab_size"), keys.size("n_positions")
    return lambda: {
        "d_model": d_model,
        "vocab_size": vocab_size,
        "decoder": (Stack(_classic_block(d_model, heads, d_ff), layers),),
        "tied_head": True,
        "position_rows": positions,
        "norm_vectors": 2,
    }


def _bert(keys: Keys) -> Fields:
    """The encoder with its pooler; heads for particular tasks do not count."""
    d_model, heads = keys.size("hidden_size"), keys.size("num_attention_heads")
    d_ff, layers = keys.size("intermediate_size"), keys.size("num_hidden_layers")
    vocab_size = keys.size("vocab_size")
    rows = keys.size("max_position_embeddings") + keys.size("type_vocab_size")
    return lambda: {
        "d_model": d_model,
        "vocab_size": vocab_size,
        "encoder": (Stack(_classic_block(d_model, heads, d_ff), layers),),
        "has_head": False,
        "position_rows": rows,
        "norm_vectors": 2,
        "other_parameters": d_model * (d_model + 1),
    }


def _classic_block(d_model: int, heads: int, d_ff: int) -> Block:
    """Multi-head attention, two layer norms, biases everywhere."""
    width = d_model // heads
    attention = Attention(
        heads=heads, kv_heads=heads, head_dim=width, value_dim=width,
        input_bias=True, output_bias=True,
    )  # fmt: skip
    network = FeedForward(d_ff=d_ff, ffn_matrices=2, bias=True)
    return Block(attention=attention, feed_forward=network, norm_vectors=4)


def _t5(keys: Keys) -> Fields:
    """Encoder and decoder; each has one table of relative positions."""
    d_model, d_ff, vocab_size = (keys.size(key) for key in ("d_model", "d_ff", "vocab_size"))
    heads, width, layers = (keys.size(key) for key in ("num_heads", "d_kv", "num_layers"))
    decoder_layers = keys.size("num_decoder_layers", layers)
    buckets = keys.size("relative_attention_num_buckets", 32)
    gated = keys.word("feed_forward_proj", "relu").startswith("gated")
    tied = keys.flag("tie_word_embeddings", default=True)

    def fields() -> dict[str, Any]:
        attention = Attention(heads=heads, kv_heads=heads, head_dim=width, value_dim=width)
        network = FeedForward(d_ff=d_ff, ffn_matrices=3 if gated else 2)
        encoding = Block(attention=attention, feed_forward=network)
        decoding = Block(attention=attention, feed_forward=network, cross=attention, norm_vectors=3)
        return {
            "d_model": d_model,
            "vocab_size": vocab_size,
            "encoder": (Stack(encoding, layers),),
            "decoder": (Stack(decoding, decoder_layers),),
            "tied_head": tied,
            "norm_vectors": 2,
            "other_parameters": 2 * buckets * heads,
        }

    return fields


BUILDERS: dict[str, Callable[[Keys], Fields]] = {
    "bert": _bert,
    "gpt2": _gpt2,
    "t5": _t5,
    "llama": partial(_dense, dialect=_LLAMA),
    "mistral": partial(_dense, dialect=_MISTRAL),
    "mixtral": partial(
        _mixture, dialect=_MIXTRAL, names=("num_local_experts", "intermediate_size")
    ),
    "qwen2": partial(_dense, dialect=_QWEN2),
    "qwen3": partial(_dense, dialect=_QWEN3),
    "qwen3_moe": partial(_mixture, dialect=_QWEN3, names=("num_experts", "moe_intermediate_size")),
    "deepseek_v2": _deepseek,
    "deepseek_v3": _deepseek,
}
"""`model_type` -> reader of its keys, which returns the builder of a model's fields."""
