"""The reproduction script: what it prints and how it ends."""

import shutil
from pathlib import Path

import pytest
from reproduce_fusemax import main

ROOT = Path(__file__).parents[2]
NOTE = ROOT / "docs" / "models" / "fusemax.md"
GOLDEN = ROOT / "tests" / "golden" / "fusemax"


@pytest.fixture
def wrong_figure(tmp_path):
    """The published figures with one latency changed by 1 %."""
    folder = shutil.copytree(GOLDEN, tmp_path / "figures")
    path = folder / "pareto.csv"
    path.write_text(path.read_text().replace(",30266.668803268083,", ",30569.3,"))
    return folder


def test_model_note_shows_the_summary_as_it_is(capsys):
    assert main([]) == 0
    printed = capsys.readouterr().out
    assert printed.endswith("\n1056 figures: all PASS\n")
    assert printed in NOTE.read_text(encoding="utf-8")


def test_model_note_shows_the_averages_as_they_are(capsys):
    main(["--rows"])
    printed = capsys.readouterr().out
    table = printed[printed.index("averages.csv\n") :].split("\n\n")[0]
    assert table in NOTE.read_text(encoding="utf-8")


def test_a_figure_out_of_tolerance_fails_the_script(capsys, wrong_figure):
    assert main(["--reference", str(wrong_figure)]) == 1
    printed = capsys.readouterr().out
    assert printed.splitlines()[-1] == "1056 figures: 1 FAIL"
    assert "-9.9e-03      1e-06  BERT 16 256K  1 FAIL" in printed
