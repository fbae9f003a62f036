"""How fast a whole request trace is evaluated: the Azure code trace for many accelerators.

    python scripts/bench_serving.py                  10,000 designs, well under a minute
    python scripts/bench_serving.py --designs 500    fewer

One process, one thread. Equal prompts and equal answers are worked out once; no request is left
out or sampled.
"""

from __future__ import annotations

import argparse
import time

from _measure import machine_state, pin_threads

_TARGET_DESIGNS = 10_000
_TARGET_S = 60.0


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--designs", type=int, default=_TARGET_DESIGNS, help="how many")
    parser.add_argument("--network", default="llama-3-8b", help="the language model")
    parser.add_argument("--rule", choices=("isolated", "fcfs"), default="fcfs")
    arguments = parser.parse_args()
    pin_threads()
    print(machine_state())
    measure(arguments.designs, arguments.network, arguments.rule)
    print(machine_state())


def measure(count: int, network: str, rule: str) -> None:
    """Evaluate so many random designs of the default space and print what it took."""
    import numpy as np

    from accel_models.attention.serving.groups import GroupedTrace
    from dse._build import build_problem

    problem = build_problem(
        model="attention/serving",
        model_options={"rule": rule},
        workload_options={"network": network},
    )
    requests = problem.model.workload.requests
    grouped = GroupedTrace.of(requests)
    designs = problem.space.sample(count, np.random.default_rng(0))
    problem.model.compute({name: column[:2] for name, column in designs.items()})
    wall, processor = time.perf_counter(), time.process_time()
    found = problem.model.compute(designs)
    wall, processor = time.perf_counter() - wall, time.process_time() - processor
    print(f"{network}, rule {rule}: {len(requests):,} requests with {requests.name}")
    print(f"  distinct prompt lengths      {grouped.prompts.size:8,}")
    print(f"  distinct prompts and answers {grouped.first.size:8,}")
    print(f"  decode steps in closed form  {grouped.total_over_answers(grouped.steps):8,.0f}")
    print(f"  designs                      {count:8,}, of which work {found['feasible'].sum():,}")
    print(f"  wall time                    {wall:8.1f} s")
    print(
        f"  processor time               {processor:8.1f} s, {processor / count * 1e3:.2f} ms each"
    )
    if count == _TARGET_DESIGNS:
        verdict = "met" if wall < _TARGET_S else "NOT met"
        print(f"  target: under {_TARGET_S:.0f} s: {verdict}")


if __name__ == "__main__":
    main()
