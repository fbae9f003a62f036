"""Polynomials: algebra, and evaluation that is the same on floats and arrays."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from accel_models.attention.cascade_cost.polynomial import (
    ONE,
    ZERO,
    Values,
    constant,
    product,
    symbol,
    total,
)

X, Y = symbol("x"), symbol("y")
terms = st.builds(
    lambda c, a, b: constant(c) * product([X] * a) * product([Y] * b),
    st.integers(-9, 9), st.integers(0, 3), st.integers(0, 3),
)  # fmt: skip
polynomials = st.lists(terms, max_size=4).map(total)
points = st.tuples(st.integers(1, 9), st.integers(1, 9))


def at(polynomial, x, y):
    return Values({"x": float(x), "y": float(y)})(polynomial)


def test_a_sum_of_products_is_evaluated():
    found = constant(3) * X * X * Y + constant(5) * Y + constant(7)
    assert at(found, 2, 10) == 3 * 4 * 10 + 5 * 10 + 7


def test_like_terms_merge_and_vanish():
    assert (X + X).terms == {(("x", 1),): 2.0}
    assert (X - X).terms == {}
    assert not X - X


def test_negative_powers_divide():
    assert at(X * Y.inverse() * Y.inverse(), 50, 5) == 2.0


def test_a_symbol_cancels_its_inverse():
    assert (X * X.inverse()).terms == ONE.terms


def test_only_a_single_product_has_an_inverse():
    with pytest.raises(ValueError, match="unpack"):
        (X + Y).inverse()


def test_nothing_is_zero():
    assert at(ZERO, 2, 3) == 0.0
    assert constant(0).terms == {}


@given(polynomials, polynomials, points)
def test_sums_and_products_are_those_of_the_values(p, q, point):
    assert at(p + q, *point) == at(p, *point) + at(q, *point)
    assert at(p - q, *point) == at(p, *point) - at(q, *point)
    assert at(p * q, *point) == at(p, *point) * at(q, *point)


@given(polynomials)
def test_floats_flat_batches_and_grids_agree_to_the_last_bit(p):
    x, y = np.array([0.1, 2.7, 31.3]), np.array([0.3, 5.1])
    grid = Values({"x": x[:, None], "y": y[None, :]})(p)
    flat = Values({"x": np.repeat(x, 2), "y": np.tile(y, 3)})(p)
    single = [Values({"x": float(a), "y": float(b)})(p) for a in x for b in y]
    assert np.broadcast_to(grid, (3, 2)).ravel().tolist() == single
    assert np.broadcast_to(flat, 6).tolist() == single


def test_symbols_can_be_defined_later():
    values = Values({"x": 2.0})
    values.define({"y": 3.0})
    assert values(X * Y) == 6.0
