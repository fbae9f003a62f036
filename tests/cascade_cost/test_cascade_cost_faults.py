"""What is wrong with a binding is said once, with file and line."""

import pytest
from cascade_cost_cases import bound

from accel_models.attention.cascade_cost.default import default_binding
from accel_models.attention.cascade_cost.reading import binding_from_file, binding_from_text
from accel_models.attention.cascade_cost.sizes import Sizes
from accel_models.attention.cascades import catalogue
from accel_models.attention.cascades.reading import cascade_from_text
from dse.errors import InputError, WorkloadError
from workloads.catalogue import bert

GOOD = """binding: mine
stages:
  - {array_2d: [QK]}
  - {array_1d: [A]}
  - {array_2d: [AV]}
levels:
  registers: [QK]
  buffer: [Q, K, V, A]
"""


def fault(text, cascade=None):
    with pytest.raises(WorkloadError) as caught:
        bound(text, cascade)
    return str(caught.value)


def changed(old, new):
    assert old in GOOD
    return GOOD.replace(old, new)


def test_the_text_that_the_cases_change_is_in_order():
    assert bound(GOOD).name == "mine"


CASES = {
    "unknown Einsum": (
        changed("[QK]}", "[QKK, QK]}"),
        "mine.yaml:3:17: unknown Einsum 'QKK'. Did you mean 'QK'?\n  allowed: QK, A, AV",
    ),
    "bound twice": (
        changed("[AV]", "[AV, A]"),
        "mine.yaml:5:21: Einsum A is bound twice, first in line 4\n  allowed: every Einsum once",
    ),
    "not bound": (
        changed("  - {array_1d: [A]}\n", ""),
        (
            "mine.yaml:2:1: Einsum A of sigmoid is bound to no array\n"
            "  allowed: A in array_2d or array_1d of a stage"
        ),
    ),
    "before its operand": (
        changed("{array_1d: [A]}\n  - {array_2d: [AV]}", "{array_2d: [AV]}\n  - {array_1d: [A]}"),
        (
            "mine.yaml:4:17: Einsum AV is bound before its operand A[m, p] exists\n"
            "  allowed: a stage from line 5 on, or AV in the tile_before of its stage"
        ),
    ),
    "operator without slots": (
        changed("array_1d: [A]", "array_2d: [A]"),
        (
            "mine.yaml:4:17: Einsum A needs the operator sigmoid, which array_2d has no slots for\n"
            "  allowed: macc, "
        ),
    ),
    "tensor in no level": (
        changed("[QK]\n", "[]\n"),
        (
            "mine.yaml:6:1: tensor QK is read, but lives in no level\n"
            "  allowed: QK in registers, buffer or dram"
        ),
    ),
    "unknown tensor": (
        changed("V, A]", "V, A, QKK]"),
        (
            "mine.yaml:8:24: tensor 'QKK' in buffer is unknown. Did you mean 'QK'?\n"
            "  allowed: Q, K, V, QK, A, AV"
        ),
    ),
    "input in DRAM": (
        GOOD + "  dram: [K]\n",
        (
            "mine.yaml:9:10: tensor 'K' in dram is an input, which is in DRAM anyway.\n"
            "  allowed: QK, A, AV"
        ),
    ),
    "nothing held": (
        changed("[QK]\n  buffer: [Q, K, V, A]", "[QK, A]\n  buffer: [K, V]"),
        (
            "mine.yaml:6:1: tiling: sweeps holds tiles of p, but no tensor with p is buffered\n"
            "  allowed: a tensor with p in buffer, or tiling: stages"
        ),
    ),
    "unknown key": (
        GOOD + "stalls: 3\n",
        "mine.yaml:9:1: unknown key 'stalls'. Did you mean 'stages'?\n  allowed: binding, ",
    ),
    "unknown key of a stage": (
        changed("array_1d: [A]", "array1d: [A]"),
        (
            "mine.yaml:4:6: unknown key 'array1d'. Did you mean 'array_1d'?\n"
            "  allowed: array_2d, array_1d, tile_before, stall_cycles"
        ),
    ),
    "no stages": ("binding: mine\n", "mine.yaml:1:1: the key 'stages' is missing"),
    "stages no list": ("stages: QK\n", "mine.yaml:1:1: stages is no list"),
    "a stage that is no mapping": (
        "stages: [QK]\n",
        "mine.yaml:1:10: the stage has no keys with values",
    ),
    "Einsums no list": (
        changed("array_1d: [A]", "array_1d: A"),
        "mine.yaml:4:6: array_1d is no list of names",
    ),
    "tile before elsewhere": (
        changed("array_1d: [A]", "array_1d: [A], tile_before: [QK]"),
        "mine.yaml:4:21: QK of tile_before is not in this stage\n  allowed: A",
    ),
    "stall no number": (
        changed("array_1d: [A]", "array_1d: [A], stall_cycles: long"),
        "mine.yaml:4:21: stall_cycles = 'long' is no number from 0",
    ),
    "unknown rank": (
        "array: {rows: m, columns: q}\n" + GOOD,
        "mine.yaml:1:18: 'q' is no rank of sigmoid.",
    ),
    "unknown size": (
        "ranks: {m: seqlen}\n" + GOOD,
        "mine.yaml:1:9: m = 'seqlen' is no size. Did you mean 'seq_len'?",
    ),
    "unknown repetition": (
        "repeat: [batch, head]\n" + GOOD,
        "mine.yaml:1:17: 'head' is no size of a layer. Did you mean 'heads'?",
    ),
    "unknown PEs": ("pes: fuse\n" + GOOD, "mine.yaml:1:1: unknown PEs 'fuse'."),
    "unknown operator": (
        "operators: {array_1d: {exq: 3}}\n" + GOOD,
        "mine.yaml:1:24: unknown operator 'exq'. Did you mean 'exp'?",
    ),
    "unknown unit": (
        "operators: {array_1d: {exp: {slots: 2, uses: {table: 1}}}}\n" + GOOD,
        "mine.yaml:1:24: operator exp uses the unknown unit 'table'.",
    ),
    "slots no number": (
        "operators: {array_1d: {exp: {slots: -1}}}\n" + GOOD,
        "mine.yaml:1:30: slots of exp = -1 is no number from 0",
    ),
    "unknown tiling": ("tiling: sweep\n" + GOOD, "mine.yaml:1:1: unknown tiling 'sweep'."),
    "columns missing": (
        "array: {rows: m}\n" + GOOD,
        "mine.yaml:1:1: tiling: sweeps holds columns, but none are given",
    ),
    "columns reduced": (
        "array: {rows: p, columns: m}\n" + GOOD,
        "mine.yaml:1:1: tiling: sweeps holds tiles of m, but AV[f, p] has no m",
    ),
    "flat without products": (
        "tiling: flat\n" + GOOD,
        (
            "mine.yaml:1:1: tiling: flat maps two matrix products on the 2D array, in one stage\n"
            "  allowed: array_2d: [QK, AV]"
        ),
    ),
    "register accesses of nothing": (
        GOOD + "register_accesses: {array_2d: {QX: [1, 1]}}\n",
        "mine.yaml:9:32: 'QX' is neither an Einsum nor a volume of ranks",
    ),
    "register accesses no pair": (
        GOOD + "register_accesses: {array_2d: {QK: 3}}\n",
        "mine.yaml:9:32: the accesses of QK are no pair of numbers",
    ),
    "unknown free unit": (
        GOOD + "artifact: {free_units: [exq]}\n",
        "mine.yaml:9:12: unknown unit 'exq'. Did you mean 'exp'?",
    ),
    "no text": (changed("mine\n", "[1]\n"), "mine.yaml:1:1: binding is no text"),
    "no mapping": (changed("[Q, K, V, A]\n", "{}\n"), "mine.yaml:8:3: buffer is no list of names"),
}


