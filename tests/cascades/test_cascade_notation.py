"""One line of the notation."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accel_models.attention.cascades.einsums import Access, Index, Number, Opaque, Operation, Size
from accel_models.attention.cascades.notation import parse_accesses, parse_einsum
from accel_models.attention.cascades.text import Text
from dse.errors import DSEError, WorkloadError

SPLIT = {"m": ("m1", "m0")}


def parse(text, splits=None):
    return parse_einsum(Text(text, "my.yaml"), splits or {})


def refusal(text):
    """What is said against a text; nothing if it is read."""
    try:
        parse(text)
    except DSEError as error:
        return str(error)
    return ""


def test_map_and_implied_sum():
    einsum = parse("QK[m, p] = Q[e, p] * K[e, m]")
    assert einsum.name == "QK"
    assert [str(operand) for operand in einsum.operands] == ["Q[e, p]", "K[e, m]"]
    assert einsum.points == ("m", "p", "e")
    assert (einsum.reduce.operator, einsum.reduce.variables) == ("sum", ("e",))


def test_no_reduction_when_the_left_side_has_every_index():
    assert parse("SN[m, p] = exp(QK[m, p] - GM[p])").reduce is None


def test_named_reduction():
    assert parse("GM[p] = QK[m, p] :: max(m)").reduce.operator == "max"


def test_iterative_indices():
    einsum = parse("RM[i+1, p] = max(RM[i, p], LM[i$, p])")
    assert einsum.output.indices == (Index("i", offset=1), Index("p"))
    assert einsum.operands[1].indices[0] == Index("i", is_last=True)


def test_last_coordinate_is_no_point():
    assert parse("Z[] = R[i$]").points == ()


def test_precedence_and_brackets():
    a, b, c = (Access(name, ()) for name in "ABC")
    product = Operation("multiply", (b, c))
    assert parse("Z[] = A[] + B[] * C[]").expression == Operation("add", (a, product))
    total = Operation("add", (a, b))
    assert parse("Z[] = (A[] + B[]) * C[]").expression == Operation("multiply", (total, c))


def test_subtraction_groups_to_the_left():
    a, b, c = (Access(name, ()) for name in "ABC")
    first = Operation("subtract", (a, b))
    assert parse("Z[] = A[] - B[] - C[]").expression == Operation("subtract", (first, c))


def test_numbers_sizes_and_negation():
    expression = parse("Z[t] = -A[t] / size(h) * 2.5e-3").expression
    quotient = Operation("divide", (Operation("negate", (Access("A", (Index("t"),)),)), Size("h")))
    assert expression == Operation("multiply", (quotient, Number(0.0025)))


def test_operands_side_by_side_leave_the_operator_open():
    einsum = parse("SN[m,p] = QK[m,p] GM[p]")
    assert isinstance(einsum.expression, Opaque)
    assert len(einsum.operands) == 2


def test_a_condition_on_the_reduction():
    (prefix,) = parse("B[t] = G[s] :: prod(s <= t)").reduce.prefixes
    assert (prefix.inner, prefix.outer, prefix.is_strict) == (("s",), ("t",), False)


def test_split_ranks_are_written_out():
    einsum = parse("GM[p] = QK[m, p] :: max(m <= p)", SPLIT)
    assert str(einsum.operands[0]) == "QK[m1, m0, p]"
    assert einsum.reduce.variables == ("m1", "m0")
    assert einsum.reduce.prefixes[0].inner == ("m1", "m0")


def test_tensors_side_by_side():
    accesses = parse_accesses(Text("Q[e, p] K[e,m], One[]"))
    assert [str(access) for access in accesses] == ["Q[e, p]", "K[e, m]", "One[]"]


@pytest.mark.parametrize(
    ("text", "column", "message"),
    [
        ("Z[m] = exq(A[m])", 8, "unknown operator 'exq'. Did you mean 'exp'?"),
        ("Z[] = A[m] :: mux(m)", 15, "unknown reduction 'mux'. Did you mean 'max'?"),
        ("Z[m] = exp(A[m], A[m])", 8, "exp has 2 operands"),
        ("Z[] = A[m] :: max(q)", 19, "unbound index: no tensor of the Einsum has q"),
        ("Z[m] = A[m] :: max(m)", 20, "m is reduced, but is an index of Z"),
        ("Z[] = A[m, k] :: max(m)", 12, "rank mismatch: index k of A is neither an index of Z"),
        ("Z[] = A[m, k] :: max(m <= k)", 27, "k bounds a reduction, but is not an index of Z"),
        ("Z[p] = A[m, k, p] :: max(m <= p, k <= p)", 34, "duplicate: two conditions share a rank"),
        ("Z[m+2] = A[m]", 3, "the index m+2"),
        ("Z[m-1] = A[m]", 3, "the index m-1"),
        ("Z[m] = A[m", 11, "the end of the line stands where , is due"),
        ("Z[m] = A[m] B", 14, "the end of the line stands where [ is due"),
        ("Z[m] = (A[m]", 13, "the end of the line stands where ) is due"),
        ("Z[m] = A[m] ]", 13, "']' stands where the Einsum should end"),
        ("Z[m] A[m]", 6, "'A' stands where = is due"),
        ("Z[m] = A[m] ** B[m]", 14, "'*' stands where a tensor is due"),
        ("Z[m] = A[,]", 10, "',' stands where an index is due"),
        ("Z[m] = A[m] ? B[m]", 13, "'?' has no meaning here"),
        ("Z[] = size(3)", 12, "'3' stands where a rank is due"),
    ],
)
def test_an_error_names_line_and_column(text, column, message):
    with pytest.raises(WorkloadError) as caught:
        parse(text)
    assert str(caught.value).startswith(f"my.yaml:1:{column}: `{text}`: ")
    assert message in str(caught.value)


def test_a_split_rank_is_not_iterative_as_a_whole():
    with pytest.raises(WorkloadError, match="m is split, and only one of its parts"):
        parse("Z[m+1] = A[m]", SPLIT)


def test_too_long_a_line_is_refused():
    with pytest.raises(WorkloadError, match="more than 300 words and signs"):
        parse("Z[] = " + "(" * 300)


@given(st.text(alphabet="AZmk[],=+-*/$:() <1e.exp?", max_size=60))
def test_any_text_is_read_or_refused(text):
    assert (refusal(text) or "my.yaml:1:").startswith("my.yaml:1:")


names = st.sampled_from(["A", "B", "LM"])
accesses = st.builds(
    lambda name, ranks: f"{name}[{', '.join(ranks)}]",
    names,
    st.lists(st.sampled_from(["m", "k", "p+1", "i$"]), unique=True, max_size=3),
)


@given(accesses)
def test_an_access_reads_as_it_is_printed(text):
    assert str(parse_accesses(Text(text))[0]) == text
