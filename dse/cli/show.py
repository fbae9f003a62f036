"""`dse show`: the state and the results of a study."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from dse._study import Study

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

    study = Study(folder)
    if wants_json:
        click.echo(as_json(_state(study)))
        return
    click.echo(f"Study {study.job.spec.study} in {folder}\n")
    click.echo(study_text(study, limit))
    for reason in study.store.errors():
        click.echo(f"\nFailure seen: {reason}")


def _state(study: Study) -> dict[str, Any]:
    """The state of a study as plain data."""
    from dse._quality import Yardstick
    from dse.report.assemble import notes_of, reference_point, summaries_of

    front = study.front()
    yardstick = Yardstick.of(study.problem, front.points)
    summaries = summaries_of(study, yardstick, front)
    return {
        "study": study.job.spec.study,
        "finished": study.is_finished,
        "runs": [
            {**asdict(summary), "finished": info.finished}
            for summary, info in zip(summaries, study.store.runs(), strict=True)
        ],
        "front_size": len(front.codes),
        "reference_point": reference_point(study.problem, yardstick, front),
        "logarithmic": yardstick.is_log,
        "notes": list(notes_of(study, front)),
        "failures": study.store.errors(),
    }
