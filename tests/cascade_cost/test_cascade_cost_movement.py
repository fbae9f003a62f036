"""Traffic, buffer words and footprints against hand counts."""

import pytest
from cascade_cost_cases import UNEVEN, bound, compiled, symbols

from accel_models.attention.cascade_cost.bindings import built_in
from accel_models.attention.cascade_cost.default import default_binding
from accel_models.attention.cascade_cost.movement import (
    COLUMN_INPUTS,
    INTERMEDIATES,
    RESULTS,
    ROW_INPUTS,
)
from accel_models.attention.cascade_cost.polynomial import Values
from accel_models.attention.cascade_cost.reading import binding_from_text
from accel_models.attention.cascades import catalogue
from accel_models.attention.cascades.passes import analyse_passes
from accel_models.attention.cascades.traffic import compulsory_words, induced_words
from dse._ops import FLOATS
from workloads.transformer import TransformerLayer

S, HW = symbols(UNEVEN)
E, F, X, N_WORDS, BHN, W = S.E, S.F, S.X, S.n, S.BHN, HW.W


def values_of(plan, **more):
    values = Values(plan.sizes.symbols(HW, FLOATS))
    values.define({"sweeps": 3.0, **more})
    return values


def traffic(binding):
    plan = compiled(binding, UNEVEN)
    values = values_of(plan)
    return [values(words) for words in plan.traffic_words]


# -- off chip ------------------------------------------------------------------------------------


def test_queries_and_results_move_once_and_keys_and_values_once_per_sweep():
    found = traffic("binding")
    assert found[COLUMN_INPUTS] == pytest.approx(BHN * E)
    assert found[ROW_INPUTS] == pytest.approx(3 * BHN * (E + F))
    assert found[RESULTS] == pytest.approx(BHN * F)
    assert found[INTERMEDIATES] == 0


def test_unfused_scores_and_weights_go_out_and_come_back():
    assert traffic("unfused")[INTERMEDIATES] == pytest.approx(4 * N_WORDS)


def test_unfused_phases_move_their_own_words():
    plan = compiled("unfused", UNEVEN)
    values = values_of(plan)
    expected = [N_WORDS + 2 * BHN * E, 2 * N_WORDS, N_WORDS + 2 * BHN * F]
    assert [values(stage.moved_words) for stage in plan.stages] == pytest.approx(expected)


def test_a_second_pass_loads_again_what_it_needs():
    binding = default_binding(catalogue.built_in("attn_2pass_localmax"))
    assert binding.dram == {"SLN", "LM", "SLD"}
    # SLN of every score, LM and SLD of every tile and query: stored once, loaded once.
    assert traffic(binding)[INTERMEDIATES] == pytest.approx(2 * (N_WORDS + 2 * X))


def test_each_further_pass_loads_once_more():
    binding = default_binding(catalogue.built_in("attn_3pass_stable"))
    assert binding.dram == {"QK", "SN"}
    assert traffic(binding)[INTERMEDIATES] == pytest.approx(4 * N_WORDS)


def test_an_input_that_two_passes_read_is_loaded_twice():
    # The maximum and the exponentials of a softmax both read X, 1024 * 1024 words.
    found = traffic(default_binding(catalogue.built_in("softmax")))
    assert found[COLUMN_INPUTS] + found[ROW_INPUTS] == 2 * 1024 * 1024


def test_tensors_with_columns_do_not_depend_on_the_sweeps():
    plan = compiled("binding", UNEVEN)
    once, often = (values_of(plan, sweeps=sweeps) for sweeps in (1.0, 20.0))
    assert often(plan.traffic_words[COLUMN_INPUTS]) == once(plan.traffic_words[COLUMN_INPUTS])
    assert often(plan.traffic_words[ROW_INPUTS]) == 20 * once(plan.traffic_words[ROW_INPUTS])


# -- through the buffer --------------------------------------------------------------------------

EXPECTED_WORDS = {
    "binding": (
        X * (2 * E + 2 * F + 2) + BHN * (F + 1),
        BHN * E + 3 * BHN * (E + F) + X * (F + 2),
    ),
    "cascade": (
        X * (2 * E + 2 * F + 2) + BHN * (F + 1) + 2 * N_WORDS,
        BHN * E + 3 * BHN * (E + F) + X * (F + 2) + 2 * N_WORDS,
    ),
    "unfused": (
        3 * N_WORDS + 2 * BHN + X * (2 * E + 2 * F) - BHN * F,
        2 * N_WORDS + 2 * BHN + BHN * (2 * E + F) + F * X,
    ),
}


