"""Live words and traffic, by hand and by their scaling."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accel_models.attention.cascades.cascade import cascade_of
from accel_models.attention.cascades.catalogue import built_in, names
from accel_models.attention.cascades.passes import analyse_passes, ranks_to_analyse
from accel_models.attention.cascades.ranks import Ranks
from accel_models.attention.cascades.traffic import (
    compulsory_words,
    footprints,
    induced_words,
)

SIZES = {"m": 100, "p": 10, "e": 4, "f": 6}


def analysed(name, rank, sizes):
    cascade = built_in(name).resized(sizes)
    return cascade, analyse_passes(cascade, rank)


def test_inputs_and_results_move_once():
    found = compulsory_words(built_in("attn_3pass_stable").resized(SIZES))
    assert found == {"Q": 40, "K": 400, "V": 600, "AV": 60}


def test_an_input_that_nothing_reads_does_not_move():
    cascade = built_in("attn_3pass_stable").resized(SIZES)
    unread = built_in("rmsnorm").inputs[1]
    idle = replace(cascade, inputs=(*cascade.inputs, unread))
    assert compulsory_words(idle) == compulsory_words(cascade)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("attn_3pass_stable", {"QK": 2000, "SN": 2000}),
        ("attn_2pass_stable_deferdiv", {"QK": 2000}),
        ("attn_2pass_unstable", {"SN": 2000}),
        ("attn_1pass_unstable_deferdiv", {}),
    ],
)
def test_scores_are_stored_and_loaded_for_each_further_pass(name, expected):
    assert induced_words(*analysed(name, "m", SIZES)) == expected


def test_an_input_is_loaded_again_for_each_further_pass():
    """X in passes 1 and 2; DV, computed in pass 2, is stored and loaded in pass 3."""
    found = induced_words(*analysed("layernorm_two_moment", "h", {"t": 3, "h": 10}))
    assert found == {"X": 30, "DV": 60}


def test_a_result_of_an_early_pass_is_stored_anyway():
    sizes = {"t": 3, "h": 10}
    cascade, analysis = analysed("softmax", "h", sizes)
    with_weights = replace(cascade, results=("Y", "SN"))
    assert induced_words(with_weights, analysis) == {"X": 30, "SN": 30}


def test_a_value_after_the_last_iteration_is_held_and_does_not_move():
    """Pass 2 of the online softmax reads RM[t, h$] and RD[t, h$]: a word each, for one row."""
    cascade, analysis = analysed("softmax_online", "h", {"t": 3, "h": 10})
    assert induced_words(cascade, analysis) == {"X": 30}
    first, second = footprints(cascade, analysis)
    assert first.kept == {"RM": 2, "X": 10, "RD": 1}
    assert second.kept == {"RM": 2, "X": 10, "RD": 1, "Y": 1}
    assert second.reloaded == {"RM": 2, "X": 1, "RD": 1, "Y": 1}


def test_a_running_value_that_a_later_pass_reads_in_full_moves():
    lines = ["S[t+1] = S[t] X[t]", "D[] = S[t$] X[t]", "Y[t] = S[t+1] D[]"]
    cascade = replace(cascade_of("scan", lines), ranks=Ranks({"t": 10}))
    found = induced_words(cascade, analyse_passes(cascade, "t"))
    assert found["S"] == 20


def test_live_words_of_three_pass_attention():
    """For one query: Q, a row of scores (kept) or one score, and the accumulators."""
    first, second, third = footprints(*analysed("attn_3pass_stable", "m", SIZES))
    assert first.kept == {"Q": 4, "K": 4, "QK": 100, "GM": 1}
    assert first.reloaded == {"Q": 4, "K": 4, "QK": 1, "GM": 1}
    assert second.kept == {"QK": 100, "GM": 1, "SN": 100, "SD": 1}
    assert third.kept == {"SN": 100, "SD": 1, "A": 1, "V": 6, "AV": 6}
    assert third.reloaded_words == 15


def test_live_words_of_a_running_maximum():
    """RM is read at both coordinates at once, RD and RNV at one."""
    sizes = {"m": 12, "m0": 3, "p": 5, "e": 4, "f": 6}
    (live,) = footprints(*analysed("attn_1pass_fusemax", "m", sizes))
    assert (live.kept["RM"], live.kept["RD"], live.kept["RNV"]) == (2, 1, 6)
    assert (live.kept["K"], live.kept["QK"]) == (4 * 3, 3)


def test_a_value_stays_live_until_the_pass_that_reads_it():
    first, second, third = footprints(*analysed("layernorm_two_moment", "h", {"t": 3, "h": 10}))
    assert "MU" not in first.kept
    assert "MU" in second.kept
    assert "MU" not in third.kept


@given(st.integers(1, 40))
def test_one_pass_attention_needs_no_more_on_chip_for_more_keys(tiles):
    sizes = {"m1": tiles, "m0": 8, "p": 16, "e": 4, "f": 4}
    (live,) = footprints(*analysed("attn_1pass_fusemax", "m", sizes))
    (one,) = footprints(*analysed("attn_1pass_fusemax", "m", {**sizes, "m1": 1}))
    assert live.kept_words == one.kept_words


@given(st.integers(1, 1000))
def test_three_pass_attention_keeps_two_rows_of_scores(keys):
    second = footprints(*analysed("attn_3pass_stable", "m", {**SIZES, "m": keys}))[1]
    assert second.kept_words == 2 * keys + 2


@pytest.mark.parametrize("name", names())
def test_reloading_never_holds_more_than_keeping(name):
    cascade = built_in(name)
    for rank in ranks_to_analyse(cascade):
        for live in footprints(cascade, analyse_passes(cascade, rank)):
            assert live.reloaded_words <= live.kept_words


@pytest.mark.parametrize("name", names())
def test_one_pass_induces_no_traffic(name):
    cascade = built_in(name)
    for rank in ranks_to_analyse(cascade):
        analysis = analyse_passes(cascade, rank)
        if analysis.passes == 1:
            assert induced_words(cascade, analysis) == {}
