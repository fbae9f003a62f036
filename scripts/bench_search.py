"""Compare every built-in searcher with the truth, on the attention accelerators of FuseMax.

The space is small enough to enumerate, so a search is scored against what it should have found:
the hypervolume of the exhaustive front on logarithmic axes, or the optimum of a problem with one
objective under caps. Searchers pace themselves by their budget, so each budget is a search of its
own. Counts are evaluations, never seconds.

    python scripts/bench_search.py --plot docs/images
    python scripts/bench_search.py --workload xlm --seq-len 16384 --no-capped
"""

from __future__ import annotations

import json
from pathlib import Path

import click
from search_study.measuring import CAPPED, FRONT, Measured
from search_study.output import plot_capped, plot_front, tables

from dse.errors import DSEError


def _budgets(_context: click.Context, _parameter: click.Parameter, text: str) -> list[int]:
    try:
        budgets = [int(part) for part in text.split(",")]
    except ValueError:
        budgets = [0]
    if min(budgets) < 1:
        raise click.BadParameter(f"{text!r}; allowed: whole numbers from 1, commas between them")
    return sorted(set(budgets))


@click.command()
@click.option("--seeds", default=5, show_default=True, type=click.IntRange(1), help="How many.")
@click.option("--first-seed", default=100, show_default=True, type=click.IntRange(0))
@click.option("--budgets", default="100,300,1000,3000", show_default=True, callback=_budgets)
@click.option("--workload", default="bert", show_default=True)
@click.option("--seq-len", default=65536, show_default=True, type=click.IntRange(1))
@click.option("--capped/--no-capped", default=True, help="With the capped problems, or without.")
@click.option("--plot", type=click.Path(file_okay=False, path_type=Path), help="Folder for plots.")
@click.option("--json", "as_json", is_flag=True, help="Every single result, as JSON.")
def main(
    *,
    seeds: int,
    first_seed: int,
    budgets: list[int],
    workload: str,
    seq_len: int,
    capped: bool,
    plot: Path | None,
    as_json: bool,
) -> None:
    """Score every searcher against the exhaustive front, and the optima under caps."""
    work = {"name": workload, "seq_len": seq_len}
    chosen = range(first_seed, first_seed + seeds)
    try:
        front, *others = (
            Measured.of(case, work, budgets, chosen)
            for case in (FRONT, *(CAPPED if capped else ()))
        )
        if as_json:
            print(json.dumps([measured.plain() for measured in (front, *others)]))
        else:
            print("\n\n".join(tables(front, others, work)))
    except DSEError as error:
        click.echo(str(error), err=True)
        raise SystemExit(error.exit_code) from None
    if plot is not None:
        plot.mkdir(parents=True, exist_ok=True)
        plot_front(front, plot / "search_hypervolume.png")
        if others:
            plot_capped(others, plot / "search_capped.png")


if __name__ == "__main__":
    main()
