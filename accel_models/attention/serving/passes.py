"""One pass of a language model over its layers: a prompt, or one new token."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from accel_models.attention.serving.decode import step_lines, step_work
from accel_models.attention.serving.gemm import Work, gemm
from accel_models.attention.serving.prefill import Visible, attend_prompt
from accel_models.attention.serving.series import sum_of_largest
from dse._ops import ARRAYS
from workloads.language.attention import Matrix
from workloads.language.feed_forward import Experts

if TYPE_CHECKING:
    from collections.abc import Iterable

    from accel_models.attention.serving.gemm import Machine
    from dse._columns import Column, FloatArray
    from workloads.language.attention import Heads, Phase
    from workloads.language.model import Block, LanguageModel


def gemms(matrices: Iterable[Matrix], rows: Column, machine: Machine) -> Work:
    """Weight matrices one after the other; equal ones are worked out once."""
    total = Work()
    for matrix, count in Counter(matrices).items():
        total = total + gemm(matrix, rows, machine) * float(count)
    return total


def touched_experts(network: Experts, tokens: Column) -> Column:
    """Experts that some tokens reach if the router spreads them evenly."""
    touched: Column = ARRAYS.minimum(float(network.experts), tokens * float(network.active))
    return touched


def routed(network: Experts, d_model: int, tokens: Column, machine: Machine) -> Work:
    """The routed experts of one layer: those touched share the tokens evenly."""
    touched = touched_experts(network, tokens)
    rows = tokens * float(network.active) / touched
    return gemms(network.expert.matrices(d_model), rows, machine) * touched


def linear(block: Block, d_model: int, tokens: Column, machine: Machine, phase: Phase) -> Work:
    """All weight matrices of one layer."""
    work = gemms(block.matrices(d_model, phase), tokens, machine)
    if isinstance(block.feed_forward, Experts):
        work = work + routed(block.feed_forward, d_model, tokens, machine)
    return work


def head(model: LanguageModel, machine: Machine, tokens: Column = 1.0) -> Work:
    """The scores of the vocabulary for some tokens."""
    return gemm(Matrix(model.d_model, model.vocab_size), tokens, machine)


def prefill(model: LanguageModel, tokens: FloatArray, machine: Machine) -> Work:
    """A prompt through all layers, and its last token through the head.

    Args:
        model: A decoder-only model.
        tokens: 1 x U, lengths of prompts.
        machine: D x 1 designs.
    """
    total = head(model, machine)
    for stack in model.decoder:
        attention = stack.block.attention
        visible = Visible("causal", attention.window)
        layer = linear(stack.block, model.d_model, tokens, machine, "prefill")
        layer = layer + attend_prompt(tokens, attention.scores("prefill"), visible, machine)
        total = total + layer * float(stack.count)
    return total


@dataclass(frozen=True)
class DecodeStep:
    """One decode step: what it takes whatever the context, and attention, which grows with it.

    Attributes:
        constant: Weight matrices and head, for all sequences of a batch.
        attention: Attention with a window of tokens -> layers that have it.
        machine: D x 1 designs.
    """

    constant: Work
    attention: dict[tuple[Heads, int | None], int]
    machine: Machine

    @classmethod
    def of(cls, model: LanguageModel, machine: Machine, batch: Column = 1.0) -> DecodeStep:
        """A step of a decoder-only model.

        Args:
            model: The model.
            machine: D x 1 designs.
            batch: Sequences that take the step together; 1 x B for several sizes at once.
        """
        constant = head(model, machine, batch)
        layers: Counter[tuple[Heads, int | None]] = Counter()
        for stack in model.decoder:
            attention = stack.block.attention
            layer = linear(stack.block, model.d_model, batch, machine, "decode")
            constant = constant + layer * float(stack.count)
            layers[attention.scores("decode"), attention.window] += stack.count
        return cls(constant, dict(layers), machine)

    def total_time_s(self, first: FloatArray, last: FloatArray) -> FloatArray:
        """Time of all steps of one sequence from a first to a last context, in closed form: D x V.

        Args:
            first: 1 x V.
            last: 1 x V.
        """
        total: FloatArray = (last - first + 1.0) * self.constant.latency_s
        for (heads, window), layers in self.attention.items():
            lines = step_lines(heads, self.machine)
            total = total + float(layers) * sum_of_largest(lines, first, last, window)
        return total

    def time_s(self, context: float) -> Column:
        """Time of one step of one sequence at a context: what `total_time_s` sums."""
        total = self.constant.latency_s
        for (heads, window), layers in self.attention.items():
            seen = min(context, window or context)
            values = [line.at(seen) for line in step_lines(heads, self.machine)]
            slowest = values[0]
            for value in values[1:]:
                slowest = ARRAYS.maximum(slowest, value)
            total = total + float(layers) * slowest
        return total

    def attention_work(self, steps: float, contexts: dict[int | None, float]) -> Work:
        """Counts of attention in so many steps of one sequence.

        Args:
            steps: How many.
            contexts: Window -> sum of the contexts attended to, over all steps.
        """
        total = Work()
        for (heads, window), layers in self.attention.items():
            fixed, growing = step_work(heads, self.machine)
            layer = fixed * steps + growing * contexts[window]
            total = total + layer * float(layers)
        return total
