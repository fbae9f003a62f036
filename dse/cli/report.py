"""`dse report`: a study's report as one HTML file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from dse._study import Study

_EPILOG = """\b
Examples:
  dse report studies/bert-64k
  dse report studies/bert-64k -o front.html --plot front.png
"""


@click.command(epilog=_EPILOG)
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    help="File to write; default DIR/report.html.",
)
@click.option(
    "--plot", type=click.Path(path_type=Path), help="Also draw the front and the curves as a PNG."
)
def report(folder: Path, output: Path | None, plot: Path | None) -> None:
    """Write the study's report: one self-contained HTML file."""
    from dse._study import Study

    study = Study(folder)
    click.echo(write_report(study, output))
    if plot:
        _draw(study, plot)


def _draw(study: Study, plot: Path) -> None:
    from dse.report.assemble import report_data
    from dse.report.plots import plot_report

    plot_report(report_data(study), plot)
    click.echo(plot)


def write_report(study: Study, output: Path | None) -> Path:
    """Render the report and write it.

    Raises:
        EnvironmentRefusal: The file cannot be written.
    """
    from dse.cli._designs import write_text
    from dse.report.assemble import report_data
    from dse.report.html import render_report

    path = output or study.folder / "report.html"
    write_text(path, render_report(report_data(study)))
    return path
