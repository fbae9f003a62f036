"""The interactive figure of what learning searchers tell of themselves (plotly)."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from dse.report.figures import GRID, styled
from dse.report.labels import colour

if TYPE_CHECKING:
    from dse.report.data import ReportData, RunDiagnostics

AXIS = "evaluations"
_COLUMNS = 3


def diagnostics_figure(data: ReportData) -> go.Figure:
    """One panel per quantity, one line per run; the runs of one searcher share a colour."""
    quantities = _quantities(data)
    rows = -(-len(quantities) // _COLUMNS)
    figure = make_subplots(
        rows=rows,
        cols=min(len(quantities), _COLUMNS),
        subplot_titles=[escape(name.replace("_", " ")) for name in quantities],
        horizontal_spacing=0.06,
        vertical_spacing=0.5 / (rows + 1),
    )
    searchers = list(dict.fromkeys(run.searcher for run in data.diagnostics))
    seen: set[str] = set()
    for position, name in enumerate(quantities):
        place = {"row": position // _COLUMNS + 1, "col": position % _COLUMNS + 1}
        for run in data.diagnostics:
            if name in run.columns:
                trace = _line(run, name, searchers.index(run.searcher), run.searcher not in seen)
                seen.add(run.searcher)
                figure.add_trace(trace, **place)
    figure.update_xaxes(title={"text": AXIS, "standoff": 4}, gridcolor=GRID, zeroline=False)
    figure.update_yaxes(gridcolor=GRID, zeroline=False, exponentformat="power")
    return styled(figure, height=90 + 300 * rows).update_layout(legend_y=1.0 + 0.16 / rows)


def _quantities(data: ReportData) -> list[str]:
    """Every column but the axis, in order of first appearance."""
    names = dict.fromkeys(name for run in data.diagnostics for name in run.columns)
    return [name for name in names if name != AXIS]


def _line(run: RunDiagnostics, name: str, position: int, in_legend: bool) -> go.Scatter:
    return go.Scatter(
        x=run.columns[AXIS],
        y=np.where(np.isfinite(run.columns[name]), run.columns[name], np.nan),
        mode="lines",
        line={"color": colour(position), "width": 1.5},
        opacity=0.8,
        name=escape(run.searcher),
        legendgroup=f"searcher {position}",
        showlegend=in_legend,
        hovertext=escape(run.label),
        hoverinfo="text+x+y",
    )
