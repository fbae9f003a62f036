"""Sizes of split ranks and aliases."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accel_models.attention.cascades.catalogue import built_in
from accel_models.attention.cascades.ranks import Ranks, completed
from dse.errors import WorkloadError

SPLITS = {"m": ("m1", "m0")}
RANKS = Ranks(completed({"m": 12, "m0": 3, "t": 5}, SPLITS), SPLITS, {"s": "t"})


def test_the_missing_part_follows():
    assert RANKS.size("m1") == 4


def test_the_whole_follows_from_its_parts():
    assert completed({"m1": 4, "m0": 3}, SPLITS)["m"] == 12


def test_an_alias_has_the_size_of_its_rank():
    assert RANKS.size("s") == 5


def test_whole_and_parts_of_a_rank():
    assert (RANKS.whole("m0"), RANKS.whole("s"), RANKS.parts("m")) == ("m", "t", ("m1", "m0"))


def test_count_is_a_product():
    assert RANKS.count(["m1", "t"]) == 20


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"m": 24}, (24, 8, 3)),
        ({"m1": 2}, (6, 2, 3)),
        ({"m0": 6}, (12, 2, 6)),
        ({"m1": 5, "m0": 7}, (35, 5, 7)),
        ({"m": 20, "m1": 2}, (20, 2, 10)),
        ({"m": 20, "m1": 2, "m0": 10}, (20, 2, 10)),
        ({"t": 9}, (12, 4, 3)),
    ],
)
def test_resizing_keeps_what_it_can(given, expected):
    sizes = RANKS.resized(given).sizes
    assert (sizes["m"], sizes["m1"], sizes["m0"]) == expected


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"mm": 3}, r"unknown rank 'mm'. Did you mean 'm'\?"),
        ({"m": 13}, r"rank m \(13\) is not a multiple of m0 \(3\)"),
        ({"m": 8, "m1": 3, "m0": 3}, r"rank m \(8\) is not m1 \(3\) \* m0 \(3\)"),
        ({"t": -1}, "rank t = -1 is not a size"),
        ({"t": True}, "rank t = True is not a size"),
        ({"t": "many"}, "rank t = many is not a size"),
    ],
)
def test_sizes_that_do_not_fit_are_refused(given, message):
    with pytest.raises(WorkloadError, match=message):
        RANKS.resized(given)


def test_an_unknown_size_is_named():
    with pytest.raises(WorkloadError, match="rank q has no size"):
        RANKS.size("q")


@given(st.integers(1, 50), st.integers(1, 50))
def test_a_split_rank_is_the_product_of_its_parts(outer, inner):
    cascade = built_in("attn_1pass_fusemax").resized({"m1": outer, "m0": inner})
    assert cascade.ranks.size("m") == outer * inner


def test_an_unknown_cascade_of_the_catalogue():
    with pytest.raises(WorkloadError, match=r"unknown cascade 'rmsnrm'. Did you mean 'rmsnorm'\?"):
        built_in("rmsnrm")
