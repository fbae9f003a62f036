"""The figures of the model note and of the tutorial, and the example files, are what we compute."""

import csv
from pathlib import Path

import pytest
import yaml

from accel_models.attention.cascade_cost.bindings import CONFIGURATIONS
from accel_models.attention.cascade_cost.model import AttentionCascade
from accel_models.attention.cascade_cost.options import CascadeOptions
from accel_models.attention.options import MIB
from dse import build_problem
from dse.units import format_quantity
from workloads.catalogue import bert

ROOT = Path(__file__).parents[2]
NOTE = (ROOT / "docs" / "models" / "cascade_cost.md").read_text(encoding="utf-8")
TUTORIAL = (ROOT / "docs" / "tutorials" / "your-own-attention.md").read_text(encoding="utf-8")
EXAMPLES = ROOT / "examples"
GOLDEN = ROOT / "tests" / "golden" / "fusemax" / "attention.csv"
BERT_16K = bert(seq_len=16384)


def published(configuration):
    """The published row of BERT at 16K tokens."""
    with GOLDEN.open(encoding="utf-8", newline="") as lines:
        return next(
            row
            for row in csv.DictReader(lines)
            if (row["config"], row["model"], row["seq_len"]) == (configuration, "BERT", "16K")
        )


@pytest.mark.parametrize("configuration", CONFIGURATIONS)
def test_the_note_shows_our_figures_beside_the_published_ones(configuration):
    model = AttentionCascade(BERT_16K, CascadeOptions(preset="published"))
    mib = 16 if configuration in ("architecture", "binding") else 32
    design = {"configuration": configuration, "global_buffer_bytes": mib * MIB}
    ours, theirs = model.evaluate(model.space.parse(design)), published(configuration)
    latency, their_latency = ours["latency_s"], float(theirs["latency_s"])
    traffic, their_traffic = ours["traffic_bytes"] / 1e9, float(theirs["traffic_bytes"]) / 1e9
    energy, their_energy = ours["energy_j"], float(theirs["energy_pj"]) / 1e12
    cells = [latency, latency, their_latency, traffic, their_traffic, energy, their_energy]
    row = " | ".join(f"{cell:#.7g}" for cell in cells)
    assert f"| `{configuration}` | {row} |" in NOTE


def tutorial_block(heading, name):
    """A file that the tutorial writes."""
    text = TUTORIAL.partition(f"cat > {name} <<'EOF'\n")[2].partition("\nEOF")[0]
    assert text, heading
    return text


@pytest.fixture
def files(tmp_path):
    for name in ("sigmoid.yaml", "on_2d.yaml"):
        (tmp_path / name).write_text(tutorial_block("file", name))
    return tmp_path


@pytest.mark.parametrize(
    ("option", "file"), [("cascade_file", "sigmoid.yaml"), ("binding_file", "on_2d.yaml")]
)
def test_the_tutorial_shows_what_is_computed(files, option, file):
    model = AttentionCascade(BERT_16K, CascadeOptions(**{option: files / file}))
    found = model.evaluate(model.space.parse({}))
    shown = TUTORIAL.partition(f"{option}={file}")[2].partition("\n```\n")[2].split("\n```\n")[0]
    for metric in ("latency_s", "energy_j", "util_2d", "util_1d"):
        unit = next(m.unit for m in model.metrics if m.name == metric)
        value = format_quantity(float(found[metric]), unit)
        assert f" {value} " in next(line for line in shown.splitlines() if metric in line)


def test_the_examples_are_the_files_of_the_tutorial():
    for name, example in (("sigmoid", "cascade_sigmoid"), ("on_2d", "cascade_sigmoid_on_2d")):
        shown = yaml.safe_load(tutorial_block("file", f"{name}.yaml"))
        shipped = yaml.safe_load((EXAMPLES / f"{example}.yaml").read_text(encoding="utf-8"))
        different = {key for key in shown if shown[key] != shipped[key]}
        assert different <= {"summary", "cascade"}


def test_the_example_job_poses_a_problem():
    job = yaml.safe_load((EXAMPLES / "cascade_search.yaml").read_text(encoding="utf-8"))
    problem = build_problem(
        model=job["model"]["name"], model_options=job["model"]["options"],
        workload="bert", workload_options={"seq_len": 16384}, space=job["space"],
        objectives=job["objectives"], constraints=job["constraints"], base_folder=EXAMPLES,
    )  # fmt: skip
    assert problem.space.size == 11664
    assert "27 designs of 11,664" in TUTORIAL


def test_the_note_says_how_much_slower_the_rule_is_than_fusemax():
    model = AttentionCascade(BERT_16K, CascadeOptions(cascade="attn_1pass_fusemax"))
    slow, fast = (
        model.evaluate(model.space.parse({"configuration": name}))["latency_s"]
        for name in ("attn_1pass_fusemax", "binding")
    )
    assert round(slow / fast) == 18
    assert "18 times slower" in NOTE
