"""What the pages on cascades show is what the tool says."""

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from accel_models.attention.cascades.catalogue import built_in, names
from accel_models.attention.cascades.command import cascade
from accel_models.attention.cascades.passes import analyse_passes, ranks_to_analyse
from accel_models.attention.cascades.reading import cascade_from_text
from dse.errors import InputError

DOCS = Path(__file__).parents[2] / "docs"
NOTE = (DOCS / "models" / "cascades.md").read_text(encoding="utf-8")
TUTORIAL = (DOCS / "tutorials" / "cascades.md").read_text(encoding="utf-8")


def blocks(page, tag):
    return re.findall(rf"^```{tag}\n(.*?)^```", page, re.MULTILINE | re.DOTALL)


def counts(text):
    """Rank -> passes of a cell such as "m 3, p 1 (table)"."""
    return {rank: int(passes) for rank, passes in re.findall(r"(\w+) (\d+)", text)}


ROWS = {
    name: (counts(found), counts(expected))
    for name, found, expected in re.findall(
        r"^\| `(\w+)` \| (.*?) \| (.*?) \|$", NOTE, re.MULTILINE
    )
}


def test_the_note_lists_the_whole_catalogue():
    assert {*ROWS} == {*names()}


@pytest.mark.parametrize("name", names())
def test_a_row_of_the_note(name):
    found, expected = ROWS[name]
    assert expected.items() <= found.items()
    cascade = built_in(name)
    assert len(found) == len(ranks_to_analyse(cascade))
    assert found == {rank: analyse_passes(cascade, rank).passes for rank in found}


def shown(file):
    return CliRunner().invoke(cascade, [file], catch_exceptions=False).output


def test_the_output_in_the_note():
    lines = [line for line in blocks(NOTE, "text")[0].splitlines() if line != "..."]
    assert {*lines} <= {*shown("attn_3pass_stable").splitlines()}


def test_the_cascade_of_the_note_is_in_order():
    analysis = analyse_passes(cascade_from_text(blocks(NOTE, "yaml")[0]), "m")
    assert analysis.passes == 1


FILES = [re.search(r"<<'EOF'\n(.*?)^EOF$", block, re.MULTILINE | re.DOTALL)
         for block in blocks(TUTORIAL, "bash")]  # fmt: skip
SOFTCAP, FUSED = (match[1] for match in FILES if match)


@pytest.mark.parametrize(("text", "position"), [(SOFTCAP, 0), (FUSED, 1)])
def test_the_outputs_in_the_tutorial(tmp_path, text, position):
    path = tmp_path / "softcap.yaml"
    path.write_text(text)
    lines = blocks(TUTORIAL, "text")[position].splitlines()
    assert {line for line in lines if line != "..."} <= {*shown(str(path)).splitlines()}


def test_the_mistake_in_the_tutorial():
    with pytest.raises(InputError) as caught:
        cascade_from_text(SOFTCAP.replace("GM[p]  ", "GM[q]  "), "wrong.yaml")
    assert f"Error: {caught.value}\n" == blocks(TUTORIAL, "text")[2]
