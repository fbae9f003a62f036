"""What the commands over studies print and write, on one small study."""

import csv
import io
import json
import re

import numpy as np
import pyarrow.parquet as pq
import pytest
from support.faulty import Faulty, faulty_work
from support.studies import run_job, table

from dse import Problem
from dse._study import Study
from dse.cli._comparison import compared
from dse.cli._results import front_text
from dse.cli.main import invoke
from dse.report.data import FrontTable

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
def unstored(tmp_path):
    """A capped enumeration that keeps its front only."""
    _, folder = run_job(tmp_path, constraints=["energy_j <= 9"], limits={"store_rows": 10})
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


def test_show_names_what_is_the_same_in_all_designs_once(study, dse):
    out = dse("show", study)
    heading = next(line for line in out.splitlines() if "latency_s  energy_j" in line)
    assert heading.split() == ["a", "b", "latency_s", "energy_j"]
    assert "the same in all: c = 0, d = none" in out


def test_every_named_option_is_shown():
    table = FrontTable(
        {
            **{name: ["0"] * 100 for name in "abc"},
            "d": ["none"] * 40 + ["half"] + ["none"] * 20 + ["all"] * 3 + ["none"] * 36,
        },
        {"latency_s": np.arange(100.0), "energy_j": np.arange(100.0)},
        (),
    )
    lines = front_text(Problem.of(Faulty(faulty_work())), table, 5).splitlines()
    assert [line.split()[0] for line in lines[1:6]] == ["none", "half", "none", "all", "none"]
    assert "(5 of 100 designs, evenly spread)" in lines[6]


def test_more_options_than_rows_leave_an_even_spread():
    table = FrontTable(
        {**{name: ["0"] * 8 for name in "abc"}, "d": ["none", "half", "most", "all"] * 2},
        {"latency_s": np.arange(8.0), "energy_j": np.arange(8.0)},
        (),
    )
    lines = front_text(Problem.of(Faulty(faulty_work())), table, 2).splitlines()
    assert [line.split()[:2] for line in lines[1:3]] == [["none", "0"], ["all", "7"]]


def test_a_single_design_shows_its_parameters_and_what_constraints_read(tmp_path, capsys):
    # b = 1: latency 10 / (3 + a) + 0.1 d; energy 2 + 2 a + c / 4: the fastest has a = 2
    search = {"searcher": "exhaustive"}, {"searcher": "random", "budget": 5}
    goal = {"objectives": {"latency_s": "min"}, "constraints": ["energy_j <= 6.5"]}
    run_job(tmp_path, *search, space={"b": [1]}, **goal)
    out = re.sub(" {2,}", "  ", capsys.readouterr().out)
    assert "Front: 1 design of 64" in out
    assert "a  c  d  latency_s  energy_j" in out
    assert "2  0  none  2 s  6 J" in out
    assert "the same in all" not in out


def test_one_objective_compares_best_values(tmp_path, capsys):
    search = {"searcher": "exhaustive"}, {"searcher": "random", "budget": 5}
    _, folder = run_job(tmp_path, *search, objectives={"latency_s": "min"})
    out = re.sub(" {2,}", "  ", capsys.readouterr().out)
    assert "admissible  front  best latency_s  ratio to the best of all" in out
    assert "exhaustive  0  256  16  0  240  1  1 s  1.0000" in out
    assert "hypervolume" not in out
    report = (folder / "report.html").read_text()
    assert "ratio to the best of all" in report


def test_admissible_designs_are_counted(tmp_path, dse):
    # energy 1 + 2 a + b^2 + c / 4 <= 3: (a, b) = (1, 0) with c = 0; (0, 1) with c = 0 .. 3;
    # four values of d each
    search = {"searcher": "exhaustive"}
    _, folder = run_job(tmp_path, search, constraints=["energy_j <= 3"])
    (run,) = json.loads(dse("show", folder, "--json"))["runs"]
    assert (run["evaluations"], run["infeasible"], run["admissible"]) == (256, 16, 20)


