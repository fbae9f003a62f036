"""Random numbers of the engine: a counter-based generator, and what is drawn with it.

Number n of a stream is SplitMix64's n-th output (Steele, Lea and Flood, OOPSLA 2014): a bijective
mixer applied to key + n * gamma. A draw depends on the seed, the stream and the event alone, so
that two designs see the same triggers and the same work per event.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from accel_models.daq.twin.compiled import inlined
from accel_models.daq.twin.laws import DETERMINISTIC, EXPONENTIAL, LOGNORMAL

_GAMMA = np.uint64(0x9E3779B97F4A7C15)
_FIRST = np.uint64(0xBF58476D1CE4E5B9)
_SECOND = np.uint64(0x94D049BB133111EB)
_30, _27, _31, _11, _1 = (np.uint64(n) for n in (30, 27, 31, 11, 1))
_TO_UNIT = 2.0**-53

_DRAWS = 3
"""Numbers that an event may use at a station: two for its work, one for the decision."""


@inlined
def uniform(key: Any, number: int) -> float:
    """Draw `number` of the stream `key`, above 0 and below 1."""
    z = key + (np.uint64(number) + _1) * _GAMMA
    z = (z ^ (z >> _30)) * _FIRST
    z = (z ^ (z >> _27)) * _SECOND
    z ^= z >> _31
    return (float(z >> _11) + 0.5) * _TO_UNIT


@inlined
def gap_ticks(u: float, mean: float) -> int:
    """Time to the next Poisson arrival."""
    return int(-mean * math.log(u) + 0.5)


@inlined
def gap_crossings(u: float, probability: float) -> int:
    """Crossings to the next success of a Bernoulli trial per crossing: geometric, 1 or more."""
    if probability >= 1.0:
        return 1
    return int(math.log(u) / math.log1p(-probability)) + 1


@inlined
def passes(station: Any, key: Any, event: int, is_signal: int) -> bool:
    """Whether the station's classifier accepts the event.

    Its score is drawn as the share u of events of its class that score higher; it lies above the
    threshold where u is less than the share that does.
    """
    share = station.accept_signal if is_signal else station.accept_background
    return bool(share >= 1.0 or uniform(key, _DRAWS * event + 2) < share)


@inlined
def work_ticks(station: Any, table: Any, key: Any, event: int) -> float:
    """Time that one event costs a server of the station."""
    if station.law == DETERMINISTIC:
        return float(station.mean)
    u = uniform(key, _DRAWS * event)
    if station.law == EXPONENTIAL:
        return float(-station.mean * math.log(u))
    if station.law == LOGNORMAL:
        v = uniform(key, _DRAWS * event + 1)
        normal = math.sqrt(-2.0 * math.log(u)) * math.cos(2.0 * math.pi * v)  # Box and Muller
        return float(station.mean * math.exp(station.sigma * (normal - station.sigma / 2.0)))
    place = u * (station.table_size - 1)
    row = station.table_start + int(place)
    return float(table[row] + (place - int(place)) * (table[row + 1] - table[row]))
