import json
import re

import pytest
from plugins.fake_distributions import install


def test_list_shows_every_kind(dse):
    code, out, _ = dse("list")
    assert code == 0
    assert [line for line in out.splitlines() if line and not line.startswith(" ")] == [
        "models", "workloads", "searchers", "envs", "formats",
    ]  # fmt: skip


def test_list_shows_name_distribution_and_summary(dse):
    assert "  toy-walk    toy-package  Walks through the space in index order." in dse("list")[1]


def test_list_of_one_kind(dse):
    assert dse("list", "envs")[1].startswith("envs\n")


def test_list_as_json(dse):
    found = json.loads(dse("list", "models", "--json")[1])
    toy = {"name": "toy", "summary": "A toy accelerator.", "distribution": "toy-package"}
    assert toy in found["models"]


def test_list_of_an_unknown_kind(dse):
    code, _, err = dse("list", "animals")
    assert code == 2
    assert "'animals' is not one of" in err


@pytest.mark.parametrize(
    "text",
    [
        "A toy accelerator.\n\nTwo objectives, 256 designs.",
        "  environment  dse-test/ToyPlugin-v0",
        "  designs     128",
        "  objectives  latency_s: min, area_mm2: min",
        "  frequency_hz  Hz    1 GHz    clock    Clock           1 GHz, 500 MHz, 2 GHz, 250 MHz",
        "  energy_j   J     Energy for all operations  compute + memory",
        "  memory_energy_j  2.0      a number",
        "infeasibilities\n  the fast style needs at least two lanes",
    ],
)
def test_a_model_is_described_in_full(dse, text):
    code, out, _ = dse("describe", "toy")
    assert code == 0
    assert text in out


def test_the_default_space_lists_every_parameter(dse):
    space = json.loads(dse("describe", "toy", "--json")[1])["default space"]
    assert list(space) == ["style", "lanes", "banks", "frequency_hz"]
    assert space["banks"] == "1, 2"


def test_a_default_of_none_shows_what_the_model_takes_in_its_place(dse):
    options = json.loads(dse("describe", "attention/fusemax", "--json")[1])["options"]
    defaults = {option["name"]: option["default"] for option in options}
    assert defaults["rf_accounting"] == "physical"
    assert defaults["components"] is None


@pytest.mark.parametrize(
    "text",
    [
        "gymnasium.make('dse-test/ToyPlugin-v0')",
        "  model           toy",
        "  multi_discrete  one-shot     MultiDiscrete([2 8 2 4]) ",
        "  objective  2       log10(value / reference) / 6",
        "  log_sum      Minus the weighted mean of the log-ratios",
        "  episode         16 steps by default",
    ],
)
def test_an_environment_is_described(dse, text):
    code, out, _ = dse("describe", "dse-test/ToyPlugin-v0")
    assert code == 0
    assert text in out


def test_an_unknown_environment_gets_a_hint(dse):
    assert "Did you mean 'dse/FuseMax-v0'?" in dse("describe", "dse/FuseMax-v1")[2]
    assert "Did you mean 'dse/FuseMax-v0'?" in dse("describe", "dse/FuseMx-v0", "--kind", "envs")[2]


def test_a_plugin_whose_file_is_gone_is_listed_as_such(dse, tmp_path, monkeypatch):
    points = {"dse.models": {"gone": "no_such_module:Gone", "lost": "dse.no_such_file:Lost"}}
    monkeypatch.syspath_prepend(install(tmp_path, "leftover", points))
    out = dse("list", "models")[1]
    assert "cannot be imported: no module named 'no_such_module'" in out
    assert "cannot be imported: no module named 'dse.no_such_file'" in out


def test_a_model_is_described_for_a_workload(dse):
    found = json.loads(dse("describe", "toy", "--workload", "toy-work:operations=7", "--json")[1])
    assert found["workload"] == "toy-work:operations=7"
    assert found["parameters"][1]["levels"] == [1, 2, 4, 8, 16, 32, 64, 128]


def test_a_workload_is_described(dse):
    out = dse("describe", "toy-work")[1]
    assert "Some operations.\n" in out
    assert "operations 1024.0 a number How many operations to run." in " ".join(out.split())


def test_a_required_parameter_is_marked(dse):
    found = json.loads(dse("describe", "huggingface", "--json")[1])
    assert [p["required"] for p in found["parameters"] if p["name"] == "file"] == [True]
    assert "required" in dse("describe", "huggingface")[1]


def test_a_searcher_is_described(dse):
    found = json.loads(dse("describe", "toy-walk", "--json")[1])
    assert found["settings"][1] == {
        "name": "order",
        "default": "up",
        "required": False,
        "values": "up, down",
        "doc": "Where to start.",
    }


def test_an_unknown_name_gets_a_hint(dse):
    code, _, err = dse("describe", "toi-walk")
    assert code == 2
    assert "nothing is called 'toi-walk'. Did you mean 'toy-walk'?" in err


def test_a_name_of_two_kinds_needs_the_kind(dse, tmp_path, monkeypatch):
    points = {"dse.workloads": {"random": "plugins.toy_plugin:toy_work"}}
    monkeypatch.syspath_prepend(install(tmp_path, "doubles", points))
    assert "allowed: --kind workloads, --kind searchers" in dse("describe", "random")[2]
    assert "Some operations." in dse("describe", "random", "--kind", "workloads")[1]


# -- sensitivity -----------------------------------------------------------------------------------


def test_sensitivity_tells_spans_shares_and_dead_parameters(dse):
    code, out, _ = dse("describe", "toy", "--sensitivity")
    assert code == 0
    assert re.search(r"lanes +8 of 8 levels +- +- +\d+", out)
    assert re.search(r"energy_j +memory [\d.]+ %, compute [\d.]+ %", out)
    assert "without effect at this design" in out


def test_sensitivity_around_another_design(dse):
    _, out, _ = dse("describe", "toy", "--sensitivity", "--set", "lanes=2")
    assert re.search(r"lanes +2\n", out)


def test_sensitivity_as_json_has_every_metric(dse):
    found = json.loads(dse("describe", "toy", "--sensitivity", "--json")[1])
    (lanes,) = (entry for entry in found["sensitivity"] if entry["parameter"] == "lanes")
    assert set(lanes["span"]) == {"latency_s", "energy_j", "area_mm2"}


def test_sensitivity_of_an_environment_is_that_of_its_model(dse):
    assert "without effect" in dse("describe", "dse-test/ToyPlugin-v0", "--sensitivity")[1]


def test_sensitivity_of_something_without_parameters(dse):
    code, _, err = dse("describe", "toy-walk", "--sensitivity")
    assert code == 2
    assert "'toy-walk' has no parameters to vary" in err


def test_sensitivity_around_a_design_that_cannot_work(dse):
    code, _, err = dse(
        "describe", "toy", "--sensitivity", "--set", "style=fast", "--set", "lanes=1"
    )
    assert code == 2
    assert "the design cannot work: the fast style needs at least two lanes" in err


def test_a_design_without_sensitivity_is_a_mistake(dse):
    code, _, err = dse("describe", "toy", "--set", "lanes=2")
    assert code == 2
    assert "--set without --sensitivity" in err
