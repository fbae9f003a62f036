"""A whole language model as a frozen description, with exact counts.

Counts are of the algorithm, without padding: a cost model adds what its hardware wastes. A
multiply-accumulate (MAC) is two floating-point operations. Norms, activations, residuals, rotary
positions and look-ups in the embedding have parameters but no MACs here.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

from dse.errors import WorkloadError
from workloads.language.attention import (
    Attention,
    LatentAttention,
    Mask,
    Matrix,
    Phase,
    attended_pairs,
    parameters_of,
)
from workloads.language.checks import allowed_counts, count_fault
from workloads.language.feed_forward import Experts, FeedForward

SelfAttention: TypeAlias = Attention | LatentAttention

_BITS = (1, 64)


@dataclass(frozen=True)
class Precision:
    """Bits per element of each kind of tensor.

    Attributes:
        weight_bits: Of the weights.
        activation_bits: Of activations; also the width of the arithmetic.
        cache_bits: Of keys and values in the cache.
    """

    weight_bits: int = 16
    activation_bits: int = 16
    cache_bits: int = 16

    def __post_init__(self) -> None:
        low, high = _BITS
        for name, bits in vars(self).items():
            if count_fault(name, bits) or not low <= bits <= high:
                raise WorkloadError(
                    f"{name} = {bits}", allowed=f"a whole number from {low} to {high}"
                )


@dataclass(frozen=True, kw_only=True)
class Block:
    """One layer of a network: attention, perhaps cross attention, and a feed-forward network.

    Attributes:
        attention: Self-attention.
        feed_forward: A dense network or a mixture of experts.
        cross: Attention over the encoder's tokens, in the decoder of an encoder-decoder model.
        norm_vectors: Vectors of the model dimension that its norms hold: one for each gain, one
            for each bias.
    """

    attention: SelfAttention
    feed_forward: FeedForward | Experts
    cross: Attention | None = None
    norm_vectors: int = 2

    def matrices(self, d_model: int, phase: Phase = "prefill") -> tuple[Matrix, ...]:
        """The weight matrices that every new token meets: all but the routed experts."""
        network = self.feed_forward
        dense = (
            network.always(d_model) if isinstance(network, Experts) else network.matrices(d_model)
        )
        crossed = self.cross.queries(d_model) if self.cross else ()
        return (*self.attention.matrices(d_model, phase), *crossed, *dense)

    def macs_per_token(self, d_model: int) -> int:
        """Multiply-accumulates of all matrices for one token; attention scores come on top."""
        network = self.feed_forward
        routed = (
            network.active * parameters_of(network.expert.matrices(d_model))
            if isinstance(network, Experts)
            else 0
        )
        return parameters_of(self.matrices(d_model)) + routed

    def parameters(self, d_model: int) -> int:
        """All parameters."""
        return self._parameters(d_model, None)

    def active_parameters(self, d_model: int) -> int:
        """The parameters that one token meets."""
        active = self.feed_forward.active if isinstance(self.feed_forward, Experts) else None
        return self._parameters(d_model, active)

    def _parameters(self, d_model: int, experts: int | None) -> int:
        network = self.feed_forward
        count = self.norm_vectors * d_model
        for attention in (self.attention, self.cross):
            if attention is not None:
                count += parameters_of(attention.matrices(d_model))
                count += attention.vector_parameters(d_model)
        if isinstance(network, Experts):
            return count + network.parameters(d_model, experts)
        return count + network.parameters(d_model)


@dataclass(frozen=True)
class Stack:
    """So many equal layers.

    Attributes:
        block: One of them.
        count: How many.
    """

    block: Block
    count: int


@dataclass(frozen=True, kw_only=True)
class LanguageModel:
    """A language model: an embedding, stacks of layers, and a head that scores the vocabulary.

    Attributes:
        name: For people.
        d_model: Length of a token's vector between layers.
        vocab_size: Tokens that it knows.
        decoder: Layers with a causal mask; empty for a model that only encodes.
        encoder: Layers in which every token sees every other; empty for a decoder-only model.
        tied_head: Whether the head reuses the embedding.
        has_head: Whether it scores the vocabulary at all.
        position_rows: Rows of learned embeddings besides the vocabulary (positions, token types).
        norm_vectors: Vectors of the model dimension in norms outside the layers.
        other_parameters: Whatever else there is, such as a pooler or relative positions.
        precision: Bits per element.
    """

    name: str
    d_model: int
    vocab_size: int
    decoder: tuple[Stack, ...] = ()
    encoder: tuple[Stack, ...] = ()
    tied_head: bool = False
    has_head: bool = True
    position_rows: int = 0
    norm_vectors: int = 1
    other_parameters: int = 0
    precision: Precision = Precision()

    def __post_init__(self) -> None:
        layers = [("layers", stack.count) for stack in self._stacks]
        for name, value in [("d_model", self.d_model), ("vocab_size", self.vocab_size), *layers]:
            if fault := count_fault(name, value):
                raise WorkloadError(fault, where=self.name, allowed=allowed_counts())
        if not self._stacks:
            raise WorkloadError("the network has no layer", where=self.name, allowed="one or more")

    # -- parameters ----------------------------------------------------------------------------

    @cached_property
    def parameters(self) -> int:
        """All parameters, each stored weight once."""
        blocks = sum(s.count * s.block.parameters(self.d_model) for s in self._stacks)
        return blocks + self._outside_blocks

    @cached_property
    def active_parameters(self) -> int:
        """Parameters without the experts that a token does not meet."""
        blocks = sum(s.count * s.block.active_parameters(self.d_model) for s in self._stacks)
        return blocks + self._outside_blocks

    @property
    def layers(self) -> int:
        """Layers of decoder and encoder."""
        return sum(stack.count for stack in self._stacks)

    @property
    def _stacks(self) -> tuple[Stack, ...]:
        return (*self.encoder, *self.decoder)

    @property
    def _outside_blocks(self) -> int:
        embeddings = 1 if self.tied_head or not self.has_head else 2
        vectors = embeddings * self.vocab_size + self.position_rows + self.norm_vectors
        return vectors * self.d_model + self.other_parameters

    @property
    def weight_bytes(self) -> float:
        """All parameters at the precision of weights."""
        return self.parameters * self.precision.weight_bits / 8

    # -- cache ---------------------------------------------------------------------------------

    @property
    def cache_bytes_per_token(self) -> float:
        """Keys and values that one token adds to the cache, in all layers."""
        elements = sum(s.count * s.block.attention.cached_elements for s in self.decoder)
        return elements * self.precision.cache_bits / 8

    def cache_bytes(self, context: int, source: int = 0) -> float:
        """The cache at a context of so many tokens; a sliding window keeps its last ones.

        Args:
            context: Tokens of the decoder.
            source: Tokens of the encoder, whose keys and values cross attention keeps.
        """
        elements = 0
        for stack in self.decoder:
            attention, cross = stack.block.attention, stack.block.cross
            kept = min(context, attention.window or context)
            elements += stack.count * kept * attention.cached_elements
            elements += stack.count * source * (cross.cached_elements if cross else 0)
        return elements * self.precision.cache_bits / 8

    # -- work ----------------------------------------------------------------------------------

    def prefill_macs(self, tokens: int) -> int:
        """Multiply-accumulates to take in a prompt.

        A decoder-only model runs its layers over the prompt and its head over the last token. An
        encoder-decoder model runs its encoder and projects the keys and values of its cross
        attention; its first decode step follows.
        """
        macs = self._stack_macs(self.encoder, tokens, "full")
        if self.encoder:
            crossed = ((s.count, s.block.cross) for s in self.decoder)
            per_token = sum(
                count * parameters_of(cross.keys_and_values(self.d_model))
                for count, cross in crossed
                if cross
            )
            return macs + tokens * per_token
        return macs + self._stack_macs(self.decoder, tokens, "causal") + self._head_macs

    def decode_macs(self, context: int, source: int = 0) -> int:
        """Multiply-accumulates of one decode step.

        Args:
            context: Tokens attended to, the new one included.
            source: Tokens of the encoder.
        """
        macs = self._head_macs
        for stack in self.decoder:
            block = stack.block
            pairs = attended_pairs(1, context, "causal", block.attention.window)
            step = block.macs_per_token(self.d_model) + block.attention.scores("decode").macs(pairs)
            step += block.cross.scores().macs(source) if block.cross else 0
            macs += stack.count * step
        return macs

    def prefill_flops(self, tokens: int) -> int:
        """Floating-point operations of `prefill_macs`, two each."""
        return 2 * self.prefill_macs(tokens)

    def decode_flops(self, context: int, source: int = 0) -> int:
        """Floating-point operations of `decode_macs`, two each."""
        return 2 * self.decode_macs(context, source)

    @property
    def _head_macs(self) -> int:
        return self.vocab_size * self.d_model if self.has_head and self.decoder else 0

    def _stack_macs(self, stacks: tuple[Stack, ...], tokens: int, mask: Mask) -> int:
        macs = 0
        for stack in stacks:
            attention = stack.block.attention
            pairs = attended_pairs(tokens, tokens, mask, attention.window)
            linear = tokens * stack.block.macs_per_token(self.d_model)
            macs += stack.count * (linear + attention.scores().macs(pairs))
        return macs
