"""The interactive figures of the HTML report (plotly).

Text from outside is escaped before it reaches plotly, which reads a little HTML in its labels.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from dse.report.labels import (
    CLOUD_COLOURS,
    EVALUATED,
    VIOLATING,
    axis_title,
    colour,
    ordered_labels,
    printed,
    quantity_of_name,
)
from dse.report.scales import (
    curves_by_searcher,
    finite,
    front_groups,
    linear_ticks,
    log_ticks,
    median_curve,
    objective_pairs,
    wants_log,
    whole_decades,
    with_margin,
)

if TYPE_CHECKING:
    from typing import Any

    from dse._columns import FloatArray, IntArray
    from dse.report.data import AxisInfo, FrontTable, ReportData, RunCurve

_FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif"
GRID = "#e8eaee"
_INK = "#2b2f36"
_MAX_TICK_LABELS = 16
_TICK_GAP = 0.06
_PIXELS_PER_CHARACTER = 7.0
_LOG_LOOK = {"type": "log", "tickfont": {"size": 11}}  # plotly enlarges powers of ten by a quarter


def front_figure(data: ReportData) -> go.Figure:
    """The front over the cloud of evaluated designs, one panel per pair of objectives.

    The axes are scaled to the admissible designs; some that violate a constraint may lie outside.
    """
    pairs = objective_pairs(data.objectives)
    columns = min(len(pairs), 3)
    rows = -(-len(pairs) // columns)
    figure = make_subplots(
        rows=rows, cols=columns, horizontal_spacing=0.075, vertical_spacing=0.3 / (rows + 1)
    )
    hover = _hover_texts(data.front)
    for position, (x, y) in enumerate(pairs):
        place = {"row": position // columns + 1, "col": position % columns + 1}
        for trace in _panel(data, x, y, hover, is_first=position == 0):
            figure.add_trace(trace, **place)
        figure.update_xaxes(_axis(data, x), **place)
        figure.update_yaxes(_axis(data, y), **place)
    if data.categorical in data.front.parameters:
        figure.update_layout(legend_title_text=escape(quantity_of_name(data.categorical or "")))
    return styled(figure, height=520 if len(pairs) == 1 else 70 + 370 * rows)


def parallel_figure(data: ReportData) -> go.Figure:
    """Every design of the front as a line across its parameters and objectives.

    Parameters with one value on the whole front are left out: they tell nothing apart.
    """
    front = data.front
    varying = {name: column for name, column in front.parameters.items() if len(set(column)) > 1}
    dimensions = [
        *(_parameter_dimension(name, labels) for name, labels in varying.items()),
        *(_objective_dimension(axis, front.metrics[axis.name]) for axis in front.objectives),
    ]
    longest = max(len(dimension["label"]) for dimension in dimensions)
    crowded = longest * _PIXELS_PER_CHARACTER > 1100 / len(dimensions)
    trace = go.Parcoords(
        dimensions=dimensions,
        line=_group_colours(front_groups(front, data.categorical), front.size),
        labelangle=-18 if crowded else 0,
        labelfont={"size": 13, "color": _INK},
        tickfont={"size": 11, "color": _INK},
        unselected={"line": {"color": "#d5d8dd", "opacity": 0.25}},
    )
    figure = styled(go.Figure(trace), height=460)
    left = max(len(str(text)) for text in dimensions[0]["ticktext"]) * _PIXELS_PER_CHARACTER
    return figure.update_layout(
        margin={"l": 30 + left, "r": 60, "t": 80 if crowded else 50, "b": 24}
    )


def curves_figure(data: ReportData) -> go.Figure:
    """Hypervolume against evaluations: a thin line per run, a bold median per searcher."""
    figure = go.Figure()
    for position, (searcher, curves) in enumerate(curves_by_searcher(data.curves).items()):
        for curve in curves if len(curves) > 1 else ():
            figure.add_trace(_run_trace(curve, position))
        figure.add_trace(_median_trace(searcher, curves, position))
    grid = {"gridcolor": GRID, "exponentformat": "power", "zeroline": False}
    figure.update_xaxes(dtick=1, title="evaluations", **_LOG_LOOK, **grid)
    figure.update_yaxes(title="hypervolume", **grid)
    return styled(figure, height=440)


def _panel(
    data: ReportData, x: AxisInfo, y: AxisInfo, hover: list[str], *, is_first: bool
) -> list[Any]:
    front = data.front
    clouds = {
        VIOLATING: (data.violating, []),
        EVALUATED: (data.cloud, data.cloud_searcher),
    }
    traces = [
        _cloud_trace(label, cloud[x.name], cloud[y.name], searchers, is_first=is_first)
        for label, (cloud, searchers) in clouds.items()
        if len(cloud.get(x.name, ()))
    ]
    if len(data.objectives) == 2:
        traces.append(_stairs(front.metrics[x.name], front.metrics[y.name], x))
    for position, (label, rows) in enumerate(front_groups(front, data.categorical).items()):
        traces.append(
            go.Scatter(
                x=front.metrics[x.name][rows],
                y=front.metrics[y.name][rows],
                mode="markers",
                name=escape(label),
                legendgroup=f"group {position}",
                showlegend=is_first,
                marker={
                    "color": colour(position),
                    "size": 6,
                    "line": {"width": 0.5, "color": "#fff"},
                },
                text=[hover[row] for row in rows],
                hoverinfo="text",
            )
        )
    return traces


def _cloud_trace(
    label: str, xs: FloatArray, ys: FloatArray, searchers: list[str], *, is_first: bool
) -> go.Scatter:
    rows = np.flatnonzero(np.isfinite(xs) & np.isfinite(ys))
    by = [f"evaluated by {escape(searchers[row])}" for row in rows if searchers]
    text: list[str] | str = by or label
    return go.Scatter(
        x=xs[rows],
        y=ys[rows],
        mode="markers",
        name=label,
        legendgroup=label,
        showlegend=is_first,
        marker={"color": CLOUD_COLOURS[label], "size": 3.5},
        text=text,
        hoverinfo="text+x+y",
    )


def _stairs(xs: FloatArray, ys: FloatArray, x: AxisInfo) -> go.Scatter:
    """The border of what two objectives dominate, for fronts of exactly two objectives."""
    order = np.argsort(xs, kind="stable")
    shape = "hv" if x.direction == "min" else "vh"
    line = {"shape": shape, "color": "#8b929c", "width": 1}
    return go.Scatter(
        x=xs[order], y=ys[order], mode="lines", line=line, hoverinfo="skip", showlegend=False
    )


def _axis(data: ReportData, axis: AxisInfo) -> dict[str, Any]:
    values = finite(data.front.metrics[axis.name], data.cloud.get(axis.name, np.empty(0)))
    look: dict[str, Any] = {
        "title": {"text": escape(axis_title(axis)), "standoff": 8},
        "gridcolor": GRID,
        "linecolor": "#b9c0c9",
        "showline": True,
        "zeroline": False,
        "exponentformat": "power",
        "automargin": True,
    }
    is_log = wants_log(values)
    if len(data.violating.get(axis.name, ())):
        low, high = with_margin(values, is_log=is_log)
        look["range"] = [np.log10(low), np.log10(high)] if is_log else [low, high]
    if not is_log:
        return look
    minor = {"ticks": "outside", "ticklen": 3, "tickcolor": "#b9c0c9", "dtick": "D1"}
    return look | {
        "type": "log",
        "dtick": ("D1", "D2", 1)[min(whole_decades(values), 2)],
        "minor": minor,
    }


def _hover_texts(front: FrontTable) -> list[str]:
    units = {axis.name: axis.unit for axis in front.objectives}
    texts = []
    for row in range(front.size):
        lines = [f"<b>design {row + 1}</b>"]
        for name, unit in units.items():
            value = escape(printed(front.metrics[name][row], unit))
            lines.append(f"{escape(quantity_of_name(name))}: <b>{value}</b>")
        for name, labels in front.parameters.items():
            lines.append(f"{escape(quantity_of_name(name))}: {escape(labels[row])}")
        texts.append("<br>".join(lines))
    return texts


def _parameter_dimension(name: str, labels: list[str]) -> dict[str, Any]:
    order = ordered_labels(name, labels)
    rank = {label: position for position, label in enumerate(order)}
    stride = -(-len(order) // _MAX_TICK_LABELS)
    ranks = np.array([rank[label] for label in labels], dtype=np.float64)
    return {
        "label": escape(quantity_of_name(name)),
        "values": ranks + _spread(len(labels)),
        "range": [-0.3, len(order) - 0.7],
        "tickvals": list(range(0, len(order), stride)),
        "ticktext": order[::stride],
    }


def _spread(n: int) -> FloatArray:
    """Small even offsets, so that lines through one level show how many they are."""
    golden_ratio = (np.sqrt(5.0) - 1) / 2
    return np.asarray(0.3 * (np.arange(n) * golden_ratio % 1 - 0.5), dtype=np.float64)


def _objective_dimension(axis: AxisInfo, values: FloatArray) -> dict[str, Any]:
    scale = np.log10 if wants_log(values) else np.asarray
    ticks = _ticks_with_ends(values)
    low, high = scale(ticks[0]), scale(ticks[-1])
    margin = 0.02 * (high - low) or abs(low) or 1.0
    return {
        "label": escape(quantity_of_name(axis.name)),
        "values": scale(values),
        "range": [low - margin, high + margin],
        "tickvals": scale(ticks),
        "ticktext": [printed(tick, axis.unit) for tick in ticks],
    }


def _ticks_with_ends(values: FloatArray) -> FloatArray:
    """The range of the values, and the round numbers well inside of it."""
    low, high = float(values.min()), float(values.max())
    if low == high:
        return np.array([low])
    is_log = wants_log(values)
    ticks = log_ticks(low, high) if is_log else linear_ticks(low, high)
    share = np.log(ticks / low) / np.log(high / low) if is_log else (ticks - low) / (high - low)
    return np.array([low, *ticks[(share > _TICK_GAP) & (share < 1 - _TICK_GAP)], high])


def _group_colours(groups: dict[str, IntArray], size: int) -> dict[str, Any]:
    """One flat colour per group: plotly wants numbers and a stepped colour scale."""
    code = np.zeros(size)
    for position, rows in enumerate(groups.values()):
        code[rows] = position
    n = len(groups)
    scale = [[(i + edge) / n, colour(i)] for i in range(n) for edge in (0, 1)]
    return {"color": code, "colorscale": scale, "cmin": -0.5, "cmax": n - 0.5}


def _run_trace(curve: RunCurve, position: int) -> go.Scatter:
    return go.Scatter(
        x=curve.evaluations,
        y=curve.hypervolume,
        mode="lines",
        line={"shape": "hv", "color": colour(position), "width": 1},
        opacity=0.45,
        name=escape(curve.label),
        legendgroup=f"searcher {position}",
        showlegend=False,
    )


def _median_trace(searcher: str, curves: list[RunCurve], position: int) -> go.Scatter:
    evaluations, volume = median_curve(curves)
    suffix = f" (median of {len(curves)})" if len(curves) > 1 else ""
    return go.Scatter(
        x=evaluations,
        y=volume,
        mode="markers" if len(evaluations) == 1 else "lines",
        line={"shape": "hv", "color": colour(position), "width": 3},
        marker={"color": colour(position), "size": 10},
        name=escape(searcher) + suffix,
        legendgroup=f"searcher {position}",
        showlegend=True,
    )


def styled(figure: go.Figure, height: int) -> go.Figure:
    """The common look of all figures."""
    return figure.update_layout(
        template="plotly_white",
        height=height,
        font={"family": _FONT, "size": 13, "color": _INK},
        margin={"l": 60, "r": 16, "t": 44, "b": 50},
        legend={
            "orientation": "h",
            "x": 0,
            "y": 1.0,
            "yanchor": "bottom",
            "itemsizing": "constant",
        },
        hoverlabel={"bgcolor": "#fff", "font": {"family": _FONT, "size": 12}, "align": "left"},
    )
