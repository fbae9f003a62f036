"""Networks that several tests simulate, and estimates with their standard errors."""

import csv
from pathlib import Path

import numpy as np

from accel_models.daq.twin.laws import Deterministic
from accel_models.daq.twin.network import (
    UNLIMITED,
    BunchArrivals,
    Network,
    PoissonArrivals,
    Station,
    TriggerRules,
    WindowRule,
)
from accel_models.daq.twin.simulation import simulate_network

DATA = Path(__file__).parent / "data"
CROSSING_S = 25e-9


def rows(name):
    with (DATA / name).open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def queue(load, law=Deterministic, servers=1, places=UNLIMITED, **station):
    """One station with mean service 1 s and Poisson arrivals."""
    only = {"name": "queue", "is_entry": True, "blocks": False, **station}
    return Network(
        PoissonArrivals(load), (Station(law=law(1.0), servers=servers, places=places, **only),)
    )


def crossings(probability, rules=(), dead_crossings=0, drain=0, places=UNLIMITED, **arrivals):
    """Triggers at crossings, rules in crossings, and a derandomiser that drains them."""
    return Network(
        BunchArrivals(CROSSING_S, probability, **arrivals),
        (
            Station(
                name="fifo", law=Deterministic(drain * CROSSING_S), places=places, is_entry=True
            ),
        ),
        TriggerRules(
            tuple(WindowRule(n, w * CROSSING_S) for n, w in rules), dead_crossings * CROSSING_S
        ),
    )


def estimate(network, figure, triggers, replications=10, warm_up=2000):
    """Mean and standard error of a figure over independent runs."""
    values = [
        figure(simulate_network(network, triggers + warm_up, seed, warm_up))
        for seed in range(replications)
    ]
    return np.mean(values), np.std(values, ddof=1) / np.sqrt(replications)


def assert_agrees(network, figure, expected, triggers=20_000, replications=20, sd=0.0):
    """Within 4 standard errors; a share so small that few events show it has Poisson's error."""
    mean, error = estimate(network, figure, triggers, replications)
    poisson = np.sqrt(expected / (triggers * replications)) if expected < 1e-3 else 0.0
    assert abs(mean - expected) <= 4 * max(np.hypot(error, sd), poisson), (mean, expected, error)


def seen_by_arrivals(run):
    """How many events each measured arrival finds in a network that loses none."""
    arrivals, departures = run.events["arrival"], np.sort(run.events["departure"])
    found = np.arange(len(arrivals)) - np.searchsorted(departures, arrivals, side="right")
    return found[len(run.events) - len(run.measured) :]
