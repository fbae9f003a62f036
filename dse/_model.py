"""The cost-model contract: a pure function from a batch of designs to columns of metrics."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from dse._columns import batch_length, batch_shape, is_single, take
from dse._ops import ARRAYS, FLOATS
from dse.errors import ModelContractError, WorkloadError
from dse.units import unit_of_name

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dse._columns import Columns
    from dse._ops import Ops
    from dse._space import DesignSpace

FEASIBLE = "feasible"
REASON = "reason"


@dataclass(frozen=True)
class Metric:
    """A column of results.

    Attributes:
        name: With its unit, e.g. `latency_s`; ratios and counts need none.
        doc: One line for people.
        low: Smallest physically possible value.
        high: Largest physically possible value.
        parts: Names of the parts that sum to this metric in a breakdown.
    """

    name: str
    doc: str
    low: float = 0.0
    high: float = float("inf")
    parts: tuple[str, ...] = ()

    @property
    def unit(self) -> str:
        """The unit that the name carries."""
        return unit_of_name(self.name)


@dataclass(frozen=True)
class Evaluation:
    """What a model's equations return.

    Attributes:
        metrics: Metric name -> column.
        infeasible: One bool column per entry of the model's `infeasibilities`, same order.
        parts: "metric.part" -> column, for the metrics that have a breakdown.
    """

    metrics: Mapping[str, Any]
    infeasible: tuple[Any, ...] = ()
    parts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class NoOptions:
    """The options of a model that has none."""


class CostModel(ABC):
    """A cost model bound to a workload. Subclass it and write `space` and `equations`.

    Attributes:
        env_id: Gymnasium id of the environment over this model; raise its version when numbers
            change.
        version: Version of the numbers; recorded with every study.
        workload_type: Class of the workloads it accepts.
        Options: Frozen dataclass of the model's switches, with defaults.
        metrics: The metrics it computes.
        default_objectives: Metric -> "min" or "max", used where none are given.
        infeasibilities: Why a design may be impossible, one sentence each.
        default_workload: Name of the workload plug-in used where none is given.
        default_space: The default problem: parameter -> values, for the parameters that a job
            neither narrows nor fixes. The model's `space` may accept more.
        chunk: Flat batches are evaluated in chunks of this many designs, so that temporaries stay
            in cache. A model that splits a batch by case multiplies it by the number of cases.
    """

    env_id: ClassVar[str]
    version: ClassVar[str]
    workload_type: ClassVar[type]
    Options: ClassVar[type] = NoOptions
    metrics: ClassVar[tuple[Metric, ...]]
    default_objectives: ClassVar[Mapping[str, str]]
    infeasibilities: ClassVar[tuple[str, ...]] = ()
    default_workload: ClassVar[str] = ""
    default_space: ClassVar[Mapping[str, tuple[Any, ...]]] = {}
    chunk: ClassVar[int] = 8192

    def __init__(self, workload: Any, options: Any = None) -> None:
        if not isinstance(workload, self.workload_type):
            raise WorkloadError(
                f"{type(self).__name__} cannot run a {type(workload).__name__}",
                allowed=f"a {self.workload_type.__name__} workload",
                next_step="`dse list workloads` shows what there is",
            )
        self.workload = workload
        self.options = self.Options() if options is None else options

    @property
    @abstractmethod
    def space(self) -> DesignSpace:
        """All parameters of the model, with every value it accepts."""

    @abstractmethod
    def equations(self, x: Columns, ops: Ops, wanted: frozenset[str]) -> Evaluation:
        """Compute the metrics of the designs `x`.

        Args:
            x: One column per parameter; floats, a flat batch, or an open grid.
            ops: The operations to compute with.
            wanted: The metrics (and "parts") that will be read; others may be left out.
        """

    @property
    def reasons(self) -> tuple[str, ...]:
        """Text of each code in the `reason` column; code 0 means feasible."""
        return ("", *(rule.doc for rule in self.space.rules), *self.infeasibilities)

    @property
    def metric_names(self) -> tuple[str, ...]:
        """Names of the metrics, in order."""
        return tuple(metric.name for metric in self.metrics)

    @property
    def part_names(self) -> tuple[str, ...]:
        """Names of the breakdown columns, in order."""
        return tuple(f"{m.name}.{part}" for m in self.metrics for part in m.parts)

    def evaluate(self, designs: Columns, *, breakdown: bool = False) -> dict[str, Any]:
        """Evaluate designs that come from outside.

        Args:
            designs: Every parameter; plain values for one design, N values each for a flat batch,
                or mutually broadcastable arrays for an open grid. Names are allowed for choices.
            breakdown: Add the parts of each metric that has some, as columns "metric.part".

        Returns:
            The metrics in the broadcast shape, `feasible` (bool) and `reason` (a code, see
            `reasons`). Metrics of infeasible designs are NaN.

        Raises:
            DesignError: Unknown parameter, wrong type, or a value outside its range.
        """
        wanted = frozenset(self.metric_names) | ({"parts"} if breakdown else frozenset())
        return self.compute(self.space.check(designs), wanted)

    def compute(self, x: Columns, wanted: frozenset[str] | None = None) -> dict[str, Any]:
        """`evaluate` for columns known to be valid numbers: no checks, and only some metrics.

        Args:
            x: Valid numeric columns.
            wanted: Metrics to return, and "parts" for the breakdown; all metrics if None.
        """
        wanted = frozenset(self.metric_names) if wanted is None else wanted
        if is_single(x):
            return self._single(x, wanted)
        shape = batch_shape(x)
        if 0 in shape:
            return self._nothing(wanted, shape)
        if len(shape) == 1 and shape[0] > self.chunk:
            return self._chunked(x, wanted)
        return self._arrays(x, wanted, shape)

    # -- the three paths ---------------------------------------------------------------------

    def _single(self, x: Columns, wanted: frozenset[str]) -> dict[str, Any]:
        found = self.equations(x, FLOATS, wanted)
        reason = self._first_reason(x, found)
        columns = {**self._selected(found, wanted)}
        if reason:
            columns = dict.fromkeys(columns, float("nan"))
        return {**columns, FEASIBLE: not reason, REASON: reason}

    def _first_reason(self, x: Columns, found: Evaluation) -> int:
        checks = [not rule.holds(x) for rule in self.space.rules] + list(found.infeasible)
        return next((i + 1 for i, failed in enumerate(checks) if failed), 0)

    def _arrays(self, x: Columns, wanted: frozenset[str], shape: tuple[int, ...]) -> dict[str, Any]:
        with np.errstate(all="ignore"):
            found = self.equations(x, ARRAYS, wanted)
        reason = self._reason_column(x, found)
        columns = self._selected(found, wanted)
        if np.any(reason):
            columns = {name: np.where(reason == 0, c, np.nan) for name, c in columns.items()}
        columns = {**columns, FEASIBLE: reason == 0, REASON: reason}
        return {name: np.broadcast_to(column, shape) for name, column in columns.items()}

    def _reason_column(self, x: Columns, found: Evaluation) -> Any:
        """The code of the first reason that applies, in its smallest broadcast shape."""
        checks = [~np.asarray(rule.holds(x), dtype=bool) for rule in self.space.rules]
        checks += [np.asarray(column, dtype=bool) for column in found.infeasible]
        reason: Any = np.zeros((), dtype=np.int8)
        for code, failed in reversed(list(enumerate(checks, start=1))):
            reason = np.where(failed, np.int8(code), reason)
        return reason

    def _nothing(self, wanted: frozenset[str], shape: tuple[int, ...]) -> dict[str, Any]:
        """The columns of an empty batch; equations need not cope with one."""
        names = [n for n in self.metric_names if n in wanted]
        names += self.part_names if "parts" in wanted else ()
        columns: dict[str, Any] = {name: np.empty(shape) for name in names}
        return {**columns, FEASIBLE: np.empty(shape, bool), REASON: np.empty(shape, np.int8)}

    def _chunked(self, x: Columns, wanted: frozenset[str]) -> dict[str, Any]:
        total = batch_length(x)
        arrays = {name: np.broadcast_to(column, (total,)) for name, column in x.items()}
        result: dict[str, Any] = {}
        for start in range(0, total, self.chunk):
            rows = slice(start, start + self.chunk)
            chunk = {name: _once_if_constant(c) for name, c in take(arrays, rows).items()}
            part = self._arrays(chunk, wanted, (min(self.chunk, total - start),))
            for name, column in part.items():
                if name not in result:
                    result[name] = np.empty(total, dtype=column.dtype)
                result[name][rows] = column
        return result

    def _selected(self, found: Evaluation, wanted: frozenset[str]) -> dict[str, Any]:
        missing = [n for n in self.metric_names if n in wanted and n not in found.metrics]
        if missing:
            raise ModelContractError(
                f"{type(self).__name__} did not return the metric {missing[0]!r} it declares",
                next_step="return it from `equations`, or remove it from `metrics`",
            )
        columns = {n: found.metrics[n] for n in self.metric_names if n in wanted}
        return {**columns, **found.parts} if "parts" in wanted else columns


def _once_if_constant(column: Any) -> Any:
    """A column that holds one value throughout, as that value: what follows is computed once."""
    return column[:1] if (column == column[0]).all() else column
