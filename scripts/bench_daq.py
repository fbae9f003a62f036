"""How fast the analytical DAQ model is: floats, flat batches, open grids, and the exact front.

    python scripts/bench_daq.py            the table, about a minute
    python scripts/bench_daq.py --rounds 3

Designs per CPU second on one thread, for the CMS graph of 19 detectors and 26 nodes. All cases run
once in every round, so that a slow moment of the machine meets all of them. The discrete-event
twin has a benchmark of its own, `bench_daq_twin.py`.
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from _measure import Case, Spread, machine_state, pin_threads, rates

if TYPE_CHECKING:
    from dse import Problem

_SINGLES = 100
_FLAT = 100_000
_TARGETS = {"flat batch, default space": 100_000.0, "open grid": 1_000_000.0}
"""Case -> designs per second and core that it must reach."""


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5, help="measurements per case")
    arguments = parser.parse_args()
    pin_threads()
    print(machine_state())
    found = rates(cases(), arguments.rounds)
    print("\nDesigns per second and core; median (lowest to highest)\n")
    for name, spread in found.items():
        print(line_text(name, spread))


def line_text(name: str, spread: Spread) -> str:
    """One case, with its target where it has one."""
    target = _TARGETS.get(name)
    met = "met" if target and spread.middle >= target else "NOT met"
    verdict = f"  target {target:,.0f}: {met}" if target else ""
    return f"  {name:28} {spread.text(',.0f')}{verdict}"


def cases() -> dict[str, Case]:
    """Every path, over power and F1 as a search asks for them."""
    import numpy as np

    from dse import build_problem
    from dse._grid import enumerate_range

    problem = build_problem(model="daq/pipeline")
    million = build_problem(
        model="daq/pipeline",
        fixed={"l1_bit_energy_j": 25e-12, "hlt_bit_energy_j": 25e-12, "hgcal_filter": "off"},
    )
    model, wanted = problem.model, problem.wanted
    rng = np.random.default_rng(0)
    default, whole = problem.space.sample(_FLAT, rng), model.space.sample(_FLAT, rng)
    singles = [{k: float(v[row]) for k, v in default.items()} for row in range(_SINGLES)]
    size = million.space.size
    return {
        "floats, one by one": Case(
            lambda: [model.compute(design, wanted) for design in singles], _SINGLES
        ),
        "flat batch, default space": Case(lambda: model.compute(default, wanted), _FLAT),
        "flat batch, whole space": Case(lambda: model.compute(whole, wanted), _FLAT),
        "open grid": Case(lambda: evaluate_grid(million), size),
        "open grid and exact front": Case(lambda: enumerate_range(million, 0, size), size),
    }


def evaluate_grid(problem: Problem) -> None:
    """All blocks of the space; results are dropped."""
    from dse._grid import grid_blocks

    for block in grid_blocks(problem.space):
        columns: dict[str, Any] = block.columns
        problem.model.compute(columns, problem.wanted)


if __name__ == "__main__":
    main()
