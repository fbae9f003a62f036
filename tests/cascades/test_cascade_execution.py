"""Every cascade of the catalogue computes what it says, before anything is deduced from it."""

import numpy as np
import pytest
from cascade_references import REFERENCES, attention, attention_gradients, inputs_of
from hypothesis import given, settings
from hypothesis import strategies as st

from accel_models.attention.cascades.cascade import cascade_of
from accel_models.attention.cascades.catalogue import built_in, names
from accel_models.attention.cascades.execution import execute, shape
from accel_models.attention.cascades.reading import cascade_from_text
from dse.errors import WorkloadError

extents = st.integers(1, 4)


def with_sizes(name, draw):
    """A cascade of the catalogue at sizes that `draw` gives."""
    cascade = built_in(name)
    wholes = {*cascade.ranks.splits}
    return cascade.resized({rank: draw() for rank in cascade.ranks.sizes if rank not in wholes})


def check(name, cascade, rng):
    shapes = {access.tensor: shape(cascade, access) for access in cascade.inputs}
    inputs = inputs_of(name, shapes, rng)
    computed = execute(cascade, inputs)
    expected = REFERENCES[name](**inputs)
    assert {*expected} == {*cascade.results}
    for tensor, values in expected.items():
        np.testing.assert_allclose(computed[tensor], values, rtol=1e-9, atol=1e-9)


def test_every_cascade_of_the_catalogue_has_a_reference():
    assert {*names()} == {*REFERENCES}


@pytest.mark.parametrize("name", REFERENCES)
@settings(max_examples=15, deadline=None)
@given(data=st.data())
def test_a_cascade_computes_its_function(name, data):
    cascade = with_sizes(name, lambda: data.draw(extents))
    check(name, cascade, np.random.default_rng(data.draw(st.integers(0, 2**32))))


@pytest.mark.parametrize("name", REFERENCES)
def test_a_cascade_computes_its_function_at_larger_sizes(name):
    sizes = iter([6, 5, 9, 7, 8, 6, 5, 4])
    check(name, with_sizes(name, lambda: next(sizes)), np.random.default_rng(7))


def test_gradients_agree_with_finite_differences():
    """The reference of the backward cascades, derived another way."""
    rng = np.random.default_rng(3)
    Q, K, V, dO = (rng.normal(size=s) for s in ((3, 4), (3, 5), (2, 5), (2, 4)))
    step = 1e-6
    moved = Q.copy()
    moved[1, 2] += step
    change = ((attention(moved, K, V)["AV"] - attention(Q, K, V)["AV"]) * dO).sum() / step
    assert attention_gradients(Q, K, V, dO)["dQ"][1, 2] == pytest.approx(change, rel=1e-4)


def test_stable_attention_survives_scores_that_overflow_the_unstable_one():
    inputs = {"Q": np.full((1, 1), 1.0), "K": np.array([[800.0, 0.0]]), "V": np.array([[3.0, 5.0]])}
    sizes = {"m": 2, "p": 1, "e": 1, "f": 1}
    stable = execute(built_in("attn_3pass_stable").resized(sizes), inputs)["AV"]
    unstable = execute(built_in("attn_2pass_unstable").resized(sizes), inputs)["AV"]
    assert stable == pytest.approx(3.0)
    assert np.isnan(unstable).all()


def test_an_iterative_tensor_comes_back_with_its_initial_value():
    cascade = cascade_from_text("""
ranks: {i: 3}
inputs: A[i]
initial: {S: 10}
einsums: |
  S[i+1] = S[i] + A[i]
results: S
""")
    computed = execute(cascade, {"A": [1, 2, 3]})["S"]
    assert computed.tolist() == [10, 11, 13, 16]


def test_a_recurrence_over_two_ranks():
    """Paths through a grid, each coordinate from its two predecessors: Pascal's triangle."""
    cascade = cascade_from_text("""
ranks: {i: 3, j: 3}
inputs: One[i, j]
initial: {P: 1}
einsums: |
  P[i+1, j+1] = (P[i, j+1] + P[i+1, j]) * One[i, j]
results: P
""")
    assert execute(cascade, {"One": np.ones((3, 3))})["P"][3, 3] == 20


def test_einsums_run_in_the_order_of_need_inside_a_recurrence():
    cascade = cascade_from_text("""
ranks: {i: 2}
inputs: A[i]
initial: {S: 1}
einsums: |
  T[i] = S[i] * A[i]
  S[i+1] = T[i] + 1
  Z[] = S[i$] * 2
results: Z
""")
    assert execute(cascade, {"A": [2, 3]})["Z"] == 2 * ((1 * 2 + 1) * 3 + 1)


@pytest.mark.parametrize(("condition", "expected"), [("k <= i", [1, 3, 6]), ("k < i", [0, 1, 3])])
def test_prefix_sums(condition, expected):
    cascade = cascade_from_text(f"""
ranks: {{i: 3, k: i}}
inputs: A[i]
einsums: |
  S[i] = A[k] :: sum({condition})
results: S
""")
    assert execute(cascade, {"A": [1, 2, 3]})["S"].tolist() == expected


def test_inputs_may_have_one_axis_per_part_of_a_split_rank():
    cascade = built_in("attn_1pass_fusemax").resized({"m1": 2, "m0": 3, "p": 2, "e": 2, "f": 2})
    rng = np.random.default_rng(0)
    Q, K, V = (rng.normal(size=s) for s in ((2, 2), (2, 6), (2, 6)))
    parted = {"Q": Q, "K": K.reshape(2, 2, 3), "V": V.reshape(2, 2, 3)}
    np.testing.assert_array_equal(
        execute(cascade, parted)["AV"], execute(cascade, {"Q": Q, "K": K, "V": V})["AV"]
    )


SMALL = built_in("mean_center").resized({"k": 3})


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ({}, "input A is missing"),
        ({"A": [1, 2, 3], "B": 1}, "input B is unknown"),
        ({"A": [1, 2]}, r"input A\[k\] has the shape \(2,\)"),
    ],
)
def test_wrong_inputs_are_refused(inputs, message):
    with pytest.raises(WorkloadError, match=message):
        execute(SMALL, inputs)


def test_einsums_without_operators_cannot_be_executed():
    with pytest.raises(WorkloadError, match="does not say how its operands are combined"):
        execute(cascade_of("c", ["Z[k] = A[k] B[k]"]), {"A": [1], "B": [1]})


def test_too_large_a_cascade_is_refused_before_it_fills_the_memory():
    with pytest.raises(WorkloadError, match="has 1,073,741,824 points"):
        execute(built_in("gemm"), {})
