"""The model: one's own cascade and binding, paths, limits."""

from pathlib import Path

import numpy as np
import pytest
from cascade_cost_cases import SIGMOID, UNEVEN, both, compiled

from accel_models.attention.cascade_cost import bindings
from accel_models.attention.cascade_cost.bindings import CONFIGURATIONS
from accel_models.attention.cascade_cost.model import AttentionCascade
from accel_models.attention.cascade_cost.options import CascadeOptions
from accel_models.attention.cascade_cost.reading import binding_from_text
from dse._grid import grid_blocks
from dse.errors import DesignError, InputError, WorkloadError
from workloads.catalogue import bert

ON_2D = """binding: on-2d
cascade: sigmoid.yaml
operators:
  array_2d: {sigmoid: {slots: 7, uses: {macc: 7}}}
stages: [{array_2d: [QK, A, AV]}]
levels: {registers: [QK, A], buffer: [Q, K, V, AV]}
"""


@pytest.fixture
def files(tmp_path):
    (tmp_path / "sigmoid.yaml").write_text(SIGMOID)
    (tmp_path / "binding.yaml").write_text(ON_2D)
    return tmp_path


def latency_s(model, **design):
    return model.evaluate(model.space.parse(design))["latency_s"]


# -- one's own -----------------------------------------------------------------------------------


def test_an_own_cascade_is_one_more_configuration_and_the_default(files):
    model = AttentionCascade(bert(), CascadeOptions(cascade_file=files / "sigmoid.yaml"))
    assert tuple(model.plans) == (*CONFIGURATIONS, "sigmoid")
    assert model.space["configuration"].label(model.space.parse({})["configuration"]) == "sigmoid"


def test_an_own_binding_names_its_cascade_beside_it(files):
    model = AttentionCascade(UNEVEN, CascadeOptions(binding_file=files / "binding.yaml"))
    # QK 48, sigmoid 7 and AV 80 slots on the 2D array, and nothing else.
    times = model.einsum_times_s({})
    assert times["A"] / times["QK"] == pytest.approx(7 / 48)
    found = model.evaluate(model.space.parse({}))
    assert found["latency_s"] == pytest.approx(sum(times.values()))
    assert found["util_2d"] == pytest.approx(1.0)
    assert found["busy_1d_s"] == 0.0


def test_an_own_binding_may_be_given_another_cascade(files):
    options = CascadeOptions(
        cascade_file=files / "sigmoid.yaml", binding_file=files / "binding.yaml"
    )
    assert AttentionCascade(bert(), options).plans["on-2d"].binding.cascade.name == "sigmoid"


def test_a_cascade_of_the_catalogue_needs_no_file():
    model = AttentionCascade(bert(seq_len=4096), CascadeOptions(cascade="attn_2pass_localmax"))
    assert latency_s(model) > latency_s(model, configuration="binding")


def test_published_configurations_do_not_change_beside_an_own_one(files):
    alone = AttentionCascade(bert())
    beside = AttentionCascade(bert(), CascadeOptions(cascade_file=files / "sigmoid.yaml"))
    for name in CONFIGURATIONS:
        assert latency_s(alone, configuration=name) == latency_s(beside, configuration=name)


def test_the_name_of_a_published_configuration_is_taken(files):
    path = files / "binding.yaml"
    path.write_text(ON_2D.replace("binding: on-2d", "binding: flat"))
    with pytest.raises(WorkloadError, match="called 'flat', as a published configuration is"):
        AttentionCascade(bert(), CascadeOptions(binding_file=path))


def test_two_cascades_are_one_too_many(files):
    with pytest.raises(InputError, match="cascade and cascade_file are both given"):
        CascadeOptions(cascade="gemm", cascade_file=files / "sigmoid.yaml")


def test_unknown_cascade_of_the_catalogue():
    with pytest.raises(WorkloadError, match=r"unknown cascade 'attn_1pass_fusemx'\. Did you mean"):
        AttentionCascade(bert(), CascadeOptions(cascade="attn_1pass_fusemx"))


def test_unknown_configuration(files):
    model = AttentionCascade(bert(), CascadeOptions(binding_file=files / "binding.yaml"))
    with pytest.raises(DesignError, match="Did you mean 'on-2d'"):
        model.einsum_times_s({"configuration": "on-3d"})


# -- names do not matter -------------------------------------------------------------------------


