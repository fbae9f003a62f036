import csv
import json

import pytest

from dse.cli._arguments import assignments, workload_of
from dse.cli._designs import csv_text
from dse.errors import InputError


@pytest.fixture
def designs(tmp_path):
    """Write a CSV file of designs."""

    def write(text):
        (tmp_path / "designs.csv").write_text(text, encoding="utf-8", newline="")
        return tmp_path / "designs.csv"

    return write


def table(text):
    return list(csv.DictReader(text.splitlines()))


# -- one design ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "  model     toy, version 1",
        "  workload  toy-work (default)",
        "  frequency_hz  500 MHz  Clock",
        "  latency_s  256 ns    Time for all operations",  # 1024 operations / 8 lanes / 500 MHz
        "  compute  1.024 kJ   33.3 %",
        "  memory   2.048 kJ   66.7 %",
        "  total    3.072 kJ  100.0 %",
    ],
)
def test_one_design_is_printed_with_units_and_shares(dse, text):
    code, out, _ = dse(
        "evaluate", "toy", "--set", "lanes=8", "--set", "frequency_hz=500 MHz", "--breakdown"
    )
    assert code == 0
    assert text in out


def test_the_breakdown_is_left_out_unless_asked_for(dse):
    assert "breakdown" not in dse("evaluate", "toy")[1]


def test_an_infeasible_design_says_why(dse):
    out = dse("evaluate", "toy", "--set", "style=fast", "--breakdown")[1]
    assert "  infeasible  the fast style needs at least two lanes" in out
    assert "  latency_s  -  " in out


def test_one_design_as_json(dse):
    found = json.loads(
        dse("evaluate", "toy", "--set", "lanes=8", "--option", "memory_energy_j=0", "--json")[1]
    )
    assert found["design"]["lanes"] == 8
    assert found["metrics"] == {"latency_s": 1.28e-07, "energy_j": 1024.0, "area_mm2": 13.0}
    assert found["units"]["latency_s"] == "s"
    assert found["feasible"] is True
    assert found["reason"] is None


def test_infeasible_metrics_are_null_in_json(dse):
    found = json.loads(dse("evaluate", "toy", "--set", "style=fast", "--json", "--breakdown")[1])
    assert found["reason"] == "the fast style needs at least two lanes"
    assert set(found["metrics"].values()) == set(found["breakdown"].values()) == {None}


def test_every_value_of_the_model_may_be_evaluated_not_only_the_default_problem(dse):
    assert dse("evaluate", "toy", "--set", "banks=4")[0] == 0


def test_a_workload_with_parameters(dse):
    out = dse("evaluate", "toy", "--workload", "toy-work:operations=2048", "--json")[1]
    assert json.loads(out)["metrics"]["latency_s"] == 2048 / 1e9


# -- files of designs ------------------------------------------------------------------------------


def test_designs_from_a_file_are_evaluated_in_order(dse, designs):
    path = designs("style,lanes\r\nslow,8\r\n\r\nfast,1\r\n")
    code, out, _ = dse("evaluate", "toy", "--designs", path, "--set", "banks=2")
    rows = table(out)
    assert code == 0
    assert [(row["style"], row["lanes"], row["banks"]) for row in rows] == [
        ("slow", "8", "2"),
        ("fast", "1", "2"),
    ]
    assert float(rows[0]["latency_s"]) == 1024 / 8 / 1e9
    assert rows[1]["latency_s"] == ""
    assert rows[1]["reason"] == "the fast style needs at least two lanes"


def test_units_are_read_from_the_file(dse, designs):
    out = dse("evaluate", "toy", "--designs", designs("frequency_hz\n500 MHz\n2e9\n"))[1]
    assert [row["frequency_hz"] for row in table(out)] == ["500000000", "2000000000"]


def test_an_evaluated_file_can_be_evaluated_again(dse, designs, tmp_path):
    first, second = tmp_path / "first.csv", tmp_path / "second.csv"
    dse("evaluate", "toy", "--designs", designs("lanes\n1\n64\n"), "--breakdown", "-o", first)
    code, out, _ = dse("evaluate", "toy", "--designs", first, "--breakdown", "-o", second)
    assert (code, out) == (0, "")
    assert first.read_text() == second.read_text()


def test_the_books_that_export_keeps_are_ignored(dse, designs):
    books = "study,run,searcher,seed,position,lanes,latency_s,state,reason"
    path = designs(f"{books}\ns,0,random,1,2,8,5e-9,ok,\n")
    code, out, _ = dse("evaluate", "toy", "--designs", path)
    assert (code, table(out)[0]["lanes"]) == (0, "8")


@pytest.mark.parametrize("command", ["pareto", "export"])
def test_what_other_commands_write_can_be_evaluated(dse, tmp_path, command):
    job, study, found = tmp_path / "job.yaml", tmp_path / "study", tmp_path / "found.csv"
    job.write_text("study: s\nmodel: toy\nsearch: [{searcher: random, budget: 9}]\n")
    assert dse("run", job, "--study", study, "--quiet")[0] == 0
    if command == "pareto":
        found.write_text(dse("pareto", study, "--csv")[1])
    else:
        dse("export", study, "--csv", found)
    code, out, err = dse("evaluate", "toy", "--designs", found)
    assert (code, err) == (0, "")
    written = table(found.read_text())
    assert [row["latency_s"] for row in table(out)] == [row["latency_s"] for row in written]


