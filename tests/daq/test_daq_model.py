"""The analytical pipeline model: by hand, in the limits, and what always holds."""

import math
from dataclasses import replace

import numpy as np
import pytest
from daq_cases import SMALL, changed, cms_model, evaluated, model_of
from hypothesis import given, settings
from hypothesis import strategies as st

from accel_models.daq.outcome import Contingency
from accel_models.daq.pipeline import DAQPipeline, PipelineOptions
from dse._ops import FLOATS
from dse.errors import InputError
from workloads.pipelines.reader import from_str


@pytest.fixture(scope="module")
def found():
    """The small pipeline: 1000 crossings/s, 100 of them relevant, 1 in 10 stored."""
    return evaluated(model_of(), breakdown=True)


def test_power_of_the_trigger(found):
    # 1 kB + 3 kB + 1 kB added = 5000 B = 5000 ops; 5 J per message; 1000 messages/s
    assert found["power_w.gate"] == pytest.approx(5000.0, rel=1e-12)


def test_power_of_links(found):
    # 8 bit * 10 pJ/bit * bytes * messages/s
    assert found["power_w.eye_link"] == pytest.approx(8e-11 * 1000 * 1000, rel=1e-12)
    assert found["power_w.hub_link"] == pytest.approx(8e-11 * 4000 * 1000, rel=1e-12)
    assert found["power_w.gate_link"] == pytest.approx(8e-11 * 5000 * 100, rel=1e-12)


def test_rates(found):
    assert found["trigger_rate_hz"] == pytest.approx(100.0, rel=1e-12)
    assert found["stored_rate_hz"] == pytest.approx(100.0, rel=1e-12)
    assert found["event_builder_bytes_per_s"] == pytest.approx(5000 * 100, rel=1e-12)


def test_quality_is_the_decision(found):
    # as many are stored as are relevant: precision = recall = F1 = S1(t)
    model = model_of()
    signal = model.states(model.space.parse({}), FLOATS).states["Gate"].decision.signal
    assert found["precision"] == pytest.approx(signal, rel=1e-12)
    assert found["recall"] == pytest.approx(signal, rel=1e-12)
    assert found["f1"] == pytest.approx(signal, rel=1e-12)


def test_productivity(found):
    assert found["productivity"] == pytest.approx(found["f1"] * 100 / found["power_w"], rel=1e-12)
    assert found["relevant_sample_energy_j"] == pytest.approx(1 / found["productivity"])
    true_positives = found["recall"] * 100
    assert found["true_positive_energy_j"] == pytest.approx(found["power_w"] / true_positives)


def test_energy_per_event(found):
    assert found["stored_event_energy_j"] == pytest.approx(5.0, rel=1e-12)
    assert found["rejected_event_energy_j"] == pytest.approx(5.0, rel=1e-12)


def test_latency(found):
    # 1 ns per node and 500 ns per link: Eye 1, Hub 502, Gate 1003, Disk 1504
    assert found["trigger_latency_s"] == pytest.approx(1003e-9, rel=1e-12)
    assert found["latency_s"] == pytest.approx(1504e-9, rel=1e-12)


def test_serial_work_takes_its_operations():
    text = changed("    adds: 1 kB", "    adds: 1 kB\n    steps: serial\n    op_time: 2 ns")
    # Gate: 5000 ops of 2 ns after Hub at 502 ns and a link of 500 ns
    assert evaluated(model_of(text))["trigger_latency_s"] == pytest.approx(11002e-9, rel=1e-12)


def with_service(service, more=""):
    """The small pipeline whose Gate has this service time."""
    return changed("    adds: 1 kB\n", f"    adds: 1 kB\n    service: {service}\n{more}")


def test_latency_holds_the_service_time():
    # Gate: 1 ms + 5000 ops of 200 ns after Hub at 502 ns and a link of 500 ns; then a link, 1 ns
    found = evaluated(model_of(with_service("{time: 1 ms, time_per_op: 200 ns/op}")))
    assert found["trigger_latency_s"] == pytest.approx(2e-3 + 1002e-9, rel=1e-12)
    assert found["latency_s"] == pytest.approx(2e-3 + 1503e-9, rel=1e-12)


