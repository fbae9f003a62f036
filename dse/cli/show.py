"""`dse show`: the state and the results of a study."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

_EPILOG = """\b
Examples:
  dse show studies/bert-64k
  dse show studies/bert-64k --json
"""


@click.command(epilog=_EPILOG)
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option(
    "--front",
    "limit",
    default=20,
    show_default=True,
    type=click.IntRange(min=2),
    help="Designs of the front to print.",
)
@click.option("--json", "wants_json", is_flag=True, help="Runs, front size and notes as JSON.")
def show(folder: Path, limit: int, wants_json: bool) -> None:
    """Show the searches of a study, what became of them, and the front."""
    from dse._study import Study
    from dse.cli._results import as_json, study_text
    from dse.report.assemble import notes_of, summaries_of, yardstick_of

    study = Study(folder)
    if not wants_json:
        click.echo(f"Study {study.job.spec.study} in {folder}\n")
        click.echo(study_text(study, limit))
        for reason in study.store.errors():
            click.echo(f"\nFailure seen: {reason}")
        return
    yardstick = yardstick_of(study)
    reference = dict(
        zip(study.problem.objective_names, yardstick.reference().tolist(), strict=True)
    )
    click.echo(
        as_json(
            {
                "study": study.job.spec.study,
                "finished": study.is_finished,
                "runs": [
                    asdict(summary) | {"finished": info.finished}
                    for summary, info in zip(
                        summaries_of(study, yardstick), study.store.runs(), strict=True
                    )
                ],
                "front_size": len(study.front().codes),
                "reference_point": reference,
                "logarithmic": yardstick.is_log,
                "notes": list(notes_of(study)),
                "failures": study.store.errors(),
            }
        )
    )
