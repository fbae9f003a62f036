"""Pipelines from YAML: what is read, and one test per message."""

from pathlib import Path

import pytest
from daq_cases import SMALL, changed

from dse.errors import InputError, WorkloadError
from workloads.pipelines.reader import from_str, from_yaml
from workloads.pipelines.schema import Bunches, Gaussian, TriggerRule

EXAMPLE = Path(__file__).parents[2] / "examples" / "workloads" / "daq_lab.yaml"


def refusal(text, **arguments):
    with pytest.raises(InputError) as caught:
        from_str(text, "my.yaml", **arguments)
    return str(caught.value)


def test_senders_come_before_receivers():
    assert [n.name for n in from_str(SMALL).nodes] == ["Eye", "Ear", "Hub", "Gate", "Disk"]


def test_trunk_is_what_everything_passes():
    text = changed("processors:\n", "processors:\n  Side: {to: Gate, link: wire}\n")
    text = text.replace("Ear: {to: Hub", "Ear: {to: Side")
    assert from_str(text).trunk == ("Gate", "Disk")


def test_values_are_si():
    pipeline = from_str(SMALL)
    gate = pipeline.node("Gate")
    assert pipeline.crossing_rate_hz == 1000.0
    assert gate.link.bit_energy_j == 1e-11
    assert gate.link.latency_s == 5e-7
    assert gate.payload_bytes == ((0.0, 1000.0),)
    assert gate.op_energy_j == 1e-3
    assert gate.classifier == Gaussian(skill=3.0, sd=1.0)


def test_a_stage_is_the_front_end_or_the_node_itself():
    pipeline = from_str(SMALL)
    assert [n.stage for n in pipeline.nodes] == ["front end", "front end", "Hub", "Gate", "Disk"]


def test_optional_parts_of_the_example():
    pipeline = from_yaml(file=EXAMPLE)
    trigger, farm = pipeline.node("Trigger"), pipeline.node("Farm")
    assert trigger.buffer.slots == 16
    assert farm.buffer.when_full == "block"
    assert farm.service.law == "exponential"
    assert farm.service.time_per_op_s == 1e-7
    assert farm.operations == (1000.0, 0.5, 1e-5)
    assert pipeline.node("Tracker").front_end.reduction_ratio == 4.0


def test_servers_of_several_units_are_for_the_twin():
    service = "    service: {time: 1 ms, units_per_server: 8, batch_overhead: 20 us}\n"
    found = from_str(changed("    adds: 1 kB\n", service)).node("Gate").service
    assert (found.units_per_server, found.batch_overhead_s) == (8, 2e-5)


def test_bunches_and_rules():
    text = changed(
        "pileup: 1\n", "pileup: 1\nbeam: {orbit_crossings: 10, trains: [[0, 3], [5, 2]]}\n"
    )
    text = text.replace("    adds: 1 kB\n", "    rules: [{accepts: 2, crossings: 25}]\n")
    pipeline = from_str(text)
    assert pipeline.bunches == Bunches(orbit_crossings=10, trains=((0, 3), (5, 2)))
    assert pipeline.node("Gate").rules == (TriggerRule(accepts=2, crossings=25),)


def test_a_payload_may_depend_on_the_pileup():
    text = changed("sends: 3 kB", "sends: {200: 3 kB, 60: 1 kB}")
    assert from_str(text).node("Ear").payload_bytes == ((60.0, 1000.0), (200.0, 3000.0))


def test_front_end_of_all_detectors():
    text = SMALL + "front_end: {reduction_ratio: 2, classifier: {gaussian: {skill: 4}}}\n"
    assert all(node.front_end.reduction_ratio == 2.0 for node in from_str(text).detectors)


