"""Pictures of fronts and of the progress of searches, written to files (matplotlib).

Only `Figure` objects are used: nothing depends on, or changes, a global plotting state.
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from dse._columns import take
from dse.errors import EnvironmentRefusal, InputError
from dse.report.labels import CLOUD_COLOURS, EVALUATED, VIOLATING, axis_title, colour
from dse.report.scales import (
    curves_by_searcher,
    finite,
    front_groups,
    median_curve,
    objective_pairs,
    wants_log,
    whole_decades,
    with_margin,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path
    from typing import Any

    from matplotlib.axes import Axes

    from dse._columns import FloatArray
    from dse.report.data import AxisInfo, FrontTable, ReportData, RunCurve

_FORMATS = (".png", ".svg", ".pdf")
_PANEL_INCHES = (4.4, 3.7)
_DOTS_PER_INCH = 160
_INK, _GRID = "#2b2f36", "#e8eaee"
_COARSE, _FINE = (1.0, 2.0, 5.0), (1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0)
"""Labelled ticks within a decade, on axes that span few of them, and on those below one."""

_Series = dict[str, "Mapping[str, FloatArray]"]
"""Label -> metrics of the designs drawn under it, in one colour."""


def plot_front(
    fronts: Mapping[str, FrontTable], path: Path, title: str = "", categorical: str | None = None
) -> None:
    """Draw fronts over each other, one panel per pair of objectives.

    Args:
        fronts: Study -> front. The objectives drawn are those of the first study that every other
            one has as a metric too.
        path: A .png, .svg or .pdf file; overwritten.
        title: Above the picture.
        categorical: A parameter to colour by, where there is only one front.

    Raises:
        InputError: No objective in common, or another kind of file.
        EnvironmentRefusal: The file cannot be written.
    """
    objectives = _common_objectives(fronts)
    series: _Series = {label: front.metrics for label, front in fronts.items()}
    (first, *others) = fronts.values()
    if categorical and first.size and not others:
        series = _by_option(first, categorical)
    figure, panels = _canvas(_n_panels(objectives))
    _headline(figure, title)
    _draw_fronts(panels, objectives, series, clouds={})
    _legend(figure, panels[0])
    _save(figure, path)


def plot_curves(curves: Iterable[RunCurve], path: Path, title: str) -> None:
    """Draw hypervolume against evaluations: thin lines are runs, bold ones medians over seeds.

    Args:
        curves: One per run.
        path: A .png, .svg or .pdf file; overwritten.
        title: Above the picture.

    Raises:
        InputError: Another kind of file.
        EnvironmentRefusal: The file cannot be written.
    """
    figure, (axes,) = _canvas(1, panel_inches=(7.2, 4.2))
    axes.set_title(_verbatim(title), loc="left", fontweight="bold")
    _draw_curves(axes, curves)
    if axes.has_data():
        axes.legend(frameon=False, fontsize=9, loc="lower right")
    _save(figure, path)


def plot_report(data: ReportData, path: Path) -> None:
    """Draw the front's panels and the progress of the searches in one picture.

    Args:
        data: What a report shows.
        path: A .png, .svg or .pdf file; overwritten.

    Raises:
        InputError: Another kind of file.
        EnvironmentRefusal: The file cannot be written.
    """
    series = _by_option(data.front, data.categorical)
    figure, panels = _canvas(_n_panels(data.objectives) + 1)
    _headline(figure, data.title)
    clouds: _Series = {VIOLATING: data.violating, EVALUATED: data.cloud}
    _draw_fronts(panels[:-1], data.objectives, series, clouds)
    _draw_curves(panels[-1], data.curves)
    if panels[-1].has_data():
        panels[-1].legend(frameon=False, fontsize=8, loc="lower right")
    _legend(figure, panels[0])
    _save(figure, path)


def _by_option(front: FrontTable, categorical: str | None) -> _Series:
    """The front by the option of one parameter."""
    groups = front_groups(front, categorical)
    return {label: take(front.metrics, rows) for label, rows in groups.items()}


def _headline(figure: Figure, title: str) -> None:
    if title:
        figure.suptitle(_verbatim(title), x=0.01, ha="left", fontweight="bold", color=_INK)


def _common_objectives(fronts: Mapping[str, FrontTable]) -> tuple[AxisInfo, ...]:
    first = next(iter(fronts.values()), None)
    axes = first.objectives if first else ()
    shared = tuple(a for a in axes if all(a.name in front.metrics for front in fronts.values()))
    if not shared:
        names = sorted({axis.name for front in fronts.values() for axis in front.objectives})
        raise InputError(
            f"{', '.join(fronts) or 'nothing'}: no objective in common",
            allowed="studies that share at least one objective",
            next_step=f"draw them one by one; they have {', '.join(names) or 'none'}",
        )
    return shared


def _n_panels(objectives: Sequence[AxisInfo]) -> int:
    return max(1, len(objective_pairs(objectives)))


def _canvas(
    n_panels: int, panel_inches: tuple[float, float] = _PANEL_INCHES
) -> tuple[Figure, list[Axes]]:
    """A figure with this many panels: four as a square, else rows of up to three."""
    columns = 2 if n_panels == 4 else min(n_panels, 3)
    rows = -(-n_panels // columns)
    width, height = panel_inches
    figure = Figure(figsize=(width * columns, height * rows), layout="constrained")
    panels = [figure.add_subplot(rows, columns, i + 1) for i in range(n_panels)]
    for axes in panels:
        axes.spines[["top", "right"]].set_visible(False)
        axes.spines[["left", "bottom"]].set_color("#9aa1ab")
        axes.tick_params(colors=_INK, labelsize=9)
        axes.grid(visible=True, color=_GRID, linewidth=0.8)
        axes.set_axisbelow(True)
    return figure, panels


def _draw_fronts(
    panels: list[Axes],
    objectives: Sequence[AxisInfo],
    series: _Series,
    clouds: _Series,
) -> None:
    if len(objectives) == 1:
        _draw_values(panels[0], objectives[0], series)
        return
    for axes, (x, y) in zip(panels, objective_pairs(objectives), strict=True):
        for label, cloud in clouds.items():
            if len(cloud.get(x.name, ())):
                shade = CLOUD_COLOURS[label]
                axes.scatter(
                    cloud[x.name], cloud[y.name], s=3, color=shade, linewidths=0, label=label
                )
        for position, (label, metrics) in enumerate(series.items()):
            style = _dots(position, label)
            axes.scatter(metrics[x.name], metrics[y.name], **style)
        shown = [*series.values(), clouds.get(EVALUATED, {})]
        # The admissible designs set the scale; where there are none, the others may.
        scaled_to = shown if any(len(m.get(x.name, ())) for m in shown) else [*clouds.values()]
        _dress_axis(axes, "x", x, scaled_to)
        _dress_axis(axes, "y", y, scaled_to)
        if not any(len(metrics[x.name]) for metrics in series.values()):
            _say(axes, "the front is empty")


def _draw_values(axes: Axes, objective: AxisInfo, series: _Series) -> None:
    """One objective: the value of each series side by side."""
    for position, (label, metrics) in enumerate(series.items()):
        values = metrics[objective.name]
        axes.scatter(np.full(len(values), position), values, **_dots(position, label, size=60))
    axes.set_xticks(range(len(series)), [_verbatim(label) for label in series])
    axes.set_xlim(-0.6, len(series) - 0.4)
    _dress_axis(axes, "y", objective, list(series.values()))
    if not any(len(metrics[objective.name]) for metrics in series.values()):
        _say(axes, "the front is empty")


def _draw_curves(axes: Axes, curves: Iterable[RunCurve]) -> None:
    groups = curves_by_searcher(curves)
    for position, (searcher, runs) in enumerate(groups.items()):
        shade = colour(position)
        for run in runs if len(runs) > 1 else ():
            axes.step(
                run.evaluations, run.hypervolume, where="post", color=shade, lw=0.8, alpha=0.45
            )
        evaluations, volume = median_curve(runs)
        axes.step(
            evaluations,
            volume,
            where="post",
            color=shade,
            lw=2.4,
            marker="o" if len(evaluations) == 1 else None,
            label=_verbatim(searcher) + (f" (median of {len(runs)})" if len(runs) > 1 else ""),
        )
    axes.set_xlabel("evaluations")
    axes.set_ylabel("hypervolume")
    if groups:
        axes.set_xscale("log")
    else:
        _say(axes, "no progress was recorded")


def _dots(position: int, label: str, size: float = 14) -> dict[str, Any]:
    look = {"s": size, "color": colour(position), "edgecolors": "white", "linewidths": 0.3}
    return look | {"label": _verbatim(label), "zorder": 3}


def _dress_axis(
    axes: Axes, which: str, info: AxisInfo, columns: Sequence[Mapping[str, FloatArray]]
) -> None:
    """Title, range and scale of the x or y axis; round ticks where a log axis has few decades."""
    axes.set(**{f"{which}label": _verbatim(axis_title(info))})
    values = finite(*(metrics[info.name] for metrics in columns if info.name in metrics))
    is_log = wants_log(values)
    if is_log:
        axes.set(**{f"{which}scale": "log"})
    if len(values) and values.min() < values.max():
        axes.set(**{f"{which}lim": with_margin(values, is_log=is_log)})
    if is_log and whole_decades(values) < 2:
        axis = axes.xaxis if which == "x" else axes.yaxis
        is_short = values.max() < 10 * values.min()
        axis.set_major_locator(LogLocator(subs=_FINE if is_short else _COARSE))
        axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        axis.set_minor_formatter(NullFormatter())


def _legend(figure: Figure, axes: Axes) -> None:
    handles, labels = axes.get_legend_handles_labels()
    if len(handles) > 1:
        figure.legend(
            handles,
            labels,
            loc="outside lower left",
            ncols=min(len(handles), 6),
            frameon=False,
            fontsize=9,
            markerscale=1.8,
        )


def _say(axes: Axes, text: str) -> None:
    place = {"x": 0.5, "y": 0.5, "ha": "center", "va": "center", "transform": axes.transAxes}
    axes.text(s=text, color="#5d6570", **place)  # type: ignore[arg-type]


def _verbatim(text: str) -> str:
    """Text as it is: "$" starts no formula; nothing is hidden from a legend, as "_x" would be."""
    plain = text.replace("$", r"\$")
    return f" {plain}" if plain[:1] in {"", "_"} else plain


def _save(figure: Figure, path: Path) -> None:
    if path.suffix.lower() not in _FORMATS:
        raise InputError(
            f"cannot draw into {path}", allowed=f"a file ending in {', '.join(_FORMATS)}"
        )
    with warnings.catch_warnings():
        # A name may hold a character that the font lacks: a box in the picture is enough.
        warnings.filterwarnings("ignore", message="Glyph", category=UserWarning)
        try:
            figure.savefig(path, dpi=_DOTS_PER_INCH)
        except OSError as error:
            raise EnvironmentRefusal(
                f"cannot write {path}: {error.strerror or error}", next_step="choose another file"
            ) from None
