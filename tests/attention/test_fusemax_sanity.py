"""What must hold whatever the numbers: switches, lower bounds, monotony, padding."""

import numpy as np
import pytest
from fusemax_cases import CONFIGURATIONS, default_space, layers, option_sets, published
from hypothesis import given, settings
from hypothesis import strategies as st

from accel_models.attention.fusemax import FuseMax
from accel_models.attention.options import PRESETS, FuseMaxOptions
from workloads.catalogue import bert

ONE_PASS_AND_UNFUSED = [c for c in CONFIGURATIONS if c != "flat"]


@pytest.fixture(scope="module")
def grid():
    """The default problem with ports, as arrays with one axis per parameter."""
    model = FuseMax(bert(seq_len=65536))
    space = default_space(model).narrowed({"pe_dim": [16, 128, 512]})
    ports = model.space.narrowed({"buffer_ports": [1, 2, 4, 8]})["buffer_ports"]
    space = type(space)(
        tuple(ports if p.name == "buffer_ports" else p for p in space.parameters), space.rules
    )
    flat = model.compute(space.at(np.arange(space.size)))
    return space, {name: column.reshape(space.shape) for name, column in flat.items()}


def steps(grid, metric, parameter, configurations):
    """Relative change of a metric from each level of a parameter to the next."""
    space, columns = grid
    kept = [CONFIGURATIONS.index(c) for c in configurations]
    values = columns[metric][kept]
    axis = space.names.index(parameter)
    order = np.argsort(space[parameter].levels)
    change = np.diff(np.take(values, order, axis=axis), axis=axis)
    ratio = change / np.take(values, order[:-1], axis=axis)
    return ratio[np.isfinite(ratio)]


def never_rises(grid, metric, parameter, configurations):
    ratio = steps(grid, metric, parameter, configurations)
    return len(ratio) > 1000 and ratio.max() <= 1e-12


@settings(max_examples=20, deadline=None)
@given(layers(), st.integers(0, 2**32))
def test_all_additions_off_is_the_published_model(layer, seed):
    off = FuseMaxOptions(preset="design_space", **PRESETS["published"])
    model, same = FuseMax(layer, off), FuseMax(layer, FuseMaxOptions(preset="published"))
    designs = model.space.sample(50, np.random.default_rng(seed))
    ours, published = (m.evaluate(designs, breakdown=True) for m in (model, same))
    for name, column in ours.items():
        assert np.array_equal(column, published[name], equal_nan=column.dtype == float)


@settings(max_examples=30, deadline=None)
@given(layers(), option_sets, st.integers(0, 2**32))
def test_latency_is_never_below_what_any_resource_needs(layer, options, seed):
    model = FuseMax(layer, options)
    found = model.evaluate(model.space.sample(50, np.random.default_rng(seed)))
    bounds = ["busy_2d_s", "busy_1d_s", "dram_time_s"]
    if model.options.port_limit:
        bounds.append("port_time_s")
    for bound in bounds:
        works = found["feasible"]
        assert (found["latency_s"][works] >= found[bound][works] * (1 - 1e-12)).all()


@pytest.mark.parametrize("parameter", ["pe_1d_ratio", "buffer_ports"])
def test_more_1d_pes_or_ports_are_never_slower(grid, parameter):
    assert never_rises(grid, "latency_s", parameter, CONFIGURATIONS)


@pytest.mark.parametrize("parameter", ["dram_bandwidth_bytes_per_s", "frequency_hz"])
def test_more_bandwidth_or_clock_is_never_slower_but_for_flat(grid, parameter):
    assert never_rises(grid, "latency_s", parameter, ONE_PASS_AND_UNFUSED)


def test_flat_may_lose_by_more_bandwidth(grid):
    # Its mapper minimises a latency without the softmax, so a better mapping there can be worse.
    assert steps(grid, "latency_s", "dram_bandwidth_bytes_per_s", ["flat"]).max() > 0.01


def test_a_larger_buffer_never_means_more_traffic_but_for_flat(grid):
    assert never_rises(grid, "traffic_bytes", "global_buffer_bytes", ONE_PASS_AND_UNFUSED)


def test_binding_is_never_slower_than_architecture(grid):
    _, columns = grid
    binding, architecture = (
        columns["latency_s"][CONFIGURATIONS.index(c)] for c in ("binding", "architecture")
    )
    works = np.isfinite(binding)
    assert (binding[works] <= architecture[works]).all()


@pytest.mark.parametrize("metric", ["area_mm2", "traffic_bytes"])
def test_binding_and_architecture_have_the_same_area_and_traffic(grid, metric):
    _, columns = grid
    binding, architecture = (
        columns[metric][CONFIGURATIONS.index(c)] for c in ("binding", "architecture")
    )
    assert np.array_equal(binding, architecture, equal_nan=True)


@pytest.mark.parametrize("configuration", CONFIGURATIONS)
def test_the_last_tile_is_padded_and_costs_as_much_as_a_full_one(configuration):
    padded, full = published(configuration, 1000), published(configuration, 1024)
    assert {k: v for k, v in padded.items() if v != full[k]} == {}


def test_one_token_is_a_whole_tile():
    assert published("binding", 1)["latency_s"] == published("binding", 256)["latency_s"]