def test_own_score_table(tmp_path):
    (tmp_path / "scores.csv").write_text("score,sf_background,sf_signal\n0,1,1\n1,0,0.5\n")
    (tmp_path / "p.yaml").write_text(changed("{gaussian: {skill: 3}}", "{scores: scores.csv}"))
    table = from_yaml(file=tmp_path / "p.yaml").node("Gate").classifier
    assert (table.scores, table.background, table.signal) == ((0, 1), (1, 0), (1, 0.5))


def test_a_file_without_year_is_of_the_year_that_scales_nothing():
    assert from_str(changed("year: 2022\n", "")).year == 2022


def test_arguments_replace_the_file():
    pipeline = from_str(SMALL, pileup=7.0, year=2030)
    assert (pipeline.pileup, pipeline.year) == (7.0, 2030)


GRAPH = {
    "cycle": (
        changed("  Hub: {to: Gate, link: wire}", "  Hub: {to: Loop, link: wire}\n"
                "  Loop: {to: Hub, link: wire}"),
        ["my.yaml:11:3, processors.Hub", "circle: Hub -> Loop -> Hub"],
    ),
    "orphan": (
        changed("processors:\n", "processors:\n  Lost: {to: Gate, link: wire}\n"),
        ["my.yaml:11:3, processors.Lost: nothing sends to Lost", "only detectors"],
    ),
    "several roots": (
        changed("  Disk: {}", "  Disk: {}\n  Tape: {}").replace("Ear: {to: Hub", "Ear: {to: Tape"),
        ["my.yaml:23:3, storage.Tape: Tape is a second end", "besides Disk"],
    ),
    "unknown target": (
        changed("Ear: {to: Hub", "Ear: {to: Hob"),
        ["my.yaml:9:3, detectors.Ear: Ear sends to 'Hob'", "Did you mean 'Hub'?"],
    ),
    "no node, nor a hint at itself": (
        changed("    to: Disk", "    to: Gaet"),
        ["triggers.Gate: Gate sends to 'Gaet', which is no node.\n  allowed: Hub, Disk"],
    ),
    "no storage": (
        SMALL[: SMALL.index("storage:")],
        ["my.yaml:13:3, triggers.Gate: the pipeline has no storage; Gate sends to 'Disk'",
         "add `storage: {Disk: {}}`"],
    ),
    "a circle, and no storage": (
        SMALL[: SMALL.index("storage:")].replace("    to: Disk", "    to: Hub"),
        ["triggers.Gate: the pipeline has no storage; Gate sends to 'Hub'"],
    ),
    "a detector that receives": (
        changed("Ear: {to: Hub", "Ear: {to: Eye"),
        ["my.yaml:9:3, detectors.Ear: Ear sends to the detector Eye"],
    ),
    "no detector": (
        SMALL[: SMALL.index("detectors:")] + "storage: {Disk: {}}\n",
        ["the pipeline has no detector"],
    ),
    "two names alike": (
        changed("  Ear: {", "  EYE: {"),
        ["my.yaml:9:3, detectors.EYE: EYE has the same name as another node, Eye"],
    ),
}  # fmt: skip