def test_designs_as_json(dse, designs):
    found = json.loads(dse("evaluate", "toy", "--designs", designs("lanes\n1\n2\n"), "--json")[1])
    assert [design["design"]["lanes"] for design in found["designs"]] == [1, 2]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no design"),
        ("lanes\n", "no design"),
        ("lane\n1\n", ":1, column 1: unknown parameter 'lane'. Did you mean 'lanes'?"),
        ("lanes,lanes\n1,1\n", ":1, column 2: the column 'lanes' occurs twice"),
        ("lanes,banks\n1,2\n", ":1, column 2: 'banks' is a column, and set for all designs too"),
        ("lanes,style\n1\n", ":2: 1 cells"),
        ("lanes;style\n1;slow\n", ":1: the columns are separated by ';'"),
        ("lanes\n1\n\n3\n", ":4, column 1 (lanes): lanes = '3' is not a value of this parameter"),
        ("lanes\n1\n5 GHz\n", ":3, column 1 (lanes): lanes: '5 GHz' is a frequency"),
        (
            "style\nfsat\n",
            ":2, column 1 (style): style = 'fsat' is not an option. Did you mean 'fa",
        ),
        ("style\n0\n", ":2, column 1 (style): style = '0' is not an option."),
        ('lanes\n"1\n', "not CSV: unexpected end of data"),
    ],
)
def test_a_wrong_file_is_refused_with_line_and_column(dse, designs, text, message):
    code, out, err = dse("evaluate", "toy", "--designs", designs(text), "--set", "banks=2")
    assert (code, out) == (2, "")
    assert message in err
    assert len(err.splitlines()) <= 5


# -- refusals --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["tiy"], "unknown model 'tiy'. Did you mean 'toy'?"),
        (["toy", "--set", "lanes"], "--set: 'lanes' is no assignment\n  allowed: NAME=VALUE"),
        (["toy", "--set", "lanes=1", "--set", "lanes=2"], "--set: 'lanes' is given twice"),
        (["toy", "--set", "lane=1"], "unknown parameter 'lane'. Did you mean 'lanes'?"),
        (["toy", "--set", "lanes=3"], "lanes = 3 is not a value of this parameter"),
        (["toy", "--option", "energy=3"], "model.options: unknown key 'energy'."),
        (["toy", "--workload", "toy-wrk"], "unknown workload 'toy-wrk'. Did you mean 'toy-work'?"),
        (["toy", "--workload", "bert:seq_len"], "next:    write bert:seq_len=VALUE"),
        (["toy", "--workload", "net.json"], "workload.file: no such file (tried /"),
        (["attention/fusemax", "--option", "components=no.csv"], "file not found: /"),
        (["toy", "--workload", "toy-work:ops=1"], "workload: unknown key 'ops'."),
        (["toy", "--designs", "absent.csv"], "absent.csv: no such file (tried /"),
        (["toy", "--json", "-o", "x.csv"], "--json and -o together"),
    ],
)
def test_bad_arguments_are_refused(dse, arguments, message):
    code, out, err = dse("evaluate", *arguments)
    assert (code, out) == (2, "")
    assert message in err
    assert len(err.splitlines()) <= 5


def test_a_workload_file_with_missing_parameters_shows_how_to_give_them(dse, tmp_path):
    file = tmp_path / "config.json"
    file.write_text("{}")
    code, _, err = dse("evaluate", "toy", "--workload", file)
    assert code == 2
    assert f"next:    write {file}:seq_len=VALUE" in err


def test_a_model_that_raises_is_named_with_the_line(dse, monkeypatch):
    def broken(self, x, ops, wanted):
        return {}["row"]

    monkeypatch.setattr("plugins.toy_plugin.Toy.equations", broken)
    code, _, err = dse("evaluate", "toy")
    assert code == 1
    assert err.startswith("Error: the model toy raised KeyError: 'row' at /")
    assert "Traceback" not in err
    assert "KeyError" in dse("evaluate", "toy", "--debug")[2]


def test_an_unwritable_output_is_a_refusal_of_the_environment(dse, tmp_path):
    code, _, err = dse("evaluate", "toy", "-o", tmp_path / "absent" / "x.csv")
    assert code == 3
    assert "cannot be written: No such file or directory" in err


# -- small parts -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("bert", ("bert", {})),
        ("bert:seq_len=4096,batch=1", ("bert", {"seq_len": 4096, "batch": 1})),
        ("net.yaml", ("transformer", {"file": "net.yaml"})),
        ("a:b/net.YML:seq_len=4096", ("transformer", {"file": "a:b/net.YML", "seq_len": 4096})),
        ("config.json:seq_len=1e3", ("huggingface", {"file": "config.json", "seq_len": 1000.0})),
    ],
)
def test_workloads_on_the_command_line(text, expected):
    assert workload_of(text) == expected


def test_a_malformed_workload_parameter_is_named():
    with pytest.raises(InputError, match="workload bert:a=1,b: 'b' is no assignment"):
        workload_of("bert:a=1,b")


def test_values_of_assignments_are_read_like_yaml():
    found = assignments(["a=1e-3", "b = x = y", "c=true", "d="], "--set")
    assert found == {"a": 1e-3, "b": "x = y", "c": True, "d": None}


def test_formulas_are_defused_and_nan_is_empty_in_csv():
    text = csv_text({"a": ["=1+1", "-x", "fine"], "b": [-1.5, float("nan"), 1]})
    assert text == "a,b\n'=1+1,-1.5\n'-x,\nfine,1\n"
