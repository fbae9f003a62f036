"""What every reproduction script prints and how it ends, on figures read at a glance."""

import json
import math
from pathlib import Path

import pytest
from _reproduction import reproduce

from accel_models.comparison import Comparison, read_figures
from dse.errors import InputError

TITLE = "Print our figures.\n\nMore of it."
EXACT = Comparison("a.csv", "first row", "words", 12.0, 12.0, 0.0)
CLOSE = Comparison("a.csv", "second row", "power_w", 1.01, 1.0, 0.02)
SMALL = Comparison("b.csv", "third row", "share", 0.25, 0.5, 0.25, is_absolute=True)
PASSING = [EXACT, CLOSE, SMALL]
WRONG = Comparison("b.csv", "fourth row", "share", 0.0, 0.5, 0.25, is_absolute=True)

SUMMARY = """\
table  column   figures  worst error  tolerance  at
a.csv  words          1       <1e-12          0  -
a.csv  power_w        1     +1.0e-02       0.02  second row
b.csv  share          1     -2.5e-01   0.25 abs  third row
3 figures: all PASS
"""
BY_TABLE = """\
table  figures  worst error  tolerance  at
a.csv        2     +1.0e-02       0.02  second row
b.csv        1     -2.5e-01   0.25 abs  third row
3 figures: all PASS
"""
ROWS = """\
a.csv
  row         column   ours  reference     error  tolerance
  first row   words      12         12    <1e-12          0  PASS
  second row  power_w  1.01          1  +1.0e-02       0.02  PASS
b.csv
  row        column  ours  reference     error  tolerance
  third row  share   0.25        0.5  -2.5e-01   0.25 abs  PASS
"""


@pytest.fixture
def script(capsys):
    """Run a script that finds some comparisons; its exit code and what it prints."""

    def run(comparisons, *arguments, **choices):
        code = reproduce(TITLE, Path("figures"), lambda _: comparisons, arguments, **choices)
        return code, capsys.readouterr().out

    return run


def test_summary_has_a_line_per_column(script):
    assert script(PASSING) == (0, SUMMARY)


def test_summary_has_a_line_per_table_where_a_script_says_so(script):
    assert script(PASSING, by_table=True) == (0, BY_TABLE)


def test_rows_are_every_figure_and_then_the_summary(script):
    assert script(PASSING, "--rows") == (0, f"{ROWS}\n{SUMMARY}")


def test_a_figure_out_of_tolerance_fails_its_line_and_the_script(script):
    code, printed = script([*PASSING, WRONG])
    *_, line, verdict = printed.splitlines()
    assert code == 1
    assert line == "b.csv  share          2     -5.0e-01   0.25 abs  fourth row  1 FAIL"
    assert verdict == "4 figures: 1 FAIL"


def test_nan_is_out_of_tolerance_wherever_it_is(script):
    code, printed = script([EXACT, Comparison("a.csv", "odd", "words", math.nan, 1.0, 1.0)])
    assert code == 1
    assert "+nan          1  odd  1 FAIL" in printed


def test_a_script_words_its_own_verdict(script):
    _, printed = script(PASSING, verdict=lambda all_of_them: f"{len(all_of_them)} are fine")
    assert printed.endswith("3 figures: 3 are fine\n")


def test_json_holds_figures_and_summary(script):
    code, printed = script([*PASSING, WRONG], "--json")
    report = json.loads(printed)
    assert (code, report["passed"], len(report["figures"])) == (1, False, 4)
    assert report["summary"][-1] == {
        "file": "b.csv", "column": "share", "rows": 2, "worst_error": -0.5,
        "worst_row": "fourth row", "failed": 1,
    }  # fmt: skip
    assert report["figures"][1] == {
        "file": "a.csv", "row": "second row", "column": "power_w", "ours": 1.01, "published": 1.0,
        "tolerance": 0.02, "is_absolute": False, "error": pytest.approx(0.01), "passes": True,
    }  # fmt: skip


def test_json_has_null_where_a_number_is_not_finite(script):
    _, printed = script([Comparison("a.csv", "odd", "word", "head", "row", 0.0)], "--json")
    (figure,) = json.loads(printed)["figures"]
    assert (figure["ours"], figure["error"]) == ("head", None)


def test_folder_is_the_default_or_the_one_that_is_named(script):
    asked = []
    for arguments in ([], ["--reference", "mine"]):
        reproduce(TITLE, Path("figures"), lambda folder: asked.append(folder) or [], arguments)
    assert asked == [Path("figures"), Path("mine")]


def test_picture_is_drawn_where_it_is_asked_for(script):
    drawn = []
    script(PASSING, "--plot", "picture.png", plot=drawn.append)
    script(PASSING, plot=drawn.append)
    assert drawn == [Path("picture.png")]


def test_script_without_a_picture_has_no_such_option(script):
    with pytest.raises(SystemExit) as ended:
        script(PASSING, "--plot", "picture.png")
    assert ended.value.code == 2


def test_help_shows_the_first_line_of_the_title(script, capsys):
    with pytest.raises(SystemExit):
        script(PASSING, "--help")
    shown = capsys.readouterr().out
    assert "Print our figures." in shown
    assert "More of it" not in shown


def test_missing_figures_are_reported_without_a_traceback_or_a_picture(capsys, tmp_path):
    drawn = []
    code = reproduce(
        TITLE, tmp_path, lambda folder: read_figures(folder / "a.csv"),
        ["--plot", "picture.png"], plot=drawn.append,
    )  # fmt: skip
    assert (code, drawn) == (2, [])
    assert capsys.readouterr().err == (
        f"{tmp_path / 'a.csv'}: cannot be read: No such file or directory\n"
        "  next:    name the folder that holds the tables of published figures\n"
    )


def test_figures_are_read_as_rows_of_cells(tmp_path):
    table = tmp_path / "a.csv"
    table.write_text("trace,n_ACT\nstream,8\nchase,\n")
    assert read_figures(table) == [
        {"trace": "stream", "n_ACT": "8"},
        {"trace": "chase", "n_ACT": ""},
    ]


@pytest.mark.parametrize("text", ["", "trace,n_ACT\n"])
def test_a_table_without_figures_is_an_error(tmp_path, text):
    (tmp_path / "a.csv").write_text(text)
    with pytest.raises(InputError, match=r"a\.csv: holds no figures"):
        read_figures(tmp_path / "a.csv")


def test_a_file_that_is_no_text_is_an_error(tmp_path):
    (tmp_path / "a.csv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match=r"a\.csv: cannot be read: 'utf-8' codec can't decode"):
        read_figures(tmp_path / "a.csv")
