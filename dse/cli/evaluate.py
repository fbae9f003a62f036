"""`dse evaluate`: the metrics of one design, or of a file of designs."""

from __future__ import annotations

import json
import math
import sys
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import numpy as np

from dse._build import build_problem
from dse._model import FEASIBLE, REASON
from dse.cli._arguments import assignments, workload_of
from dse.cli._designs import csv_text, read_designs, write_text
from dse.cli._text import section
from dse.errors import DSEError, InputError, ModelContractError
from dse.units import format_quantity

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dse._model import CostModel

__all__ = ["evaluate"]

_BOOKKEEPING = ("study", "run", "searcher", "seed", "position", "state")
"""What `dse pareto --csv` and `dse export --csv` write beside designs and metrics."""

_EPILOG = """\b
Examples:
  dse evaluate attention/fusemax --workload bert:seq_len=4096
  dse evaluate attention/fusemax --set pe_dim=256 --set "frequency_hz=1 GHz" --breakdown
  dse evaluate attention/fusemax --designs front.csv -o front_checked.csv
"""


@click.command(epilog=_EPILOG)
@click.argument("model")
@click.option("--workload", metavar="W", help="NAME, NAME:key=value,... or FILE[:key=value,...].")
@click.option("--set", "settings", metavar="NAME=VALUE", multiple=True, help="A parameter's value.")
@click.option("--option", "options", metavar="NAME=VALUE", multiple=True, help="A model option.")
@click.option("--designs", type=click.Path(path_type=Path), help="CSV: a column per parameter.")
@click.option("--breakdown", is_flag=True, help="Add the parts of each metric.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Write CSV to this file.")
def evaluate(
    model: str,
    workload: str | None,
    settings: Sequence[str],
    options: Sequence[str],
    designs: Path | None,
    breakdown: bool,
    as_json: bool,
    output: Path | None,
) -> None:
    """Evaluate designs of MODEL: one from --set, or all of a CSV file.

    Parameters that are not given take their defaults.
    """
    if as_json and output:
        raise InputError("--json and -o together", allowed="one of them")
    bound = _bound_model(model, workload, options)
    given = assignments(settings, "--set")
    columns = _columns(bound, designs, given)
    result = {**columns, **_evaluated(model, bound, columns, breakdown)}
    if output:
        write_text(output, csv_text(_readable(bound, result)))
    elif as_json:
        click.echo(_json_text(model, bound, result, single=designs is None))
    elif designs:
        click.echo(csv_text(_readable(bound, result)), nl=False)
    else:
        click.echo(_report(model, workload, bound, result))


def _bound_model(model: str, workload: str | None, options: Sequence[str]) -> CostModel:
    name, parameters = workload_of(workload) if workload else (None, {})
    return build_problem(
        model=model,
        model_options=assignments(options, "--option"),
        workload=name,
        workload_options=parameters,
    ).model


def _columns(model: CostModel, designs: Path | None, given: dict[str, Any]) -> dict[str, Any]:
    """The designs as a flat batch."""
    if designs is None:
        return {name: np.array([value]) for name, value in model.space.parse(given).items()}
    ignored = {*model.metric_names, *model.part_names, FEASIBLE, REASON, *_BOOKKEEPING}
    return read_designs(designs, model.space, given, ignored)


def _evaluated(
    name: str, model: CostModel, columns: dict[str, Any], breakdown: bool
) -> dict[str, Any]:
    try:
        found = model.evaluate(columns, breakdown=breakdown)
    except DSEError:
        raise
    except Exception as error:
        raised = f"{type(error).__name__}: {error}".splitlines()[0]
        raise ModelContractError(
            f"the model {name} raised {raised} at {_origin(model, error)}",
            next_step="correct the model; --debug shows the traceback",
        ) from error
    return {column: np.asarray(values) for column, values in found.items()}


def _origin(model: CostModel, error: Exception) -> str:
    """File and line of the last call in the model's own module, else of the error itself."""
    calls = traceback.extract_tb(error.__traceback__)
    source = sys.modules[type(model).__module__].__file__
    own = [call for call in calls if call.filename == source]
    place = (own or calls)[-1]
    return f"{place.filename}:{place.lineno}"


def _readable(model: CostModel, result: dict[str, Any]) -> dict[str, list[Any]]:
    """All columns as data files hold them: names of choices, and reasons in words."""
    plain: dict[str, list[Any]] = model.space.plain(result)
    for name, column in result.items():
        if name == REASON:
            plain[name] = [model.reasons[code] for code in column.tolist()]
        elif name == FEASIBLE:
            plain[name] = [str(value).lower() for value in column.tolist()]
        elif name not in plain:
            plain[name] = column.tolist()
    return plain


# -- JSON ----------------------------------------------------------------------------------------


def _json_text(name: str, model: CostModel, result: dict[str, Any], *, single: bool) -> str:
    rows = _rows(_readable(model, result))
    records = [_record(model, row) for row in rows]
    head = {
        "model": name,
        "version": model.version,
        "units": {metric.name: metric.unit for metric in model.metrics},
    }
    body = records[0] if single else {"designs": records}
    return json.dumps({**head, **body}, indent=2, allow_nan=False)


def _rows(columns: dict[str, list[Any]]) -> list[dict[str, Any]]:
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def _record(model: CostModel, row: dict[str, Any]) -> dict[str, Any]:
    record = {
        "design": {name: row[name] for name in model.space.names},
        "feasible": row[FEASIBLE] == "true",
        "reason": row[REASON] or None,
        "metrics": {name: _finite(row[name]) for name in model.metric_names},
    }
    parts = {name: _finite(row[name]) for name in model.part_names if name in row}
    return {**record, "breakdown": parts} if parts else record


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


# -- text ----------------------------------------------------------------------------------------


def _report(name: str, workload: str | None, model: CostModel, result: dict[str, Any]) -> str:
    """One design for people."""
    single = {key: column[0] for key, column in result.items()}
    head = [("model", f"{name}, version {model.version}")]
    head.append(("workload", workload or f"{type(model).default_workload} (default)"))
    if not single[FEASIBLE]:
        head.append(("infeasible", model.reasons[int(single[REASON])]))
    parameters = [(p.name, p.label(single[p.name]), p.doc) for p in model.space.parameters]
    metrics = [(m.name, format_quantity(single[m.name], m.unit), m.doc) for m in model.metrics]
    sections = [section("evaluation", head), section("design", parameters)]
    sections.append(section("metrics", metrics))
    sections += [
        section(f"breakdown of {m.name}", _parts(single, m.name, m.unit, m.parts))
        for m in model.metrics
        if m.parts and f"{m.name}.{m.parts[0]}" in single
    ]
    return "\n\n".join(sections)


def _parts(
    single: dict[str, Any], metric: str, unit: str, parts: Sequence[str]
) -> list[tuple[str, str, str]]:
    """Each part with its share of the total."""
    total = single[metric]
    rows = [("total", format_quantity(total, unit), "100.0 %" if total > 0 else "-")]
    for part in parts:
        value = single[f"{metric}.{part}"]
        share = f"{100 * value / total:5.1f} %" if total > 0 else "-"
        rows.append((part, format_quantity(value, unit), share))
    return [*rows[1:], rows[0]]