def test_a_pipelined_node_is_free_before_it_is_done():
    # a message every 20 ns, each in the node for 3 us
    found = evaluated(model_of(with_service("{time: 20 ns}", "    op_time: 3 us\n")))
    assert found["trigger_latency_s"] == pytest.approx(3e-6 + 1002e-9, rel=1e-12)


def test_an_event_of_cms_keeps_a_core_for_seconds():
    # 9.2 s of HLT at pileup 200; L1 has decided after 900 ns twice, 1 us and two nodes of 1 ns
    found = evaluated(cms_model())
    assert found["latency_s"] == pytest.approx(9.236, rel=1e-3)
    assert found["trigger_latency_s"] == pytest.approx(2802e-9, rel=1e-12)


def test_data_that_wait_for_the_trigger(found):
    assert found["trigger_buffer_bytes"] == pytest.approx(4000 * 1000 * 1003e-9, rel=1e-12)


def test_dead_fraction():
    # 0.1 accepts per crossing, 4 crossings blocked: 0.4 / 1.4
    found = evaluated(model_of(), gate_dead_crossings=4)
    assert found["dead_fraction"] == pytest.approx(0.4 / 1.4, rel=1e-12)


def test_units_and_cost():
    # 1000/s * (1 ms + 5000 * 200 ns) / 0.8 = 2.5 units
    text = with_service("{time: 1 ms, time_per_op: 200 ns/op}", "    unit_price: 70\n")
    found = evaluated(model_of(text))
    assert (found["units"], found["cost"]) == (3.0, 210.0)


def test_servers_of_the_pipeline_are_kept():
    found = evaluated(model_of(changed("    adds: 1 kB", "    adds: 1 kB\n    servers: 4")))
    assert found["units"] == 4.0


def test_relevant_rate_is_a_parameter_of_its_own():
    # 10 relevant events of 1000, 100 stored: recall can be high, precision at most 0.1
    found = evaluated(model_of(), relevant_rate_hz="10 Hz")
    assert found["precision"] == pytest.approx(found["recall"] * 10 / 100, rel=1e-12)


def test_a_ratio_does_not_redefine_relevance_once_the_rate_is_given():
    model = model_of()
    recalls = [
        evaluated(model, relevant_rate_hz=50.0, gate_reduction_ratio=r)["recall"] for r in (5, 10)
    ]
    assert recalls[0] > recalls[1]


def test_payload_between_two_pileups():
    text = changed("sends: 3 kB", "sends: {0: 1 kB, 2: 3 kB, 4: 9 kB}")
    model = model_of(text)
    for pileup, ear in ((0, 1000), (1, 2000), (2, 3000), (3, 6000), (4, 9000)):
        bytes_per_s = evaluated(model, pileup=pileup)["event_builder_bytes_per_s"]
        assert bytes_per_s == pytest.approx((2000 + ear) * 100, rel=1e-12)


def test_offloaded_work_counts_less():
    text = changed("    adds: 1 kB", "    adds: 1 kB\n    offload: {speedup: 4, share: 0.5}")
    found = evaluated(model_of(text), breakdown=True)
    assert found["power_w.gate"] == pytest.approx(5000.0 * (0.5 + 0.125), rel=1e-12)


# -- filters in the front end --------------------------------------------------------------------

FILTER = """
front_end:
  reduction_ratio: 2
  classifier: {gaussian: {skill: 9}}
  operations: {bytes: 2}
  energy_per_op: 1 mJ/op
"""


@pytest.fixture(scope="module")
def filtered():
    """The small pipeline whose Ear sends one crossing in two."""
    return evaluated(model_of(SMALL + FILTER), breakdown=True, ear_filter="on")


def test_filters_that_differ_keep_their_own_ratio():
    eye = "sends: 1 kB, front_end: {reduction_ratio: 5, classifier: {gaussian: {skill: 9}}}"
    model = model_of(changed("sends: 1 kB", eye) + FILTER)
    found = evaluated(model, breakdown=True, ear_filter="on", eye_filter="on")
    assert "front_end_reduction_ratio" not in model.space.names
    assert found["power_w.ear_link"] == pytest.approx(8e-11 * 3000 * 500, rel=1e-12)
    assert found["power_w.eye_link"] == pytest.approx(8e-11 * 1000 * 200, rel=1e-12)


