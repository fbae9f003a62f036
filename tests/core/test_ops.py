"""`by_case` and `table`: the same on one design, on a flat batch and on an open grid."""

import numpy as np

from dse._ops import ARRAYS, FLOATS

CASES = (
    lambda x: {"cost": x["a"] + x["b"], "constant": 1.0, "of_b": 2.0 * x["b"]},
    lambda x: {"cost": x["a"] * x["b"], "constant": 5.0, "of_b": x["b"]},
)


def on_grid(lengths):
    """All columns of the cases on an open grid, and the same designs as a flat batch."""
    axes = np.ix_(*(np.arange(1.0, n + 1.0) for n in lengths))
    x = dict(zip(("case", "a", "b"), (axes[0] - 1.0, *axes[1:]), strict=True))
    flat = dict(zip(x, (c.ravel() for c in np.broadcast_arrays(*x.values())), strict=True))
    return ARRAYS.by_case(x["case"], CASES, x), ARRAYS.by_case(flat["case"], CASES, flat)


def test_by_case_is_the_same_on_grids_and_flat_batches():
    grid, flat = on_grid((2, 3, 4))
    for name, column in grid.items():
        assert np.array_equal(np.broadcast_to(column, (2, 3, 4)).ravel(), flat[name]), name


def test_constants_stay_on_the_selectors_axis_where_another_is_as_long():
    grid, flat = on_grid((2, 3, 2))
    found = np.broadcast_to(grid["constant"], (2, 3, 2)).ravel()
    assert np.array_equal(found, flat["constant"])


def test_by_case_is_the_same_on_single_designs():
    _, flat = on_grid((2, 3, 4))
    single = FLOATS.by_case(1.0, CASES, {"case": 1.0, "a": 3.0, "b": 4.0})
    assert {name: flat[name][-1] for name in flat} == single


def test_table_is_the_same_on_grids_flat_batches_and_single_designs():
    def divisors(a, b):
        return tuple(float(d) for d in range(1, int(a * b) + 1) if a * b % d == 0)[:2]

    a, b = np.ix_(np.array([4.0, 2.0, 1.0]), np.array([1.0, 3.0]))
    grid = ARRAYS.table(divisors, a, b)
    flat = ARRAYS.table(divisors, *(c.ravel() for c in np.broadcast_arrays(a, b)))
    assert np.array_equal(grid[1].ravel(), flat[1])
    assert grid[1].tolist() == [[2.0, 2.0], [2.0, 2.0], [np.inf, 3.0]]
    assert FLOATS.table(divisors, 4.0, 3.0) == (1.0, 2.0)