@pytest.mark.parametrize("case", CASES)
def test_fault_names_file_and_line(case):
    text, message = CASES[case]
    assert fault(text).startswith(message)


@pytest.mark.parametrize(
    "case", ["unknown Einsum", "bound twice", "not bound", "before its operand", "nothing held"]
)
def test_one_fault_gives_one_message(case):
    text, _ = CASES[case]
    assert fault(text).count("mine.yaml:") == 1


def test_all_faults_of_a_file_are_reported_together():
    text = "tilings: 1\npes: fuse\ntiling: sweep\n" + GOOD
    assert fault("pes: fuse\ntiling: sweep\n" + GOOD).count("mine.yaml:") == 2
    assert fault(text).count("mine.yaml:") == 1  # nothing is read while a key is unknown


def test_a_fiber_cannot_wait_in_registers():
    text = """stages:
  - {array_2d: [QK]}
  - {array_1d: [GM, SN, SD]}
  - {array_2d: [SNV]}
  - {array_1d: [AV]}
levels: {registers: [QK, SN, SNV], buffer: [Q, K, V, GM, SD]}
"""
    expected = "tensor QK is read in a later pass, for which registers are too small"
    assert expected in fault(text, catalogue.built_in("attn_2pass_stable_deferdiv"))


def test_nothing_waits_in_registers_for_a_stage_with_its_own_traffic():
    expected = (
        "mine.yaml:8:15: tensor QK is read in a later stage, for which registers are too small"
    )
    assert fault("tiling: stages\n" + GOOD).startswith(expected)


