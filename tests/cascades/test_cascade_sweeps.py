"""The pass analysis against its definition: sweep over the rank until everything is computed."""

from hypothesis import given
from hypothesis import strategies as st

from accel_models.attention.cascades.cascade import cascade_of
from accel_models.attention.cascades.passes import analyse_passes


def sweeps(cascade):
    """Einsum -> the traversal of k in which it is computed, if each computes all that it can.

    At a point of k, every tensor of k that an earlier traversal computed can be read, and those
    that this one has computed; what lacks k must have been complete before the traversal began.
    """
    produced = {einsum.name for einsum in cascade.einsums}
    streamed, complete, when = set(), set(), {}
    number = 0
    while len(when) < len(produced):
        for einsum in cascade.einsums:  # between two traversals
            if "k" not in einsum.points and all(o.tensor in complete for o in einsum.operands):
                complete.add(einsum.name)
                when.setdefault(einsum.name, 0)
        if len(when) == len(produced):
            break
        number += 1
        before = set(complete)
        for einsum in cascade.einsums:
            ready = all(
                operand.tensor in (streamed if "k" in operand.streamed else before)
                or operand.tensor == einsum.name
                or operand.tensor not in produced
                for operand in einsum.operands
            )
            if einsum.name not in when and "k" in einsum.points and ready:
                when[einsum.name] = number
                complete.add(einsum.name)
                streamed.add(einsum.name)
    return when


@st.composite
def cascades(draw):
    """Einsums over one rank: maps, reductions, running values, and scalars."""
    lines, readable = [], ["A[k]"]
    for i in range(draw(st.integers(1, 8))):
        operands = draw(st.lists(st.sampled_from(readable), min_size=1, max_size=3, unique=True))
        over_k = any("k" in operand.replace("k$", "") for operand in operands)
        kind = draw(st.sampled_from(["map", "reduce", "running"])) if over_k else "scalar"
        right = " ".join(operands)
        if kind == "map":
            lines.append(f"T{i}[k] = {right}")
            readable.append(f"T{i}[k]")
        elif kind == "running":
            lines.append(f"T{i}[k+1] = T{i}[k] {right}")
            readable += [f"T{i}[k]", f"T{i}[k+1]", f"T{i}[k$]"]
        else:
            lines.append(f"T{i}[] = {right}")
            readable.append(f"T{i}[]")
    return cascade_of("random", [*lines, "Z[k] = A[k]"])


@given(cascades())
def test_passes_are_the_sweeps_that_are_needed(cascade):
    analysis = analyse_passes(cascade, "k")
    assert {visit.einsum.name: visit.number for visit in analysis.visits} == sweeps(cascade)


@given(cascades())
def test_every_pass_has_one_barrier(cascade):
    analysis = analyse_passes(cascade, "k")
    assert [b.number for b in analysis.barriers()] == list(range(2, analysis.passes + 1))
