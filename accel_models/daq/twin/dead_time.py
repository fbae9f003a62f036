"""Closed forms and tables of trigger dead time.

A crossing has a trigger with probability p. The dead fraction is the share of the triggers that
are not taken.
"""

from __future__ import annotations

import csv
import math
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np

from accel_models.daq.twin.checks import require


def dead_fraction_crossings(probability: float, dead_crossings: int) -> float:
    """Simple dead time: after an accepted trigger d crossings are blocked.

    p d / (1 + p d): between two accepts lie d blocked crossings and a geometric wait of mean 1/p.

    Args:
        probability: p, of a trigger per crossing.
        dead_crossings: d; a rule "1 in w" is d = w - 1.
    """
    blocked = probability * dead_crossings
    return blocked / (1 + blocked)


def dead_fraction_non_paralysable(rate_per_s: float, dead_time_s: float) -> float:
    """Poisson triggers, dead for a fixed time after each accepted one: n tau / (1 + n tau).

    Source: Knoll, Radiation Detection and Measurement, 4th ed. (2010), section 4.VII, eq. 4.23.

    Args:
        rate_per_s: n, of all triggers.
        dead_time_s: tau.
    """
    blocked = rate_per_s * dead_time_s
    return blocked / (1 + blocked)


def dead_fraction_paralysable(rate_per_s: float, dead_time_s: float) -> float:
    """Poisson triggers, dead for a fixed time after each trigger, taken or not: 1 - exp(-n tau).

    Source: Knoll (2010), section 4.VII, eq. 4.27.

    Args:
        rate_per_s: n, of all triggers.
        dead_time_s: tau.
    """
    return -math.expm1(-rate_per_s * dead_time_s)


def dead_fraction_derandomiser(probability: float, drain_crossings: int, places: int) -> float:
    """A derandomiser, Geo/D/1/K: triggers at discrete crossings, K places, constant drain.

    Exact, by the chain of w, the crossings of work left: at each crossing a trigger is taken if
    ceil(w / d) < K and adds d, then w falls by 1. Its K d + 1 stationary probabilities solve a
    sparse linear system.

    Args:
        probability: p, of a trigger per crossing.
        drain_crossings: d, crossings to drain one event.
        places: K, events that have room, the one being drained included.
    """
    from scipy.sparse import coo_array, eye_array
    from scipy.sparse.linalg import spsolve

    require(0 < probability <= 1, f"probability = {probability}", "above 0, at most 1")
    require(drain_crossings >= 1 and places >= 1, "drain or places", "whole numbers of 1 or more")
    states = places * drain_crossings + 1
    work = np.arange(states)
    is_full = -(-work // drain_crossings) >= places
    after = np.maximum(work - 1, 0)
    after_accept = np.where(is_full, after, work + drain_crossings - 1)
    rows = np.concatenate([after, after_accept])
    shares = np.repeat([1 - probability, probability], states)
    chain = coo_array((shares, (rows, np.tile(work, 2))), shape=(states, states)).tocsr()
    balance = (eye_array(states) - chain).tolil()
    balance[0, :] = 1.0  # one balance equation follows from the others; the sum replaces it
    total = np.zeros(states)
    total[0] = 1.0
    stationary = spsolve(balance.tocsc(), total)
    return float(stationary[is_full].sum())


@dataclass(frozen=True)
class WindowsRow:
    """A tabulated dead fraction of window rules.

    Attributes:
        raw_trigger_hz: Rate of the triggers before the rules.
        dead_fraction: Share of them that the rules block.
        sd: Standard deviation of that share.
    """

    raw_trigger_hz: float
    dead_fraction: float
    sd: float


FOUR_WINDOWS = ((1, 3), (2, 25), (3, 100), (4, 240))
"""n and w, in crossings, of the rules that `four_windows_table` is about."""


@cache
def four_windows_table() -> tuple[WindowsRow, ...]:
    """Dead fractions of the rules `FOUR_WINDOWS`, by Monte Carlo: no closed form is known."""
    text = files(__package__).joinpath("sliding_windows.csv").read_text(encoding="utf-8")
    rows = csv.DictReader(line for line in text.splitlines() if not line.startswith("#"))
    return tuple(WindowsRow(**{key: float(cell) for key, cell in row.items()}) for row in rows)