VALUES = {
    "a number without unit": (
        changed("sends: 1 kB", "sends: 1000"),
        ["my.yaml:8:18, detectors.Eye.sends: 1000 has no unit", "such as `1.44 MB`"],
    ),
    "another dimension": (
        changed("sends: 1 kB", "sends: 1 kHz"),
        ["detectors.Eye.sends: '1 kHz' is a frequency, but this is an amount of data"],
    ),
    "energy without its bit": (
        changed("energy: 10 pJ/bit", "energy: 10 pJ"),
        ["my.yaml:6:10, links.wire.energy: '10 pJ' is not in J/bit"],
    ),
    "negative": (changed("500 ns", "-500 ns"), ["links.wire.latency: '-500 ns' is negative"]),
    "impossible ratio": (
        changed("reduction_ratio: 10", "reduction_ratio: 0.5"),
        ["my.yaml:17:5, triggers.Gate.reduction_ratio: 0.5 is out of range", "a number >= 1"],
    ),
    "a ratio beyond all measure": (
        changed("reduction_ratio: 10", "reduction_ratio: 1.0e+30"),
        ["triggers.Gate.reduction_ratio: 1e+30 is out of range", "a number >= 1 and <= 1e+09"],
    ),
    "no ratio": (
        changed("    reduction_ratio: 10\n", ""),
        ["my.yaml:13:3, triggers.Gate: Gate lacks 'reduction_ratio'"],
    ),
    "no classifier": (
        changed("    classifier: {gaussian: {skill: 3}}\n", ""),
        ["triggers.Gate: Gate lacks 'classifier'"],
    ),
    "unknown classifier": (
        changed("{gaussian: {skill: 3}}", "{cut: 3}"),
        ["triggers.Gate.classifier", "is not a classifier"],
    ),
    "Gaussian without skill": (
        changed("{gaussian: {skill: 3}}", "{gaussian: {sd: 3}}"),
        ["triggers.Gate.classifier: no Gaussian"],
    ),
    "unknown table": (
        changed("{gaussian: {skill: 3}}", "{scores: cms-l2}"),
        ["unknown score table 'cms-l2'. Did you mean 'cms-l1'?"],
    ),
    "missing table": (
        changed("{gaussian: {skill: 3}}", "{scores: none.csv}"),
        ["triggers.Gate.classifier", "no such file"],
    ),
    "unknown link": (
        changed("Hub: {to: Gate, link: wire}", "Hub: {to: Gate, link: wyre}"),
        ["my.yaml:11:19, processors.Hub.link: unknown link 'wyre'. Did you mean 'wire'?"],
    ),
    "unknown key": (
        changed("    adds: 1 kB", "    add: 1 kB"),
        ["my.yaml:16:5, triggers.Gate: unknown key 'add'. Did you mean 'adds'?"],
    ),
    "unknown power": (
        changed("operations: {bytes: 1}", "operations: {byte: 1}"),
        ["triggers.Gate.operations: unknown term 'byte'. Did you mean 'bytes'?"],
    ),
    "no law": (
        changed("operations: {bytes: 1}", "operations: 7"),
        ["triggers.Gate.operations: 7 is not a complexity law"],
    ),
    "unknown option": (
        changed("    adds: 1 kB", "    steps: serail"),
        ["triggers.Gate.steps: 'serail' is not an option. Did you mean 'serial'?"],
    ),
    "not a count": (
        changed("    adds: 1 kB", "    servers: 1.5"),
        ["triggers.Gate.servers: 1.5 is not a count", "a whole number from 1"],
    ),
    "not a number": (changed("pileup: 1", "pileup: many"), ["pileup: 'many' is not a number"]),
    "not a pileup": (
        changed("sends: 3 kB", "sends: {high: 3 kB}"),
        ["detectors.Ear.sends: 'high' is not a pileup"],
    ),
    "no amount": (changed("sends: 3 kB", "sends: {}"), ["detectors.Ear.sends: no amount of data"]),
    "not a name": (changed("name: small", "name: 7"), ["name: 7 is not a name"]),
    "not a truth value": (
        SMALL + "front_end: {reduction_ratio: 2, classifier: {gaussian: {skill: 4}}, enabled: 1}\n",
        ["front_end.enabled: 1 is not a truth value"],
    ),
    "front end without ratio": (
        SMALL + "front_end: {classifier: {gaussian: {skill: 4}}}\n",
        ["my.yaml:23:1, front_end: the front end lacks 'reduction_ratio'"],
    ),
    "link without energy": (
        changed("{energy: 10 pJ/bit, latency: 500 ns}", "{latency: 500 ns}"),
        ["my.yaml:6:3, links.wire: wire lacks 'energy'"],
    ),
    "rules are no list": (
        changed("    adds: 1 kB", "    rules: 3"),
        ["my.yaml:16:5, triggers.Gate.rules: no list"],
    ),
    "no mapping": (changed("Eye: {to: Hub, sends: 1 kB, link: wire}", "Eye: 3"), ["no mapping"]),
    "no bunches": (SMALL + "beam: {trains: []}\n", ["my.yaml:23:1, beam: no bunches"]),
    "train out of the orbit": (
        SMALL + "beam: {orbit_crossings: 10, trains: [[8, 3]]}\n",
        ["my.yaml:23:1, beam: [8, 3] leaves the orbit"],
    ),
    "no train": (
        SMALL + "beam: {orbit_crossings: 10, trains: [7]}\n",
        ["my.yaml:23:1, beam: 7 is no train"],
    ),
    "more relevant events than crossings": (
        SMALL + "relevant_rate: 2 kHz\n",
        ["my.yaml:23:1, relevant_rate: relevant events come more often", "at most 1000 Hz"],
    ),
    "faster than the crossings": (
        changed("sends: 3 kB", "sends: 3 kB, rate: 2 kHz"),
        ["my.yaml:9:3, detectors.Ear: Ear samples more often than there are crossings"],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("text", "parts"), (GRAPH | VALUES).values(), ids=GRAPH | VALUES)
def test_message(text, parts):
    message = refusal(text)
    for part in parts:
        assert part in message


def test_all_faults_are_reported_at_once():
    text = changed("sends: 1 kB", "sends: 1000").replace("pileup: 1", "pileup: -1")
    message = refusal(text)
    assert "1000 has no unit" in message
    assert "-1 is out of range" in message


def test_not_a_mapping():
    assert "this is not the description of a pipeline" in refusal("[1, 2]")


def test_missing_file(tmp_path):
    with pytest.raises(InputError, match="no such file"):
        from_yaml(file=tmp_path / "none.yaml")


def test_unknown_node():
    with pytest.raises(WorkloadError, match="no node 'Nose'"):
        from_str(SMALL).node("Nose")


SCORES = {
    "missing column": ("score,sf_signal\n0,1\n", ":1: column 'sf_background' is missing"),
    "no number": ("score,sf_background,sf_signal\n0,x,1\n", ":2: sf_background = 'x'"),
    "no probability": (
        "score,sf_background,sf_signal\n0,1,1.5\n",
        ":2: sf_signal = 1.5 is outside 0 to 1\n  allowed: the share of the events",
    ),
    "scores not ascending": (
        "score,sf_background,sf_signal\n0,1,1\n0,1,1\n",
        ":3: the score 0 does not ascend\n  allowed: a score above the 0",
    ),
    "survival ascending": (
        "score,sf_background,sf_signal\n0,.5,1\n1,.6,1\n",
        ":3: sf_background ascends from 0.5 to 0.6\n  allowed: a share that falls",
    ),
    "swapped": (
        "score,sf_background,sf_signal\n0,1,1\n1,.9,.02\n2,.3,0\n",
        "worse than the background everywhere\n  allowed: sf_signal above",
    ),
    "too few": ("score,sf_background,sf_signal\n0,1,1\n", "too few scores"),
}


@pytest.mark.parametrize(("content", "part"), SCORES.values(), ids=SCORES)
def test_bad_score_table(tmp_path, content, part):
    (tmp_path / "scores.csv").write_text(content)
    text = changed("{gaussian: {skill: 3}}", "{scores: scores.csv}")
    message = refusal(text, folder=tmp_path)
    assert "scores.csv" in message
    assert part in message


def test_a_signal_that_is_worse_in_places_is_somebodys_classifier(tmp_path):
    (tmp_path / "scores.csv").write_text("score,sf_background,sf_signal\n0,1,1\n1,.5,.4\n2,.1,.3\n")
    text = changed("{gaussian: {skill: 3}}", "{scores: scores.csv}")
    assert from_str(text, folder=tmp_path).node("Gate").classifier.signal == (1, 0.4, 0.3)
