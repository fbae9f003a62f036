"""How fast the attention model is: floats, flat chunks, open grids, and the exact front.

    python scripts/bench_attention.py               the table, about a minute
    python scripts/bench_attention.py --enumerate   1e8 designs in process, then on 2 Ray workers

Designs per CPU second on one thread. All cases run once in every round, so that a slow moment of
the machine meets all of them; ratios are taken within a round.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from _measure import Case, Spread, machine_state, pin_threads, rates, watch

if TYPE_CHECKING:
    from dse import CostModel, Problem

_JOB = Path(__file__).parents[1] / "examples" / "enumerate_1e8.yaml"
_LOOP = 500
_EVERY = 997
_TARGETS = (
    ("flat chunks over a loop of floats", "flat chunks 1e6", "floats 1", 25.0),
    ("flat chunks over whole arrays, mixed", "flat chunks 1e6", "whole arrays 1e6", 2.0),
    ("flat chunks over whole, FuseMax", "flat FuseMax 1e6", "whole FuseMax 1e6", 2.0),
    ("open grid over flat chunks", "open grid 1e6", "flat chunks 1e6", 6.0),
)
_PEERS = (
    ("MAESTRO (-O2)", "0.9 ms", 1111, "one layer"),
    ("ZigZag", "5 to 7 ms", 167, "what it includes is not recorded"),
    ("accelforge", "0.2 s", 5, "what it includes is not recorded"),
)
_FILTER = ("open grid + exact front 1e6", 5e6)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=9, help="measurements per case")
    parser.add_argument("--enumerate", action="store_true", help="time the 1e8 enumeration instead")
    arguments = parser.parse_args()
    pin_threads()
    print(machine_state())
    if arguments.enumerate:
        print_enumeration()
    else:
        print_table(arguments.rounds)
    print(machine_state())


# -- the table ---------------------------------------------------------------------------------


def print_table(rounds: int) -> None:
    """Rates of every path and the ratios between them."""
    small, large = problems()
    check_identical(large)
    found = rates(cases(small, large), rounds)
    print("\nDesigns per second and core; median (lowest to highest)\n")
    for name, spread in found.items():
        print(f"  {name:30} {spread.text(',.0f')}")
    print("\nOther tools, evaluations per second, measured elsewhere and not in this run\n")
    for tool, time, rate, includes in _PEERS:
        print(f"  {tool:30} {rate:7,} ({time}; {includes})")
    print("  Ours: one attention layer of one design, its three objectives, mapping rules included")
    print("\nRatios within a round\n")
    for text, fast, slow, target in _TARGETS:
        print_ratio(text, found[fast].over(found[slow]), target)
    name, target = _FILTER
    print_ratio("evaluate and filter, million/s", Spread(found[name].values), target, 1e6)


def print_ratio(text: str, ratio: Spread, target: float, unit: float = 1.0) -> None:
    """One line: figure, target, and whether the median meets it."""
    scaled = Spread(tuple(value / unit for value in ratio.values))
    verdict = "met" if ratio.middle >= target else "NOT met"
    print(f"  {text:36} {scaled.text('.1f'):24} target {target / unit:g}: {verdict}")


def problems() -> tuple[Problem, Problem]:
    """The FuseMax space for BERT at 64K tokens, cut to about 1e3 and 1e6 designs."""
    import numpy as np

    from accel_models.attention.fusemax import FuseMax
    from dse import Problem
    from workloads.catalogue import bert

    model = FuseMax(bert(seq_len=65536))
    listed: dict[str, list[Any]] = {name: list(v) for name, v in model.default_space.items()}
    fine: dict[str, list[Any]] = {
        "frequency_hz": np.linspace(235e6, 1410e6, 26).tolist(),
        "dram_bandwidth_bytes_per_s": (np.geomspace(50, 1600, 24) * 2**30).tolist(),
    }
    few: dict[str, list[Any]] = {
        "configuration": ["binding"],
        "pe_dim": [64, 128, 256],
        "global_buffer_bytes": [2**22, 2**23],
    }
    small, large = model.space.narrowed(listed | few), model.space.narrowed(listed | fine)
    return Problem.of(model, space=small), Problem.of(model, space=large)


def cases(small: Problem, large: Problem) -> dict[str, Case]:
    """Every path on every batch size that makes sense for it."""
    import numpy as np

    from dse._grid import enumerate_range

    rng = np.random.default_rng(0)
    flat = large.space.sample(1_000_000, rng)
    few = large.space.sample(1000, rng)
    one = large.space.sample(1, rng)
    whole = whole_arrays(large.model)
    alike = large.space.narrowed({"configuration": ["binding"]}).sample(1_000_000, rng)
    return {
        "floats 1": Case(lambda: loop_over_floats(large, flat), _LOOP),
        "whole arrays 1e6": Case(lambda: whole.compute(flat, large.wanted), 1_000_000),
        "whole FuseMax 1e6": Case(lambda: whole.compute(alike, large.wanted), 1_000_000),
        "flat FuseMax 1e6": Case(lambda: large.model.compute(alike, large.wanted), 1_000_000),
        "flat chunks 1": Case(lambda: large.model.compute(one, large.wanted), 1),
        "flat chunks 1e3": Case(lambda: large.model.compute(few, large.wanted), 1000),
        "flat chunks 1e6": Case(lambda: large.model.compute(flat, large.wanted), 1_000_000),
        "open grid 1e3": Case(lambda: evaluate_grid(small), small.space.size),
        "open grid 1e6": Case(lambda: evaluate_grid(large), large.space.size),
        _FILTER[0]: Case(lambda: enumerate_range(large, 0, large.space.size), large.space.size),
    }


def loop_over_floats(problem: Problem, flat: dict[str, Any]) -> None:
    """The float path, one design after the other."""
    columns = {name: column[:_LOOP].tolist() for name, column in flat.items()}
    for values in zip(*columns.values(), strict=True):
        problem.model.compute(dict(zip(columns, values, strict=True)), problem.wanted)


def whole_arrays(model: CostModel) -> CostModel:
    """The same model without chunks: every operation runs over the whole batch."""
    unchunked = type("WholeArrays", (type(model),), {"chunk": sys.maxsize})
    found: CostModel = unchunked(model.workload)
    return found


def evaluate_grid(problem: Problem) -> None:
    """All blocks of the space; results are dropped."""
    from dse._grid import grid_blocks

    for block in grid_blocks(problem.space):
        problem.model.compute(block.columns, problem.wanted)


def check_identical(problem: Problem) -> None:
    """Floats, flat chunks and open grid agree to the last bit on the whole space.

    Raises:
        SystemExit: They do not.
    """
    import numpy as np

    from dse._grid import grid_blocks

    space, model, wanted = problem.space, problem.model, problem.wanted
    designs = space.at(np.arange(space.size))
    flat = model.compute(designs, wanted)
    grids = [model.compute(block.columns, wanted) for block in grid_blocks(space)]
    some = range(0, space.size, _EVERY)
    singles = [model.compute({k: float(v[i]) for k, v in designs.items()}, wanted) for i in some]
    for name in wanted:
        grid = np.concatenate([metrics[name].ravel() for metrics in grids])
        floats = np.array([metrics[name] for metrics in singles])
        same = np.array_equal(grid, flat[name], equal_nan=True)
        if not same or not np.array_equal(flat[name][::_EVERY], floats, equal_nan=True):
            raise SystemExit(f"{name} differs between the paths")
    print(f"open grid and flat chunks agree to the last bit on {space.size:,} designs,")
    print(f"and with floats on every {_EVERY}th of them")


# -- the enumeration ---------------------------------------------------------------------------


def print_enumeration() -> None:
    """`dse run` on the job of 1e8 designs: in process, then on two Ray workers."""
    times = {}
    for label, options in (
        ("in process", ["--executor", "local"]),
        ("Ray, 2 workers", ["--executor", "ray", "--workers", "2"]),
    ):
        folder = Path(tempfile.mkdtemp()) / "study"
        command = [sys.executable, "-m", "dse.cli.main", "run", str(_JOB), "--study", str(folder)]
        found = watch([*command, "--quiet", *options])
        shutil.rmtree(folder.parent)
        times[label] = found.wall_s
        print(f"\n{label}: {found.wall_s:.1f} s, exit code {found.exit_code}")
        for name, peak in sorted(found.peak_mib.items(), key=lambda item: -item[1])[:6]:
            print(f"  {name:30} {peak:8.0f} MiB at most")
    alone, shared = times.values()
    print(f"\nspeed-up with 2 workers, start of Ray included: {alone / shared:.2f}")


if __name__ == "__main__":
    main()
