"""`dse export`: every evaluation of a study as one table."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dse.errors import EnvironmentRefusal, InputError

if TYPE_CHECKING:
    from dse._study import Study

_EPILOG = """\b
Examples:
  dse export studies/bert-64k --parquet evaluations.parquet
  dse export studies/bert-64k --csv evaluations.csv
"""


@click.command(epilog=_EPILOG)
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option("--parquet", type=click.Path(path_type=Path), help="File to write.")
@click.option("--csv", "csv_path", type=click.Path(path_type=Path), help="File to write.")
def export(folder: Path, parquet: Path | None, csv_path: Path | None) -> None:
    """Write every evaluation of the study in DIR: run, parameters, metrics (SI units), state."""
    from dse._study import Study

    if not (parquet or csv_path):
        raise InputError("nowhere to write", allowed="--parquet FILE, --csv FILE")
    table = evaluation_table(Study(folder))
    try:
        if parquet:
            import pyarrow as pa
            import pyarrow.parquet as pq

            pq.write_table(pa.table(table), parquet)
        if csv_path:
            import pandas as pd

            pd.DataFrame(table).to_csv(csv_path, index=False)
    except OSError as error:
        raise EnvironmentRefusal(f"cannot write the table: {error}") from None
    rows = len(table["run"])
    click.echo(
        f"{rows:,} evaluations written to {', '.join(str(p) for p in (parquet, csv_path) if p)}"
    )


def evaluation_table(study: Study) -> dict[str, Any]:
    """Columns of all stored evaluations, in order of run and position."""
    rows = study.store.evaluations()
    infos = {info.run: info for info in study.store.runs()}
    states = ("done", "infeasible", "failed")
    designs = study.problem.space.plain(study.problem.space.decode(rows.keys))
    return {
        "run": rows.run,
        "searcher": [infos[run].searcher for run in rows.run.tolist()],
        "seed": [infos[run].seed for run in rows.run.tolist()],
        "position": rows.position,
        **designs,
        **rows.outcome.metrics,
        "state": [states[code] for code in rows.outcome.state.tolist()],
        "reason": rows.outcome.reason,
    }
