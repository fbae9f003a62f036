"""The HTML report: one file that opens anywhere, without a network."""

from __future__ import annotations

from dataclasses import dataclass, replace
from importlib import resources
from typing import TYPE_CHECKING

import numpy as np
from jinja2 import Environment, StrictUndefined
from markupsafe import Markup
from plotly.offline import get_plotlyjs

from dse.report.figures import curves_figure, front_figure, parallel_figure
from dse.report.labels import directions_sentence, printed, quantity_of_name
from dse.report.scales import curves_by_searcher, finite
from dse.report.tables import design_table, run_table
from dse.report.training import diagnostics_figure

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from dse.report.data import AxisInfo, FrontTable, ReportData

_MAX_ROWS = 1000
_MAX_DRAWN = 3000


@dataclass(frozen=True)
class Tile:
    """A key figure of the header.

    Attributes:
        label: What it is.
        value: As printed.
    """

    label: str
    value: str


def render_report(data: ReportData) -> str:
    """One self-contained HTML page.

    Every text from outside is escaped. Fronts of more than 3,000 designs are drawn, and of more
    than 1,000 are listed, by their first ones, and the page says so.
    """
    drawn = replace(data, front=data.front.head(_MAX_DRAWN))
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    template = environment.from_string(_resource("template.html"))
    return template.render(
        data=data,
        tiles=_tiles(data),
        directions=directions_sentence(data.objectives),
        plotly_js=_plotly_js(),
        front_plot=_front_plot(drawn),
        parallel_plot=_parallel_plot(drawn),
        curves_plot=_curves_plot(drawn),
        training_plot=_training_plot(data),
        has_violating=any(len(values) for values in data.violating.values()),
        same_everywhere=_constant_parameters(data.front),
        reference=_reference(data),
        designs=design_table(data.front.head(_MAX_ROWS)),
        runs=run_table(data.summaries, data.objectives),
        n_drawn=drawn.front.size,
        n_listed=min(data.front.size, _MAX_ROWS),
    )


def _resource(name: str) -> str:
    return resources.files("dse.report").joinpath(name).read_text(encoding="utf-8")


def _plotly_js() -> Markup:
    return Markup(get_plotlyjs())  # noqa: S704 - the library's own code


def _tiles(data: ReportData) -> list[Tile]:
    evaluations = sum(summary.evaluations for summary in data.summaries)
    return [
        Tile("evaluations in all searches", f"{evaluations:,}"),
        Tile("designs on the front", f"{data.front.size:,}"),
        *(_best_tile(axis, data.front) for axis in data.objectives if data.front.size),
    ]


def _best_tile(axis: AxisInfo, front: FrontTable) -> Tile:
    values = finite(front.metrics[axis.name])
    word, best = ("lowest", np.min) if axis.direction == "min" else ("highest", np.max)
    value = float(best(values)) if len(values) else float("nan")
    return Tile(f"{word} {quantity_of_name(axis.name)}", printed(value, axis.unit))


def _front_plot(data: ReportData) -> Markup | None:
    """None where there is nothing to draw against each other."""
    if not data.front.size or len(data.objectives) < 2:
        return None
    return _embedded(front_figure(data), "figure-front")


def _parallel_plot(data: ReportData) -> Markup | None:
    """None for fewer than two designs: there is nothing to compare."""
    if data.front.size < 2:
        return None
    return _embedded(parallel_figure(data), "figure-parallel", has_tools=False)


def _curves_plot(data: ReportData) -> Markup | None:
    """None without a record of any run."""
    if not curves_by_searcher(data.curves):
        return None
    return _embedded(curves_figure(data), "figure-convergence")


def _training_plot(data: ReportData) -> Markup | None:
    """None where no searcher tells of its learning."""
    if not data.diagnostics:
        return None
    return _embedded(diagnostics_figure(data), "figure-training")


def _embedded(figure: go.Figure, div_id: str, *, has_tools: bool = True) -> Markup:
    html = figure.to_html(
        full_html=False,
        include_plotlyjs=False,
        div_id=div_id,
        config={"displaylogo": False, "responsive": True, "displayModeBar": has_tools},
    )
    return Markup(html)  # noqa: S704 - plotly escapes its JSON, figures.py the labels in it


def _constant_parameters(front: FrontTable) -> str:
    """Parameters that have one value on the whole front: "frequency = 940 MHz, ..."."""
    if front.size < 2:
        return ""
    constant = {n: column[0] for n, column in front.parameters.items() if len(set(column)) == 1}
    return ", ".join(f"{quantity_of_name(n)} = {label}" for n, label in constant.items())


def _reference(data: ReportData) -> str:
    """The reference point in words: "latency 1 s, energy 2 J"."""
    units = {axis.name: axis.unit for axis in data.objectives}
    return ", ".join(
        f"{quantity_of_name(name)} {printed(value, units.get(name, ''))}"
        for name, value in data.reference_point.items()
    )
