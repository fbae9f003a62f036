"""Lower bounds on passes: the reference table, hand-worked cascades, reasons and properties."""

import csv
from collections import defaultdict
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accel_models.attention.cascades.cascade import cascade_of
from accel_models.attention.cascades.catalogue import built_in, names
from accel_models.attention.cascades.passes import analyse_passes, ranks_to_analyse
from accel_models.attention.cascades.ranks import Ranks
from dse.errors import WorkloadError

DATA = Path(__file__).parent / "data"


def table(name):
    with (DATA / name).open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def reference_cascades():
    lines = defaultdict(list)
    for row in table("cascades.csv"):
        lines[row["cascade"]].append(f"{row['output']} = {row['inputs']}")
    return {name: cascade_of(name, texts) for name, texts in lines.items()}


REFERENCE = reference_cascades()


@pytest.mark.parametrize(
    "row", table("passes_expected.csv"), ids=lambda row: f"{row['cascade']}-{row['rank']}"
)
def test_passes_equal_the_reference(row):
    analysis = analyse_passes(REFERENCE[row["cascade"]], row["rank"].split("+"))
    assert analysis.passes == int(row["passes"])


@pytest.mark.parametrize(
    "row",
    [row for row in table("passes_expected.csv") if row["cascade"] in names()],
    ids=lambda row: f"{row['cascade']}-{row['rank']}",
)
def test_the_catalogue_agrees_with_the_reference(row):
    analysis = analyse_passes(built_in(row["cascade"]), row["rank"].split("+"))
    assert analysis.passes == int(row["passes"])


EXPECTED = {
    "attn_1pass_causal": {"m": 1, "m0": 2, "p": 1, "e": 1, "f": 1},
    "attn_1pass_flashattention2": {"m": 1, "m0": 2, "p": 1, "e": 1, "f": 1},
    "attn_2pass_unstable": {"m": 2, "p": 1},
    "attn_2pass_localmax": {"m": 2, "m0": 3, "p": 1},
    "attn_3pass_flat": {"m": 3, "p": 1},
    "attn_backward": {"m": 1, "p": 1, "f": 1, "e": 2},
    "attn_backward_inner_d": {"m": 2, "p": 1},
    "gla_chunked": {"l": 1, "t": 2},
    "layernorm_raw_moment": {"h": 2},
    "mamba_scan": {"t": 1, "d": 1, "n": 1},
    "rmsnorm_gemm": {"h": 2, "t": 1, "n": 1},
    "rmsnorm_gemm_deferred": {"h": 1, "t": 1, "n": 1},
    "softmax": {"h": 3, "t": 1},
    "softmax_online": {"h": 2, "t": 1},
}
"""Worked by hand."""


@pytest.mark.parametrize(("name", "rank"), [(n, rank) for n in EXPECTED for rank in EXPECTED[n]])
def test_passes_worked_by_hand(name, rank):
    assert analyse_passes(built_in(name), rank).passes == EXPECTED[name][rank]


def visits(name, rank):
    return {v.einsum.name: v.number for v in analyse_passes(built_in(name), rank).visits}


def test_einsums_of_three_pass_attention_by_pass():
    assert visits("attn_3pass_stable", "m") == {
        "QK": 1, "GM": 1, "SN": 2, "SD": 2, "A": 3, "AV": 3,
    }  # fmt: skip


def test_summaries_over_tiles_visit_no_fiber():
    assert visits("attn_2pass_localmax", "m") == {
        "QK": 1, "LM": 1, "SLN": 1, "SLD": 1, "GM": 0, "PLM": 0, "SD": 0, "A": 2, "AV": 2,
    }  # fmt: skip


def reasons(cascade, rank):
    return [
        (b.number, b.einsum.name, str(b.reason.operand), b.reason.kind, b.reason.after)
        for b in analyse_passes(cascade, rank).barriers()
    ]


