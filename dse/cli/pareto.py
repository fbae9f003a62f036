"""`dse pareto`: the front of one study, or of several together."""

from __future__ import annotations

from pathlib import Path

import click

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
    from dse.cli._results import as_csv, as_json, front_rows, front_text
    from dse.report.assemble import front_table

    studies = {str(folder): Study(folder) for folder in folders}
    tables = {name: front_table(study.problem, study.front()) for name, study in studies.items()}
    if plot:
        from dse.report.plots import plot_front

        plot_front(tables, plot)
        click.echo(plot, err=True)
    records = [
        {"study": n} | row for n, t in tables.items() for row in front_rows(studies[n].problem, t)
    ]
    if wants_json:
        click.echo(as_json(records))
    elif wants_csv:
        fields = list(dict.fromkeys(key for row in records for key in row)) or ["study"]
        click.echo(as_csv(records, fields), nl=False)
    elif not plot:
        for name, table in tables.items():
            click.echo(f"{name}: {table.size} designs on the front")
            click.echo(front_text(studies[name].problem, table, limit))
