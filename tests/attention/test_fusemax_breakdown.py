"""The parts of a metric sum to the metric."""

import numpy as np
import pytest
from fusemax_cases import layers, option_sets, published
from hypothesis import given, settings
from hypothesis import strategies as st

from accel_models.attention.fusemax import FuseMax
from workloads.catalogue import bert


@settings(max_examples=30, deadline=None)
@given(layers(), option_sets, st.integers(0, 2**32))
def test_parts_sum_to_the_total(layer, options, seed):
    model = FuseMax(layer, options)
    found = model.evaluate(model.space.sample(50, np.random.default_rng(seed)), breakdown=True)
    for metric in model.metrics:
        if metric.parts:
            total = sum(found[f"{metric.name}.{part}"] for part in metric.parts)
            assert np.allclose(total, found[metric.name], rtol=1e-9, atol=0, equal_nan=True)


def test_every_declared_part_is_there():
    model = FuseMax(bert())
    found = model.evaluate(model.space.parse({}), breakdown=True)
    assert set(model.part_names) == {name for name in found if "." in name}


def test_attention_alone_has_no_linear_layers():
    model = FuseMax(bert())
    found = model.evaluate(model.space.parse({}), breakdown=True)
    assert found["energy_j.linear_layers"] == found["traffic_bytes.linear_layers"] == 0


@pytest.mark.parametrize("part", ["qk", "lm", "sln", "sld", "av"])
def test_utilisation_per_einsum_is_its_share_of_the_slots(part):
    # BERT 1K on FuseMax: 154 slots, of which QK 64, LM 1, SLN 7, SLD 1 and SLNV 64 on the 2D array
    slots = {"qk": 64, "lm": 1, "sln": 7, "sld": 1, "av": 64}
    found = published("binding", 1024, breakdown=True)
    assert found[f"util_2d.{part}"] == pytest.approx(slots[part] / 154, rel=1e-12)