def test_what_forces_the_passes_of_attention():
    assert reasons(built_in("attn_3pass_stable"), "m") == [
        (2, "SN", "GM[p]", "complete", 1),
        (3, "A", "SD[p]", "complete", 2),
    ]


def test_a_reason_is_followed_through_tensors_that_stream():
    """B only streams C, which is computed from the tiles once their maximum is known."""
    cascade = cascade_of(
        "c", ["L[i] = A[i,j]", "G[] = L[i]", "C[i] = L[i] G[]", "B[i,j] = A[i,j] C[i]"]
    )
    assert reasons(cascade, ("i", "j")) == [(2, "C", "G[]", "complete", 1)]


def test_look_ahead_needs_the_whole_fiber():
    cascade = cascade_of("c", ["B[i] = A[i]", "C[i] = B[i+1]"])
    assert reasons(cascade, "i") == [(2, "C", "B[i+1]", "look-ahead", 1)]


def test_the_next_value_of_an_iterative_tensor_is_no_look_ahead():
    cascade = cascade_of("c", ["R[i+1] = R[i] A[i]", "C[i] = R[i+1]"])
    assert analyse_passes(cascade, "i").passes == 1


def test_the_previous_value_over_another_rank_is_no_dependence():
    """Rule 1: S at the previous t, although reduced over all of d, costs no pass over d."""
    cascade = cascade_of("c", ["N[t,d] = S[t] A[t,d]", "S[t+1] = N[t,d]"])
    assert analyse_passes(cascade, "d").passes == 1


@pytest.mark.parametrize(("reduced", "passes"), [("s <= t", 1), ("s", 2)])
def test_a_prefix_reduction_streams(reduced, passes):
    """A scan of a produced tensor, bounded by the rank itself, can be made iterative."""
    lines = ["B[t] = A[t]", f"C[t] = B[s] :: sum({reduced})"]
    cascade = replace(cascade_of("c", lines), ranks=Ranks(aliases={"s": "t"}))
    assert analyse_passes(cascade, "t").passes == passes


def test_a_rank_without_visits_is_refused():
    with pytest.raises(WorkloadError, match="mm is not a rank of the cascade attn_3pass_stable"):
        analyse_passes(built_in("attn_3pass_stable"), "mm")


def test_a_cyclic_cascade_does_not_hang():
    cascade = cascade_of("c", ["A[i] = C[] D[i]", "C[] = A[i]"])
    with pytest.raises(WorkloadError, match="do not settle"):
        analyse_passes(cascade, "i")


def test_the_ranks_of_a_cascade():
    assert ranks_to_analyse(built_in("gla_chunked")) == (("c", "t"), ("d",), ("f",), ("t",))


@pytest.mark.parametrize("name", names())
def test_every_pass_after_the_first_has_a_reason(name):
    for rank in ranks_to_analyse(built_in(name)):
        analysis = analyse_passes(built_in(name), rank)
        assert [b.number for b in analysis.barriers()] == list(range(2, analysis.passes + 1))


@given(st.integers(1, 12))
def test_each_complete_reduction_costs_one_pass(steps):
    """Subtract the mean again and again."""
    lines = []
    for i in range(steps):
        lines += [f"S{i}[] = X{i}[k]", f"X{i + 1}[k] = X{i}[k] S{i}[]"]
    analysis = analyse_passes(cascade_of("c", lines), "k")
    assert analysis.passes == steps + 1


@given(st.permutations(range(4)))
def test_the_order_of_independent_einsums_does_not_matter(order):
    lines = ["GM[t] = X[t,h]", "SQ[t] = X[t,h]", "S[t] = X[t,h]", "D[t,h] = X[t,h] W[h]"]
    last = ["Y[t,h] = D[t,h] GM[t] SQ[t] S[t]"]
    analysis = analyse_passes(cascade_of("c", [lines[i] for i in order] + last), "h")
    assert analysis.passes == 2
