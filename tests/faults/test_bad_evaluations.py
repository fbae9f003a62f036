"""Faults 4, 9, 10 and 11: degenerate problems and models that misbehave, through `dse run`."""

import json

import pytest
from support.faulty import EXCEPTIONS, VALUES
from support.studies import run_job, table

from dse._study import Study
from dse.cli.main import invoke

pytestmark = pytest.mark.faults

MIN_LATENCY = {"latency_s": "min"}
REASONS = {
    "nan": "energy_j is nan, not a finite number",
    "inf": "energy_j is inf, not a finite number",
    "minus-inf": "energy_j is -inf, not a finite number",
    "none": "energy_j is None (NoneType), not a number",
    "text": "energy_j is 'fast' (str), not a number",
    "complex": "energy_j is (1+2j) (complex), not a number",
    "negative": "energy_j = -3 is outside [0, inf]",
    "raise": "ValueError: as asked",
    "exit": "SystemExit: as asked",
    "interrupt": "KeyboardInterrupt: as asked",
}


def state_of(study, capsys):
    capsys.readouterr()
    assert invoke(["show", str(study), "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_every_fault_is_listed():
    assert set(REASONS) == {*VALUES, *EXCEPTIONS}


@pytest.mark.parametrize("fault", REASONS)
def test_bad_designs_fail_and_the_rest_goes_on(tmp_path, capsys, fault):
    """16 of 256 designs go wrong: below the allowed share."""
    patience = {"identical_failures": 17}
    code, study = run_job(tmp_path, work={"fault": fault}, limits=patience)
    assert code == 0
    assert "16 evaluations failed (6.2%); none is on a front" in capsys.readouterr().out
    failed = [row for row in table(study) if row[3] == 2]
    assert {row[4] for row in failed} == {REASONS[fault]}
    assert all((row[5], row[6]) == (3.0, 0.0) for row in failed)  # a = 3, b = 0
    state = state_of(study, capsys)
    assert state["runs"][0]["failed"] == 16


def test_the_front_is_that_of_the_designs_that_went_well(tmp_path):
    patience = {"identical_failures": 99}
    _, bad = run_job(tmp_path, study="bad", work={"fault": "negative"}, limits=patience)
    without_them = ["a - 4 * b <= 2"]
    _, good = run_job(tmp_path, study="good", constraints=without_them)
    assert Study(bad).front().codes.tolist() == Study(good).front().codes.tolist()


def test_one_traceback_per_distinct_error(tmp_path):
    _, study = run_job(tmp_path, work={"fault": "raise"}, limits={"identical_failures": 17})
    errors = Study(study).store.errors()
    assert list(errors) == ["ValueError: as asked"]
    assert "Traceback" in errors["ValueError: as asked"]


def test_too_many_failures_end_with_exit_code_1_and_a_sentence(tmp_path, capsys):
    limits = {"identical_failures": 17, "max_failed_share": 0.05}
    code, study = run_job(tmp_path, work={"fault": "nan"}, limits=limits)
    captured = capsys.readouterr()
    assert code == 1
    sentence = "Failed: 6.2% of the evaluations failed; limits.max_failed_share allows 5.0%"
    assert sentence in captured.err
    assert "Traceback" not in captured.out + captured.err
    assert (study / "report.html").exists()


@pytest.mark.parametrize("fault", ["raise", "exit"])
def test_a_model_that_always_fails_is_given_up_soon(tmp_path, capsys, fault):
    work = {"fault": fault, "everywhere": True}
    code, study = run_job(tmp_path, work=work)
    captured = capsys.readouterr()
    assert code == 1
    assert f"gave up: 10 equal failures in a row: {REASONS[fault]}" in captured.err
    assert len(table(study)) == 10
    assert (study / "report.html").exists()
    assert "No admissible design was found" in captured.out


# -- degenerate problems ---------------------------------------------------------------------------


def test_infeasible_problem_names_what_is_in_the_way(tmp_path, capsys):
    constraints = ["energy_j <= 0.5", "latency_s <= 3"]
    code, study = run_job(tmp_path, constraints=constraints)
    out = capsys.readouterr().out
    assert code == 0
    assert "Front: 0 designs of 256" in out
    # the smallest energy of the model is 2 J, three bounds above 0.5 J
    text = "Most often in the way: energy_j <= 0.5 (240 of 256 designs; the closest missed it by "
    assert text + "300.0% of its bound)" in out
    assert "energy_j &lt;= 0.5" in (study / "report.html").read_text()


def test_infeasible_enumeration_names_what_is_in_the_way(tmp_path, capsys):
    code, _ = run_job(tmp_path, constraints=["energy_j <= 0.5"], limits={"store_rows": 10})
    assert code == 0
    assert "Most often in the way: energy_j <= 0.5" in capsys.readouterr().out


def test_design_that_cannot_work(tmp_path, capsys):
    code, _ = run_job(tmp_path, space={"a": [0], "b": [0]})
    assert code == 0
    assert "a and b cannot both be 0 (16 of 16 designs)" in capsys.readouterr().out


ONE = {"a": [1], "b": [1], "c": [1], "d": ["half"]}
DEGENERATE = {
    "one design": ({"model": {"name": "faulty", "fixed": {k: v[0] for k, v in ONE.items()}}}, 1),
    "all designs equal": ({"work": {"fault": "constant"}}, 1),
    "one constant objective": ({"space": ONE | {"c": [0, 1, 2]}, "objectives": MIN_LATENCY}, 1),
    "two designs": ({"space": ONE | {"b": [0, 1]}}, 2),
    "nothing admissible": ({"constraints": ["energy_j <= 0.5"], "objectives": MIN_LATENCY}, 0),
}


@pytest.mark.parametrize("case", DEGENERATE)
def test_degenerate_problems_give_finite_outputs(tmp_path, capsys, case):
    """Warnings are errors here, so that NumPy has nothing to complain about either."""
    changes, front_size = DEGENERATE[case]
    search = [{"searcher": "nsga2", "budget": 40}, {"searcher": "exhaustive"}]
    code, study = run_job(tmp_path, *search, **changes)
    printed = capsys.readouterr().out
    assert code == 0
    state = state_of(study, capsys)
    assert state["front_size"] == front_size
    assert "nan" not in printed.lower().replace("dominan", "")
    assert invoke(["compare", str(study), "--json"]) == 0
    json.loads(capsys.readouterr().out)
    assert invoke(["report", str(study), "--plot", str(tmp_path / "report.png")]) == 0
    assert invoke(["pareto", str(study), "--plot", str(tmp_path / "front.png")]) == 0
