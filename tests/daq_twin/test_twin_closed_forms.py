"""The closed forms against the tabulated figures, their limits and each other."""

import math
from decimal import Decimal, localcontext

import pytest
from daq_twin.twin_cases import rows
from hypothesis import given, settings
from hypothesis import strategies as st

from accel_models.daq.twin.dead_time import (
    FOUR_WINDOWS,
    dead_fraction_crossings,
    dead_fraction_derandomiser,
    dead_fraction_non_paralysable,
    dead_fraction_paralysable,
    four_windows_table,
)
from accel_models.daq.twin.queueing import (
    erlang_b,
    erlang_c,
    loss_md1k,
    loss_mm1k,
    servers_for_waiting,
    wait_md1,
)
from dse.errors import WorkloadError

CROSSING_HZ = 40e6
LOADS = st.floats(0.05, 3.0)
PLACES = st.integers(1, 30)


def queueing_figure(row):
    load, servers = float(row["offered_load"]), int(row["servers"])
    by_system = {
        "M/D/1/K": lambda: loss_md1k(load, int(row["capacity"])),
        "M/M/1/K": lambda: loss_mm1k(load, int(row["capacity"])),
        "Erlang-B M/G/c/c": lambda: erlang_b(load, servers),
        "Erlang-C M/M/c (value = P(wait))": lambda: erlang_c(load, servers),
        "M/D/1 (value = mean wait / service time)": lambda: wait_md1(load),
    }
    return by_system[row["system"]]()


def dead_figure(row):
    rate = float(row["raw_trigger_kHz"]) * 1e3
    if row["model"].startswith("four"):
        return next(r.dead_fraction for r in four_windows_table() if r.raw_trigger_hz == rate)
    p, d = rate / CROSSING_HZ, float(row["d_BX"])
    if row["model"].startswith("simple"):
        return dead_fraction_crossings(p, int(d))
    if row["model"].startswith("derandomiser"):
        return dead_fraction_derandomiser(p, int(d), int(row["capacity"]))
    assert row["model"] == "non-paralysable"
    return dead_fraction_non_paralysable(rate, d / CROSSING_HZ)


@pytest.mark.parametrize("row", rows("queueing_closed_forms_shared.csv"), ids=lambda r: str(
    (r["system"].split()[0], r["offered_load"], r["capacity"])))  # fmt: skip
def test_queueing_figure_to_all_its_digits(row):
    assert queueing_figure(row) == pytest.approx(float(row["value"]), rel=5e-8)


@pytest.mark.parametrize("row", rows("dead_time_shared.csv"), ids=lambda r: str(
    (r["model"].split()[0], r["raw_trigger_kHz"], r["d_BX"])))  # fmt: skip
def test_dead_time_figure_to_all_its_digits(row):
    assert dead_figure(row) == pytest.approx(float(row["dead_fraction"]), rel=3e-6)


def test_md11_by_hand():
    """No room to wait: each served event of length 1 blocks the `load` arrivals in it."""
    assert loss_md1k(0.5, 1) == pytest.approx(0.5 / 1.5, rel=1e-14)


def test_md12_by_hand():
    """q_1 = q_0 (1 - e^-a) / e^-a; loss = 1 - 1 / (p_0 + a) of the embedded chain."""
    p_0 = math.exp(-0.5)
    assert loss_md1k(0.5, 2) == pytest.approx(1 - 1 / (p_0 + 0.5), rel=1e-13)


@pytest.mark.parametrize(("load", "places"), [("0.3", 10), ("0.3", 18), ("0.5", 30), ("0.9", 40)])
def test_tiny_losses_keep_their_digits(load, places):
    """The textbook form subtracts nearly equal numbers; with 100 digits that does no harm."""
    expected = textbook_loss(Decimal(load), places)
    assert loss_md1k(float(load), places) == pytest.approx(float(expected), rel=1e-9)


def textbook_loss(load, places):
    """loss = 1 - 1 / (p_0 + a); a_j the Poisson probabilities, p_j by the embedded chain."""
    with localcontext() as context:
        context.prec = 100
        a = [(-load).exp() * load**j / math.factorial(j) for j in range(places + 1)]
        p = [Decimal(1)]
        for j in range(places - 1):
            inflow = p[0] * a[j] + sum(p[i] * a[j - i + 1] for i in range(1, j + 1))
            p.append((p[j] - inflow) / a[0])
        return 1 - 1 / (p[0] / sum(p) + load)


