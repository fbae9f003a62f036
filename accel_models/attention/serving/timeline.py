"""When each request gets its tokens, by the batching rule."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from accel_models.attention.serving import continuous
from accel_models.attention.serving.decode import step_lines
from accel_models.attention.serving.waiting import waiting_times_s

if TYPE_CHECKING:
    from accel_models.attention.serving.groups import GroupedTrace
    from accel_models.attention.serving.passes import DecodeStep
    from dse._columns import FloatArray


@dataclass(frozen=True)
class Timeline:
    """A served trace of R requests on D designs.

    Attributes:
        prefill_s: D x R, time of each prompt.
        waiting_s: D x R, arrival to start of the prompt.
        decoding_s: D x R, first token to last.
        decode_busy_s: D, time that the machine takes decode steps.
        span_s: D, time that the trace takes: first arrival to last token, or for isolated requests
            the sum of their times.
    """

    prefill_s: FloatArray
    waiting_s: FloatArray
    decoding_s: FloatArray
    decode_busy_s: FloatArray
    span_s: FloatArray

    @property
    def first_token_s(self) -> FloatArray:
        """Arrival to first token, D x R."""
        return self.waiting_s + self.prefill_s

    @property
    def latency_s(self) -> FloatArray:
        """Arrival to last token, D x R."""
        return self.first_token_s + self.decoding_s


def isolated(prefill_s: FloatArray, decode_s: FloatArray) -> Timeline:
    """Each request meets an idle machine.

    Args:
        prefill_s: D x R.
        decode_s: D x R, all decode steps of each request.
    """
    busy_s = decode_s.sum(axis=-1)
    return Timeline(
        prefill_s=prefill_s,
        waiting_s=np.zeros_like(prefill_s),
        decoding_s=decode_s,
        decode_busy_s=busy_s,
        span_s=prefill_s.sum(axis=-1) + busy_s,
    )


def first_come_first_served(
    prefill_s: FloatArray, decode_s: FloatArray, arrival_s: FloatArray
) -> Timeline:
    """One request at a time, from the first token of its prompt to the last of its answer.

    Args:
        prefill_s: D x R.
        decode_s: D x R, all decode steps of each request.
        arrival_s: R, not decreasing.
    """
    waiting_s = waiting_times_s(prefill_s + decode_s, arrival_s)
    last_latency_s = waiting_s[:, -1] + prefill_s[:, -1] + decode_s[:, -1]
    return Timeline(
        prefill_s=prefill_s,
        waiting_s=waiting_s,
        decoding_s=decode_s,
        decode_busy_s=decode_s.sum(axis=-1),
        span_s=arrival_s[-1] - arrival_s[0] + last_latency_s,
    )


def continuous_batching(
    prefill_s: FloatArray, step: DecodeStep, sizes: int, trace: GroupedTrace
) -> tuple[Timeline, FloatArray]:
    """Requests join the batch between two decode steps.

    Args:
        prefill_s: D x R.
        step: A step of 1 ... B requests together, D x B.
        sizes: Largest batch (B).
        trace: The requests.

    Returns:
        The timeline, and D x B decode steps taken by batches of 1 ... B requests.
    """
    designs = len(prefill_s)
    waiting_s, decoding_s = np.empty_like(prefill_s), np.empty_like(prefill_s)
    steps_by_size, busy_s = np.zeros((designs, sizes)), np.empty(designs)
    constant_s = np.array(np.broadcast_to(step.constant.latency_s, (designs, sizes)))
    layers, windows, intercept_s, slope_s = _attention_lines(step, designs)
    first, steps = (column[0, trace.answer_of] for column in (trace.first, trace.steps))
    for row in range(designs):
        busy_s[row] = continuous.run(
            continuous.Requests(trace.arrival_s, prefill_s[row], first, steps),
            continuous.StepCosts(constant_s[row], layers, windows, intercept_s[row], slope_s[row]),
            continuous.Outcome(waiting_s[row], decoding_s[row], steps_by_size[row]),
        )
    ends = trace.arrival_s + waiting_s + prefill_s + decoding_s
    span_s = ends.max(axis=-1) - trace.arrival_s[0]
    return Timeline(prefill_s, waiting_s, decoding_s, busy_s, span_s), steps_by_size


def _attention_lines(
    step: DecodeStep, designs: int
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Layers and window of each kind of attention (K), and its lines (D x K x L)."""
    kinds = list(step.attention)
    windows = [np.inf if window is None else float(window) for _, window in kinds]
    lines = [step_lines(heads, step.machine) for heads, _ in kinds]

    def stacked(position: int) -> FloatArray:
        rows = [[np.broadcast_to(line[position], (designs, 1)) for line in kind] for kind in lines]
        columns = np.array(rows, dtype=np.float64)[..., 0]
        return np.ascontiguousarray(np.moveaxis(columns, -1, 0))

    layers = np.array(list(step.attention.values()), dtype=np.float64)
    return layers, np.array(windows), stacked(0), stacked(1)
