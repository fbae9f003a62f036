"""Continuous batching, iteration by iteration as in Orca (Yu et al., OSDI 2022).

Between two decode steps the machine admits the oldest waiting request if the batch has room: its
prompt runs alone, gives its first token, and joins the batch. Otherwise all requests of the batch
take one decode step together: the weights are read once for all of them, each attends to its own
cache. Steps between two events (a request that ends, arrives, or fills its window) are one
arithmetic series, so that the run jumps from event to event.
"""

from __future__ import annotations

from typing import NamedTuple

import numba
import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@numba.njit(nogil=True)
def series(intercept: Floats, slope: Floats, steps: float) -> float:
    """Sum over j = 0 ... steps - 1 of the largest of some lines in j.

    Walks along the upper envelope: from the line that leads to the first that overtakes it.

    Args:
        intercept: Of each line.
        slope: Of each line, at least 0.
        steps: A whole number.
    """
    total, at = 0.0, 0.0
    while at < steps:
        lead = 0
        for line in range(1, len(intercept)):
            ahead = (intercept[line] + slope[line] * at) - (intercept[lead] + slope[lead] * at)
            if ahead > 0.0 or (ahead == 0.0 and slope[line] > slope[lead]):
                lead = line
        end = steps
        for line in range(len(intercept)):
            if slope[line] > slope[lead]:
                gain = slope[line] - slope[lead]
                end = min(end, np.floor((intercept[lead] - intercept[line]) / gain) + 1.0)
        end = max(end, at + 1.0)
        count = end - at
        total += count * (intercept[lead] + slope[lead] * (at + end - 1.0) / 2.0)
        at = end
    return total


@numba.njit(nogil=True)
def _steps_time(
    steps: float, constant: float, layers: Floats, intercept: Floats, slope: Floats
) -> float:
    """Time of so many steps of an unchanging batch; the lines are in the number of the step."""
    total = steps * constant
    for kind in range(len(layers)):
        total += layers[kind] * series(intercept[kind], slope[kind], steps)
    return total


@numba.njit(nogil=True)
def _steps_until(
    gap: float, most: float, constant: float, layers: Floats, intercept: Floats, slope: Floats
) -> float:
    """The fewest steps, at least 1, that take as long as `gap`; `most` if all take less."""
    low, high = 1.0, most
    while low < high:
        middle = np.floor((low + high) / 2.0)
        if _steps_time(middle, constant, layers, intercept, slope) >= gap:
            high = middle
        else:
            low = middle + 1.0
    return low


class Requests(NamedTuple):
    """R requests to one design; float64[R] each.

    Attributes:
        arrival_s: Not decreasing.
        prefill_s: Time of the prompt alone.
        first_context: Context of the first decode step.
        steps: Decode steps.
    """

    arrival_s: Floats
    prefill_s: Floats
    first_context: Floats
    steps: Floats


class StepCosts(NamedTuple):
    """Time of a decode step of a batch on one design.

    Attributes:
        constant_s: B, of 1 ... B requests without attention.
        layers: K, layers of each kind of attention.
        windows: K, tokens that it sees at most.
        intercept_s: K x L, of each resource per request.
        slope_s: K x L, of each resource per token of context.
    """

    constant_s: Floats
    layers: Floats
    windows: Floats
    intercept_s: Floats
    slope_s: Floats


class Outcome(NamedTuple):
    """What `run` fills in.

    Attributes:
        waiting_s: R, arrival to start of the prompt.
        decoding_s: R, first token to last.
        steps_by_size: B, steps taken by batches of 1 ... B requests.
    """

    waiting_s: Floats
    decoding_s: Floats
    steps_by_size: Floats


class _Batch(NamedTuple):
    """The requests that decode together: position, next context, steps left, first token."""

    member: Ints
    context: Floats
    left: Floats
    since: Floats


@numba.njit(nogil=True)
def _batch_lines(
    batch: _Batch, count: int, costs: StepCosts, intercept: Floats, slope: Floats
) -> float:
    """Fill in each resource's line in the number of the step; return for how many they hold."""
    holds: float = batch.left[0]
    for place in range(1, count):
        holds = min(holds, batch.left[place])
    for kind in range(len(costs.windows)):
        window = costs.windows[kind]
        seen = growing = 0.0
        for place in range(count):
            context = batch.context[place]
            seen += min(context, window)
            if context < window:
                growing += 1.0
                holds = min(holds, window - context)
        for line in range(costs.slope_s.shape[1]):
            per_token_s = costs.slope_s[kind, line]
            intercept[kind, line] = count * costs.intercept_s[kind, line] + per_token_s * seen
            slope[kind, line] = per_token_s * growing
    return holds


@numba.njit(nogil=True)
def _advance(batch: _Batch, count: int, steps: float, now: float, decoding_s: Floats) -> int:
    """Take the steps; requests that end leave the batch. Returns how many remain."""
    kept = 0
    for place in range(count):
        left = batch.left[place] - steps
        if left > 0:
            batch.member[kept], batch.since[kept] = batch.member[place], batch.since[place]
            batch.context[kept], batch.left[kept] = batch.context[place] + steps, left
            kept += 1
        else:
            decoding_s[batch.member[place]] = now - batch.since[place]
    return kept


@numba.njit(cache=True, nogil=True)
def run(requests: Requests, costs: StepCosts, outcome: Outcome) -> float:
    """Serve a trace on one design.

    Args:
        requests: The requests.
        costs: What a step takes.
        outcome: Filled in.

    Returns:
        Time of all decode steps.
    """
    arrival_s, room = requests.arrival_s, len(costs.constant_s)
    batch = _Batch(np.empty(room, np.int64), np.empty(room), np.empty(room), np.empty(room))
    intercept, slope = np.empty_like(costs.intercept_s), np.empty_like(costs.slope_s)
    now, busy_s, upcoming, count = arrival_s[0], 0.0, 0, 0
    while upcoming < len(arrival_s) or count > 0:
        waits = upcoming < len(arrival_s)
        if count == 0 and arrival_s[upcoming] > now:
            now = arrival_s[upcoming]
        if waits and count < room and arrival_s[upcoming] <= now:
            outcome.waiting_s[upcoming] = now - arrival_s[upcoming]
            now += requests.prefill_s[upcoming]
            outcome.decoding_s[upcoming] = 0.0
            if requests.steps[upcoming] > 0:
                batch.member[count], batch.since[count] = upcoming, now
                batch.context[count] = requests.first_context[upcoming]
                batch.left[count] = requests.steps[upcoming]
                count += 1
            upcoming += 1
            continue
        steps = _batch_lines(batch, count, costs, intercept, slope)
        constant_s = costs.constant_s[count - 1]
        if waits and count < room:
            gap_s = arrival_s[upcoming] - now
            steps = _steps_until(gap_s, steps, constant_s, costs.layers, intercept, slope)
        spent_s = _steps_time(steps, constant_s, costs.layers, intercept, slope)
        now, busy_s = now + spent_s, busy_s + spent_s
        outcome.steps_by_size[count - 1] += steps
        count = _advance(batch, count, steps, now, outcome.decoding_s)
    return busy_s