@pytest.mark.parametrize("configuration", EXPECTED_WORDS)
def test_buffer_words_are_those_of_the_specification(configuration):
    plan = compiled(configuration, UNEVEN)
    values = values_of(plan)
    found = [values(words) for words in plan.buffer_words]
    assert found == pytest.approx(EXPECTED_WORDS[configuration], rel=1e-12)


def test_what_stays_in_registers_does_not_touch_the_buffer():
    stages = "stages: [{array_2d: [QK, AV], array_1d: [A]}]\nlevels: {%s}"
    inside = bound(stages % "registers: [QK, A], buffer: [Q, K, V]")
    outside = bound(stages % "buffer: [Q, K, V, QK, A]")
    words = [
        [values_of(plan)(part) for part in plan.buffer_words]
        for plan in (compiled(binding, UNEVEN) for binding in (inside, outside))
    ]
    # QK to the 1D array and A back to the 2D array: each is written once and read once.
    differences = [b - a for a, b in zip(*words, strict=True)]
    assert differences == pytest.approx([2 * N_WORDS, 2 * N_WORDS])


def test_sums_over_tiles_are_read_again_for_every_tile_but_the_first():
    stages = "stages: [{array_2d: [QK, AV], array_1d: [A]}]\nlevels: {registers: [QK, A], %s}"
    plain, summed = (
        compiled(bound(stages % f"buffer: [{tensors}]"), UNEVEN)
        for tensors in ("Q, K, V", "Q, K, V, AV")
    )
    words = [[values_of(plan)(part) for part in plan.buffer_words] for plan in (plain, summed)]
    differences = [b - a for a, b in zip(*words, strict=True)]
    assert differences == pytest.approx([X * F - BHN * F, X * F])


# -- footprints ----------------------------------------------------------------------------------


@pytest.mark.parametrize(("configuration", "running"), [("binding", 2), ("cascade", 2 * W + 2)])
def test_footprint_per_query_is_that_of_the_specification(configuration, running):
    plan = compiled(configuration, UNEVEN)
    values = values_of(plan)
    assert values(plan.tiling.per_column) == E + F + running
    assert values(plan.tiling.shared) == W * (E + F)


def test_a_fiber_that_is_kept_counts_as_a_whole():
    two_pass = catalogue.built_in("attn_2pass_stable_deferdiv")
    text = """
    stages:
      - {array_2d: [QK]}
      - {array_1d: [GM, SN, SD]}
      - {array_2d: [SNV]}
      - {array_1d: [AV]}
    levels: {registers: [SN], buffer: [Q, K, V, QK, GM, SD, SNV]}
    """
    plan = compiled(binding_from_text(text, "kept.yaml", two_pass), UNEVEN)
    # Q, the whole row of QK (5120 keys), GM, SD and SNV.
    assert values_of(plan)(plan.tiling.per_column) == E + 5120 + 1 + 1 + F


def test_the_artifact_sizes_its_tiles_for_less_than_the_buffer():
    assert built_in("cascade").quirks.tile_bytes == 16 * 2**20
    sweeps = {
        preset: compiled("cascade", UNEVEN, preset).tiling.apply(
            Values({"pe_dim": 256.0, "tiles_5000": 1024.0}),
            symbols(UNEVEN, global_buffer_bytes=32 * 2**20)[1],
            FLOATS,
        )[0]["sweeps"]
        for preset in ("published", "design_space")
    }
    assert sweeps["published"] > sweeps["design_space"]


# -- against the analysis of cascades, which was written independently ---------------------------

HELD = [
    name
    for name in catalogue.names()
    if default_binding(catalogue.built_in(name)).tiling == "sweeps"
    and name != "gla_recurrent"  # f of 64 is padded to a tile of 256 here
]


@pytest.mark.parametrize("name", HELD)
def test_one_sweep_moves_what_the_passes_induce(name):
    layer = TransformerLayer(
        name="one", batch=1, heads=1, head_dim=64, value_dim=64, d_model=64, d_ff=64, seq_len=1024
    )
    cascade = catalogue.built_in(name)
    binding = default_binding(cascade)
    plan = compiled(binding, layer)
    values = Values(plan.sizes.symbols(HW, FLOATS))
    values.define({"sweeps": 1.0})
    analysis = analyse_passes(cascade, binding.traversal.rows)
    induced = induced_words(cascade, analysis).values()
    expected = sum(compulsory_words(cascade).values()) + sum(induced)
    assert sum(values(words) for words in plan.traffic_words) == expected
