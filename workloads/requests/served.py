"""A language model and the requests that it is to serve, as one workload."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from dse.errors import WorkloadError
from workloads.language.catalogue import language_model
from workloads.language.importer import from_config
from workloads.language.model import LanguageModel, Precision
from workloads.requests.csv_reader import Columns, read_requests

if TYPE_CHECKING:
    from workloads.requests.trace import RequestTrace

__all__ = ["ServedRequests", "served_requests"]

_AZURE = Path(__file__).with_name("azure_code_2023.csv")


@dataclass(frozen=True)
class ServedRequests:
    """Requests to a language model.

    Attributes:
        model: The language model; it must have a decoder and no encoder.
        requests: The requests.
    """

    model: LanguageModel
    requests: RequestTrace

    def __post_init__(self) -> None:
        if self.model.encoder or not self.model.decoder:
            raise WorkloadError(
                f"{self.model.name} has an encoder",
                allowed="a decoder-only language model, such as llama-3-8b",
            )

    def features(self) -> dict[str, float]:
        """Model and requests in numbers, for learning agents."""
        return {
            "log2_parameters": math.log2(self.model.parameters),
            "log2_active_parameters": math.log2(self.model.active_parameters),
            "log2_cache_bytes_per_token": math.log2(self.model.cache_bytes_per_token),
            "layers": float(self.model.layers),
            **self.requests.features(),
        }

    def describe(self) -> dict[str, str]:
        """Model and requests in words, for reports."""
        model, bits = self.model, self.model.precision
        return {
            "network": model.name,
            "parameters": f"{model.parameters:,}; a token meets {model.active_parameters:,}",
            "cache": f"{model.cache_bytes_per_token:,.0f} B per token",
            "bits": f"{bits.weight_bits} (weights), {bits.activation_bits} (activations), "
            f"{bits.cache_bits} (keys and values)",
            **self.requests.describe(),
        }


def served_requests(
    *,
    network: str = "llama-3.2-1b",
    config: Path | None = None,
    trace: Path | None = None,
    timestamp_column: str = "TIMESTAMP",
    context_column: str = "ContextTokens",
    generated_column: str = "GeneratedTokens",
    limit: int | None = None,
    every: int = 1,
    weight_bits: int = 16,
    activation_bits: int = 16,
    cache_bits: int = 16,
) -> ServedRequests:
    """A request trace (CSV) to a language model: prompts, answers, times of arrival.

    Args:
        network: A published decoder-only model, such as llama-3-8b, mixtral-8x7b, deepseek-v2-lite.
        config: The `config.json` of another model; replaces `network`.
        trace: The requests; the Azure code-completion trace of 2023 if null.
        timestamp_column: Column of the arrivals: seconds, or dates and times.
        context_column: Column of the prompt's tokens.
        generated_column: Column of the answer's tokens.
        limit: Use this many requests at most, from the top; all if null.
        every: Use every so-many-th request: what one of so many machines gets when requests are
            dealt in turn.
        weight_bits: Bits of a weight.
        activation_bits: Bits of an activation; also the width of the arithmetic.
        cache_bits: Bits of a cached key or value.

    Raises:
        WorkloadError: An unknown network, one that does not decode, or a value out of range.
        InputError: A file is malformed; names the line.
    """
    precision = Precision(weight_bits, activation_bits, cache_bits)
    columns = Columns(timestamp_column, context_column, generated_column)
    model = from_config(config, precision) if config else language_model(network, precision)
    requests = read_requests(trace or _AZURE, columns, limit=limit, every=every)
    return ServedRequests(model, requests)
