"""Weights or cache in flash storage: "LLM in a flash" (arXiv 2312.11514).

A read of c bytes takes a latency L and then streams at the bandwidth B, so that small reads waste
most of the bandwidth. Windowing loads only the neurons that the last k tokens did not use;
row-column bundling stores what one neuron needs side by side, which makes each read larger.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Flash:
    """A flash storage device.

    Attributes:
        latency_s: Time to the first byte of a read (L), per read in a queue of many.
        bandwidth_bytes_per_s: Throughput of a long read (B).
    """

    latency_s: float
    bandwidth_bytes_per_s: float

    def read_time_s(self, reads: float, chunk_bytes: float) -> float:
        """t(n, c) = n (L + c / B).

        Args:
            reads: How many (n).
            chunk_bytes: Bytes of each (c).
        """
        return reads * (self.latency_s + chunk_bytes / self.bandwidth_bytes_per_s)

    def throughput_bytes_per_s(self, chunk_bytes: float) -> float:
        """What is left of the bandwidth at chunks of c bytes: c / (L + c / B)."""
        return chunk_bytes / self.read_time_s(1.0, chunk_bytes)

    def load_time_s(self, total_bytes: float, chunk_bytes: float) -> float:
        """Time to read so many bytes in chunks; the last one may be a part."""
        return self.read_time_s(total_bytes / chunk_bytes, chunk_bytes)


def windowed_bytes(bytes_per_neuron: float, active_now: float, active_next: float) -> float:
    """Bytes to load for the next token: bytes_per_neuron (s(k+1) - s(k)).

    Args:
        bytes_per_neuron: Weights of one neuron.
        active_now: s(k), neurons that are active in at least one of the last k tokens.
        active_next: s(k+1), the same with the next token.
    """
    return bytes_per_neuron * (active_next - active_now)


def neuron_chunk_bytes(
    d_model: int, weight_bits: int, ffn_matrices: int, *, bundled: bool
) -> float:
    """Bytes of one read: a row of one matrix, or bundled the neuron's rows and columns of all.

    With two matrices, bundling reads 2 d_model bytes_per_weight at once.

    Args:
        d_model: Model dimension.
        weight_bits: Bits of a weight.
        ffn_matrices: Matrices of the feed-forward network.
        bundled: Whether a neuron's weights lie side by side.
    """
    return d_model * weight_bits / 8.0 * (ffn_matrices if bundled else 1)
