"""Objectives and constraints, by hand; then one test per message."""

import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dse import Constraint, Objective
from dse.errors import InputError

KNOWN = ("area_mm2", "power_w", "latency_s", "banks")
COLUMNS = {
    "area_mm2": np.array([300.0, 400.0, 600.0]),
    "power_w": np.array([1.0, 2.0, np.nan]),
    "latency_s": np.array([2.0, 0.5, 1.0]),
    "banks": np.array([1.0, 2.0, 3.0]),
}


def violation(text):
    return Constraint.parse(text, KNOWN).violation(COLUMNS).tolist()


def test_both_directions_are_minimised():
    assert (Objective("x", "min").sign, Objective("x", "max").sign) == (1.0, -1.0)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("area_mm2 <= 400", [0, 0, 0.5]),
        ("area_mm2 >= 400", [0.25, 0, 0]),
        ("400 >= area_mm2", [0, 0, 1 / 3]),
        ("area_mm2 <= 400 + 200", [0, 0, 0]),
        ("banks <= 0", [1, 2, 3]),
        ("banks >= +2", [0.5, 0, 0]),
        ("-banks <= -2", [0.5, 0, 0]),
        ("banks ** 2 <= 4", [0, 0, 1.25]),
        ("area_mm2 / banks - 100 <= 150", [1 / 3, 0, 0]),
        ("area_mm2 <= 200 * banks", [0.5, 0, 0]),
        ("1 / (banks - banks) <= 1", [np.inf] * 3),
    ],
)
def test_violation_is_relative_to_the_bound(text, expected):
    assert violation(text) == pytest.approx(expected)


def test_nan_metrics_give_nan():
    first, second, third = violation("power_w * latency_s <= 2")
    assert (first, second) == (0.0, 0.0)
    assert np.isnan(third)


@given(st.floats(-1e9, 1e9), st.floats(-1e9, 1e9))
def test_a_constraint_holds_if_and_only_if_its_violation_is_zero(value, bound):
    constraint = Constraint.parse(f"x <= {bound!r}", ["x"])
    assert (constraint.violation({"x": np.array([value])})[0] == 0.0) == (value <= bound)


def test_it_knows_what_it_reads():
    constraint = Constraint.parse("power_w * latency_s <= 2 * banks", KNOWN)
    assert constraint.names == {"power_w", "latency_s", "banks"}


def test_equal_texts_are_equal_constraints():
    first, second = (Constraint.parse("banks <= 2", KNOWN) for _ in range(2))
    assert first == second
    assert hash(first) == hash(second)


def test_it_survives_the_trip_to_another_process():
    constraint = Constraint.parse("banks <= 2", KNOWN)
    copy = pickle.loads(pickle.dumps(constraint))
    assert copy.violation(COLUMNS).tolist() == [0, 0, 0.5]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "area_mm2",
        "area_mm2 <=",
        "area_mm2 == 400",
        "area_mm2 != 400",
        "area_mm2 < 400",
        "area_mm2 > 400",
        "1 <= banks <= 2",
        "banks <= 2 and banks >= 1",
        "banks <= '2'",
        "banks <= True",
        "banks <= 2j",
        "banks <= 1e999",
        "banks <= " + "9" * 400,
        "banks % 2 <= 0",
        "abs(banks) <= 2",
        "banks.real <= 2",
        "banks[0] <= 2",
        "(lambda: 1)() <= 2",
        "banks <= [2]",
        "~banks <= 2",
        "x := 3 <= 2",
        "banks <= 2\0",
        "(" * 10_000,
        400,
        None,
    ],
)
def test_text_that_is_no_constraint_is_refused(text):
    with pytest.raises(InputError, match="is not a constraint") as caught:
        Constraint.parse(text, KNOWN)
    assert caught.value.allowed.startswith("EXPRESSION <= NUMBER (or >=)")


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("area_mm2 < 400", "use <= or >="),
        ("area_mm2 == 400", "use <= or >="),
        ("area_mm2 <= 6 cm2", "write the number without a unit; the unit of the name is meant"),
        ("area_mm2 <= 400mm2", "write the number without a unit; the unit of the name is meant"),
        ("banks <= 2 and banks >= 1", "write two constraints"),
        ("1 <= banks <= 2", "write two constraints"),
    ],
)
def test_the_usual_slips_get_a_hint(text, hint):
    with pytest.raises(InputError) as caught:
        Constraint.parse(text, KNOWN)
    assert caught.value.what == f"{text!r} is not a constraint: {hint}"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("area_mm2/0 <= 4", "divides by zero"),
        ("area_mm2 <= banks / (2 - 2)", "divides by zero"),
        ("1e300 * 1e300 <= banks", r"1e\+300 \* 1e\+300 is not a finite number"),
        ("banks <= 9 ** 999", r"9 \*\* 999 is not a finite number"),
        ("banks <= (-8) ** 0.5", "is not a finite number"),
    ],
)
def test_constants_must_be_finite(text, message):
    with pytest.raises(InputError, match=message) as caught:
        Constraint.parse(text, KNOWN)
    assert caught.value.allowed


def test_a_named_choice_cannot_be_compared():
    with pytest.raises(InputError, match="the values of banks are names, not numbers") as caught:
        Constraint.parse("banks <= 4", KNOWN, named=["banks"])
    assert caught.value.allowed == "area_mm2, power_w, latency_s"


def test_an_unknown_name_gets_a_hint():
    with pytest.raises(
        InputError, match=r"unknown name 'area_mm'. Did you mean 'area_mm2'"
    ) as caught:
        Constraint.parse("area_mm <= 400", KNOWN)
    assert caught.value.allowed == "area_mm2, power_w, latency_s, banks"
