"""`dse resume`: go on with an interrupted study."""

from __future__ import annotations

from pathlib import Path

import click

from dse.cli.run import chosen_executor, run_and_report

_EPILOG = """\b
Examples:
  dse resume studies/bert-64k
  dse resume studies/bert-64k --executor local
"""


@click.command(epilog=_EPILOG)
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option(
    "--executor", type=click.Choice(["local", "ray"]), help="In place of the job's executor."
)
@click.option("--ray-address", help="Address of a running Ray cluster.")
@click.option(
    "--workers", type=click.IntRange(min=1), help="Worker processes (Ray); default all cores."
)
@click.option(
    "--front",
    "limit",
    default=20,
    show_default=True,
    type=click.IntRange(min=2),
    help="Designs of the front to print.",
)
@click.option("--quiet", is_flag=True, help="No progress.")
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
    return run_and_report(
        study, chosen_executor(study.job, executor, ray_address, workers), limit, quiet=quiet
    )
