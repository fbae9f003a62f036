"""What a language model reads from flash in each of its passes.

Reading is added to the time of a pass, as in the paper: what to read is known only when the pass
is there. Writing the cache is not modelled, nor is a prompt's own cache read back during prefill.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from accel_models.attention.serving.flash import Flash, neuron_chunk_bytes
from accel_models.attention.serving.passes import touched_experts
from workloads.language.attention import parameters_of
from workloads.language.feed_forward import Experts, FeedForward

if TYPE_CHECKING:
    from collections.abc import Callable

    from accel_models.attention.serving.options import ServingOptions
    from dse._columns import Column
    from workloads.language.model import Block, LanguageModel


@dataclass(frozen=True)
class Reading:
    """Bytes read from flash, and how long that takes.

    Attributes:
        seconds: Time.
        bytes_read: Amount.
    """

    seconds: Column = 0.0
    bytes_read: Column = 0.0

    def __add__(self, other: Reading) -> Reading:
        return Reading(self.seconds + other.seconds, self.bytes_read + other.bytes_read)

    def __mul__(self, times: Column) -> Reading:
        return Reading(self.seconds * times, self.bytes_read * times)


@dataclass(frozen=True)
class Storage:
    """A language model with its weights or its cache in flash.

    Attributes:
        model: The language model.
        options: Which part lives in flash, and how fast flash is.
    """

    model: LanguageModel
    options: ServingOptions

    @property
    def _flash(self) -> Flash:
        return Flash(self.options.flash_latency_s, self.options.flash_bandwidth_bytes_per_s)

    def prompt(self, tokens: Column) -> Reading:
        """A prompt reads all feed-forward weights that it needs, one long read per matrix."""
        if self.options.flash != "weights":
            return Reading()
        return self._feed_forward(tokens, self._matrices)

    def step(self) -> Reading:
        """A decode step reads its share of the neurons, in chunks."""
        if self.options.flash != "weights":
            return Reading()
        return self._feed_forward(1.0, self._neurons)

    def cache_per_token(self, window: int | None) -> Reading:
        """A decode step reads the cache of all layers with this window, token by token.

        Args:
            window: Selects the layers.
        """
        if self.options.flash != "cache":
            return Reading()
        total = Reading()
        for stack in self.model.decoder:
            attention = stack.block.attention
            if attention.window == window:
                chunk = attention.cached_elements * self.model.precision.cache_bits / 8.0
                once = Reading(self._flash.load_time_s(chunk, chunk), chunk)
                total = total + once * float(stack.count)
        return total

    def _feed_forward(self, tokens: Column, read: Callable[[FeedForward], Reading]) -> Reading:
        total = Reading()
        for stack in self.model.decoder:
            total = total + self._layer(stack.block, tokens, read) * float(stack.count)
        return total

    @staticmethod
    def _layer(block: Block, tokens: Column, read: Callable[[FeedForward], Reading]) -> Reading:
        network = block.feed_forward
        if isinstance(network, FeedForward):
            return read(network)
        assert isinstance(network, Experts)
        reading = read(network.expert) * touched_experts(network, tokens)
        return reading + read(network.shared) if network.shared else reading

    def _matrices(self, network: FeedForward) -> Reading:
        total = Reading()
        for matrix in network.matrices(self.model.d_model):
            size = matrix.parameters * self.model.precision.weight_bits / 8.0
            total = total + Reading(self._flash.load_time_s(size, size), size)
        return total

    def _neurons(self, network: FeedForward) -> Reading:
        bits = self.model.precision.weight_bits
        weights = parameters_of(network.matrices(self.model.d_model))
        size = self.options.flash_load_share * weights * bits / 8.0
        chunk = neuron_chunk_bytes(
            self.model.d_model, bits, network.ffn_matrices, bundled=self.options.flash_bundled
        )
        return Reading(self._flash.load_time_s(size, chunk), size)
