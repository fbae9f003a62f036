"""Problems whose every design is known: the optimum is the truth, and evaluations cost nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from accel_models.dram.controller import DRAMController
from accel_models.dram.equivalence import canonical
from dse import CostModel, Evaluation

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from dse import Columns, DesignSpace, Ops, Problem
    from dse._columns import FloatArray, IntArray

PORTION = 4096
"""Controllers simulated between two reports of progress."""


@dataclass(frozen=True)
class Table:
    """The metrics of every design of a space.

    Attributes:
        row: Row of each design, by its index in the space; alike designs share one.
        columns: Metric -> one value per row; NaN where the design cannot work.
    """

    row: IntArray
    columns: dict[str, FloatArray]

    def of_designs(self, metric: str) -> FloatArray:
        """One value per design of the space."""
        return self.columns[metric][self.row]

    def save(self, path: Path) -> None:
        """Write to a file, whole or not at all."""
        partial = path.with_suffix(".partial.npz")
        np.savez_compressed(partial, row=self.row.astype(np.int32), **self.columns)
        partial.replace(path)

    @classmethod
    def load(cls, path: Path) -> Table:
        """Read what `save` wrote."""
        with np.load(path) as file:
            columns = {name: file[name] for name in file.files if name != "row"}
            return cls(file["row"].astype(np.int64), columns)


def tabulate(problem: Problem, metrics: Sequence[str]) -> Table:
    """Evaluate every design; memory controllers that cannot differ on their trace only once.

    Args:
        problem: Whose model and space.
        metrics: What to keep.
    """
    first, row = _behaviours(problem)
    wanted = frozenset(metrics)
    parts = [
        problem.model.compute(problem.space.at(first[start : start + PORTION]), wanted)
        for start in range(0, len(first), PORTION)
    ]
    return Table(row, {name: np.concatenate([part[name] for part in parts]) for name in metrics})


def _behaviours(problem: Problem) -> tuple[IntArray, IntArray]:
    """The first design of each behaviour, and the behaviour of each design."""
    space = problem.space
    everything = np.arange(space.size)
    if not isinstance(problem.model, DRAMController):
        return everything, everything
    designs = space.at(everything)
    names = [name for name in space.names if name != "address_map"]
    controllers = np.stack([designs[name] for name in names], axis=1).astype(np.int64)
    alike = canonical(controllers, has_writes=bool(problem.model.workload.is_write.any()))
    rows = np.column_stack([alike, designs["address_map"].astype(np.int64)])
    keys = np.ravel_multi_index(tuple(rows.T), tuple(rows.max(axis=0) + 1))
    _, first, row = np.unique(keys, return_index=True, return_inverse=True)
    return first, row


class Tabulated(CostModel):
    """A model that looks its designs up. It has the metrics and the workload of the original."""

    env_id = "dse/Tabulated-v0"
    version = "1"
    workload_type = object
    metrics = ()
    infeasibilities = ("the design cannot work",)

    def __init__(self, original: Problem, table: Table) -> None:
        super().__init__(original.model.workload)
        kept = [metric for metric in original.model.metrics if metric.name in table.columns]
        self.metrics = tuple(kept)  # type: ignore[misc] - of the instance: tables differ
        self._space = original.space
        self._table = table

    @property
    def space(self) -> DesignSpace:
        """The space that was tabulated."""
        return self._space

    def equations(self, x: Columns, ops: Ops, wanted: frozenset[str]) -> Evaluation:
        """Look up, in whatever shape the columns come."""
        del ops
        columns = np.broadcast_arrays(*(np.asarray(x[name]) for name in self._space.names))
        flat = {n: c.ravel() for n, c in zip(self._space.names, columns, strict=True)}
        row = self._table.row[self._space.index_of_codes(self._space.encode(flat))]
        row = row.reshape(columns[0].shape)
        found: dict[str, Any] = {n: self._table.columns[n][row] for n in self.metric_names}
        broken = np.any([np.isnan(column) for column in found.values()], axis=0)
        if not columns[0].shape:
            found = {name: float(column) for name, column in found.items()}
        return Evaluation({n: c for n, c in found.items() if n in wanted}, (broken,))
