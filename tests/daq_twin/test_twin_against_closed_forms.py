"""The twin against every tabulated figure, within four standard errors of replicated runs."""

import numpy as np
import pytest
from daq_twin.twin_cases import assert_agrees, crossings, queue, rows, seen_by_arrivals

from accel_models.daq.twin.dead_time import FOUR_WINDOWS, dead_fraction_paralysable
from accel_models.daq.twin.laws import Deterministic, Exponential, LogNormal, Tabulated
from accel_models.daq.twin.network import Network, PoissonArrivals, Station, TriggerRules
from accel_models.daq.twin.queueing import erlang_b

CROSSING_HZ = 40e6
QUEUES = rows("queueing_closed_forms_shared.csv")
DEAD_TIMES = rows("dead_time_shared.csv")


def of(table, column, start):
    return [row for row in table if row[column].startswith(start)]


def name(row):
    return "-".join(row[key] for key in list(row)[1:4] if row[key])


@pytest.mark.parametrize("row", of(QUEUES, "system", "M/D/1/K"), ids=name)
def test_loss_of_constant_times(row):
    network = queue(float(row["offered_load"]), places=int(row["capacity"]))
    assert_agrees(network, lambda run: run.loss_fraction, float(row["value"]))


@pytest.mark.parametrize("row", of(QUEUES, "system", "M/M/1/K"), ids=name)
def test_loss_of_exponential_times(row):
    network = queue(float(row["offered_load"]), Exponential, places=int(row["capacity"]))
    assert_agrees(network, lambda run: run.loss_fraction, float(row["value"]))


@pytest.mark.slow
@pytest.mark.parametrize("law", [Exponential, Deterministic])
@pytest.mark.parametrize("row", of(QUEUES, "system", "Erlang-B"), ids=name)
def test_loss_without_waiting_room(row, law):
    servers = int(row["servers"])
    network = queue(float(row["offered_load"]), law, servers=servers, places=servers)
    assert_agrees(network, lambda run: run.loss_fraction, float(row["value"]))


@pytest.mark.parametrize(
    "law",
    [LogNormal(1.0, 1.0), Tabulated((0.0, 0.2, 0.6, 1.2, 3.0))],
    ids=["lognormal", "tabulated"],
)
def test_erlang_b_holds_for_any_law(law):
    """Insensitivity: only the mean of the service time matters."""
    load = 10 / law.mean_s
    network = queue(load, lambda _: law, servers=10, places=10)
    assert_agrees(network, lambda run: run.loss_fraction, erlang_b(10, 10))


@pytest.mark.slow
@pytest.mark.parametrize("row", of(QUEUES, "system", "Erlang-C"), ids=name)
def test_share_that_waits(row):
    servers = int(row["servers"])
    network = queue(float(row["offered_load"]), Exponential, servers=servers)
    waits = lambda run: np.mean(seen_by_arrivals(run) >= servers)  # noqa: E731
    assert_agrees(network, waits, float(row["value"]))


@pytest.mark.slow
@pytest.mark.parametrize("row", of(QUEUES, "system", "M/D/1 "), ids=name)
def test_mean_wait(row):
    network = queue(float(row["offered_load"]))
    assert_agrees(network, lambda run: run.latencies_s.mean() - 1, float(row["value"]))


@pytest.mark.parametrize("row", of(DEAD_TIMES, "model", "simple"), ids=name)
def test_simple_dead_time(row):
    p = float(row["raw_trigger_kHz"]) * 1e3 / CROSSING_HZ
    network = crossings(p, dead_crossings=int(row["d_BX"]))
    assert_agrees(network, lambda run: run.dead_fraction, float(row["dead_fraction"]))


@pytest.mark.parametrize("row", of(DEAD_TIMES, "model", "four"), ids=name)
def test_four_window_rules(row):
    p = float(row["raw_trigger_kHz"]) * 1e3 / CROSSING_HZ
    network = crossings(p, rules=FOUR_WINDOWS)
    expected, sd = float(row["dead_fraction"]), float(row["sd"])
    assert_agrees(network, lambda run: run.dead_fraction, expected, sd=sd)


@pytest.mark.parametrize("row", of(DEAD_TIMES, "model", "derandomiser"), ids=name)
def test_derandomiser(row):
    p = float(row["raw_trigger_kHz"]) * 1e3 / CROSSING_HZ
    network = crossings(p, drain=int(row["d_BX"]), places=int(row["capacity"]))
    assert_agrees(network, lambda run: run.dead_fraction, float(row["dead_fraction"]))


@pytest.mark.parametrize("row", of(DEAD_TIMES, "model", "non"), ids=name)
def test_non_paralysable_dead_time(row):
    rate, tau_s = float(row["raw_trigger_kHz"]) * 1e3, float(row["d_BX"]) / CROSSING_HZ
    network = dead_after(rate, tau_s, is_paralysable=False)
    assert_agrees(network, lambda run: run.dead_fraction, float(row["dead_fraction"]))


def test_paralysable_dead_time():
    network = dead_after(100e3, 5e-6, is_paralysable=True)
    expected = dead_fraction_paralysable(100e3, 5e-6)
    assert_agrees(network, lambda run: run.dead_fraction, expected)


def dead_after(rate, tau_s, *, is_paralysable):
    """Poisson triggers, a dead time, and stations that are never full."""
    station = Station(name="all", law=Deterministic(0.0), is_entry=True)
    rules = TriggerRules(dead_time_s=tau_s, is_paralysable=is_paralysable)
    return Network(PoissonArrivals(rate), (station,), rules)
