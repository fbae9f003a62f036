"""`dse compare`: searchers of one or several studies on common axes."""

from __future__ import annotations

from pathlib import Path

import click

_EPILOG = """\b
Examples:
  dse compare studies/bert-64k
  dse compare studies/a studies/b --plot curves.png
"""


@click.command(epilog=_EPILOG)
@click.argument(
    "folders", metavar="DIR...", nargs=-1, required=True, type=click.Path(path_type=Path)
)
@click.option("--json", "wants_json", is_flag=True, help="As JSON.")
@click.option(
    "--plot",
    type=click.Path(path_type=Path),
    help="Draw hypervolume against evaluations into a PNG file.",
)
def compare(folders: tuple[Path, ...], wants_json: bool, plot: Path | None) -> None:
    """Compare all searches of the studies in DIR... on common axes and one reference point.

    The studies must have the same objectives.
    """
    from dse._study import Study
    from dse.cli._comparison import compared, comparison_text
    from dse.cli._results import as_json

    comparison = compared({str(folder): Study(folder) for folder in folders})
    if plot:
        from dse.report.plots import plot_curves

        plot_curves(comparison.curves, plot, "Hypervolume against evaluations")
        click.echo(plot, err=True)
    click.echo(as_json(comparison.records) if wants_json else comparison_text(comparison))
