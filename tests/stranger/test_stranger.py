"""A package from outside needs its entry points and nothing else."""

import json

from plugins.fake_distributions import install


def dse(run, *arguments):
    done = run("-m", "dse.cli.main", *arguments)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return done.stdout


def test_the_model_is_listed_with_its_distribution(run_with_stranger):
    found = json.loads(dse(run_with_stranger, "list", "--json"))
    assert {
        "name": "stranger/adder",
        "summary": "Adders side by side, each ripple-carry or look-ahead.",
        "distribution": "dse-stranger",
    } in found["models"]
    assert "stranger/Adder-v0" in [entry["name"] for entry in found["envs"]]


def test_the_model_is_described(run_with_stranger):
    found = json.loads(dse(run_with_stranger, "describe", "stranger/adder", "--json"))
    assert found["default problem"]["designs"] == 128
    assert found["options"][0]["doc"] == "Delay of one gate."


def test_the_searcher_is_described(run_with_stranger):
    assert "Take every n-th design." in dse(run_with_stranger, "describe", "first-come")


def test_a_design_is_evaluated(run_with_stranger):
    # 1000 sums on 10 look-ahead adders: 100 rounds of 20 gate delays of 10 ps
    text = dse(
        run_with_stranger, "evaluate", "stranger/adder", "--set", "adders=10", "--set",
        "style=look-ahead", "--json",
    )  # fmt: skip
    assert json.loads(text)["metrics"] == {"latency_s": 2e-08, "gates": 4800.0}


def test_a_job_with_all_three_runs_to_a_report(run_with_stranger, tmp_path):
    (tmp_path / "job.yaml").write_text(
        "study: s\nmodel: stranger/adder\nworkload: {name: sums, count: 10}\n"
        "search:\n"
        "  - {searcher: first-come, budget: 4, settings: {stride: 2}}\n"
        "  - {searcher: exhaustive}\n"
    )
    text = dse(run_with_stranger, "run", "job.yaml", "--study", "out", "--quiet")
    assert "of 128" in text
    assert (tmp_path / "out" / "report.html").stat().st_size > 100_000
    found = json.loads(dse(run_with_stranger, "show", "out", "--json"))
    assert [run["evaluations"] for run in found["runs"]] == [4, 128]
    # 10 sums: one round needs 10 adders; front from 1 ripple adder to 10 look-ahead ones
    fastest = json.loads(dse(run_with_stranger, "pareto", "out", "--json"))[0]
    assert (fastest["style"], fastest["adders"]) == ("look-ahead", 10)


def test_the_environment_is_there(run_with_stranger):
    done = run_with_stranger(
        "-c",
        "import gymnasium; env = gymnasium.make('dse.envs:stranger/Adder-v0')\n"
        "print(env.reset(seed=0)[0].shape == env.observation_space.shape)",
    )
    assert done.stdout == "True\n", done.stderr


def test_a_broken_neighbour_does_no_harm(run_with_stranger, tmp_path):
    points = {"dse.models": {"broken": "broken_stranger:Model"}}
    install(tmp_path, "broken-stranger", points, {"broken_stranger": "import no_such_thing"})
    # the working directory of `python -m` is on the module path, and so is the broken package
    dse(run_with_stranger, "evaluate", "stranger/adder")
    asked = run_with_stranger("-m", "dse.cli.main", "describe", "broken")
    assert asked.returncode == 2
    assert "of 'broken-stranger' cannot be imported: ModuleNotFoundError" in asked.stderr
    assert "Traceback" not in asked.stderr