def test_a_filter_that_the_pipeline_has_switched_on():
    text = SMALL + FILTER + "  enabled: true\n"
    found = evaluated(model_of(text, tuned_detectors=0), breakdown=True)
    assert found["power_w.ear_link"] == pytest.approx(8e-11 * 3000 * 500, rel=1e-12)


def test_a_filter_halves_the_data_of_its_detector(filtered):
    assert filtered["power_w.ear_link"] == pytest.approx(8e-11 * 3000 * 500, rel=1e-12)


def test_events_are_built_from_what_is_left(filtered):
    assert filtered["power_w.hub_link"] == pytest.approx(8e-11 * 2500 * 1000, rel=1e-12)


def test_a_filter_costs_its_own_work(filtered):
    assert filtered["power_w.ear"] == pytest.approx(3000 * 2 * 1e-3 * 1000, rel=1e-12)


def test_a_perfect_filter_loses_nothing(filtered, found):
    # skill 9: every relevant crossing is among the half that is sent
    assert filtered["recall"] == pytest.approx(found["recall"], rel=1e-6)


def test_accepted_events_are_richer_in_data(filtered):
    # relevant events keep Ear's 3 kB, false ones lose 500 of 900 of it: 1 + 1 + 3 kB * mean
    f1 = filtered["recall"]
    mean = f1 * 1.0 + (1 - f1) * 400 / 900
    expected = 8e-11 * (2000 + 3000 * mean) * 100
    assert filtered["power_w.gate_link"] == pytest.approx(expected, rel=1e-6)


def test_relevant_events_without_a_part_of_their_data_are_lost():
    text = SMALL + FILTER.replace("skill: 9", "skill: 1")
    whole, less = (evaluated(model_of(text), ear_filter=f) for f in ("off", "on"))
    assert less["recall"] < whole["recall"]
    assert less["stored_rate_hz"] == pytest.approx(whole["stored_rate_hz"], rel=1e-12)


def test_a_filter_that_passes_everything_changes_nothing_but_its_work(found):
    text = SMALL + FILTER.replace("reduction_ratio: 2", "reduction_ratio: 1")
    same = evaluated(model_of(text), breakdown=True, ear_filter="on", eye_filter="on")
    assert same["f1"] == found["f1"]
    assert same["power_w.gate"] == found["power_w.gate"]


def test_a_trigger_in_a_branch_drops_the_data_of_the_branch():
    text = changed("  Ear: {to: Hub", "  Ear: {to: Veto")
    decision = "reduction_ratio: 2, classifier: {gaussian: {skill: 9}}"
    veto = f"triggers:\n  Veto: {{to: Hub, link: wire, {decision}}}\n"
    found = evaluated(model_of(text.replace("triggers:\n", veto)), breakdown=True)
    assert found["power_w.veto_link"] == pytest.approx(8e-11 * 3000 * 500, rel=1e-12)
    assert found["trigger_rate_hz"] == pytest.approx(100.0, rel=1e-12)


def test_events_that_no_detector_sends_are_lost():
    # both filters keep 1 in 2 independently of each other: of the background 1 - (5/9)^2 is left
    text = SMALL + FILTER
    found = evaluated(model_of(text), breakdown=True, ear_filter="on", eye_filter="on")
    background = 900 * (1 - (5 / 9) ** 2)
    assert found["trigger_rate_hz"] == pytest.approx((background + 100) / 10, rel=1e-6)


def test_a_detector_that_samples_every_second_crossing():
    found = evaluated(model_of(changed("sends: 3 kB", "sends: 3 kB, rate: 500 Hz")), breakdown=True)
    assert found["power_w.ear_link"] == pytest.approx(8e-11 * 3000 * 500, rel=1e-12)
    assert found["power_w.hub_link"] == pytest.approx(8e-11 * 2500 * 1000, rel=1e-12)


# -- the options ---------------------------------------------------------------------------------


def test_integer_counts():
    # 1000 / 30 = 33.3 relevant; cut to 33 and 966
    text = changed("reduction_ratio: 10", "reduction_ratio: 30")
    found = evaluated(model_of(text, integer_counts=True))
    assert found["stored_rate_hz"] == int(found["stored_rate_hz"])
    assert found["recall"] * 33 == pytest.approx(round(found["recall"] * 33), abs=1.1)


