"""Layers of Hugging Face models, from their `config.json`.

A family is a set of `model_type`s that keep their sizes under the same keys; `FAMILIES` holds one
line for each. The meaning of the keys, and what an absent one stands for, follows the
configuration classes of the `transformers` library. For encoder-decoder models the layer is that
of the encoder. Embeddings, the language-model head and the number of layers do not enter here;
`workloads.language.importer` reads them, and mixtures of experts and latent attention besides.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dse._yaml import read_text
from dse.errors import WorkloadError, did_you_mean
from workloads._checks import raise_faults, size_faults
from workloads.transformer import TransformerLayer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


@dataclass(frozen=True)
class Family:
    """Where one family of models keeps the sizes of its layers.

    Attributes:
        heads: Key of the number of query heads.
        d_model: Key of the model dimension.
        d_ff: Key of the inner width of the feed-forward network; 4 d_model without it.
        kv_heads: Key of the number of key-value heads, if there is one; heads without it.
        head_dim: Key of the head dimension, if there is one; d_model / heads without it.
        optional: Keys that may be absent or null.
        ffn_matrices: Configuration -> weight matrices of the feed-forward network.
    """

    heads: str
    d_model: str
    d_ff: str
    kv_heads: str | None = None
    head_dim: str | None = None
    optional: frozenset[str] = frozenset()
    ffn_matrices: Callable[[Mapping[str, Any]], int] = lambda _: 2

    @property
    def keys(self) -> dict[str, str]:
        """Field of `TransformerLayer` -> key, for the keys that the family has."""
        named = {
            "heads": self.heads,
            "kv_heads": self.kv_heads,
            "head_dim": self.head_dim,
            "d_model": self.d_model,
            "d_ff": self.d_ff,
        }
        return {field: key for field, key in named.items() if key is not None}


def _t5_matrices(usual: str) -> Callable[[Mapping[str, Any]], int]:
    """T5 names its activation "relu" or "gated-gelu"; a gate needs a third matrix."""

    def matrices(config: Mapping[str, Any]) -> int:
        return 3 if str(config.get("feed_forward_proj", usual)).startswith("gated") else 2

    return matrices


_BERT = Family(heads="num_attention_heads", d_model="hidden_size", d_ff="intermediate_size")
_LLAMA = Family(
    heads="num_attention_heads",
    d_model="hidden_size",
    d_ff="intermediate_size",
    kv_heads="num_key_value_heads",
    head_dim="head_dim",
    optional=frozenset({"num_key_value_heads", "head_dim"}),
    ffn_matrices=lambda _: 3,
)
# These assume a fixed number of key-value heads (and Qwen3 and Gemma a fixed head dimension)
# where the key is absent; asking for the key is safer than repeating their constants.
_MISTRAL = replace(_LLAMA, optional=frozenset({"head_dim"}))
_GEMMA = replace(_LLAMA, optional=frozenset())
_T5 = Family(
    heads="num_heads",
    d_model="d_model",
    d_ff="d_ff",
    head_dim="d_kv",
    ffn_matrices=_t5_matrices("relu"),
)

FAMILIES: dict[str, Family] = {
    "bert": _BERT,
    "roberta": _BERT,
    "xlm-roberta": _BERT,
    "distilbert": Family(heads="n_heads", d_model="dim", d_ff="hidden_dim"),
    "gpt2": Family(
        heads="n_head", d_model="n_embd", d_ff="n_inner", optional=frozenset({"n_inner"})
    ),
    "llama": _LLAMA,
    "mistral": _MISTRAL,
    "qwen2": _MISTRAL,
    "qwen3": _GEMMA,
    "gemma": _GEMMA,
    "t5": _T5,
    "mt5": replace(_T5, ffn_matrices=_t5_matrices("gated-gelu")),
}
"""`model_type` -> family."""

_IMPLIED: dict[str, Callable[[Mapping[str, int]], int]] = {
    "kv_heads": lambda sizes: sizes["heads"],
    "head_dim": lambda sizes: sizes["d_model"] // sizes["heads"],
    "d_ff": lambda sizes: 4 * sizes["d_model"],
}


def from_config(*, file: Path, seq_len: int, batch: int = 64) -> TransformerLayer:
    """A layer of a Hugging Face model, from its config.json (BERT, GPT-2, Llama, T5 and kin).

    Args:
        file: The model's `config.json`.
        seq_len: Tokens per sequence; may exceed what the model was trained for.
        batch: Sequences processed together.

    Raises:
        WorkloadError: Not JSON, a family that is not supported, or sizes that are missing or
            wrong (all named in one error).
        InputError: The file cannot be read.
    """
    return from_str(read_text(file), str(file), seq_len=seq_len, batch=batch)


def from_str(
    text: str, source: str = "<text>", *, seq_len: int, batch: int = 64
) -> TransformerLayer:
    """The layer that the text of a `config.json` describes; `from_config` for text at hand.

    Args:
        text: JSON.
        source: Where the text comes from, for error messages.
        seq_len: Tokens per sequence.
        batch: Sequences processed together.

    Raises:
        WorkloadError: As for `from_config`.
    """
    config = parse_config(text, source)
    family = _family(config, source)
    sizes = _sizes(config, family, source)
    return TransformerLayer(
        name=model_name(config),
        batch=batch,
        seq_len=seq_len,
        value_dim=sizes["head_dim"],
        ffn_matrices=family.ffn_matrices(config),
        **sizes,
    )


def parse_config(text: str, source: str) -> dict[str, Any]:
    """The content of a `config.json`.

    Args:
        text: JSON.
        source: Where it comes from, for messages.

    Raises:
        WorkloadError: Not JSON, or JSON of another kind.
    """
    try:
        config = json.loads(text)
    except json.JSONDecodeError as error:
        raise WorkloadError(
            f"this is not JSON: {error.msg}",
            where=f"{source}:{error.lineno}:{error.colno}",
            allowed="the config.json of a Hugging Face model",
        ) from None
    except (ValueError, RecursionError):
        config = None
    if not isinstance(config, dict):
        raise WorkloadError(
            "this JSON is not a model configuration",
            where=source,
            allowed='an object such as {"model_type": "bert", "hidden_size": 768, ...}',
        )
    return config


def _family(config: Mapping[str, Any], source: str) -> Family:
    supported = ", ".join(FAMILIES)
    if "model_type" not in config:
        raise WorkloadError("model_type is missing", where=source, allowed=supported)
    model_type = str(config["model_type"])
    if model_type not in FAMILIES:
        raise WorkloadError(
            f"model_type {model_type!r} is not supported.{did_you_mean(model_type, FAMILIES)}",
            where=source,
            allowed=supported,
            next_step="or describe the layer in a YAML file (workload `transformer`)",
        )
    return FAMILIES[model_type]


def _sizes(config: Mapping[str, Any], family: Family, source: str) -> dict[str, int]:
    """The sizes that a configuration states or implies."""
    keys = family.keys
    _require(config, family, source)
    stated = {field: config[key] for field, key in keys.items() if config.get(key) is not None}
    raise_faults(size_faults(stated, lambda field: f"{source}: {keys[field]}"))
    if "head_dim" not in stated and stated["d_model"] % stated["heads"]:
        raise WorkloadError(
            f"{family.heads} = {stated['heads']} does not divide "
            f"{family.d_model} = {stated['d_model']}",
            where=source,
            allowed=f"a divisor of {family.d_model}",
        )
    implied = {field: rule(stated) for field, rule in _IMPLIED.items() if field not in stated}
    return {**stated, **implied}


def _require(config: Mapping[str, Any], family: Family, source: str) -> None:
    needed = [key for key in family.keys.values() if key not in family.optional]
    missing = [key for key in needed if config.get(key) is None]
    if missing:
        raise WorkloadError(
            f"the {config['model_type']} configuration lacks {', '.join(missing)}",
            where=source,
            next_step="add them, or download the config.json again",
        )


def model_name(config: Mapping[str, Any]) -> str:
    """The model's own name without its owner, or else its type."""
    return Path(str(config.get("_name_or_path") or "")).name or str(config["model_type"])
