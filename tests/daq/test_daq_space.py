"""The design space: what a pipeline offers, in groups of one stage each."""

from daq_cases import SMALL, changed, cms_model, model_of

from dse import Problem
from dse._build import build_problem


def test_groups_are_the_stages():
    groups = cms_model().space.groups
    assert list(groups) == ["L1", "HLT", "operation", "front end", "aggregation"]
    assert groups["aggregation"] == ("aggregation_bit_energy_j",)
    assert "hlt_offload_share" in groups["HLT"]


def test_defaults_are_the_pipeline_itself():
    space = cms_model(system="full-upgrade").space
    design = space.parse({})
    assert design["l1_reduction_ratio"] == 53.3
    assert design["l1_boost"] == 0.4
    assert design["inner_tracker_data_factor"] == 0.46
    assert design["hlt_offload_share"] == 1.0
    assert design["front_end_bit_energy_j"] == 22.2e-12
    assert design["year"] == 2032


def test_default_problem_pins_what_is_no_choice():
    model = cms_model()
    space = Problem.of(model, space=model.space.narrowed(model.default_space)).space
    fixed = {p.name for p in space.parameters if p.cardinality == 1}
    assert {"pileup", "year", "relevant_rate_hz", "hlt_op_energy_j", "l1_boost"} <= fixed
    assert space["l1_reduction_ratio"].cardinality == 17


def test_a_pipeline_has_only_the_parameters_of_its_parts():
    names = model_of().space.names
    assert "gate_skill" in names
    assert "pileup" not in names
    assert not [name for name in names if name.endswith(("_filter", "_offload_share"))]


def test_detectors_are_tuned_largest_first():
    names = model_of(tuned_detectors=1).space.names
    assert "ear_data_factor" in names
    assert "eye_data_factor" not in names


def test_links_of_two_kinds_in_one_stage_have_two_parameters():
    text = changed("links:\n", "links:\n  glass: {energy: 5 pJ/bit}\n")
    names = model_of(text.replace("3 kB, link: wire", "3 kB, link: glass")).space.names
    assert {"front_end_wire_bit_energy_j", "front_end_glass_bit_energy_j"} <= set(names)


def test_a_job_may_take_any_energy_per_bit():
    problem = build_problem(model="daq/pipeline", fixed={"front_end_bit_energy_j": "5 pJ"})
    assert problem.space["front_end_bit_energy_j"].levels.tolist() == [5e-12]


def test_constraints_of_the_experiments_can_be_posed():
    limits = [
        "stored_rate_hz <= 7500", "trigger_rate_hz <= 750e3", "power_w <= 2e7",
        "trigger_latency_s <= 12.5e-6", "dead_fraction <= 0.05",
    ]  # fmt: skip
    problem = build_problem(model="daq/pipeline", constraints=limits)
    assert len(problem.constraints) == 5


def test_small_pipelines_are_complete_problems():
    model = model_of(SMALL)
    problem = Problem.of(model, space=model.space.narrowed(model.default_space))
    assert problem.space.size > 1