def test_scaling_by_density_is_the_default():
    powers = [evaluated(model_of(), year=year)["power_w"] for year in (2022, 2032)]
    assert powers[0] / powers[1] == pytest.approx(6.499570514, rel=1e-9)


def test_scaling_by_energy_efficiency():
    model = model_of(technology="energy")
    powers = [evaluated(model, year=year)["power_w"] for year in (2022, 2031, 2037)]
    assert powers[0] / powers[1] == pytest.approx(1.79, rel=1e-12)
    assert powers[0] / powers[2] == pytest.approx(2.03, rel=1e-12)


def test_no_scaling():
    assert evaluated(model_of(technology="none"), year=2037)["power_w"] > 5000.0


def test_links_need_not_profit_from_technology():
    found = evaluated(model_of(scale_links=False), breakdown=True, year=2032)
    assert found["power_w.eye_link"] == pytest.approx(8e-5, rel=1e-12)
    assert found["power_w.gate"] == pytest.approx(5000 / 6.499570514, rel=1e-9)


def test_last_ratio_may_follow_from_the_first():
    model = DAQPipeline(cms_model().workload, PipelineOptions(total_reduction="constant"))
    assert "hlt_reduction_ratio" not in model.space.names
    found = evaluated(model, l1_reduction_ratio=400)
    assert found["stored_rate_hz"] == pytest.approx(40e6 / 5330, rel=1e-9)


BAD_OPTIONS = {
    "technology": ({"technology": "densty"}, "Did you mean 'density'"),
    "total_reduction": ({"total_reduction": "fixed"}, "option total_reduction = 'fixed'"),
    "utilisation": ({"utilisation": 0.0}, "option utilisation = 0.0"),
    "tuned_detectors": ({"tuned_detectors": -1}, "option tuned_detectors = -1"),
}


@pytest.mark.parametrize(("options", "part"), BAD_OPTIONS.values(), ids=BAD_OPTIONS)
def test_bad_option(options, part):
    with pytest.raises(InputError, match=part):
        PipelineOptions(**options)


def test_one_trigger_has_no_second_to_follow():
    with pytest.raises(InputError, match="no two triggers"):
        model_of(total_reduction="constant")


def test_too_many_parameters():
    with pytest.raises(InputError, match="at most 32"):
        DAQPipeline(cms_model().workload, PipelineOptions(tuned_detectors=19))


# -- limits --------------------------------------------------------------------------------------


def test_without_a_trigger_everything_is_stored():
    text = SMALL[: SMALL.index("triggers:")] + "storage: {Disk: {}}\n"
    found = evaluated(model_of(text.replace("to: Gate", "to: Disk")))
    assert found["stored_rate_hz"] == 1000.0
    assert found["f1"] == 1.0
    assert found["dead_fraction"] == 0.0
    assert found["event_builder_bytes_per_s"] == 4000 * 1000


def test_nothing_relevant_is_stored():
    # no relevant event survives the cut to integers
    text = changed("reduction_ratio: 10", "reduction_ratio: 1000").replace("skill: 3", "skill: 0")
    model = model_of(text, integer_counts=True)
    found = evaluated(model)
    assert not found["feasible"]
    assert model.reasons[found["reason"]] == "no relevant event is stored"
    assert math.isnan(found["power_w"])


def reason(model, **values):
    found = evaluated(model, **values)
    assert found["feasible"] == (found["reason"] == 0)
    return model.reasons[found["reason"]]


def test_a_link_that_carries_too_much():
    # Hub sends 4 kB of each of 1000 crossings: 4 MB/s
    def limited(bandwidth):
        wide = changed("links:\n", "links:\n  slow: {energy: 10 pJ/bit, BANDWIDTH}\n").replace(
            "Hub: {to: Gate, link: wire}", "Hub: {to: Gate, link: slow}"
        )
        return model_of(wide.replace("BANDWIDTH", f"bandwidth: {bandwidth}"))

    assert reason(limited("3.9 MB/s")) == "a link carries more than its bandwidth"
    assert not reason(limited("4 MB/s"))


