"""What can be wrong with a cascade file: one test per message."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from accel_models.attention.cascades.reading import cascade_from_file, cascade_from_text
from accel_models.attention.cascades.report import facts
from dse.errors import DSEError, InputError

GOOD = """\
cascade: scores
ranks: {m: 8, p: 4, e: 2}
split: {}
inputs: Q[e, p] K[e, m]
initial: {}
einsums: |
  # comments are passed over
  QK[m, p] = Q[e, p] * K[e, m]
  GM[p]    = QK[m, p]            :: max(m)

  SN[m, p] = exp(QK[m, p] - GM[p])
results: [SN]
"""


def read(text):
    return cascade_from_text(text, "my.yaml")


def refusal(text):
    """What is said against a text; nothing if it is read."""
    try:
        read(text)
    except DSEError as error:
        return str(error)
    return ""


def test_the_good_one_is_read():
    cascade = read(GOOD)
    assert [einsum.name for einsum in cascade.einsums] == ["QK", "GM", "SN"]
    assert [str(access) for access in cascade.inputs] == ["Q[e, p]", "K[e, m]"]
    assert (cascade.name, cascade.results) == ("scores", ("SN",))


FAULTS = {
    "unbound index": (
        "SN[m, p] =", "SN[e, p] =",
        ("my.yaml:11:6: `SN[e, p] = exp(QK[m, p] - GM[p])`: unbound index: e, 1st index of SN, is "
        "the index of no tensor on the right\n  allowed: m, p"),
    ),
    "use before definition": (
        "  QK[m, p] = Q", "  Z[m] = SN[m, p]\n  QK[m, p] = Q",
        ("my.yaml:8:10: `Z[m] = SN[m, p]`: use before definition: Z reads SN[m, p], which line 12 "
        "defines\n  allowed: SN defined above Z"),
    ),
    "cycle": (
        "K[e, m]\n  GM", "K[e, m] * GM[p]\n  GM",
        ("my.yaml:8:34: `QK[m, p] = Q[e, p] * K[e, m] * GM[p]`: cyclic definition: QK -> GM -> QK, "
        "each read by the next"),
    ),
    "self": (
        "exp(QK[m, p]", "exp(SN[m, p]",
        "my.yaml:11:18: `SN[m, p] = exp(SN[m, p] - GM[p])`: cyclic definition: SN -> SN",
    ),
    "undefined tensor": (
        "- GM[p]", "- GMM[p]",
        ("my.yaml:11:29: `SN[m, p] = exp(QK[m, p] - GMM[p])`: undefined tensor GMM. Did you mean "
        "'GM'?\n  allowed: Q, K, QK, GM, SN"),
    ),
    "number of ranks": (
        "- GM[p]", "- GM[p, m]",
        ("my.yaml:11:29: `SN[m, p] = exp(QK[m, p] - GM[p, m])`: rank mismatch: GM is read with 2 "
        "indices, but has 1\n  allowed: GM[p]"),
    ),
    "other rank": (
        "- GM[p]", "- GM[m]",
        ("my.yaml:11:32: `SN[m, p] = exp(QK[m, p] - GM[m])`: rank mismatch: index m, 1st index of "
        "GM, does not run over rank p\n  allowed: GM[p]"),
    ),
    "unknown operator": (
        "exp(", "expp(",
        ("my.yaml:11:14: `SN[m, p] = expp(QK[m, p] - GM[p])`: unknown operator 'expp'. Did you "
        "mean 'exp'?"),
    ),
    "duplicate tensor": (
        "GM[p]    =", "QK[p]    =",
        ("my.yaml:9:3: `QK[p] = QK[m, p] :: max(m)`: duplicate: QK is defined twice, "
        "first in line 8"),
    ),
    "input defined again": (
        "GM[p]    =", "Q[p]    =", "duplicate: Q is defined twice, first in line 4",
    ),
    "duplicate input": (
        "K[e, m]\ninitial", "K[e, m] Q[e]\ninitial",
        "my.yaml:4:25: `Q[e]`: duplicate: input Q is given twice",
    ),
    "duplicate index": (
        "- GM[p]", "- QK[p, p]",
        ("my.yaml:11:35: `SN[m, p] = exp(QK[m, p] - QK[p, p])`: duplicate: index p, 2nd index of "
        "QK, occurs twice"),
    ),
    "duplicate result": (
        "[SN]", "[SN, SN]", "my.yaml:12:1: duplicate: result 'SN' is named twice",
    ),
    "duplicate key": (
        "initial:", "ranks:", "my.yaml:5:1: the key 'ranks' occurs twice, first in line 2",
    ),
    "missing size": (
        "m: 8, ", "n: 8, ",
        ("my.yaml:4:22: `K[e, m]`: missing size: index m, 2nd index of K, is no rank of `ranks`."
        "\n  allowed: n, p, e"),
    ),
    "missing size in size()": (
        "- GM[p]", "- size(mm)",
        ("my.yaml:11:34: `SN[m, p] = exp(QK[m, p] - size(mm))`: missing size: mm in size() is no "
        "rank of `ranks`."),
    ),
    "size": ("m: 8", "m: 0", "my.yaml:2:9: rank m = 0 is not a size\n  allowed: a whole number"),
    "fraction": ("m: 8", "m: 2.5", "my.yaml:2:9: rank m = 2.5 is not a size"),
    "alias": (
        "m: 8", "m: 8, s: ee",
        "my.yaml:2:15: s = 'ee' is neither a size nor another rank. Did you mean 'e'?",
    ),
    "split alias": (
        "m: 8, p: 4, e: 2}\nsplit: {", "m: 8, m0: 2, m1: p, p: 4, e: 2}\nsplit: {m: [m1, m0]",
        "my.yaml:2:22: m1 is split, and so no alias",
    ),
    "split in one": ("split: {", "split: {m: [m1]", "my.yaml:3:9: m has one part\n"),
    "part twice": (
        "split: {", "split: {m: [p, p]", "my.yaml:3:9: duplicate: the part p occurs twice",
    ),
    "split without sizes": (
        "split: {", "split: {m: [m1, m0]", "my.yaml:2:1: rank m = m1 * m0: m1 and m0 have no size",
    ),
    "uneven split": (
        "m: 8, p: 4, e: 2}\nsplit: {", "m: 8, m0: 3, p: 4, e: 2}\nsplit: {m: [m1, m0]",
        "my.yaml:2:1: rank m (8) is not a multiple of m0 (3)\n  allowed: whole tiles only",
    ),
    "wrong product": (
        "m: 8, p: 4, e: 2}\nsplit: {", "m: 8, m1: 2, m0: 3, p: 4, e: 2}\nsplit: {m: [m1, m0]",
        "my.yaml:2:1: rank m (8) is not m1 (2) * m0 (3)",
    ),
    "left side last": (
        "SN[m, p] =", "SN[m$, p] =",
        "my.yaml:11:6: `SN[m$, p] = exp(QK[m, p] - GM[p])`: m$ stands on the left side",
    ),
    "no initial value": (
        "SN[m, p] =", "SN[m+1, p] =",
        ("my.yaml:11:6: `SN[m+1, p] = exp(QK[m, p] - GM[p])`: SN is iterative over m, but has no "
        "initial value\n  allowed: initial: {SN: NUMBER}"),
    ),
    "last of a plain tensor": (
        "- GM[p]", "- GM[p$]",
        ("my.yaml:11:32: `SN[m, p] = exp(QK[m, p] - GM[p$])`: rank mismatch: p$, 1st index of GM, "
        "asks for the next coordinate of a tensor that is not iterative over p"),
    ),
    "next of a plain tensor": (
        "exp(QK[m, p]", "exp(QK[m+1, p]", ("my.yaml:11:21: `SN[m, p] = exp(QK[m+1, p] - GM[p])`: "
        "rank mismatch: m+1, 1st index of QK, asks for the next coordinate"),
    ),
    "initial value of a plain tensor": (
        "initial: {", "initial: {GM: 0", "my.yaml:5:11: 'GM' is no iterative tensor.",
    ),
    "initial value": (
        "initial: {}", "initial: {SN: low}", "my.yaml:5:11: the initial value of SN is not a number"
    ),
    "initial value that is not a number": (
        "initial: {}", "initial: {SN: .nan}", "my.yaml:5:11: the initial value of SN is not a"
    ),
    "division by zero": (
        "- GM[p])", "- GM[p]) / 0",
        ("my.yaml:11:36: `SN[m, p] = exp(QK[m, p] - GM[p]) / 0`: division by the constant 0\n"
        "  allowed: operands for which it is finite"),
    ),
    "outside the domain": (
        "- GM[p]", "* log(-1)", ("my.yaml:11:29: `SN[m, p] = exp(QK[m, p] * log(-1))`: log of "
        "constants is not a number\n  allowed: operands for which it is finite"),
    ),
    "too large for a float": (
        "- GM[p]", "* exp(1000)", ("my.yaml:11:29: `SN[m, p] = exp(QK[m, p] * exp(1000))`: exp of "
        "constants is too large a number"),
    ),
    "too large a literal": (
        "- GM[p]", "* 1e400", ("my.yaml:11:29: `SN[m, p] = exp(QK[m, p] * 1e400)`: 1e400 is too "
        "large a number\n  allowed: a finite number"),
    ),
    "one operand of two": (
        "exp(QK[m, p] - GM[p])", "max(QK[m, p])",
        "my.yaml:11:14: `SN[m, p] = max(QK[m, p])`: max has 1 operand\n  allowed: 2",
    ),
    "two operands of one": (
        "- GM[p]", ", GM[p]",
        "my.yaml:11:14: `SN[m, p] = exp(QK[m, p] , GM[p])`: exp has 2 operands\n  allowed: 1",
    ),
    "iterative input": (
        "Q[e, p] K", "Q[e+1, p] K", "my.yaml:4:11: `Q[e+1, p]`: input Q has the index e+1",
    ),
    "unknown key": (
        "initial:", "initials:", "my.yaml:5:1: unknown key 'initials'. Did you mean 'initial'?",
    ),
    "missing key": ("results: [SN]\n", "", "my.yaml:1:1: the key 'results' is missing"),
    "unknown result": (
        "[SN]", "[sn]", "my.yaml:12:1: result 'sn' is never defined. Did you mean 'SN'?",
    ),
    "no results": ("[SN]", "3", "my.yaml:12:1: results is no list of names\n"),
    "ranks of the wrong kind": (
        "{m: 8, p: 4, e: 2}", "[m, p]", "my.yaml:2:1: ranks has no keys with values",
    ),
    "inputs of the wrong kind": ("Q[e, p] K[e, m]", "{}", "my.yaml:4:1: inputs are no tensors"),
    "einsums of the wrong kind": (
        GOOD[GOOD.index("einsums"):GOOD.index("results")], "einsums: [A]\n",
        "my.yaml:6:1: einsums are no block of text\n  allowed: |, then one Einsum per line",
    ),
    "name of the wrong kind": ("scores", "[]", "my.yaml:1:1: cascade is not text"),
    "not YAML": ("{m: 8", "{m: 8[", "my.yaml:2:13: not YAML"),
    "a list": (
        GOOD, "- a\n", "my.yaml:1:1: the file holds a list\n  allowed: keys with values, such as",
    ),
    "empty": (GOOD, "", "my.yaml: the file is empty"),
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_reported_with_its_place(fault):
    before, after, message = FAULTS[fault]
    assert before in GOOD
    text = GOOD.replace(before, after, 1)
    if fault.startswith("initial value") and "SN" in after:
        text = text.replace("SN[m, p] =", "SN[m+1, p] =")
    with pytest.raises(InputError) as caught:
        read(text)
    assert message in str(caught.value)
    assert caught.value.exit_code == 2


def test_all_faults_are_reported_together():
    text = GOOD.replace("exp(", "expp(").replace("max(m)", "mux(m)")
    with pytest.raises(InputError) as caught:
        read(text)
    assert "unknown operator 'expp'" in str(caught.value)
    assert "unknown reduction 'mux'" in str(caught.value)


def refused(*changes):
    """What is said against the good text after these changes."""
    text = GOOD
    for before, after in changes:
        assert before in text
        text = text.replace(before, after, 1)
    return refusal(text)


def test_a_line_that_cannot_be_read_does_not_hide_names_in_the_others():
    found = refused(("max(m)", "mux(m)"), ("exp(QK", "exp(QQ"))
    assert "unknown reduction 'mux'" in found
    assert "undefined tensor QQ" in found
    assert "undefined tensor GM" not in found  # its line is the one that cannot be read


def test_a_result_whose_line_cannot_be_read_is_not_blamed():
    assert refused(("exp(", "expp(")).count("allowed") == 1


def test_inputs_that_cannot_be_read_are_not_blamed_where_they_are_used():
    found = refused(("Q[e, p] K", "Q[e p] K"), ("- GM[p]", "- GMM[p]"))
    assert "my.yaml:4:13: `Q[e p] K[e, m]`" in found
    assert found.count("undefined tensor") == 1


def test_an_unknown_key_does_not_hide_wrong_ranks():
    found = refused(("initial:", "initials:"), ("m: 8", "m: 0"), ("max(m)", "mux(m)"))
    assert "unknown key 'initials'" in found
    assert "rank m = 0 is not a size" in found
    assert "unknown reduction 'mux'" in found


def test_every_wrong_size_is_reported():
    found = refused(("m: 8, p: 4", "m: 0, p: -1"))
    assert "my.yaml:2:9: rank m = 0" in found
    assert "my.yaml:2:15: rank p = -1" in found


def test_a_wrong_initial_value_is_not_a_missing_one_too():
    found = refused(("initial: {}", "initial: {SN: low}"), ("SN[m, p] =", "SN[m+1, p] ="))
    assert "has no initial value" not in found


def test_only_valid_ranks_are_allowed():
    found = refused(("m: 8", "m: 0, s: ee"))
    assert "'ee' is neither a size nor another rank. Did you mean 'e'?\n  allowed: p, e" in found


def test_a_part_with_a_size_is_allowed_once():
    changes = ("m: 8", "m: 8, m0: 2, s: ee"), ("split: {", "split: {m: [m1, m0]")
    assert "\n  allowed: m, m0, p, e, m1\n" in f"{refused(*changes)}\n"


def test_a_tensor_defined_twice_is_allowed_once():
    found = refused(("GM[p]    =", "QK[p]    ="), ("[SN]", "[sn]"))
    assert "result 'sn' is never defined. Did you mean 'SN'?\n  allowed: QK, SN" in found


def test_more_points_than_a_float_counts_are_refused():
    names = [f"r{i}" for i in range(20)]
    cascade = read(f"""
