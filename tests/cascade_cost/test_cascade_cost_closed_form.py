"""The five published configurations, derived from their cascades, equal the closed form."""

import csv
from pathlib import Path

import numpy as np
import pytest
from cascade_cost_cases import UNEVEN, both, differences
from hypothesis import given, settings
from hypothesis import strategies as st

from accel_models.attention.cascade_cost.bindings import CONFIGURATIONS
from accel_models.attention.cascade_cost.model import AttentionCascade
from accel_models.attention.cascade_cost.options import CascadeOptions
from accel_models.attention.options import MIB
from accel_models.attention.reproduction import energy_tolerance, timing_tolerance
from workloads.catalogue import bert, t5, trxl, xlm
from workloads.transformer import TransformerLayer

GOLDEN = Path(__file__).parents[1] / "golden" / "fusemax"
NETWORKS = {"BERT": bert, "TrXL": trxl, "T5": t5, "XLM": xlm}
LENGTHS = tuple(1024 * 4**k for k in range(6))
BUFFER_MIB = {"unfused": 32, "flat": 32, "cascade": 32, "architecture": 16, "binding": 16}
SAME = 1e-9


def published_designs(model):
    """The paper's hardware of the five configurations, as one batch."""
    rows = [
        model.space.parse({"configuration": name, "global_buffer_bytes": mib * MIB})
        for name, mib in BUFFER_MIB.items()
    ]
    return {name: np.array([row[name] for row in rows]) for name in rows[0]}


@pytest.mark.parametrize("length", LENGTHS)
@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize("preset", ["published", "design_space"])
def test_all_published_points_equal_the_closed_form(network, length, preset):
    layer = NETWORKS[network](seq_len=length)
    designs = published_designs(AttentionCascade(layer))
    assert {k: d for k, d in differences(layer, designs, preset=preset).items() if d > SAME} == {}


@pytest.mark.parametrize("scope", ["attention", "end_to_end"])
@pytest.mark.parametrize("layer", [bert(), UNEVEN], ids=["BERT", "uneven"])
def test_random_designs_of_the_whole_space_equal_the_closed_form(layer, scope):
    closed, _ = both(layer)
    designs = closed.space.sample(1500, np.random.default_rng(1))
    found = differences(layer, designs, scope=scope)
    assert {name: difference for name, difference in found.items() if difference > SAME} == {}


option_sets = st.fixed_dictionaries(
    {
        "rf_accounting": st.sampled_from(["artifact", "physical"]),
        "cascade_exp_energy": st.sampled_from(["artifact", "charged"]),
        "cascade_tile_buffer": st.sampled_from(["artifact", "actual"]),
        "port_limit": st.booleans(),
        "buffer_area": st.sampled_from(["cacti", "fit"]),
    }
)
layers = st.builds(
    lambda E, F, N: TransformerLayer(
        name="drawn", batch=2, heads=3, head_dim=E, value_dim=F, d_model=64, d_ff=64, seq_len=N
    ),
    st.integers(1, 300), st.integers(1, 300), st.integers(1, 9000),
)  # fmt: skip


@settings(max_examples=10, deadline=None)
@given(layers, option_sets, st.integers(0, 2**32 - 1))
def test_any_layer_and_any_options_equal_the_closed_form(layer, options, seed):
    closed, _ = both(layer)
    designs = closed.space.sample(200, np.random.default_rng(seed))
    found = differences(layer, designs, **options)
    assert {name: difference for name, difference in found.items() if difference > SAME} == {}


def rows(name):
    with (GOLDEN / name).open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


@pytest.mark.parametrize("row", rows("attention.csv"), ids=lambda r: " ".join(list(r.values())[:3]))
def test_published_figures_are_met(row):
    configuration, length = row["config"], int(row["n_tokens"])
    model = AttentionCascade(
        NETWORKS[row["model"]](seq_len=length), CascadeOptions(preset="published")
    )
    buffer_bytes = BUFFER_MIB[configuration] * MIB
    design = {"configuration": configuration, "global_buffer_bytes": buffer_bytes}
    found = model.evaluate(model.space.parse(design))
    timing = timing_tolerance(configuration, length)
    for metric in ("traffic_bytes", "latency_s", "util_2d", "util_1d"):
        assert found[metric] == pytest.approx(float(row[metric]), rel=timing), metric
    energy = energy_tolerance(configuration, length)
    assert found["energy_j"] * 1e12 == pytest.approx(float(row["energy_pj"]), rel=energy)


REMAINDER = {"512": 5.3e-3, "1K": 1.4e-3, "2K": 3.5e-4}
"""What FLAT adds to the larger of compute and memory, at most; 0.015 % from 4K on."""


@pytest.mark.parametrize(
    "row",
    [row for row in rows("flat_own_model.csv") if row["platform"] == "cloud"],
    ids=lambda row: f"{row['model']} {row['seq_len']}",
)
def test_matrix_products_of_flat_take_what_flat_says(row):
    """FLAT's own table has no softmax: its latency is that of the two products, or of its traffic.

    The traffic is FLAT's own, which its evaluation by FuseMax counts otherwise.
    """
    length = _tokens(row["seq_len"])
    model = AttentionCascade(NETWORKS[row["model"]](seq_len=length))
    times = model.einsum_times_s({"configuration": "flat", "global_buffer_bytes": 32 * MIB})
    memory_s = float(row["mem_traffic_bytes"]) / (400 * 2**30)
    ours = max(times["QK"] + times["AV"], memory_s)
    theirs = float(row["actual_latency_s"])
    assert 0 <= theirs / ours - 1 <= REMAINDER.get(row["seq_len"], 1.5e-4)


def _tokens(text):
    return int(text.replace("K", "")) * (1024 if text.endswith("K") else 1)


def test_no_configuration_is_missing():
    model = AttentionCascade(bert())
    assert tuple(model.plans) == CONFIGURATIONS == tuple(BUFFER_MIB)
