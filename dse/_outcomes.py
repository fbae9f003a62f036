"""Evaluating designs without ever letting a bad one through, or a bad model end the job.

Every design ends in one of three states. Only `DONE` rows carry metrics; a NaN, an infinity, text
or a physically impossible value becomes `FAILED` with a reason, never a good value.
"""

from __future__ import annotations

import traceback
from contextlib import suppress
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any

import numpy as np

from dse._columns import Columns, FloatArray, batch_length, concatenate, take
from dse._model import FEASIBLE, REASON, CostModel, Metric


class State(IntEnum):
    """What became of a design."""

    DONE = 0
    INFEASIBLE = 1
    FAILED = 2


@dataclass(frozen=True)
class Outcome:
    """The results of a flat batch.

    Attributes:
        metrics: Metric -> N values; NaN throughout unless the state is DONE.
        state: N states.
        reason: N texts; empty for DONE.
        tracebacks: Reason -> traceback, once per distinct error.
    """

    metrics: dict[str, FloatArray]
    state: Any
    reason: list[str]
    tracebacks: dict[str, str] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.reason)

    def told(self) -> dict[str, Any]:
        """What a searcher learns: the metrics, and `feasible` only where they can be trusted."""
        return {**self.metrics, FEASIBLE: self.state == State.DONE}

    def rows(self, selection: Any) -> Outcome:
        """Some of the rows."""
        index = np.arange(len(self))[selection]
        reason = [self.reason[i] for i in index]
        kept = {text: self.tracebacks[text] for text in reason if text in self.tracebacks}
        return Outcome(take(self.metrics, index), self.state[index], reason, kept)


def no_outcome(metric_names: tuple[str, ...]) -> Outcome:
    """The results of an empty batch."""
    return Outcome({name: np.empty(0) for name in metric_names}, np.empty(0, dtype=np.int8), [])


def join(outcomes: list[Outcome]) -> Outcome:
    """Concatenate outcomes."""
    tracebacks = {reason: text for o in outcomes for reason, text in o.tracebacks.items()}
    return Outcome(
        concatenate([o.metrics for o in outcomes]),
        np.concatenate([o.state for o in outcomes]),
        [reason for o in outcomes for reason in o.reason],
        tracebacks,
    )


class GaveUpError(Exception):
    """The model failed the same way many times in a row.

    Attributes:
        outcome: Results of the designs that were evaluated before giving up.
    """

    def __init__(self, reason: str, outcome: Outcome) -> None:
        super().__init__(reason)
        self.outcome = outcome


class SafeEvaluator:
    """Evaluates flat batches of one model and survives whatever it does.

    A batch that raises is repeated design by design, so that one bad design costs one result and
    not the batch.

    Args:
        model: The cost model.
        identical_failures: How many equal failures in a row, before anything has worked, end
            the search.
    """

    def __init__(self, model: CostModel, identical_failures: int) -> None:
        self._model = model
        self._limit = identical_failures
        self._streak: tuple[str, int] = ("", 0)
        self._has_worked = False

    def __call__(self, designs: Columns) -> Outcome:
        """Evaluate a flat batch.

        Raises:
            GaveUpError: Nothing has worked, and the same failure came `identical_failures` times
                in a row.
        """
        count = batch_length(designs)
        outcome, error = self._attempt(designs, count)
        if error is not None and count > 1:
            return self._one_by_one(designs, count)
        self._count_failures(outcome)
        return outcome

    def learn(self, known: Outcome) -> None:
        """Take up the streak of failures where an interrupted search left it."""
        with suppress(GaveUpError):
            self._count_failures(known)

    def _attempt(self, designs: Columns, count: int) -> tuple[Outcome, BaseException | None]:
        try:
            columns = self._model.compute(designs)
            return _validated(self._model, columns, count), None
        except GeneratorExit:
            raise
        except BaseException as error:  # noqa: BLE001 - a plug-in may raise anything, SystemExit too
            return _failed(self._model, count, error), error

    def _one_by_one(self, designs: Columns, count: int) -> Outcome:
        outcomes: list[Outcome] = []
        for row in range(count):
            outcomes.append(self._attempt(take(designs, [row]), 1)[0])
            try:
                self._count_failures(outcomes[-1])
            except GaveUpError as error:
                raise GaveUpError(str(error), join(outcomes)) from None
        return join(outcomes)

    def _count_failures(self, outcome: Outcome) -> None:
        """A model that has worked once has bad corners; one that never has is broken."""
        if self._has_worked:
            return
        rows = zip(outcome.state.tolist(), outcome.reason, strict=True)
        for row, (state, reason) in enumerate(rows, start=1):
            if state != State.FAILED:
                self._has_worked = True
                return
            same = self._streak[0] == reason
            self._streak = (reason, self._streak[1] + 1 if same else 1)
            if self._streak[1] >= self._limit:
                # The rows behind it go: how many there are depends on how the batch was cut.
                upto = outcome.rows(slice(row))
                raise GaveUpError(f"{self._streak[1]} equal failures in a row: {reason}", upto)


def _failed(model: CostModel, count: int, error: BaseException) -> Outcome:
    message = str(error).strip().splitlines()
    reason = f"{type(error).__name__}: {message[0] if message else 'no message'}"
    text = "".join(traceback.format_exception(error))
    metrics = {name: np.full(count, np.nan) for name in model.metric_names}
    state = np.full(count, State.FAILED, dtype=np.int8)
    return Outcome(metrics, state, [reason] * count, {reason: text})


def _validated(model: CostModel, columns: Columns, count: int) -> Outcome:
    """Check every value of every feasible row against what its metric allows."""
    feasible = np.broadcast_to(np.asarray(columns[FEASIBLE], dtype=bool), (count,))
    codes = np.broadcast_to(columns[REASON], (count,))
    texts = model.reasons
    reason = [texts[code] for code in codes.tolist()]
    state = np.where(feasible, State.DONE, State.INFEASIBLE).astype(np.int8)
    metrics: dict[str, FloatArray] = {}
    for metric in model.metrics:
        values, legal = _numbers(metric, np.broadcast_to(columns[metric.name], (count,)))
        for row in np.flatnonzero(feasible & ~legal).tolist():
            if state[row] == State.DONE:
                state[row] = State.FAILED
                reason[row] = _why_illegal(metric, columns[metric.name], row, count)
        metrics[metric.name] = values
    done = state == State.DONE
    kept = {name: np.where(done, values, np.nan) for name, values in metrics.items()}
    return Outcome(kept, state, reason)


def _numbers(metric: Metric, column: Any) -> tuple[FloatArray, Any]:
    """The column as floats, and which of its values are finite and physically possible."""
    if column.dtype.kind not in "fiu":
        values = np.array([_number(value) for value in column.tolist()], dtype=np.float64)
    else:
        values = column.astype(np.float64)
    return values, np.isfinite(values) & (values >= metric.low) & (values <= metric.high)


def _number(value: Any) -> float:
    return float(value) if type(value) in (int, float) else float("nan")


def _why_illegal(metric: Metric, column: Any, row: int, count: int) -> str:
    value = np.broadcast_to(column, (count,))[row]
    value = value.item() if isinstance(value, np.generic) else value
    if type(value) not in (int, float):
        return f"{metric.name} is {value!r} ({type(value).__name__}), not a number"
    if not np.isfinite(value):
        return f"{metric.name} is {value}, not a finite number"
    return f"{metric.name} = {value:g} is outside [{metric.low:g}, {metric.high:g}]"