def test_an_enumeration_without_rows_counts_admissible_designs_all_the_same(
    unstored, tmp_path_factory, dse
):
    folder = tmp_path_factory.mktemp("stored")
    _, stored = run_job(folder, constraints=["energy_j <= 9"])
    counts = [json.loads(dse("show", f, "--json"))["runs"][0] for f in (unstored, stored)]
    assert counts[0]["admissible"] == counts[1]["admissible"] > 0


def test_constraints_are_named_in_the_report(tmp_path):
    _, folder = run_job(tmp_path, constraints=["energy_j <= 3"])
    report = (folder / "report.html").read_text()
    assert "; constraints: energy_j &lt;= 3" in report
    assert '"name":"violates a constraint"' in report


def test_no_admissible_design_has_no_reference_point(tmp_path, dse):
    # the smallest energy is that of (a, b, c) = (0, 1, 0): 2 J, twice the bound
    _, folder = run_job(tmp_path, constraints=["energy_j <= 1"])
    state = json.loads(dse("show", folder, "--json"))
    assert state["reference_point"] == {}
    closest = "energy_j <= 1 (240 of 256 designs; the closest missed it by 100.0% of its bound)"
    assert closest in state["notes"][0]
    assert "reference point" not in dse("show", folder)
    assert "no admissible design" in dse("compare", folder)
    assert "figure-convergence" not in (folder / "report.html").read_text()


def test_a_bound_of_zero_is_missed_by_an_amount(tmp_path, dse):
    _, folder = run_job(tmp_path, constraints=["energy_j <= 0"])
    assert "the closest missed it by 2)" in dse("show", folder)


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


def test_curves_of_several_studies_are_kept_apart(study, tmp_path):
    _, folder = run_job(tmp_path, {"searcher": "random", "budget": 10})
    comparison = compared({"one": Study(study), "two": Study(folder)})
    assert [curve.searcher for curve in comparison.curves] == [
        *("one: random", "one: random", "one: exhaustive", "two: random"),
    ]
    assert [record["searcher"] for record in comparison.records] == [
        *("random", "exhaustive", "random"),
    ]


def test_axes_span_the_front_of_all_studies(study, tmp_path, dse):
    # the front reaches from 3.33 s and 2 J (b = 1) to 1 s and 16 J (a = b = 3)
    _, folder = run_job(tmp_path, {"searcher": "random", "budget": 10})
    point = json.loads(dse("show", study, "--json"))["reference_point"]
    assert point["energy_j"] == pytest.approx(16 * 8**0.1)
    assert point["latency_s"] == pytest.approx(10 / 3 * (10 / 3) ** 0.1)
    assert "latency_s 3.76 s, energy_j 19.7 J" in dse("compare", study, folder)


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


def test_export_of_an_enumeration_without_rows_points_to_its_front(unstored, dse, tmp_path):
    message = dse("export", unstored, "--csv", tmp_path / "e.csv", code=2)
    assert "an enumeration of 256 designs keeps only its front" in message
    assert "limits.store_rows = 10" in message
    assert "dse pareto" in message
    assert not (tmp_path / "e.csv").exists()


def test_export_needs_a_file(study, dse):
    assert "--parquet FILE, --csv FILE, --training FILE" in dse("export", study, code=2)


def test_training_curves_of_all_runs_are_one_table(study, dse, tmp_path, monkeypatch):
    told = {0: {"evaluations": [8.0, 30.0], "entropy": [1.0, 0.5]}, 2: {"evaluations": [9.0]}}
    arrays = {run: {n: np.array(v) for n, v in columns.items()} for run, columns in told.items()}
    monkeypatch.setattr(Study, "diagnostics", lambda self, run: arrays.get(run, {}))
    file = tmp_path / "t.csv"
    assert "3 records of training" in dse("export", study, "--training", file)
    rows = list(csv.DictReader(io.StringIO(file.read_text())))
    assert [row["run"] for row in rows] == ["0", "0", "2"]
    assert [row["entropy"] for row in rows] == ["1.0", "0.5", ""]
    assert rows[2]["searcher"] == "exhaustive"


def test_training_curves_of_searchers_that_do_not_learn(study, dse, tmp_path):
    message = dse("export", study, "--training", tmp_path / "t.csv", code=2)
    assert "no searcher of the study learns" in message
    assert not (tmp_path / "t.csv").exists()


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
