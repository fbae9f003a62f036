"""`dse run`: search what a job file describes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dse.errors import DSEError

if TYPE_CHECKING:
    from collections.abc import Callable

    from dse._study import Study
    from dse.job.resolve import Job
    from dse.job.schema import ExecutorSection

_EPILOG = """\b
Examples:
  dse run examples/fusemax_bert.yaml
  dse run job.yaml --study results/first --executor local
  dse run job.yaml --executor ray --workers 2

Ctrl-C stops cleanly; `dse resume` goes on.
"""

_EXECUTION = (
    click.option(
        "--executor", type=click.Choice(["local", "ray"]), help="In place of the job's executor."
    ),
    click.option("--ray-address", help="Address of a running Ray cluster."),
    click.option(
        "--workers", type=click.IntRange(min=1), help="Worker processes (Ray); default all cores."
    ),
    click.option(
        "--front",
        "limit",
        default=20,
        show_default=True,
        type=click.IntRange(min=2),
        help="Designs of the front to print.",
    ),
    click.option("--quiet", is_flag=True, help="No progress."),
)


def execution_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that `dse run` and `dse resume` share."""
    for option in reversed(_EXECUTION):
        command = option(command)
    return command


@click.command(epilog=_EPILOG)
@click.argument("job_file", metavar="JOB.yaml", type=click.Path(path_type=Path))
@click.option(
    "--study", "folder", type=click.Path(path_type=Path), help="Study folder; default studies/NAME."
)
@execution_options
def run(
    job_file: Path,
    folder: Path | None,
    executor: str | None,
    ray_address: str | None,
    workers: int | None,
    limit: int,
    quiet: bool,
) -> int:
    """Search what JOB.yaml describes; leave a study folder with the front and a report."""
    from dse._study import Study
    from dse.job.load import load_job

    job = load_job(job_file)
    section = chosen_executor(job, executor, ray_address, workers)
    study = Study.create(folder or Path("studies") / job.spec.study, job)
    try:
        return run_and_report(study, section, limit, quiet=quiet)
    except DSEError:
        study.discard_if_empty()
        raise


def chosen_executor(
    job: Job, kind: str | None, address: str | None, workers: int | None
) -> ExecutorSection:
    """The job's executor, with what the command line says in its place.

    Raises:
        InputError: More workers than this machine has cores.
    """
    from dse.executors.ray import check_workers

    changes = {"kind": kind or ("ray" if address else None), "address": address, "workers": workers}
    section = job.spec.executor.model_copy(
        update={key: value for key, value in changes.items() if value is not None}
    )
    if section.kind == "ray" and section.address is None and section.workers != "auto":
        check_workers(section.workers)
    return section


def run_and_report(study: Study, section: ExecutorSection, limit: int, *, quiet: bool) -> int:
    """Run what is left of a study, then print its front and write its report.

    Returns:
        The exit code.
    """
    from dse._run import INTERRUPTED, run_study
    from dse.cli._progress import Progress
    from dse.cli._results import study_text, verdict
    from dse.cli.report import write_report

    if section.kind == "ray" and not (quiet or study.is_finished):
        click.echo("Starting Ray (a few seconds) ...", err=True)
    with Progress(study, quiet=quiet) as progress:
        try:
            code = run_study(study, section, progress, progress.announce_stop)
        except KeyboardInterrupt:  # Ctrl-C while Ray starts, with its own signal handlers
            code = INTERRUPTED
    if code == INTERRUPTED:
        click.echo(
            f"Interrupted; everything evaluated is kept. Go on with: dse resume {_shell(study)}",
            err=True,
        )
        return code
    click.echo(study_text(study, limit))
    click.echo(f"\nStudy:  {study.folder}\nReport: {write_report(study, None)}")
    for sentence in verdict(study):
        click.echo(f"Failed: {sentence}", err=True)
    return code


def _shell(study: Study) -> str:
    """The folder as a shell wants it."""
    import shlex

    return shlex.quote(str(study.folder))