@pytest.mark.parametrize("name", CONFIGURATIONS)
def test_a_binding_costs_the_same_under_any_name(name):
    text = (Path(bindings.__file__).parent / f"{name}.yaml").read_text()
    renamed = binding_from_text(text, name="something else")
    original, other = compiled(name, UNEVEN), compiled(renamed, UNEVEN)
    assert other.einsum_cycles == original.einsum_cycles
    assert other.traffic_words == original.traffic_words
    assert other.buffer_words == original.buffer_words
    assert other.units == original.units


# -- paths ---------------------------------------------------------------------------------------


def test_floats_flat_batches_and_open_grids_agree_to_the_last_bit(files):
    model = AttentionCascade(UNEVEN, CascadeOptions(binding_file=files / "binding.yaml"))
    space = model.space.narrowed(
        {
            "pe_dim": [32, 128],
            "global_buffer_bytes": [2**20, 2**24],
            "word_bits": [16],
            "buffer_row_bytes": [512],
            "buffer_ports": [4],
            "dram_bandwidth_bytes_per_s": [50 * 2**30, 400 * 2**30],
            "frequency_hz": [940e6],
        }
    )
    designs = space.at(np.arange(space.size))
    flat = model.compute(designs)
    grids = [model.compute(block.columns) for block in grid_blocks(space)]
    for name in model.metric_names:
        grid = np.concatenate([metrics[name].ravel() for metrics in grids])
        np.testing.assert_array_equal(grid, flat[name], err_msg=name)
    for row in range(0, space.size, 17):
        single = model.compute({name: float(column[row]) for name, column in designs.items()})
        assert single["latency_s"] == flat["latency_s"][row]
        assert single["energy_j"] == flat["energy_j"][row]


# -- limits --------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def evaluated():
    _, model = both(bert(seq_len=8192))
    designs = model.space.sample(2000, np.random.default_rng(3))
    return model, designs, model.evaluate(designs)


def test_no_design_is_faster_than_its_arrays_its_memory_or_its_ports(evaluated):
    _, _, found = evaluated
    possible = found["feasible"]
    for bound in ("busy_1d_s", "busy_2d_s", "dram_time_s", "port_time_s"):
        assert (found["latency_s"] >= found[bound] * (1 - 1e-12))[possible].all()


@pytest.mark.parametrize(
    ("parameter", "factor"),
    [("pe_1d_ratio", 2.0), ("dram_bandwidth_bytes_per_s", 1.5), ("frequency_hz", 1.25)],
)
def test_more_is_never_slower_but_for_flat(evaluated, parameter, factor):
    model, designs, found = evaluated
    flat = designs["configuration"] == CONFIGURATIONS.index("flat")
    faster = {**designs, parameter: designs[parameter] * factor}
    after = model.compute(faster)["latency_s"]
    compared = found["feasible"] & ~flat
    assert (after <= found["latency_s"] * (1 + 1e-12))[compared].all()


def test_a_larger_buffer_never_moves_more_in_sweeps(evaluated):
    model, designs, found = evaluated
    sweeping = np.isin(designs["configuration"], [2, 3, 4]) & found["feasible"]
    larger = {**designs, "global_buffer_bytes": designs["global_buffer_bytes"] * 2}
    after = model.compute(larger)["traffic_bytes"]
    assert (after <= found["traffic_bytes"] * (1 + 1e-12))[sweeping].all()


def test_a_buffer_below_one_tile_is_infeasible():
    model = AttentionCascade(bert(), CascadeOptions(cascade="attn_2pass_stable_deferdiv"))
    found = model.evaluate(model.space.parse({"pe_dim": 512, "global_buffer_bytes": 2**18}))
    assert not found["feasible"]
    assert "too small for one tile" in model.reasons[found["reason"]]


def test_sigmoid_units_on_the_2d_array_cost_area_only_if_they_are_new(files):
    path = files / "binding.yaml"
    path.write_text(ON_2D.replace("{macc: 7}", "{exp: 1, macc: 1}"))
    model = AttentionCascade(bert(), CascadeOptions(binding_file=path))
    plain = model.evaluate(model.space.parse({"configuration": "binding"}))["area_mm2"]
    widened = model.evaluate(model.space.parse({}))["area_mm2"]
    assert widened - plain == pytest.approx(256 * 256 * 8240e-6)