def test_a_link_is_relieved_by_the_trigger_before_it():
    # Gate sends 5 kB of 1000/s over its ratio, and its link carries 1 MB/s
    text = changed("links:\n", "links:\n  slow: {energy: 1 pJ/bit, bandwidth: 1 MB/s}\n")
    text = text.replace("    to: Disk\n    link: wire", "    to: Disk\n    link: slow")
    model = model_of(text)
    ratios = np.array([4.0, 4.9, 5.1, 10.0])
    found = model.evaluate(model.space.parse({}) | {"gate_reduction_ratio": ratios})
    assert found["feasible"].tolist() == [False, False, True, True]


def test_a_pipeline_without_energy_has_no_productivity():
    text = changed("energy: 10 pJ/bit", "energy: 0 J/bit").replace("1 mJ/op", "0 J/op")
    assert reason(model_of(text)).startswith("nothing uses any energy")


def test_parameters_of_filters_say_when_they_matter():
    space = model_of(SMALL + FILTER).space
    for name in ("front_end_reduction_ratio", "front_end_skill"):
        assert "has an effect with a filter on" in space[name].doc


def test_power_of_a_pipeline_without_year_is_not_scaled():
    text = changed("year: 2022\n", "")
    assert evaluated(model_of(text))["power_w"] == evaluated(model_of())["power_w"]


RATIOS = st.tuples(st.floats(2.0, 500.0), st.floats(2.0, 500.0))
CMS = {
    letter: cms_model(l1_classifier=l1, hlt_classifier=hlt)
    for letter, l1, hlt in (
        ("A", "table", "gaussian"), ("B", "table", "table"), ("C", "gaussian", "gaussian"),
    )
}  # fmt: skip


@pytest.mark.parametrize("letter", CMS)
@settings(max_examples=40)
@given(ratios=RATIOS, pileup=st.floats(60, 200))
def test_precision_recall_and_f1_agree_when_ratios_are_met(letter, ratios, pileup):
    found = evaluated(
        CMS[letter], l1_reduction_ratio=ratios[0], hlt_reduction_ratio=ratios[1], pileup=pileup
    )
    assert found["precision"] == pytest.approx(found["recall"], rel=1e-9)
    assert found["f1"] == pytest.approx(found["recall"], rel=1e-9)
    assert found["stored_rate_hz"] == pytest.approx(40e6 / ratios[0] / ratios[1], rel=1e-9)
    assert 0.0 < found["f1"] < 1.0


@settings(max_examples=30)
@given(ratio=st.floats(10, 400), factor=st.floats(1.01, 2.0))
def test_rejecting_more_saves_power(ratio, factor):
    model = CMS["C"]
    power = [evaluated(model, l1_reduction_ratio=r)["power_w"] for r in (ratio, ratio * factor)]
    assert power[1] < power[0]


@settings(max_examples=30)
@given(data=st.floats(0.1, 1.9), gain=st.floats(0.01, 0.1))
def test_more_data_cost_power_and_no_quality(data, gain):
    model = CMS["C"]
    less, more = (evaluated(model, hgcal_data_factor=d) for d in (data, data + gain))
    assert more["power_w"] > less["power_w"]
    assert more["f1"] == less["f1"]


@settings(max_examples=30)
@given(st.integers(0, 2**32 - 1))
def test_parts_sum_to_totals(seed):
    model = CMS["A"]
    design = {k: float(v[0]) for k, v in model.space.sample(1, np.random.default_rng(seed)).items()}
    found = model.evaluate(design, breakdown=True)
    for metric in model.metrics:
        if metric.parts:
            parts = math.fsum(found[f"{metric.name}.{part}"] for part in metric.parts)
            assert parts == pytest.approx(found[metric.name], rel=1e-9)


@settings(max_examples=30)
@given(st.integers(0, 2**32 - 1))
def test_events_are_conserved(seed):
    model = CMS["A"]
    design = {k: float(v[0]) for k, v in model.space.sample(1, np.random.default_rng(seed)).items()}
    counts = Contingency.of(model.states(design, FLOATS))
    total = counts.TN + counts.FN + counts.FP + counts.TP
    assert total == pytest.approx(40e6, rel=1e-9)


def test_order_of_nodes_does_not_matter():
    pipeline = from_str(SMALL)
    backwards = replace(pipeline, nodes=pipeline.nodes[::-1])
    one, other = (evaluated(DAQPipeline(p)) for p in (pipeline, backwards))
    assert one["power_w"] == pytest.approx(other["power_w"], rel=1e-12)
    assert one["f1"] == other["f1"]
