"""The sweep of figure 12: the buffer that the rule gives, and what follows."""

import pytest

from accel_models.attention.fig12 import PE_DIMS, published_sweep
from dse.errors import DesignError
from workloads.catalogue import bert, xlm


@pytest.fixture(scope="module")
def sweep():
    return published_sweep(bert(seq_len=262144))


def test_buffer_doubles_only_for_the_largest_array(sweep):
    # 16 * W * E bytes, E = 64; at W = 512 the traffic would outlast the 1D array.
    assert [p.global_buffer_bytes for p in sweep] == [
        16 * W * 64 * (2 if W == 512 else 1) for W in PE_DIMS
    ]


def test_tiles_of_queries_held_together(sweep):
    # P2 sweeps of 2 * BHN * 128 bytes, BHN = 768 * 262,144; P1 = N / (W P2)
    sweeps = [p.metrics["traffic_bytes.key_value"] / (2 * 768 * 262144 * 128) for p in sweep]
    assert [262144 / p.pe_dim / P2 for p, P2 in zip(sweep, sweeps, strict=True)] == [2] * 5 + [4]


def test_every_array_is_on_the_frontier(sweep):
    latencies = [p.metrics["latency_s"] for p in sweep]
    areas = [p.metrics["area_mm2"] for p in sweep]
    assert latencies == sorted(latencies, reverse=True)
    assert areas == sorted(areas)


def test_area_of_the_published_array_in_square_centimetres(sweep):
    (point,) = (p for p in sweep if p.pe_dim == 256)
    assert point.metrics["area_mm2"] / 100 == pytest.approx(12.2, abs=0.05)


def test_wider_heads_start_with_a_larger_buffer():
    (point,) = published_sweep(xlm(seq_len=262144), [64])
    assert point.global_buffer_bytes == 16 * 64 * 128


def test_an_array_that_the_model_does_not_know_is_refused():
    with pytest.raises(DesignError, match="pe_dim = 100 is not a value"):
        published_sweep(bert(seq_len=262144), [100])
