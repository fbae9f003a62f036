"""`dse cascade`."""

import json
import re
import subprocess
import sys

import pytest
from click.testing import CliRunner

from accel_models.attention.cascades.catalogue import built_in, names
from accel_models.attention.cascades.command import cascade
from accel_models.attention.cascades.unused import unused
from dse.cli.main import invoke
from dse.errors import InputError

OPEN = """\
ranks: {m: 8, p: 4}
inputs: A[m, p]
einsums: |
  G[p] = A[m, p]
  Z[m, p] = A[m, p] G[p]
results: Z
"""


@pytest.fixture
def dse(capsys):
    """Run a command line; returns exit code, stdout and stderr."""

    def run(*arguments):
        code = invoke([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return run


def output(*arguments):
    result = CliRunner().invoke(cascade, [str(a) for a in arguments], catch_exceptions=False)
    assert result.exit_code == 0
    return result.output


@pytest.mark.parametrize(
    "text",
    [
        (
            "passes, at least\n  rank  passes  why\n  m     3       pass 2: SN needs all of GM[p], "
            "complete after pass 1\n                pass 3: A needs all of SD[p], complete after "
            "pass 2\n  p     1       -\n"
        ),
        "  SD[p]    = SN[m, p]                   :: sum(m)  2       1,048,576   add 1,048,576\n",
        "  m     2     4.004 KiB    8 B        QK 1,024, SN 1,024, GM 1\n",
        "  fibers kept  512 KiB   -          522                  -\n",
        "  m reloaded   8.5 MiB   8 MiB      30.71                QK 2,097,152, SN 2,097,152\n",
    ],
    ids=["passes", "Einsums", "live", "kept", "reloaded"],
)
def test_the_tables_of_three_pass_attention(text):
    assert text in output("attn_3pass_stable")


def test_sizes_can_be_set():
    assert "ranks     m 4,096, p 1,024, e 32, f 64\n" in output(
        "attn_3pass_stable", "--rank", "m=4096", "--rank", "e=32"
    )


def test_words_can_be_of_any_width():
    assert "  fibers kept  1 MiB" in output("attn_3pass_stable", "--word-bits", 32)


def test_passes_over_a_tile_are_marked_and_cost_nothing_off_chip():
    shown = output("attn_1pass_fusemax")
    assert "  m0 (in a tile)  2       pass 2: SLN needs all of RM[m1+1, p]" in shown
    assert "reloaded  " in shown
    assert "m reloaded" not in shown


def test_json_holds_everything():
    found = json.loads(output("attn_2pass_localmax", "--json"))
    by_rank = {item["rank"]: item for item in found["passes"]}
    assert by_rank["m"]["passes"] == 2
    assert by_rank["m"]["pass_of"]["AV"] == 2
    assert by_rank["m"]["induced_bytes"] == 2 * sum(by_rank["m"]["induced_words"].values())
    assert found["operations"]["exp"] == 1024 * 1024 + 4 * 1024
    assert found["operations_per_byte"] == pytest.approx(
        sum(found["operations"].values()) / found["compulsory_bytes"]
    )


def test_the_catalogue_is_listed():
    shown = output("--list")
    assert all(f"\n  {name}  " in shown for name in names())


def test_the_catalogue_is_listed_as_json():
    assert {*json.loads(output("--list", "--json"))} == {*names()}


def test_a_file_without_operators_is_analysed_as_far_as_it_goes(tmp_path):
    path = tmp_path / "open.yaml"
    path.write_text(OPEN)
    shown = output(path)
    assert "  m     2       pass 2: Z needs all of G[p], complete after pass 1" in shown
    assert re.search(r"\n  all +-\n", shown)
    assert json.loads(output(path, "--json"))["operations"] is None


def test_a_file_may_have_any_suffix(tmp_path):
    path = tmp_path / "open.cascade"
    path.write_text(OPEN)
    assert output(path).startswith("open\n")


def test_what_contributes_to_no_result_is_noted(tmp_path):
    path = tmp_path / "idle.yaml"
    idle = "  S[m+1, p] = S[m, p] + A[m, p]\nresults"
    text = OPEN.replace("inputs: A[m, p]", "inputs: A[m, p] B[p]\ninitial: {S: 0}")
    path.write_text(text.replace("results", idle))
    notes = [
        "input B is read by no Einsum",
        "S is computed, but no other Einsum reads it and it is no result; its work is counted",
    ]
    assert output(path).endswith(f"\n\nnotes\n  {notes[0]}\n  {notes[1]}\n")
    assert json.loads(output(path, "--json"))["notes"] == notes


@pytest.mark.parametrize("name", names())
def test_the_catalogue_computes_nothing_in_vain(name):
    assert unused(built_in(name)) == []


def test_huge_counts_are_shown_by_their_magnitude():
    shown = output("gemm", *(f"--rank={name}={2**40}" for name in "mnk"))
    assert "1.329e+36" in shown  # 2^120 points
    assert not re.search(r"\d{1,3}(,\d{3}){6}", shown)


def test_help_shows_examples():
    assert "dse cascade attn_1pass_fusemax --rank m=65536 --rank p=65536" in output("--help")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["attn_3pass"], "unknown cascade 'attn_3pass'. Did you mean 'attn_3pass_flat'?"),
        (["none.yaml"], "none.yaml: no such file"),
        (["gemm", "--rank", "q=3"], "--rank: unknown rank 'q'."),
        (["gemm", "--rank", "k"], "--rank: 'k' is no assignment"),
        (["gemm", "--rank", "k=0"], "--rank: rank k = 0 is not a size"),
        (["attn_1pass_fusemax", "--rank", "m=100"], "--rank: rank m (100) is not a multiple of"),
        (["gemm", "--word-bits", "0"], "0 is not in the range"),
        ([], "name a FILE or a NAME"),
    ],
)
def test_bad_input_exits_with_2_and_says_why(dse, arguments, message):
    code, out, err = dse("cascade", *arguments)
    assert (code, out) == (2, "")
    assert message in err


def test_a_wrong_file_is_reported_with_its_place(tmp_path):
    path = tmp_path / "wrong.yaml"
    path.write_text(OPEN.replace("Z[m, p] =", "Z[q, p] ="))
    with pytest.raises(InputError, match=r"wrong.yaml:5:5: .*unbound index: q, 1st index of Z"):
        CliRunner().invoke(cascade, [str(path)], catch_exceptions=False)


def test_the_command_is_part_of_dse(dse):
    code, out, _ = dse("cascade", "gemm")
    assert code == 0
    assert out.startswith("gemm\n  computes  Matrix product.\n")


def test_importing_the_command_imports_nothing_heavy():
    heavy = "{'numpy', 'scipy', 'pandas', 'torch', 'ray', 'yaml', 'rich'}"
    program = (
        "import sys, accel_models.attention.cascades.command\n"
        f"assert not {heavy} & {{*sys.modules}}, {heavy} & {{*sys.modules}}"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
