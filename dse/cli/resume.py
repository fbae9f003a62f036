"""`dse resume`: go on with an interrupted study."""

from __future__ import annotations

from pathlib import Path

import click

from dse.cli.run import chosen_executor, execution_options, run_and_report

_EPILOG = """\b
Examples:
  dse resume studies/bert-64k
  dse resume studies/bert-64k --executor local
"""


@click.command(epilog=_EPILOG)
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@execution_options
def resume(
    folder: Path,
    executor: str | None,
    ray_address: str | None,
    workers: int | None,
    limit: int,
    quiet: bool,
) -> int:
    """Go on with the study in DIR. Nothing recorded is evaluated again."""
    from dse._study import Study

    study = Study(folder)
    section = chosen_executor(study.job, executor, ray_address, workers)
    if study.is_finished:
        click.echo("Every search of this study has ended; nothing is left to do.", err=True)
    return run_and_report(study, section, limit, quiet=quiet)
