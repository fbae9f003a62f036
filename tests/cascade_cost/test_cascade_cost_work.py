"""Slots, actions and register accesses against the hand counts of the specification."""

import pytest
from cascade_cost_cases import UNEVEN, bound, compiled, symbols

from accel_models.attention.cascade_cost.bindings import built_in
from accel_models.attention.cascade_cost.default import default_binding
from accel_models.attention.cascade_cost.model import AttentionCascade
from accel_models.attention.cascade_cost.options import CascadeOptions
from accel_models.attention.cascade_cost.polynomial import Values
from accel_models.attention.cascade_cost.sizes import Sizes
from accel_models.attention.cascade_cost.work import operator_points
from accel_models.attention.cascades import catalogue
from accel_models.attention.cascades.counts import count_operations
from dse._ops import FLOATS
from workloads.catalogue import bert

# Spec 3.1, in slots per score; a = F*W/N with N = 5120 and W = 256.
E, F, A = 48, 80, 80 * 256 / 5120
FUSEMAX = {
    "QK": E, "LM": 1, "SLN": 7, "SLD": 1, "SLNV": F,
    "RM": 1, "PRM": 7, "SPD": 1, "SPNV": F, "RD": 1, "RNV": F, "AV": A,
}  # fmt: skip
CASCADE = {**FUSEMAX, "LM": 256, "PRM": 2, "SLN": 512, "SLD": 256}
BASELINE = {"QK": E, "GM": 256, "SN": 256, "SD": 256, "A": 256, "AV": F}


@pytest.mark.parametrize(
    ("configuration", "slots"),
    [("binding", FUSEMAX), ("architecture", FUSEMAX), ("cascade", CASCADE), ("unfused", BASELINE)],
)
def test_slots_per_einsum_are_those_of_the_specification(configuration, slots):
    model = AttentionCascade(UNEVEN)
    shape, _ = symbols(UNEVEN)
    times = model.einsum_times_s({"configuration": configuration})
    assert {n: t / shape.u for n, t in times.items()} == pytest.approx(slots, rel=1e-12)


def test_half_as_many_1d_pes_take_twice_as_long():
    model = AttentionCascade(UNEVEN)
    full, half = (model.einsum_times_s({"pe_1d_ratio": ratio}) for ratio in (1, 0.5))
    assert half["SPNV"] == pytest.approx(2 * full["SPNV"], rel=1e-12)
    assert half["SLNV"] == full["SLNV"]


def test_bert_1k_takes_154_slots():
    # max(64 + 1, 1 + 64 + 16) + 1 + 8 + 64 = 154 slots of 1.30723e-5 s; 2D busy 137 of them.
    model = AttentionCascade(bert(seq_len=1024), CascadeOptions(preset="published"))
    found = model.evaluate(model.space.parse({}))
    assert found["latency_s"] == pytest.approx(2.01314e-3, rel=1e-5)
    assert found["util_2d"] == pytest.approx(137 / 154, rel=1e-12)


@pytest.mark.parametrize("name", [n for n in catalogue.names() if "causal" not in n])
def test_operations_are_those_that_the_cascades_count(name):
    """Counted there with numbers, here with variables; a condition t <= s is ignored here."""
    cascade = catalogue.built_in(name)
    for count in count_operations(cascade):
        if count.einsum.reduce and count.einsum.reduce.prefixes:
            continue
        found = {
            operator: sum(cascade.ranks.count(points) for points in occurrences)
            for operator, occurrences in operator_points(count.einsum).items()
        }
        fused = found.pop("macc", 0)
        for operator in ("multiply", "add") if fused else ():
            found[operator] = found.get(operator, 0) + fused
        assert fused == count.multiply_adds
        assert found == dict(count.operations), count.einsum.text


def test_units_of_fusemax_follow_from_its_exponential():
    s, hw = symbols(UNEVEN)
    plan = compiled("binding", UNEVEN)
    values = Values(plan.sizes.symbols(hw, FLOATS))
    found = {unit: values(actions) for unit, actions in plan.units.items()}
    expected = {
        "macc": s.n * (s.E + s.F + 6) + s.X * (s.F + 7),
        "add": 2 * s.n + s.X * (s.F + 2),
        "max": s.n + s.X,
        "divide": s.BHN * s.F,
    }
    assert found == pytest.approx(expected, rel=1e-12)


def test_a_free_unit_of_the_artifact_is_charged_unless_it_is_followed():
    assert "exp" not in compiled("cascade").units
    assert "exp" in compiled("cascade", preset="design_space").units


def test_register_accesses_of_one_pe_are_those_of_all_over_their_number():
    one, every = (compiled("cascade", UNEVEN, preset) for preset in ("published", "design_space"))
    s, hw = symbols(UNEVEN)
    values = Values(one.sizes.symbols(hw, FLOATS))
    on_2d = s.n * (3 * s.E + 2 * s.F - 1)
    on_1d = s.X * (4 * s.F + 6) + 6 * s.n + 2 * s.BHN * s.F
    assert values(every.register_accesses[0]) == pytest.approx(on_2d + on_1d, rel=1e-12)
    per_pe = on_2d / hw.W**2 + on_1d / hw.V1
    assert values(one.register_accesses[0]) == pytest.approx(per_pe, rel=1e-12)


def test_registers_that_nobody_counted_are_read_per_operand_and_partial_result():
    plan = compiled(bound("stages: [{array_2d: [QK, AV], array_1d: [A]}]"), UNEVEN, "design_space")
    s, hw = symbols(UNEVEN)
    values = Values(plan.sizes.symbols(hw, FLOATS))
    reads, writes = (values(accesses) for accesses in plan.register_accesses)
    assert reads == pytest.approx(3 * s.n * s.E + s.n + 3 * s.n * s.F, rel=1e-12)
    assert writes == pytest.approx(s.n * (s.E + 1 + s.F), rel=1e-12)


def test_a_rank_off_the_array_keeps_its_size():
    binding = default_binding(catalogue.built_in("rmsnorm_gemm"))
    sizes = Sizes(binding, UNEVEN)
    _, hw = symbols(UNEVEN)
    values = Values(sizes.symbols(hw, FLOATS))
    assert binding.traversal.spatial == ("n", "t")
    assert values(sizes.size("h")) == 1024
    assert values(sizes.size("t")) == 1024
    assert values(sizes.tiles("t")) == 4


def test_of_a_split_rank_off_the_array_the_outer_part_follows():
    text = "array: {rows: d, columns: f}\nranks: {l: 1000}\ntiling: stages\nstages:\n"
    names = ("B", "BT", "QB", "KB", "P", "OI", "U", "S", "OS", "O")
    text += "".join(f"  - {{array_1d: [{name}]}}\n" for name in names)
    sizes = Sizes(bound(text, catalogue.built_in("gla_chunked")), UNEVEN)
    values = Values(sizes.symbols(symbols(UNEVEN)[1], FLOATS))
    assert values(sizes.size("t")) == values(sizes.size("s")) == 64
    assert values(sizes.size("c")) == 16  # 1000 / 64, rounded up


def test_lengths_are_padded_to_whole_tiles():
    sizes = Sizes(built_in("binding"), UNEVEN)
    _, hw = symbols(UNEVEN)
    values = Values(sizes.symbols(hw, FLOATS))
    assert values(sizes.size("p")) == 5120
    assert values(sizes.size("m1")) == 20
    assert values(sizes.size("m0")) == 256
