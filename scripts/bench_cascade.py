"""How fast the cascade model is beside the closed form: compiled sums, flat batches and open grids.

    python scripts/bench_cascade.py        about half a minute

Designs per CPU second on one thread. All cases run once in every round, so that a slow moment of
the machine meets all of them; ratios are taken within a round.
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from _measure import Case, machine_state, pin_threads, rates

if TYPE_CHECKING:
    from dse import Problem

_DESIGNS = 400_000
_LOOP = 300
_TARGET = 100_000
_PAIRS = ("mixed", "FuseMax", "grid", "floats")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=7, help="measurements per case")
    arguments = parser.parse_args()
    pin_threads()
    print(machine_state())
    closed, derived = problems()
    found = rates({**cases("closed", closed), **cases("cascade", derived)}, arguments.rounds)
    print("\nDesigns per second and core; median (lowest to highest)\n")
    for name, spread in found.items():
        print(f"  {name:20} {spread.text(',.0f')}")
    print("\nCascade over closed form, within a round\n")
    for name in _PAIRS:
        ratio = found[f"cascade {name}"].over(found[f"closed {name}"])
        print(f"  {name:20} {ratio.text('.2f')}")
    rate = found["cascade mixed"].middle
    verdict = "met" if rate >= _TARGET else "NOT met"
    print(f"\nflat batches of the cascade model, target {_TARGET:,}: {verdict}")
    for name, seconds in compile_times().items():
        print(f"{name}: {seconds * 1e3:.1f} ms")
    print(machine_state())


def problems() -> tuple[Problem, Problem]:
    """The default space of both models for BERT at 64K tokens."""
    from accel_models.attention.cascade_cost.model import AttentionCascade
    from accel_models.attention.fusemax import FuseMax
    from dse import Problem
    from workloads.catalogue import bert

    models = FuseMax(bert()), AttentionCascade(bert())
    narrowed = [m.space.narrowed({n: list(v) for n, v in m.default_space.items()}) for m in models]
    closed, derived = (Problem.of(m, space=s) for m, s in zip(models, narrowed, strict=True))
    return closed, derived


def cases(title: str, problem: Problem) -> dict[str, Case]:
    """The three objectives by every path."""
    import numpy as np

    mixed = problem.space.sample(_DESIGNS, np.random.default_rng(0))
    fusemax = problem.space.narrowed({"configuration": ["binding"]})
    alike = fusemax.sample(_DESIGNS, np.random.default_rng(0))
    compute, wanted = problem.model.compute, problem.wanted
    return {
        f"{title} mixed": Case(lambda: compute(mixed, wanted), _DESIGNS),
        f"{title} FuseMax": Case(lambda: compute(alike, wanted), _DESIGNS),
        f"{title} grid": Case(lambda: evaluate_grid(problem), problem.space.size),
        f"{title} floats": Case(lambda: loop_over_floats(problem, mixed), _LOOP),
    }


def evaluate_grid(problem: Problem) -> None:
    """All blocks of the space; results are dropped."""
    from dse._grid import grid_blocks

    for block in grid_blocks(problem.space):
        problem.model.compute(block.columns, problem.wanted)


def loop_over_floats(problem: Problem, flat: dict[str, Any]) -> None:
    """The float path, one design after the other."""
    columns = {name: column[:_LOOP].tolist() for name, column in flat.items()}
    for values in zip(*columns.values(), strict=True):
        problem.model.compute(dict(zip(columns, values, strict=True)), problem.wanted)


def compile_times() -> dict[str, float]:
    """CPU seconds to read and compile, once per cascade and binding."""
    import time

    from accel_models.attention.cascade_cost.model import AttentionCascade
    from accel_models.attention.cascade_cost.options import CascadeOptions
    from workloads.catalogue import bert

    times = {}
    for title, options in (
        ("five published bindings", CascadeOptions()),
        ("and a cascade of the catalogue", CascadeOptions(cascade="attn_2pass_localmax")),
    ):
        started = time.process_time()
        AttentionCascade(bert(), options)
        times[title] = time.process_time() - started
    return times


if __name__ == "__main__":
    main()
