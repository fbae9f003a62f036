"""Tables of a report: a printed text and a sort key in every cell."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from dse.report.labels import ordered_labels, printed, printed_unit, quantity_of_name
from dse.units import unit_of_name

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dse._columns import FloatArray
    from dse.report.data import AxisInfo, FrontTable, RunSummary


class Cell(NamedTuple):
    """One cell.

    Attributes:
        text: As people read it.
        key: What a column is sorted by.
    """

    text: str
    key: float


@dataclass(frozen=True)
class Column:
    """One column.

    Attributes:
        title: The quantity.
        hint: The name in the data, its unit or its meaning; shown on hover.
        cells: From top to bottom.
        is_number: Right-aligned.
    """

    title: str
    hint: str
    cells: list[Cell]
    is_number: bool = True


@dataclass(frozen=True)
class Table:
    """Columns of equal length."""

    columns: list[Column]

    @property
    def rows(self) -> list[list[tuple[Column, Cell]]]:
        """Row by row, each cell with its column."""
        cells = zip(*(column.cells for column in self.columns), strict=True)
        return [list(zip(self.columns, row, strict=True)) for row in cells]


def design_table(front: FrontTable) -> Table:
    """The designs of a front: a number, the objectives, the parameters, the other metrics."""
    units = {axis.name: axis.unit for axis in front.objectives}
    others = {n: unit_of_name(n) for n in front.metrics if n not in units}
    numbers = [Cell(str(i + 1), i + 1) for i in range(front.size)]
    return Table(
        [
            Column("#", "number of the design, as in the pictures", numbers),
            *(_metric_column(name, unit, front.metrics[name]) for name, unit in units.items()),
            *(_parameter_column(name, labels) for name, labels in front.parameters.items()),
            *(_metric_column(name, unit, front.metrics[name]) for name, unit in others.items()),
        ]
    )


def run_table(summaries: Sequence[RunSummary], objectives: Sequence[AxisInfo]) -> Table:
    """One row per run: its hypervolume, or the best value of the only objective.

    Args:
        summaries: One per run.
        objectives: The axes.
    """
    counts = {
        "evaluations": "designs evaluated",
        "infeasible": "designs that cannot work",
        "failed": "evaluations that ended in an error",
        "admissible": "designs that work and satisfy every constraint",
        "front_size": "designs on the run's own front",
    }
    searchers = [s.searcher for s in summaries]
    seeds = [Cell("-", -1) if s.seed is None else Cell(str(s.seed), s.seed) for s in summaries]
    return Table(
        [
            Column(
                "searcher", "", _label_cells(searchers, sorted(set(searchers))), is_number=False
            ),
            Column("seed", "", seeds),
            *(
                Column(quantity_of_name(name), hint, [_count(getattr(s, name)) for s in summaries])
                for name, hint in counts.items()
            ),
            *(
                _best_columns(summaries, objectives[0])
                if len(objectives) == 1
                else _volume_columns(summaries)
            ),
        ]
    )


def _volume_columns(summaries: Sequence[RunSummary]) -> list[Column]:
    volumes = [_plain(s.hypervolume) for s in summaries]
    shares = [_percent(s.share_of_best) for s in summaries]
    return [
        Column("hypervolume", "of the run's own front", volumes),
        Column("of all together", "relative to the hypervolume of all runs together", shares),
    ]


def _best_columns(summaries: Sequence[RunSummary], objective: AxisInfo) -> list[Column]:
    best = [np.nan if s.best is None else s.best for s in summaries]
    ratios = [np.nan if s.ratio_to_best is None else s.ratio_to_best for s in summaries]
    title = f"best {quantity_of_name(objective.name)}"
    return [
        Column(title, objective.name, [Cell(printed(v, objective.unit), v) for v in best]),
        Column("ratio to the best of all", "of all runs together", [_plain(r) for r in ratios]),
    ]


def _metric_column(name: str, unit: str, values: FloatArray) -> Column:
    hint = f"{name}, sorted in {printed_unit(unit)}" if unit else name
    cells = [Cell(printed(value, unit), float(value)) for value in values]
    return Column(quantity_of_name(name), hint, cells)


def _parameter_column(name: str, labels: list[str]) -> Column:
    order = ordered_labels(name, labels)
    is_number = all(label[:1].isdigit() for label in order)
    return Column(quantity_of_name(name), name, _label_cells(labels, order), is_number)


def _label_cells(labels: list[str], order: list[str]) -> list[Cell]:
    rank = {label: position for position, label in enumerate(order)}
    return [Cell(label, rank[label]) for label in labels]


def _count(value: int) -> Cell:
    return Cell(f"{value:,}", value)


def _plain(value: float) -> Cell:
    return Cell(f"{value:.6g}" if np.isfinite(value) else "-", value)


def _percent(value: float) -> Cell:
    return Cell(f"{value:.2%}" if np.isfinite(value) else "-", value)
