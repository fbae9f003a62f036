"""Arrivals and trigger rules."""

from __future__ import annotations

from typing import Any

from accel_models.daq.twin.compiled import inlined
from accel_models.daq.twin.sampling import gap_crossings, gap_ticks, uniform


@inlined
def schedule_next(state: Any) -> None:
    """Set the time of the next trigger."""
    run = state.run[0]
    u = uniform(state.keys[0], run.created)
    if run.crossing_ticks == 0:
        run.next_at += gap_ticks(u, run.mean_gap)
        return
    run.crossing += gap_crossings(u, run.probability)
    filled = len(state.filled)
    crossing = run.crossing // filled * run.orbit + state.filled[run.crossing % filled]
    run.next_at = crossing * run.crossing_ticks


@inlined
def is_signal(state: Any, event: int) -> bool:
    """The class of a trigger."""
    return bool(uniform(state.keys[1], event) < state.run[0].signal_share)


@inlined
def is_vetoed(state: Any) -> bool:
    """Whether the rules block a trigger now."""
    run = state.run[0]
    if run.now <= run.blocked_until:
        if run.is_paralysable:
            run.blocked_until = run.now + run.dead_ticks
        return True
    ring = len(state.accepted_at)
    for rule in range(len(state.rules)):
        accepts = state.rules[rule, 0]
        if run.accepted >= accepts:
            earlier = state.accepted_at[(run.accepted - accepts) % ring]
            if run.now - earlier < state.rules[rule, 1]:
                return True
    return False


@inlined
def remember(state: Any) -> None:
    """Note an accepted trigger for the rules."""
    run = state.run[0]
    state.accepted_at[run.accepted % len(state.accepted_at)] = run.now
    run.accepted += 1
    if run.dead_ticks:
        run.blocked_until = run.now + run.dead_ticks
