"""Does one agent per parameter beat one agent for all? The study of Krishnan et al. (2022).

"Multi-Agent Reinforcement Learning for Microprocessor Design Space Exploration" (arXiv 2211.16385)
compares independent agents with single-agent PPO and SAC on memory controllers. Here every
controller of every trace is simulated first, so that regret is measured against the true optimum;
all searchers name designs in the same space, get the same tuning effort on other traces, and are
searched with several seeds and budgets.

    python scripts/reproduce_marl.py                       the whole study on memory controllers
    python scripts/reproduce_marl.py --space fusemax       the same on attention accelerators
    python scripts/reproduce_marl.py --tune                choose the settings first
    python scripts/reproduce_marl.py --workloads random,cloud-1 --seeds 3 --budgets 16,64,256

An interrupted study goes on where it was.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import sys
import time
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import yaml
from marl_study.cases import (
    FUSEMAX_WORKLOADS,
    TRACES,
    TUNING_TRACES,
    Case,
    dram_cases,
    fusemax_cases,
)
from marl_study.plots import plot_needed, plot_regret
from marl_study.reporting import report
from marl_study.scoring import append_score, read_scores
from marl_study.searching import run
from marl_study.tuning import GRIDS, TUNED, Effort, badness, read_settings, trials

if TYPE_CHECKING:
    from collections.abc import Sequence

    from marl_study.searching import Score

ROOT = Path(__file__).parents[1]
TRACE_FOLDER = ROOT / "tests" / "golden" / "dram" / "traces"
SEARCHERS = ("mappo", "ippo", "ppo", "sac", "genetic", "annealing", "random")
BUDGETS = (16, 64, 256, 1024, 4096)


def cases_of(space: str, workload: str, tables: Path, requests: int | None) -> list[Case]:
    """The goals on one workload."""
    if space == "fusemax":
        return fusemax_cases(workload, tables)
    return dram_cases(workload, TRACE_FOLDER, tables, requests)


_LOADED: dict[tuple[Any, ...], list[Case]] = {}


def search(job: tuple[Any, ...]) -> Score:
    """One search, in a process that keeps the tables it has read."""
    where, goal, searcher, settings, seed, budget = job
    if where not in _LOADED:
        _LOADED[where] = cases_of(*where)
    case = next(case for case in _LOADED[where] if case.goal.name == goal)
    return run(case, searcher, settings, seed, budget)


def search_all(jobs: Sequence[tuple[Any, ...]], workers: int, kept: Path) -> list[Score]:
    """Run what has not been run, side by side; every score is kept at once."""
    done = {score.key: score for score in read_scores(kept)}
    todo = [job for job in jobs if _key(job) not in done]
    started = time.monotonic()
    with ProcessPoolExecutor(workers) as pool:
        futures = [pool.submit(search, job) for job in todo]
        for count, future in enumerate(as_completed(futures), start=1):
            score = future.result()
            append_score(kept, score)
            done[score.key] = score
            _progress(count, len(todo), time.monotonic() - started)
    return [done[_key(job)] for job in jobs]


def _key(job: tuple[Any, ...]) -> tuple[str, str, str, int, int]:
    where, goal, searcher, _, seed, budget = job
    return where[1], goal, searcher, seed, budget


def _progress(count: int, total: int, seconds: float) -> None:
    if sys.stderr.isatty() or count % 50 == 0 or count == total:
        left = seconds / count * (total - count)
        print(f"{count:,} of {total:,} searches, about {left:.0f} s left", file=sys.stderr)


def tune(
    searchers: Sequence[str], tables: Path, effort: Effort, workers: int
) -> dict[str, dict[str, Any]]:
    """The best settings of each searcher on traces outside the study."""
    grids, chosen = read_settings(GRIDS), {}
    for searcher in searchers:
        candidates = trials(grids[searcher], effort.trials)
        worth = [_worth(searcher, settings, tables, effort, workers) for settings in candidates]
        best = worth.index(min(worth))
        chosen[searcher] = candidates[best]
        print(f"{searcher}: trial {best} of {len(candidates)}, {min(worth):.3f} "
              f"(defaults {worth[0]:.3f}) {candidates[best]}", flush=True)  # fmt: skip
    return chosen


def _worth(
    searcher: str, settings: dict[str, Any], tables: Path, effort: Effort, workers: int
) -> float:
    jobs = [
        (("dram", trace, tables, None), case.goal.name, searcher, settings, seed, effort.budget)
        for trace in TUNING_TRACES
        for case in _tuning_cases(trace, tables)
        for seed in range(1000, 1000 + effort.seeds)
    ]
    with ProcessPoolExecutor(workers) as pool:
        return badness(list(pool.map(search, jobs)))


def _tuning_cases(trace: str, tables: Path) -> list[Case]:
    where = ("dram", trace, tables, None)
    if where not in _LOADED:
        _LOADED[where] = cases_of(*where)
    return _LOADED[where]


def _list(_context: click.Context, _parameter: click.Parameter, text: str | None) -> list[str]:
    return [part.strip() for part in text.split(",")] if text else []


@click.command()
@click.option("--space", type=click.Choice(["dram", "fusemax"]), default="dram", show_default=True)
@click.option("--workloads", callback=_list, help="Traces or layers; all by default.")
@click.option("--searchers", callback=_list, help="Names; those of the paper and some by default.")
@click.option("--budgets", callback=_list, help="Evaluations; 16,64,256,1024,4096 by default.")
@click.option("--seeds", default=5, show_default=True)
@click.option("--requests", type=int, help="Use this many requests of each trace.")
@click.option("--workers", default=len(os.sched_getaffinity(0)), show_default=True)
@click.option("--tune", "is_tuning", is_flag=True, help="Choose settings and write tuned.yaml.")
@click.option(
    "--trials", default=Effort.trials, show_default=True, help="Settings tried by --tune."
)
@click.option(
    "--work", type=click.Path(path_type=Path), default=ROOT / "build" / "marl", show_default=True,
    help="Where tables and scores are kept.",
)  # fmt: skip
@click.option("--plot", type=click.Path(path_type=Path), help="Folder for the pictures.")
def main(
    *,
    space: str,
    workloads: list[str],
    searchers: list[str],
    budgets: list[str],
    seeds: int,
    requests: int | None,
    workers: int,
    is_tuning: bool,
    trials: int,
    work: Path,
    plot: Path | None,
) -> None:
    """Search every case with every searcher, seed and budget, and print the tables."""
    searchers = searchers or list(SEARCHERS)
    work.mkdir(parents=True, exist_ok=True)
    if is_tuning:
        chosen = read_settings(TUNED) if TUNED.exists() else {}
        chosen |= tune(searchers, work, Effort(trials), workers)
        TUNED.write_text(yaml.safe_dump(chosen, sort_keys=True), encoding="utf-8")
        return
    settings = read_settings(TUNED)
    workloads = workloads or list(TRACES if space == "dram" else FUSEMAX_WORKLOADS)
    cases = [case for name in workloads for case in cases_of(space, name, work, requests)]
    jobs = [
        ((space, case.workload, work, requests), case.goal.name, searcher, settings[searcher],
         seed, int(budget))
        for budget in sorted(budgets or BUDGETS, key=int)
        for searcher in searchers
        for case in cases
        for seed in range(seeds)
    ]  # fmt: skip
    suffix = "" if requests is None else f"-{requests}"
    scores = search_all(jobs, workers, work / f"scores-{space}{suffix}.csv")
    print(report(cases, scores, searchers))
    if plot:
        plot_regret(scores, searchers, plot / f"marl_{space}_regret.png")
        plot_needed(scores, searchers, plot / f"marl_{space}_needed.png")


if __name__ == "__main__":
    main()
