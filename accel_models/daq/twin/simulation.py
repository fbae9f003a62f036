"""Running a network, and checking that the run adds up."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from accel_models.daq.twin.checks import require
from accel_models.daq.twin.network import UNLIMITED
from accel_models.daq.twin.results import Run
from accel_models.daq.twin.state import POOL_FULL, STALLED, UNBALANCED, Compiled
from dse.errors import ModelContractError, WorkloadError

if TYPE_CHECKING:
    from accel_models.daq.twin.network import Network
    from accel_models.daq.twin.state import State

_FIRST_POOL = 2**10
_MORE_POOL = 8
_LARGEST_POOL = 2**24
_MOST_TRIGGERS = 2**28


def simulate_network(network: Network, triggers: int, seed: int, warm_up: int = 0) -> Run:
    """Simulate until the last of so many triggers has left.

    Args:
        network: What to simulate.
        triggers: How many arrive.
        seed: The same seed gives the same events, and two networks with the same seed see the same
            triggers.
        warm_up: How many triggers pass before measuring starts.

    Raises:
        WorkloadError: A count is out of range, the network's back-pressure stalls it, or its queues
            outgrow the memory.
        ModelContractError: Little's law or the conservation of events is violated.
    """
    require(0 < triggers <= _MOST_TRIGGERS, f"triggers = {triggers}", f"1 to {_MOST_TRIGGERS:,}")
    inside = 0 <= warm_up < triggers
    require(inside, f"warm_up = {warm_up}", "fewer than there are triggers")
    run = run_compiled(Compiled.of(network), triggers, warm_up, seed)
    require(not run.is_stalled, "the network stalls: events wait for each other", "more places")
    return run


def run_compiled(compiled: Compiled, triggers: int, warm_up: int, seed: int) -> Run:
    """`simulate_network` for a compiled network; a stalled run is returned as it stands."""
    state = _run(compiled, triggers, warm_up, seed)
    check_conservation(state)
    check_littles_law(state)
    return Run(compiled, state)


def _run(compiled: Compiled, triggers: int, warm_up: int, seed: int) -> State:
    """The final state, from a pool of rows large enough for all events in flight."""
    from accel_models.daq.twin.kernel import simulate  # compiles, or loads what was compiled

    bound = min(compiled.in_flight, triggers)
    pool = bound if compiled.in_flight < UNLIMITED else min(_FIRST_POOL, bound)
    while pool <= _LARGEST_POOL:
        state = compiled.state(triggers, warm_up, seed, pool)
        simulate(state)
        if state.run["status"][0] != POOL_FULL:
            return state
        pool = min(_MORE_POOL * pool, triggers)
    raise WorkloadError(
        f"more than {_LARGEST_POOL:,} events are in flight",
        allowed="queues that fit the memory",
        next_step="more servers, fewer places, or fewer triggers",
    )


def check_conservation(state: State) -> None:
    """Check that every event is accounted for, in the whole and at each station.

    Offered = vetoed + lost + rejected + stored + in the system, which the engine checks after
    every event that it handles; entered = left + present at each station; as many events of each
    outcome as the counters say.

    Raises:
        ModelContractError: One of them does not hold.
    """
    run, stations = state.run[0], state.stations
    counted = [run[name] for name in ("vetoed", "busy", "lost", "rejected", "stored")]
    in_system = len(state.owners) - run["idle_items"]
    _demand(run["status"] != UNBALANCED, f"event {run['handled']:,} breaks the balance")
    _demand(run["created"] == sum(counted) + in_system, "offered differs from the outcomes")
    listed = np.bincount(state.events["outcome"], minlength=len(counted) + 1)
    if run["status"] != STALLED:
        _demand([int(n) for n in counted] == listed[1:].tolist(), "the event list differs")
    balanced = stations["entered"] == stations["left"] + stations["count"]
    _demand(bool(balanced.all()), "a station holds events that never entered, or lost some")


def check_littles_law(state: State) -> None:
    """Check Little's law, in whole ticks.

    The integral of the number of events at a station over time is the sum of the times that they
    spent there, those still present counted up to the end.

    Raises:
        ModelContractError: It does not hold.
    """
    present = state.items["is_placed"] != 0
    so_far = np.where(present, state.run["now"][0] - state.items["entered"], 0).sum(axis=0)
    holds = state.stations["area"] == state.stations["sojourn"] + so_far
    _demand(bool(holds.all()), "Little's law is violated")


def _demand(holds: bool, what: str) -> None:
    if not holds:
        raise ModelContractError(f"the simulation does not add up: {what}")
