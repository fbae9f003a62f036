"""Operations per Einsum, counted by hand and by brute force."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accel_models.attention.cascades.cascade import cascade_of
from accel_models.attention.cascades.catalogue import built_in
from accel_models.attention.cascades.counts import count_operations, pairs, total_operations
from accel_models.attention.cascades.reading import cascade_from_text
from dse.errors import WorkloadError


def counts(cascade):
    return {count.einsum.name: dict(count.operations) for count in count_operations(cascade)}


def test_counts_of_fusemax_are_those_of_its_artifact():
    """n scores, X = n / m0: QK E, LM 1, SLN 1 exponential, ... of section 4 of the model note."""
    N, W, E, F = 512, 64, 16, 32
    n, X = N * N, N * N // W
    sizes = {"m": N, "m0": W, "p": N, "e": E, "f": F}
    assert counts(built_in("attn_1pass_fusemax").resized(sizes)) == {
        "QK": {"multiply": n * E, "add": n * E},
        "LM": {"max": n},
        "RM": {"max": X},
        "SLN": {"exp": n, "subtract": n},
        "SLD": {"add": n},
        "SLNV": {"multiply": n * F, "add": n * F},
        "PRM": {"exp": X, "subtract": X},
        "SPD": {"multiply": X},
        "RD": {"add": X},
        "SPNV": {"multiply": X * F},
        "RNV": {"add": X * F},
        "AV": {"divide": N * F},
    }


def test_division_deferral_turns_m_by_p_divisions_into_f_by_p():
    sizes = {"m": 100, "p": 10, "e": 4, "f": 6}
    at_once = built_in("attn_3pass_stable").resized(sizes)
    deferred = built_in("attn_2pass_stable_deferdiv").resized(sizes)
    assert total_operations(count_operations(at_once))["divide"] == 1000
    assert total_operations(count_operations(deferred))["divide"] == 60


def test_an_operator_costs_once_per_point_of_its_own_ranks():
    cascade = built_in("layernorm_two_moment").resized({"t": 3, "h": 10})
    assert counts(cascade)["Y"] == {"add": 33, "multiply": 30, "divide": 33, "sqrt": 3}


def test_what_does_not_vary_costs_nothing():
    cascade = cascade_from_text("""
ranks: {k: 5}
inputs: A[k]
einsums: "Z[k] = A[k] * (2 / sqrt(size(k)))"
results: Z
""")
    assert counts(cascade) == {"Z": {"multiply": 5}}


def test_multiply_adds_are_sums_of_products():
    cascade = built_in("attn_3pass_stable").resized({"m": 5, "p": 4, "e": 3, "f": 2})
    found = {count.einsum.name: count.multiply_adds for count in count_operations(cascade)}
    assert found == {"QK": 60, "GM": 0, "SN": 0, "SD": 0, "A": 0, "AV": 40}


def test_a_causal_mask_halves_the_points():
    sizes = {"m": 8, "m0": 2, "p": 8, "e": 1, "f": 3}
    found = {c.einsum.name: c.points for c in count_operations(
        built_in("attn_1pass_causal").resized(sizes))}  # fmt: skip
    assert (found["LM"], found["SLNV"]) == (36, 108)


@given(st.integers(1, 9), st.integers(0, 9))
def test_pairs_under_a_condition(inner, outer):
    assert pairs(inner, outer) == sum(x <= y for x in range(inner) for y in range(outer))


def test_a_strict_condition_excludes_the_diagonal():
    text = "ranks: {{i: 5, k: i}}\ninputs: A[i]\neinsums: |\n  S[i] = A[k] :: sum({})\nresults: S\n"
    strict, loose = (counts(cascade_from_text(text.format(c))) for c in ("k < i", "k <= i"))
    assert (strict["S"]["add"], loose["S"]["add"]) == (10, 15)


def test_einsums_without_operators_cannot_be_counted():
    with pytest.raises(WorkloadError, match="does not say how its operands are combined"):
        count_operations(cascade_of("c", ["Z[k] = A[k] B[k]"]))
