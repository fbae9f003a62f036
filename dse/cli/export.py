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
  dse export studies/bert-64k --training curves.csv
"""


@click.command(epilog=_EPILOG)
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option("--parquet", type=click.Path(path_type=Path), help="File to write.")
@click.option("--csv", "csv_path", type=click.Path(path_type=Path), help="File to write.")
@click.option(
    "--training", type=click.Path(path_type=Path), help="CSV file for the curves of learners."
)
def export(
    folder: Path, parquet: Path | None, csv_path: Path | None, training: Path | None
) -> None:
    """Write every evaluation of the study in DIR: run, parameters, metrics (SI units), state.

    Enumerations of more designs than `limits.store_rows` keep no rows; see `dse pareto`.
    """
    from dse._study import Study
    from dse.cli._designs import csv_text, write_text

    if not (parquet or csv_path or training):
        raise InputError("nowhere to write", allowed="--parquet FILE, --csv FILE, --training FILE")
    study = Study(folder)
    if training:
        records = training_table(study)
        write_text(training, csv_text(records))
        click.echo(f"{len(records['run']):,} records of training written to {training}")
    if parquet or csv_path:
        _export_evaluations(study, parquet, csv_path)


def _export_evaluations(study: Study, parquet: Path | None, csv_path: Path | None) -> None:
    from dse.cli._designs import csv_text, write_text

    table = evaluation_table(study)
    if not table["run"]:
        _require_rows(study)
    if parquet:
        _write_parquet(table, parquet)
    if csv_path:
        write_text(csv_path, csv_text(table))
    files = ", ".join(str(path) for path in (parquet, csv_path) if path)
    click.echo(f"{len(table['run']):,} evaluations written to {files}")


def _require_rows(study: Study) -> None:
    """Refuse a study whose enumerations keep their front only."""
    if any(info.enumerates for info in study.store.runs()):
        raise InputError(
            f"the study keeps no evaluations: an enumeration of {study.problem.space.size:,} "
            "designs keeps only its front",
            where=str(study.folder),
            allowed=f"at most limits.store_rows = {study.job.spec.limits.store_rows:,} designs",
            next_step=f"`dse pareto {study.folder} --csv` writes the front; "
            "for every design, raise limits.store_rows and run the job again",
        )


def _write_parquet(table: dict[str, list[Any]], path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        pq.write_table(pa.table(table), path)
    except OSError as error:
        raise EnvironmentRefusal(
            f"cannot write {path.absolute()}: {error.strerror or error}",
            next_step="choose another file, or make room",
        ) from None


def training_table(study: Study) -> dict[str, list[Any]]:
    """What the searchers tell of their learning, one row per run and record.

    Raises:
        InputError: None of them tells anything.
    """
    told = [(info, study.diagnostics(info.run)) for info in study.store.runs()]
    names = list(dict.fromkeys(name for _, columns in told for name in columns))
    if not names:
        raise InputError(
            "no searcher of the study learns in a way it reports",
            where=str(study.folder),
            next_step="--csv writes the evaluations",
        )
    table: dict[str, list[Any]] = {name: [] for name in ("run", "searcher", "seed", *names)}
    for info, columns in told:
        count = len(next(iter(columns.values()), ()))
        for name, value in (("run", info.run), ("searcher", info.searcher), ("seed", info.seed)):
            table[name] += [value] * count
        for name in names:
            table[name] += columns[name].tolist() if name in columns else [float("nan")] * count
    return table


def evaluation_table(study: Study) -> dict[str, list[Any]]:
    """Columns of all stored evaluations, in order of run and position."""
    from dse._outcomes import State

    rows = study.store.evaluations()
    infos = study.store.runs()
    runs = rows.run.tolist()
    return {
        "run": runs,
        "searcher": [infos[run].searcher for run in runs],
        "seed": [infos[run].seed for run in runs],
        "position": rows.position.tolist(),
        **study.problem.space.plain(study.problem.space.decode(rows.codes)),
        **{name: values.tolist() for name, values in rows.outcome.metrics.items()},
        "state": [State(code).name.lower() for code in rows.outcome.state.tolist()],
        "reason": rows.outcome.reason,
    }
