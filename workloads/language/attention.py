"""Attention as hardware sees it: weight matrices, heads, masks, and what is cached per token.

Two kinds: grouped-query attention (with multi-head and multi-query attention as its ends) and
multi-head latent attention (DeepSeek-V2, arXiv 2405.04434, section 2.1).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

from workloads.language.checks import check_counts

if TYPE_CHECKING:
    from collections.abc import Sequence

Phase: TypeAlias = Literal["prefill", "decode"]
"""A pass over a whole prompt, or over one new token with the rest in the cache."""

Mask: TypeAlias = Literal["causal", "full"]
"""Whether a token sees only itself and those before it, or all."""


@dataclass(frozen=True)
class Matrix:
    """A weight matrix that multiplies every token.

    Attributes:
        inputs: Length of the vector that it takes (K of the GEMM).
        outputs: Length of the vector that it gives (columns of the GEMM).
        copies: Matrices of this shape, each applied to every token.
        is_cached: Whether its outputs go to the key-value cache.
    """

    inputs: int
    outputs: int
    copies: int = 1
    is_cached: bool = False

    @property
    def parameters(self) -> int:
        """Weights of all copies; also multiply-accumulates per token."""
        return self.inputs * self.outputs * self.copies


def parameters_of(matrices: Sequence[Matrix]) -> int:
    """Weights of some matrices."""
    return sum(matrix.parameters for matrix in matrices)


@dataclass(frozen=True)
class Heads:
    """The scores and the weighted sum of attention: softmax(QK) V.

    Attributes:
        queries: Query heads (H).
        keys: Key-value heads, each shared by queries / keys query heads.
        key_dim: Length of a query and of a key (E).
        value_dim: Length of a value (F).
        values_in_keys: Whether a value is the head of its key, so that both are stored and read
            once (latent attention while decoding).
        are_cached: Whether keys and values are those of the cache; else they are activations.
    """

    queries: int
    keys: int
    key_dim: int
    value_dim: int
    values_in_keys: bool = False
    are_cached: bool = True

    @property
    def elements_per_token(self) -> int:
        """Elements of keys and values per token of context."""
        return self.keys * (self.key_dim + (0 if self.values_in_keys else self.value_dim))

    def macs(self, pairs: int) -> int:
        """Multiply-accumulates for so many pairs of a query and a key."""
        return self.queries * (self.key_dim + self.value_dim) * pairs


def attended_pairs(queries: int, keys: int, mask: Mask, window: int | None = None) -> int:
    """Pairs of a query and a key that attention computes, exactly.

    Args:
        queries: Tokens asked about; with a causal mask the last ones of the context.
        keys: Tokens of context, the queries included if the mask is causal.
        mask: "full" pairs all; "causal" pairs each query with itself and what precedes it.
        window: With a causal mask, each query sees the last so many tokens, itself included.
    """
    if mask == "full":
        return queries * keys
    limit = keys if window is None else min(window, keys)
    before = keys - queries
    growing = max(0, min(keys, limit) - before)
    return growing * before + growing * (growing + 1) // 2 + (queries - growing) * limit


@dataclass(frozen=True, kw_only=True)
class Attention:
    """Grouped-query attention; multi-head if kv_heads = heads, multi-query if kv_heads = 1.

    Attributes:
        heads: Query heads.
        kv_heads: Key-value heads, a divisor of heads.
        head_dim: Length of a query and of a key of one head.
        value_dim: Length of a value of one head.
        window: Tokens that a query sees, itself included; all if None.
        input_bias: Whether the query, key and value projections have a bias.
        output_bias: Whether the output projection has one.
        norm_parameters: Gains of norms inside, such as those on queries and keys.
    """

    heads: int
    kv_heads: int
    head_dim: int
    value_dim: int
    window: int | None = None
    input_bias: bool = False
    output_bias: bool = False
    norm_parameters: int = 0

    def __post_init__(self) -> None:
        check_counts(self, "heads", "kv_heads", "head_dim", "value_dim", "window")

    def queries(self, d_model: int) -> tuple[Matrix, ...]:
        """The query and output projections."""
        return (
            Matrix(d_model, self.heads * self.head_dim),
            Matrix(self.heads * self.value_dim, d_model),
        )

    def keys_and_values(self, d_model: int) -> tuple[Matrix, ...]:
        """The key and value projections."""
        return (
            Matrix(d_model, self.kv_heads * self.head_dim, is_cached=True),
            Matrix(d_model, self.kv_heads * self.value_dim, is_cached=True),
        )

    def matrices(self, d_model: int, phase: Phase = "prefill") -> tuple[Matrix, ...]:
        """The weight matrices that every new token meets; the same in both passes."""
        del phase
        return (*self.queries(d_model), *self.keys_and_values(d_model))

    def scores(self, phase: Phase = "prefill") -> Heads:
        """The heads; the same in both passes."""
        del phase
        return Heads(self.heads, self.kv_heads, self.head_dim, self.value_dim)

    def vector_parameters(self, d_model: int) -> int:
        """Biases and norms."""
        inputs = self.heads * self.head_dim + self.kv_heads * (self.head_dim + self.value_dim)
        biases = inputs * self.input_bias + d_model * self.output_bias
        return biases + self.norm_parameters

    @property
    def cached_elements(self) -> int:
        """Elements that one token adds to the cache."""
        return self.scores().elements_per_token


@dataclass(frozen=True, kw_only=True)
class LatentAttention:
    """Multi-head latent attention: keys and values are kept compressed (DeepSeek-V2).

    A prompt expands the latent vectors to full keys and values. A decode step does not: the
    expansion is absorbed into the queries and the outputs, so that all heads attend over the one
    latent vector per token, which is key and value at once.

    Attributes:
        heads: Query heads.
        query_rank: Width of the compressed queries; None if they are not compressed.
        kv_rank: Width of the compressed keys and values.
        nope_dim: Part of a query or key without position.
        rope_dim: Part with rotary position; its key is shared by all heads and cached beside the
            latent vector.
        value_dim: Length of a value of one head.
    """

    heads: int
    query_rank: int | None
    kv_rank: int
    nope_dim: int
    rope_dim: int
    value_dim: int
    window: None = None

    def __post_init__(self) -> None:
        check_counts(
            self, "heads", "query_rank", "kv_rank", "nope_dim", "rope_dim", "value_dim"
        )  # fmt: skip

    def matrices(self, d_model: int, phase: Phase = "prefill") -> tuple[Matrix, ...]:
        """The weight matrices that every new token meets; as many weights in both passes."""
        return (
            *self._queries(d_model),
            Matrix(d_model, self.kv_rank + self.rope_dim, is_cached=True),
            *self._expansion(phase),
            Matrix(self.heads * self.value_dim, d_model),
        )

    def _queries(self, d_model: int) -> tuple[Matrix, ...]:
        width = self.heads * (self.nope_dim + self.rope_dim)
        if self.query_rank is None:
            return (Matrix(d_model, width),)
        return (Matrix(d_model, self.query_rank), Matrix(self.query_rank, width))

    def _expansion(self, phase: Phase) -> tuple[Matrix, ...]:
        """Latent vector to keys and values of all heads; or, absorbed, one product per head."""
        if phase == "prefill":
            return (Matrix(self.kv_rank, self.heads * (self.nope_dim + self.value_dim)),)
        return (
            Matrix(self.nope_dim, self.kv_rank, copies=self.heads),
            Matrix(self.kv_rank, self.value_dim, copies=self.heads),
        )

    def scores(self, phase: Phase = "prefill") -> Heads:
        """Full heads over a prompt; heads over the shared latent vectors in a decode step."""
        if phase == "prefill":
            width = self.nope_dim + self.rope_dim
            return Heads(self.heads, self.heads, width, self.value_dim, are_cached=False)
        latent = self.kv_rank + self.rope_dim
        return Heads(self.heads, 1, latent, self.kv_rank, values_in_keys=True)

    def vector_parameters(self, d_model: int) -> int:
        """Norms on the compressed vectors."""
        del d_model
        return (self.query_rank or 0) + self.kv_rank

    @property
    def cached_elements(self) -> int:
        """Elements that one token adds to the cache: the latent vector and the rotary key."""
        return self.kv_rank + self.rope_dim
