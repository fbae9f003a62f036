"""A request trace with equal requests put together: the work is done once per distinct length."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    from dse._columns import Column, FloatArray
    from workloads.requests.trace import RequestTrace

    Positions = npt.NDArray[np.intp]


@dataclass(frozen=True)
class GroupedTrace:
    """Distinct prompts, and distinct answers to a prompt of some length; U and V of them.

    The first token of an answer comes out of the prefill; each further one takes a decode step.
    Step number j attends to the prompt and the j tokens before the one that it produces.

    Attributes:
        arrival_s: R, of all requests.
        prompts: 1 x U, distinct lengths of prompts.
        prompt_counts: U, requests with each.
        prompt_of: R, which one a request has.
        first: 1 x V, context of the first decode step.
        last: 1 x V, context of the last one; first - 1 if there is none.
        answer_counts: V, requests with each.
        answer_of: R, which one a request has.
        generated: Tokens of all answers.
    """

    arrival_s: FloatArray
    prompts: FloatArray
    prompt_counts: FloatArray
    prompt_of: Positions
    first: FloatArray
    last: FloatArray
    answer_counts: FloatArray
    answer_of: Positions
    generated: int

    @classmethod
    def of(cls, trace: RequestTrace) -> GroupedTrace:
        """Group a trace."""
        prompts, prompt_of, prompt_counts = _distinct(trace.context_tokens)
        lengths = np.stack([trace.context_tokens, trace.generated_tokens], axis=1)
        answers, answer_of, answer_counts = _distinct(lengths)
        first = answers[:, 0] + 1.0
        return cls(
            arrival_s=trace.arrival_s,
            prompts=prompts[np.newaxis],
            prompt_counts=prompt_counts,
            prompt_of=prompt_of,
            first=first[np.newaxis],
            last=(answers.sum(axis=1) - 1.0)[np.newaxis],
            answer_counts=answer_counts,
            answer_of=answer_of,
            generated=trace.total_generated_tokens,
        )

    @property
    def steps(self) -> FloatArray:
        """Decode steps of each distinct answer, 1 x V."""
        return self.last - self.first + 1.0

    def contexts(self, window: int | None) -> FloatArray:
        """Tokens attended to in all decode steps of each distinct answer, 1 x V: whole numbers.

        Args:
            window: A step attends to so many tokens at most; to all if None.
        """
        limit = np.inf if window is None else float(window)
        growing = np.maximum(np.minimum(self.last, limit), self.first - 1.0)
        within: FloatArray = (growing * (growing + 1.0) - self.first * (self.first - 1.0)) / 2.0
        return within if window is None else within + (self.last - growing) * limit

    def per_request(self, values: Column, which: Positions) -> FloatArray:
        """Hand the values of distinct prompts or answers out to the requests: D x R.

        Args:
            values: D x U or D x V.
            which: `prompt_of` or `answer_of`.
        """
        return np.take(np.asarray(values), which, axis=1)

    def total_over_prompts(self, values: Column) -> float:
        """Sum of a quantity of each distinct prompt over all requests."""
        return float((np.broadcast_to(values, self.prompts.shape) * self.prompt_counts).sum())

    def total_over_answers(self, values: FloatArray) -> float:
        """Sum of a quantity of each distinct answer over all requests."""
        return float((values * self.answer_counts).sum())


def _distinct(rows: npt.NDArray[np.int64]) -> tuple[FloatArray, Positions, FloatArray]:
    """Distinct rows, the position of each row among them, and how often each occurs."""
    values, position, counts = np.unique(rows, axis=0, return_inverse=True, return_counts=True)
    return values.astype(np.float64), position.ravel(), counts.astype(np.float64)
