"""Faults 1, 2, 3, 4 and 7 through the command line: exit code 2, a message, nothing written."""

import pytest
from support.studies import run_job, table, write_job

from dse.cli.main import invoke

pytestmark = pytest.mark.faults

GOOD = """\
study: small
model: faulty
search: [{searcher: random, budget: 5}]
"""

BAD_FILES = {
    "unbalanced bracket": (GOOD + "space: {a: [1, 2\n", "job.yaml:"),
    "tab indentation": (GOOD + "space:\n\ta: [1]\n", "job.yaml:5"),
    "duplicate key": (GOOD + "study: again\n", "study"),
    "empty file": ("", "job.yaml"),
    "unknown key": (GOOD + "objektives: {latency_s: min}\n", "Did you mean 'objectives'?"),
    "key of another section": (GOOD + "budget: 3\n", "search[0]"),
    "negative value": (GOOD + "space: {a: [-4]}\n", "a = -4"),
    "text for a number": (GOOD + "space: {a: [fast]}\n", "a"),
    "unknown metric": (GOOD + "objectives: {latency: min}\n", "latency_s"),
    "wrong direction": (GOOD + "objectives: {latency_s: down}\n", "min, max"),
    "malformed constraint": (GOOD + "constraints: ['energy_j = 3']\n", "is not a constraint"),
    "low above high": (GOOD + "space: {a: {from: 3, to: 1}}\n", "a"),
    "no value": (GOOD + "space: {a: []}\n", "a"),
    "unknown searcher": (GOOD.replace("random", "randon"), "Did you mean 'random'?"),
    "unknown model": (GOOD.replace("faulty", "faulti"), "Did you mean 'faulty'?"),
    "study name with a path": (GOOD.replace("small", "../small"), "study"),
    "no searches": (GOOD.replace("[{searcher: random, budget: 5}]", "[]"), "search"),
}


@pytest.mark.parametrize("case", BAD_FILES)
def test_bad_job_file(tmp_path, monkeypatch, capsys, case):
    text, message = BAD_FILES[case]
    monkeypatch.chdir(tmp_path)
    (tmp_path / "job.yaml").write_text(text)
    assert invoke(["run", "job.yaml"]) == 2
    captured = capsys.readouterr()
    assert message in captured.err
    assert "Traceback" not in captured.err
    assert "next:" in captured.err or "allowed:" in captured.err
    assert captured.out == ""
    assert [path.name for path in tmp_path.iterdir()] == ["job.yaml"]


def test_binary_file(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "job.yaml").write_bytes(bytes(range(256)))
    assert invoke(["run", "job.yaml"]) == 2
    assert "job.yaml" in capsys.readouterr().err


def test_two_mistakes_are_reported_together(tmp_path, capsys):
    path = tmp_path / "job.yaml"
    path.write_text(GOOD + "objektives: {latency_s: min}\nspace: {a: [17]}\n")
    assert invoke(["run", str(path)]) == 2
    message = capsys.readouterr().err
    assert "objektives" in message
    assert "a = 17" in message


def test_missing_file_is_named_with_its_absolute_path(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert invoke(["run", "none.yaml"]) == 2
    assert str(tmp_path / "none.yaml") in capsys.readouterr().err


def test_folder_in_place_of_a_file(tmp_path, capsys):
    assert invoke(["run", str(tmp_path)]) == 2
    assert str(tmp_path) in capsys.readouterr().err


def test_relative_paths_start_from_the_job_file(tmp_path, monkeypatch):
    home, other = tmp_path / "häuser und gärten", tmp_path / "other"
    home.mkdir()
    other.mkdir()
    search = {"searcher": "random", "budget": 20}
    tables = []
    for number, folder in enumerate((home, other, tmp_path)):
        monkeypatch.chdir(folder)
        code, study = run_job(home, search, study=f"s{number}", work={"calls": "calls"})
        assert code == 0
        tables.append(table(study))
    assert (home / "calls").stat().st_size == 60
    assert tables[0] == tables[1] == tables[2]


def test_study_folder_in_the_working_folder_by_default(tmp_path, monkeypatch):
    path = write_job(tmp_path, {"searcher": "random", "budget": 5})
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert invoke(["run", str(path), "--quiet"]) == 0
    assert (tmp_path / "elsewhere" / "studies" / "small" / "study.db").exists()


@pytest.mark.parametrize(
    ("study", "code", "message"),
    [
        ("job.yaml", 2, "the study folder is a file"),
        ("job.yaml/below", 3, "Not a directory"),
        ("x" * 300, 3, "File name too long"),
        ("/proc/none", 3, "the study cannot be written"),
    ],
)
def test_folder_that_cannot_be(tmp_path, monkeypatch, capsys, study, code, message):
    monkeypatch.chdir(tmp_path)
    write_job(tmp_path)
    assert invoke(["run", "job.yaml", "--study", study]) == code
    assert message in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["job.yaml"]


def test_second_run_names_the_two_ways_on(tmp_path, capsys):
    run_job(tmp_path, {"searcher": "random", "budget": 5})
    capsys.readouterr()
    code, study = run_job(tmp_path, {"searcher": "random", "budget": 5})
    message = capsys.readouterr().err
    assert code == 2
    assert f"dse resume {study}" in message
    assert "--study DIR" in message


def test_more_workers_than_cores(tmp_path, capsys):
    code, study = run_job(tmp_path, options=("--executor", "ray", "--workers", "9999"))
    assert code == 2
    assert "9999 workers, but there are" in capsys.readouterr().err
    assert not study.exists()
