"""The binding of a cascade that nobody has bound."""

import pytest
from cascade_cost_cases import SIGMOID, sigmoid

from accel_models.attention.cascade_cost.binding import Stage
from accel_models.attention.cascade_cost.default import default_binding
from accel_models.attention.cascade_cost.model import AttentionCascade
from accel_models.attention.cascade_cost.options import CascadeOptions
from accel_models.attention.cascades import catalogue
from accel_models.attention.cascades.reading import cascade_from_text
from dse.errors import WorkloadError
from workloads.catalogue import bert


def test_matrix_products_go_to_the_2d_array_and_the_rest_to_the_1d_array():
    stages = default_binding(sigmoid()).stages
    assert stages == (Stage(("QK",), ()), Stage((), ("A",)), Stage(("AV",), ()))


def test_a_sum_of_products_without_new_ranks_is_no_matrix_product():
    binding = default_binding(catalogue.built_in("attn_2pass_localmax"))
    assert binding.array_of("SD") == "array_1d"  # SLD * PLM, summed over m1


def test_a_matrix_product_that_the_2d_pes_cannot_compute_goes_to_the_1d_array():
    text = SIGMOID.replace("A[m, p] * V", "tanh(A[m, p]) * V")
    binding = default_binding(cascade_from_text(text))
    assert binding.array_of("AV") == "array_1d"


def test_queries_are_held_and_keys_stream():
    binding = default_binding(catalogue.built_in("attn_1pass_flashattention2"))
    assert (binding.traversal.rows, binding.traversal.columns) == ("m", "p")
    assert binding.tiling == "sweeps"


def test_attention_takes_the_sizes_of_the_layer_and_anything_else_its_own():
    attention, gemm = (default_binding(catalogue.built_in(n)) for n in ("attn_backward", "gemm"))
    assert attention.traversal.ranks["m"] == "seq_len"
    assert attention.traversal.repeat == ("batch", "heads")
    assert gemm.traversal.ranks == {}
    assert gemm.traversal.repeat == ()


def test_without_a_rank_to_hold_every_stage_has_its_own_traffic():
    binding = default_binding(catalogue.built_in("attn_backward"))
    assert binding.tiling == "stages"
    assert binding.dram == {"S", "P", "dP", "dS"}


def test_an_iterated_rank_is_not_held():
    binding = default_binding(catalogue.built_in("gla_recurrent"))
    assert binding.traversal.columns != "t"


def test_levels_follow_from_the_passes_and_the_arrays():
    binding = default_binding(catalogue.built_in("attn_1pass_fusemax"))
    assert binding.dram == frozenset()
    # Inputs; to the other array: QK, SLN, SLNV; from one iteration to the next: RM, RD, RNV.
    assert binding.buffer == {"Q", "K", "V", "QK", "SLN", "SLNV", "RM", "RD", "RNV"}


@pytest.mark.parametrize("name", catalogue.names())
def test_every_cascade_of_the_catalogue_has_a_cost(name):
    model = AttentionCascade(bert(seq_len=4096), CascadeOptions(cascade=name))
    found = model.evaluate(model.space.parse({"global_buffer_bytes": 64 * 2**20}))
    assert found["feasible"]
    assert found["busy_1d_s"] + found["busy_2d_s"] > 0
    assert max(found["busy_1d_s"], found["busy_2d_s"]) <= found["latency_s"] * (1 + 1e-9)
    assert found["energy_j"] > 0


def test_a_cascade_without_ranks_cannot_be_laid_on_the_array():
    text = "{ranks: {k: 4}, inputs: 'A[]', einsums: 'Z[] = A[] + 1', results: [Z]}"
    with pytest.raises(WorkloadError, match="no rank to lay on the 2D array"):
        default_binding(cascade_from_text(text))
