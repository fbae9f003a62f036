"""Every reference figure, by formula and executed, and the script that prints them."""

import shutil
from pathlib import Path

import pytest
from reproduce_io import main

from accel_models.attention.io_complexity.reproduction import compare_all
from dse.errors import InputError

ROOT = Path(__file__).parents[2]
DATA = Path(__file__).parent / "data"
NOTE = ROOT / "docs" / "models" / "attention_io.md"
COMPARISONS = compare_all(DATA)


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


def test_model_note_shows_the_summary_as_it_is(capsys):
    assert main([]) == 0
    printed = capsys.readouterr().out
    assert printed.endswith("\n100 figures: all PASS\n")
    assert printed in NOTE.read_text(encoding="utf-8")


def test_script_draws_the_schedules(tmp_path):
    assert main(["--plot", str(tmp_path / "picture.png")]) == 0
    assert (tmp_path / "picture.png").read_bytes().startswith(b"\x89PNG")


def test_a_figure_that_differs_fails_the_script(capsys, changed):
    assert main(["--reference", str(changed("70144", "70145"))]) == 1
    last = capsys.readouterr().out.splitlines()[-1]
    assert last == "100 figures: 2 FAIL"  # by formula and executed


def test_unknown_algorithm_is_named(changed):
    with pytest.raises(InputError, match=r"io_counts.csv: unknown algorithm 'fa3_forward'"):
        compare_all(changed("fa1_forward", "fa3_forward"))
