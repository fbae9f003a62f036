"""Every reference figure, by formula and executed, and the script that prints them."""

import json
import runpy
import shutil
from pathlib import Path

import pytest

from accel_models.attention.io_complexity.reproduction import compare_all
from dse.errors import InputError

ROOT = Path(__file__).parents[2]
DATA = Path(__file__).parent / "data"
SCRIPT = ROOT / "scripts" / "reproduce_io.py"
NOTE = ROOT / "docs" / "models" / "attention_io.md"
COMPARISONS = compare_all(DATA)


@pytest.fixture
def script(monkeypatch, capsys):
    def run(*arguments):
        monkeypatch.setattr("sys.argv", [str(SCRIPT), *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            runpy.run_path(str(SCRIPT), run_name="__main__")
        return ended.value.code, capsys.readouterr()

    return run


@pytest.fixture
def changed(tmp_path):
    """The reference figures with some text replaced."""

    def change(old, new):
        folder = shutil.copytree(DATA, tmp_path / "figures")
        path = folder / "io_counts.csv"
        path.write_text(path.read_text().replace(old, new))
        return folder

    return change


@pytest.mark.parametrize("comparison", COMPARISONS, ids=lambda c: f"{c.row} {c.column}")
def test_figure_is_exact(comparison):
    assert comparison.ours == comparison.published


def test_every_row_of_both_tables_is_compared():
    rows = {(c.file, c.row) for c in COMPARISONS}
    lines = sum(len((DATA / name).read_text().splitlines()) - 1 for name in {c[0] for c in rows})
    assert len(rows) == lines == 19


def test_script_prints_every_figure_with_its_verdict(script):
    code, printed = script()
    assert code == 0
    assert printed.out.count("  PASS\n") == len(COMPARISONS) == 100


def test_model_note_shows_the_summary_as_it_is(script):
    _, printed = script("--summary")
    assert printed.out in NOTE.read_text(encoding="utf-8")


def test_json_holds_every_figure(script):
    code, printed = script("--json")
    report = json.loads(printed.out)
    assert (code, report["passed"], len(report["figures"])) == (0, True, 100)


def test_script_draws_the_schedules(script, tmp_path):
    code, _ = script("--summary", "--plot", tmp_path / "picture.png")
    assert code == 0
    assert (tmp_path / "picture.png").read_bytes().startswith(b"\x89PNG")


def test_a_figure_that_differs_fails_the_script(script, changed):
    code, printed = script("--summary", "--reference", changed("70144", "70145"))
    assert code == 1
    assert printed.out.splitlines()[-1] == "100 figures: 2 FAIL"  # by formula and executed


def test_missing_figures_are_reported_without_a_traceback(script, tmp_path):
    code, printed = script("--reference", tmp_path)
    assert code == 2
    assert printed.err.startswith("cannot read the reference figures: ")
    assert "name the folder with io_counts.csv and io_crossover.csv" in printed.err


def test_unknown_algorithm_is_named(changed):
    with pytest.raises(InputError, match=r"io_counts.csv: unknown algorithm 'fa3_forward'"):
        compare_all(changed("fa1_forward", "fa3_forward"))
