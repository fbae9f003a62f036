"""`dse pareto`: the front of one study, or of several."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from dse._study import Study

_EPILOG = """\b
Examples:
  dse pareto studies/bert-64k
  dse pareto studies/bert-64k --csv > front.csv
  dse pareto studies/a studies/b --plot fronts.png
"""


@click.command(epilog=_EPILOG)
@click.argument(
    "folders", metavar="DIR...", nargs=-1, required=True, type=click.Path(path_type=Path)
)
@click.option(
    "--csv", "wants_csv", is_flag=True, help="All designs and metrics as CSV, in SI units."
)
@click.option("--json", "wants_json", is_flag=True, help="The same as JSON.")
@click.option("--plot", type=click.Path(path_type=Path), help="Draw the fronts into a PNG file.")
@click.option(
    "--front",
    "limit",
    default=50,
    show_default=True,
    type=click.IntRange(min=2),
    help="Designs to print.",
)
def pareto(
    folders: tuple[Path, ...], wants_csv: bool, wants_json: bool, plot: Path | None, limit: int
) -> None:
    """Print or plot the Pareto front of each study in DIR..."""
    from dse._study import Study
    from dse.cli._results import as_json

    studies = {str(folder): Study(folder) for folder in folders}
    if plot:
        _draw(studies, plot)
    if wants_json:
        click.echo(as_json(_records(studies)))
    elif wants_csv:
        click.echo(_csv(studies), nl=False)
    elif not plot:
        _print(studies, limit)


def _draw(studies: dict[str, Study], plot: Path) -> None:
    from dse.report.assemble import categorical_of, front_table
    from dse.report.plots import plot_front

    tables = {name: front_table(study, study.front()) for name, study in studies.items()}
    (first, *others) = studies.values()
    names = dict.fromkeys(study.job.spec.study for study in studies.values())
    title = f"Pareto {'fronts' if others else 'front'}: {', '.join(names)}"
    plot_front(tables, plot, title, None if others else categorical_of(first.problem))
    click.echo(plot, err=True)


def _records(studies: dict[str, Study]) -> list[dict[str, Any]]:
    from dse.report.assemble import front_records

    return [
        {"study": name, **record}
        for name, study in studies.items()
        for record in front_records(study, study.front())
    ]


def _csv(studies: dict[str, Study]) -> str:
    """All fronts in one table; a cell stays empty where a study has no such parameter."""
    from dse.cli._designs import csv_text

    records = _records(studies)
    names = ["study"]
    for study in studies.values():
        names += [*study.problem.space.names, *study.problem.model.metric_names]
    columns = {name: [row.get(name, "") for row in records] for name in dict.fromkeys(names)}
    return csv_text(columns)


def _print(studies: dict[str, Study], limit: int) -> None:
    from dse.cli._results import count_text, front_text
    from dse.report.assemble import front_table

    for name, study in studies.items():
        table = front_table(study, study.front())
        click.echo(f"{name}: {count_text(table.size, 'design')} on the front")
        if table.size:
            click.echo(front_text(study.problem, table, limit))
