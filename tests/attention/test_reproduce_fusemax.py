"""The reproduction script: what it prints and how it ends."""

import json
import runpy
import shutil
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "scripts" / "reproduce_fusemax.py"
NOTE = ROOT / "docs" / "models" / "fusemax.md"
GOLDEN = ROOT / "tests" / "golden" / "fusemax"


@pytest.fixture
def script(monkeypatch, capsys):
    def run(*arguments):
        monkeypatch.setattr("sys.argv", [str(SCRIPT), *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            runpy.run_path(str(SCRIPT), run_name="__main__")
        return ended.value.code, capsys.readouterr()

    return run


@pytest.fixture
def wrong_figure(tmp_path):
    """The published figures with one latency changed by 1 %."""
    folder = shutil.copytree(GOLDEN, tmp_path / "figures")
    path = folder / "pareto.csv"
    path.write_text(path.read_text().replace(",30266.668803268083,", ",30569.3,"))
    return folder


def test_every_figure_is_printed_with_its_verdict(script):
    code, printed = script()
    assert code == 0
    assert printed.out.count("  PASS\n") == 1056
    assert "FAIL" not in printed.out


def test_summary_is_one_line_per_column(script):
    code, printed = script("--summary")
    assert code == 0
    assert printed.out.splitlines()[-1] == "1056 figures: all PASS"


def test_model_note_shows_the_summary_as_it_is(script):
    _, printed = script("--summary")
    assert printed.out in NOTE.read_text(encoding="utf-8")


def test_model_note_shows_the_averages_as_they_are(script):
    _, printed = script()
    table = printed.out[printed.out.index("averages.csv\n") :].split("\n\n")[0]
    assert table in NOTE.read_text(encoding="utf-8")


def test_json_holds_figures_and_summary(script):
    code, printed = script("--json")
    report = json.loads(printed.out)
    assert code == 0
    assert report["passed"] is True
    assert len(report["figures"]) == 1056
    assert report["figures"][0]["row"] == "unfused BERT 1K"


def test_a_figure_out_of_tolerance_fails_the_script(script, wrong_figure):
    code, printed = script("--published", wrong_figure, "--summary")
    assert code == 1
    assert printed.out.splitlines()[-1] == "1056 figures: 1 FAIL"
    assert "-9.9e-03     1e-06  BERT 16 256K  1 FAIL" in printed.out


def test_missing_figures_are_reported_without_a_traceback(script, tmp_path):
    code, printed = script("--published", tmp_path)
    assert code == 2
    assert printed.err.startswith("cannot read the published figures: ")
