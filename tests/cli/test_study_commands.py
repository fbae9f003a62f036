"""What the commands over studies print and write, on one small study."""

import csv
import io
import json
import re

import pyarrow.parquet as pq
import pytest
from support.studies import run_job, table

from dse.cli.main import invoke

SEARCH = [
    {"searcher": "random", "budget": 30, "seeds": [0, 1]},
    {"searcher": "exhaustive"},
]
PNG = b"\x89PNG"


@pytest.fixture(scope="module")
def study(tmp_path_factory, plugin_folder):
    code, folder = run_job(tmp_path_factory.mktemp("cli"), *SEARCH, options=["--quiet"])
    assert code == 0
    return folder


@pytest.fixture
def dse(capsys):
    """Run a command line and return what it printed on stdout."""

    def run(*arguments, code=0):
        capsys.readouterr()
        assert invoke([str(argument) for argument in arguments]) == code
        captured = capsys.readouterr()
        return captured.err if code else captured.out

    return run


def test_run_prints_front_searches_and_files(tmp_path, capsys):
    code, folder = run_job(tmp_path, *SEARCH, options=["--front", "3"])
    captured = capsys.readouterr()
    assert code == 0
    assert "Front: 8 designs of 256" in captured.out
    assert "(3 of 8 designs, evenly spread)" in captured.out
    assert f"Report: {folder}/report.html" in captured.out
    assert "316 designs evaluated in" in captured.err


def test_quiet_run_says_nothing_on_stderr(tmp_path, capsys):
    run_job(tmp_path, *SEARCH, options=["--quiet"])
    assert capsys.readouterr().err == ""


def test_resume_of_a_finished_study_shows_it(study, dse, capsys):
    before = table(study)
    out = dse("resume", study)
    assert "Front: 8 designs" in out
    assert table(study) == before


def test_show(study, dse):
    out = dse("show", study)
    assert "Study small in" in out
    assert out.count("random") == 2


def test_show_json(study, dse):
    state = json.loads(dse("show", study, "--json"))
    assert state["finished"] is True
    assert state["front_size"] == 8
    assert [run["evaluations"] for run in state["runs"]] == [30, 30, 256]
    assert state["runs"][2]["share_of_best"] == 1.0
    assert state["failures"] == {}


def test_pareto(study, dse):
    assert "8 designs on the front" in dse("pareto", study)


def test_pareto_csv_holds_plain_numbers(study, dse):
    rows = list(csv.DictReader(io.StringIO(dse("pareto", study, "--csv"))))
    assert len(rows) == 8
    assert set(rows[0]) == {"study", "a", "b", "c", "d", "latency_s", "energy_j"}
    assert {row["d"] for row in rows} == {"none"}  # names stay names
    assert all(row["a"] == str(int(row["a"])) for row in rows)
    latencies = [float(row["latency_s"]) for row in rows]
    assert latencies == sorted(latencies)


def test_pareto_json_holds_plain_numbers(study, dse):
    first = json.loads(dse("pareto", study, "--json"))[0]
    # a = 3 and b = 3: 10 / (1 + 3 + 6) = 1 s; 1 + 6 + 9 = 16 J
    expected = {"a": 3, "b": 3, "c": 0, "d": "none", "latency_s": 1.0, "energy_j": 16.0}
    assert first == {"study": str(study), **expected}


def test_pareto_of_two_studies(study, dse, tmp_path):
    _, other = run_job(tmp_path, {"searcher": "random", "budget": 10}, space={"b": [1]})
    rows = json.loads(dse("pareto", study, other, "--json"))
    assert {row["study"] for row in rows} == {str(study), str(other)}


def test_compare(study, dse):
    out = dse("compare", study)
    assert "100.00%" in out
    assert "Measured: hypervolume on logarithmic axes" in out


def test_compare_json(study, dse):
    records = json.loads(dse("compare", study, "--json"))
    assert [record["searcher"] for record in records] == ["random", "exhaustive"]
    assert records[0]["evaluations"] == [30, 30]
    assert records[1]["share_of_best"] == pytest.approx(1.0)


def test_compare_needs_the_same_objectives(study, dse, tmp_path):
    one = {"searcher": "random", "budget": 10}
    _, other = run_job(tmp_path, one, objectives={"latency_s": "min"})
    assert "has other objectives" in dse("compare", study, other, code=2)


@pytest.mark.parametrize("command", ["pareto", "compare", "report"])
def test_plot_is_a_picture(study, dse, tmp_path, command):
    file = tmp_path / "plot.png"
    dse(command, study, "--plot", file)
    assert file.read_bytes().startswith(PNG)


def test_report_goes_where_asked(study, dse, tmp_path):
    file = tmp_path / "r.html"
    assert str(file) in dse("report", study, "-o", file)
    assert "<html" in file.read_text().lower()


def test_parquet_holds_every_evaluation(study, dse, tmp_path):
    file = tmp_path / "e.parquet"
    assert "316 evaluations" in dse("export", study, "--parquet", file)
    columns = pq.read_table(file).to_pydict()
    assert columns["run"] == [0] * 30 + [1] * 30 + [2] * 256
    assert set(columns["searcher"]) == {"random", "exhaustive"}
    assert set(columns["state"]) == {"done", "infeasible"}
    assert set(columns["d"]) == {"none", "half", "most", "all"}


def test_csv_holds_the_same(study, dse, tmp_path):
    file = tmp_path / "e.csv"
    dse("export", study, "--csv", file)
    rows = list(csv.DictReader(io.StringIO(file.read_text())))
    assert len(rows) == 316
    bad = next(row for row in rows if row["state"] == "infeasible")
    assert bad["energy_j"] == ""
    assert bad["reason"] == "a and b cannot both be 0"


def test_export_needs_a_file(study, dse):
    assert "--parquet FILE, --csv FILE" in dse("export", study, code=2)


@pytest.mark.parametrize(
    "arguments",
    [
        ["export", "--parquet"],
        ["export", "--csv"],
        ["report", "-o"],
        ["report", "--plot"],
        ["pareto", "--plot"],
        ["compare", "--plot"],
    ],
)
def test_file_that_cannot_be_written(study, dse, tmp_path, arguments):
    command, option = arguments
    message = dse(command, study, option, tmp_path / "none" / "file.png", code=3)
    assert re.search("cannot (be written|write)", message)
    assert "Traceback" not in message


@pytest.mark.parametrize("command", ["resume", "show", "pareto", "compare", "report"])
def test_folder_that_is_no_study(dse, tmp_path, command):
    assert "not a study folder" in dse(command, tmp_path, code=2)
