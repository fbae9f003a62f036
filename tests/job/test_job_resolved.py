import json

import pytest

from dse import Choice, DesignSpace, Integer
from dse._yaml import dump_yaml, load_yaml
from dse.job import Job, load_job, searcher_settings

SEARCH = "search: [{searcher: random, budget: 9}]\n"


def facts(problem):
    """Everything a search depends on, in comparable form."""
    constraints = [constraint.text for constraint in problem.constraints]
    model = problem.model
    return problem.space, problem.objectives, constraints, model.workload, model.options


def test_a_good_job_is_read(job_file):
    job = load_job(job_file())
    assert job.spec.study == "toy"
    assert job.spec.search[0].seeds == [0, 1]
    assert job.problem().space.shape == (1, 8, 2, 2)


def test_names_alone_are_enough(job_file):
    path = job_file(text="study: s\nmodel: toy\nworkload: toy-work\nsearch: [{searcher: toy-walk}]")
    assert load_job(path).problem().objective_names == ("latency_s", "area_mm2")


def test_every_default_is_written_out(job_file):
    resolved = load_job(job_file()).resolved()
    assert resolved["workload"] == {"name": "toy-work", "operations": 2048.0, "file": None}
    assert resolved["model"]["options"] == {"memory_energy_j": 2.0}
    assert resolved["space"] == {
        "lanes": [1, 2, 4, 8, 16, 32, 64, 128],
        "banks": [1, 2],
        "frequency_hz": [10**9, 5 * 10**8],
    }
    assert resolved["executor"] == {"kind": "local", "workers": "auto", "address": None}
    assert resolved["limits"]["store_rows"] == 2_000_000


def test_a_search_of_the_whole_space_resolves_to_its_size(job_file):
    search = load_job(job_file()).resolved()["search"][1]
    assert search["budget"] == 32
    assert search["settings"] == {"stride": 1, "order": "down", "horizon": float("inf")}


@pytest.mark.parametrize(
    "copied", [lambda d: json.loads(json.dumps(d)), lambda d: load_yaml(dump_yaml(d), "f").data]
)
def test_a_resolved_job_means_the_same_anywhere(job_file, tmp_path, monkeypatch, copied):
    job = load_job(job_file("frequency_hz: [1 GHz, 500 MHz]", "lanes: {from: 2, to: 64}"))
    monkeypatch.chdir(tmp_path.parent)
    again = Job.from_resolved(copied(job.resolved()))
    assert facts(again.problem()) == facts(job.problem())
    assert again.resolved() == job.resolved()


def test_a_resolved_job_does_not_follow_a_changed_default(job_file, monkeypatch):
    resolved = load_job(job_file()).resolved()
    monkeypatch.setattr("plugins.toy_plugin.Toy.default_space", {"banks": (4,)})
    assert Job.from_resolved(resolved).problem().space["banks"].levels.tolist() == [1, 2]


def test_relative_paths_are_resolved_against_the_job_file(job_file, tmp_path, monkeypatch):
    (tmp_path / "operations é.txt").write_text("99")
    path = job_file("{operations: 2048}", "{file: operations é.txt}")
    for folder in (tmp_path, tmp_path.parent, "/"):
        monkeypatch.chdir(folder)
        job = load_job(path)
        assert job.problem().model.workload.operations == 99.0
        assert job.resolved()["workload"]["file"] == str(tmp_path / "operations é.txt")


def test_very_many_values_of_a_parameter_are_written_as_a_range(job_file, monkeypatch):
    space = DesignSpace((Choice("style", ("slow", "fast")), Integer("banks", 1, 5000)))
    monkeypatch.setattr("plugins.toy_plugin.Toy.space", space)
    path = job_file(text="study: s\nmodel: toy\nspace: {banks: {from: 1, to: 5000}}\n" + SEARCH)
    resolved = load_job(path).resolved()
    assert resolved["space"] == {"style": ["slow", "fast"], "banks": {"from": 1, "to": 5000}}
    assert Job.from_resolved(resolved).problem().space == space


def test_a_word_names_the_executor(job_file):
    job = load_job(job_file("search:", "executor: ray\nsearch:"))
    assert job.resolved()["executor"] == {"kind": "ray", "workers": "auto", "address": None}


def test_settings_become_the_searchers_dataclass(job_file):
    settings = searcher_settings(load_job(job_file()).spec.search[1])
    assert type(settings).__name__ == "ToyWalkSettings"
    assert settings.order == "down"