ranks: {{{", ".join(f"{name}: {2**40}" for name in names)}}}
inputs: A[{", ".join(names)}]
einsums: "Z[] = A[{", ".join(names)}]"
results: Z
""")
    with pytest.raises(InputError, match="r8, r9 span more than 1e200 points"):
        facts(cascade, 16)


def test_a_recurrence_must_not_wait_for_its_own_end():
    with pytest.raises(InputError, match="cyclic definition: S -> C -> D -> S"):
        read("""
ranks: {t: 9}
inputs: Q[t]
initial: {S: 0}
einsums: |
  C[t] = S[t] + Q[t]
  D[] = C[t]
  S[t+1] = S[t] + D[] * Q[t]
results: S
""")


def test_a_previous_value_may_be_read_before_its_definition():
    cascade = read("""
ranks: {t: 9}
inputs: Q[t]
initial: {S: 0}
einsums: |
  C[t] = S[t] + Q[t]
  S[t+1] = C[t] * Q[t]
results: S
""")
    assert cascade.initial == {"S": 0.0}


def test_columns_count_in_lists_of_inputs_too():
    text = GOOD.replace("Q[e, p] K[e, m]", "\n  - Q[e, p]\n  - K[e, mm]")
    with pytest.raises(InputError, match=r"my.yaml:6:10: `K\[e, mm\]`: missing size"):
        read(text)


def test_too_many_einsums_are_refused():
    lines = "".join(f"  Z{i}[p] = GM[p]\n" for i in range(200))
    with pytest.raises(InputError, match="the cascade has 203 Einsums"):
        read(GOOD.replace("results", f"{lines}results"))


def test_a_file_gives_the_name(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text(GOOD.replace("cascade: scores\n", ""))
    assert cascade_from_file(path).name == "mine"


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(InputError, match="no such file"):
        cascade_from_file(tmp_path / "none.yaml")


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_a_damaged_file_is_read_or_refused(data):
    """Characters lost or doubled anywhere: never a traceback."""
    start = data.draw(st.integers(0, len(GOOD)))
    end = data.draw(st.integers(start, min(start + 12, len(GOOD))))
    inserted = data.draw(st.text(alphabet="QKmp[],=$+1: \n#{}", max_size=4))
    assert "my.yaml" in (refusal(GOOD[:start] + inserted + GOOD[end:]) or "my.yaml")