def test_tiles_of_an_iterated_rank_cannot_be_held():
    text = "array: {rows: d, columns: t}\nstages: [{array_1d: [S, O]}]\n"
    expected = "tiling: sweeps holds tiles of t, but an iteration runs over t"
    assert expected in fault(text, catalogue.built_in("gla_recurrent"))


def test_operands_side_by_side_have_no_operator():
    opaque = cascade_from_text(
        "{ranks: {m: 4, p: 4}, inputs: 'A[m, p] B[p]', einsums: 'Z[m, p] = A[m, p] B[p]',"
        " results: [Z]}"
    )
    expected = "Einsum Z does not say how its operands are combined"
    assert expected in fault("stages: [{array_1d: [Z]}]", opaque)


def test_an_interleaved_einsum_may_precede_its_operand():
    text = GOOD.replace("[QK]}", "[QK, AV], tile_before: [AV]}").replace(
        "  - {array_2d: [AV]}\nlevels", "levels"
    )
    assert bound(text).stages[0].tile_before == {"AV"}


def test_a_rank_in_three_parts_cannot_be_laid_on_the_array():
    cascade = cascade_from_text(
        "{ranks: {m: 8, m1: 2, m0: 2, p: 4}, split: {m: [m2, m1, m0]}, inputs: 'A[m, p]',"
        " einsums: 'Z[m, p] = exp(A[m, p])', results: [Z]}"
    )
    binding = bound("array: {rows: m, columns: p}\nstages: [{array_1d: [Z]}]", cascade)
    with pytest.raises(WorkloadError, match="rank m is split into 3 parts"):
        Sizes(binding, bert())


def test_default_binding_of_an_opaque_cascade_says_what_is_missing():
    opaque = cascade_from_text(
        "{ranks: {m: 4, p: 4}, inputs: 'A[m, p] B[p]', einsums: 'Z[m, p] = A[m, p] B[p]',"
        " results: [Z]}"
    )
    with pytest.raises(WorkloadError, match="does not say how its operands are combined"):
        default_binding(opaque)


# -- files ---------------------------------------------------------------------------------------


def test_unknown_cascade_of_a_binding():
    with pytest.raises(WorkloadError, match=r"unknown cascade 'attn_1pass_fusemx'\. Did you mean"):
        binding_from_text("cascade: attn_1pass_fusemx\nstages: [{array_1d: [Z]}]")


def test_missing_cascade_of_a_binding():
    with pytest.raises(WorkloadError, match="the key 'cascade' is missing"):
        binding_from_text("stages: [{array_1d: [Z]}]")


def test_missing_file_of_a_cascade_names_the_path_tried(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text("cascade: away.yaml\nstages: [{array_1d: [Z]}]")
    with pytest.raises(InputError, match=f"tried {tmp_path / 'away.yaml'}"):
        binding_from_file(path)