@given(LOADS, PLACES)
@settings(deadline=None, max_examples=60)
def test_constant_times_lose_less_than_exponential_ones(load, places):
    assert loss_md1k(load, places) <= loss_mm1k(load, places) * (1 + 1e-12)


@given(LOADS, PLACES)
@settings(deadline=None, max_examples=60)
def test_one_more_place_loses_less(load, places):
    assert 0 < loss_md1k(load, places + 1) <= loss_md1k(load, places) * (1 + 1e-12) < 1


@given(LOADS, PLACES)
@settings(deadline=None, max_examples=60)
def test_no_queue_carries_more_than_its_server(load, places):
    """Carried load is at most 1."""
    assert load * (1 - loss_md1k(load, places)) <= 1 + 1e-12
    assert load * (1 - loss_mm1k(load, places)) <= 1 + 1e-12


@given(st.floats(0.1, 50), st.integers(1, 60))
@settings(deadline=None, max_examples=60)
def test_erlang_b_is_its_sum(load, servers):
    """B = (a^c / c!) / sum a^k / k!."""
    terms = [math.exp(k * math.log(load) - math.lgamma(k + 1)) for k in range(servers + 1)]
    assert erlang_b(load, servers) == pytest.approx(terms[-1] / math.fsum(terms), rel=1e-9)


def test_one_server_waits_as_often_as_it_is_busy():
    assert erlang_c(0.7, 1) == pytest.approx(0.7)


def test_servers_for_waiting_is_the_smallest_number():
    servers = servers_for_waiting(100, 0.2)
    assert erlang_c(100, servers) <= 0.2 < erlang_c(100, servers - 1)


def test_a_derandomiser_of_one_place_is_simple_dead_time():
    """While an event of d crossings is drained, the next d - 1 crossings are blocked."""
    found = dead_fraction_derandomiser(0.02, 40, 1)
    assert found == pytest.approx(dead_fraction_crossings(0.02, 39), rel=1e-12)


def test_rare_crossings_make_a_derandomiser_md1k():
    found = dead_fraction_derandomiser(0.8 / 2000, 2000, 4)
    assert found == pytest.approx(loss_md1k(0.8, 4), rel=2e-3)


@given(st.floats(0.001, 0.2), st.integers(1, 30), st.integers(1, 5))
@settings(deadline=None, max_examples=30)
def test_a_deeper_derandomiser_is_dead_less(probability, drain, places):
    deeper = dead_fraction_derandomiser(probability, drain, places + 1)
    assert deeper <= dead_fraction_derandomiser(probability, drain, places) + 1e-12


def test_paralysable_and_not_agree_where_triggers_are_rare():
    for dead in (dead_fraction_paralysable, dead_fraction_non_paralysable):
        assert dead(1e3, 1e-7) == pytest.approx(1e-4, rel=1e-4)


def test_the_four_rules_block_more_than_the_first_alone():
    first = FOUR_WINDOWS[0][1] - 1
    for row in four_windows_table():
        alone = dead_fraction_crossings(row.raw_trigger_hz / CROSSING_HZ, first)
        assert row.dead_fraction > alone


@pytest.mark.parametrize(
    ("closed_form", "arguments", "found"),
    [
        (loss_md1k, (0.0, 3), "load = 0"),
        (loss_mm1k, (0.5, 0), "places = 0"),
        (erlang_c, (3.0, 3), "load = 3"),
        (wait_md1, (1.0,), "load = 1"),
        (servers_for_waiting, (3.0, 0.0), "share = 0"),
        (dead_fraction_derandomiser, (0.0, 3, 3), "probability = 0"),
        (dead_fraction_derandomiser, (0.1, 0, 3), "drain"),
    ],
)
def test_no_figure_where_none_exists(closed_form, arguments, found):
    with pytest.raises(WorkloadError, match=found) as error:
        closed_form(*arguments)
    assert error.value.allowed
