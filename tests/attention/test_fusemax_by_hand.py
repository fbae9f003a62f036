"""BERT by hand: 64 sequences, 12 heads of 64, on 256 x 256 PEs at 940 MHz."""

import pytest
from fusemax_cases import published, symbols

from accel_models.attention.components import load_components
from accel_models.attention.one_pass import binding
from accel_models.attention.options import FuseMaxOptions
from dse._ops import FLOATS

ARTIFACT = FuseMaxOptions(preset="published").resolved()

# One slot per score, 1K tokens:
#   n = 64 * 12 * 1024^2 = 805,306,368 scores on 256^2 = 65,536 PEs
#   u = 805,306,368 / 65,536 / 940e6 = 1.30723e-5 s
U = 805306368 / 65536 / 940e6

# AV is one divide per output: F*W/N = 64 * 256 / 1024 = 16 slots.
#   FuseMax       max(E+1, 1+F+16) + 1 + max(8, 8) + max(F, F) = max(65, 81) + 1 + 8 + 64 = 154
#   +Architecture max(E+1, 1+16) + 256 + 1 + 8 + max(F, 2F)    = 65 + 256 + 1 + 8 + 128   = 458
#   +Cascade      1D: 4W + 5 + 2F + 16 = 1024 + 5 + 128 + 16 = 1173, 2D: E + F = 128
#   FLAT          softmax 4W = 1024, QK E = 64 and AV W = 256 beside it
SLOTS_1K = {"binding": 154, "architecture": 458, "cascade": 1173, "flat": 1024}


@pytest.mark.parametrize(("configuration", "slots"), SLOTS_1K.items())
def test_latency_of_1k_tokens(configuration, slots):
    assert published(configuration, 1024)["latency_s"] == pytest.approx(slots * U, rel=1e-12)


def test_latency_of_1k_tokens_in_seconds():
    assert published("binding", 1024)["latency_s"] == pytest.approx(2.01314e-3, rel=1e-5)


def test_unfused_phases_add_up():
    # Bytes per phase: QK 2(n + 2*BHN*E) with BHN = 768 * 1024 = 786,432: 1,811,939,328;
    # softmax 2 * 2n = 3,221,225,472; AV as QK. At 400 GiB/s: 4.21875 ms, 7.5 ms, 4.21875 ms.
    # Compute: 64u = 0.837 ms, 1024u = 13.386 ms, 64u. So DRAM binds QK and AV, the 1D array binds
    # the softmax.
    expected = 2 * 1811939328 / (400 * 2**30) + 1024 * U
    assert published("unfused", 1024)["latency_s"] == pytest.approx(expected, rel=1e-12)


def test_busy_share_of_the_2d_array():
    # QK 64 + LM 1 + SLN 7 + SLD 1 + SLNV 64 = 137 of 154 slots.
    assert published("binding", 1024)["util_2d"] == pytest.approx(137 / 154, rel=1e-12)


def test_busy_share_of_the_1d_array():
    # 2F + 10 + 16 = 154 of 154 slots.
    assert published("binding", 1024)["util_1d"] == pytest.approx(1.0, rel=1e-12)


def test_traffic_of_one_sweep():
    # 2 bytes * 786,432 * (E + F + (E + F) * 1) = 2 * 786,432 * 256 = 402,653,184
    assert published("binding", 1024)["traffic_bytes"] == 402653184


SWEEPS = {  # how often K and V are read: 1K, 4K, 16K, 64K, 256K, 1M
    "binding": (1, 1, 1, 2, 8, 32),
    "cascade": (1, 1, 2, 8, 32, 128),
}


@pytest.mark.parametrize(("configuration", "sweeps"), SWEEPS.items())
def test_sweeps_over_keys_and_values(configuration, sweeps):
    lengths = [1024 * 4**k for k in range(6)]
    found = []
    for length in lengths:
        moved = published(configuration, length, breakdown=True)["traffic_bytes.key_value"]
        found.append(moved / (2 * 768 * length * 128))
    assert found == list(sweeps)


def test_action_counts_of_16k_tokens_are_the_published_ones():
    # The artifact publishes the actions of the 1D array for BERT 16K. With
    # X = 768 * 16384^2 / 256 = 805,306,368 row steps and n = 256 X scores:
    s, hw = symbols("binding", 16384)
    activity = binding(s, hw, FLOATS, ARTIFACT)
    one_pe_2d = s.n / 65536
    reads_2d = one_pe_2d * (3 * 64 + 2 * 64 + 3)
    writes_2d = one_pe_2d * (3 * 64 + 2 * 64 + 4 + 64 * (1 - 256 / 16384))
    assert activity.macc - s.n * (64 + 64 + 6) == 57176752128  # 71 X
    assert activity.add - 2 * s.n == 53150220288  # 66 X
    assert activity.max - s.n == 805306368  # X
    assert activity.divide == 805306368  # B*H*F*N
    assert activity.register_reads - reads_2d == 52376371200
    assert activity.register_writes - writes_2d == 53779415040


def test_energy_of_the_1d_array_for_16k_tokens_is_the_published_one():
    # Counts as above; the artifact says 1,671,338,110,282 pJ.
    pj = {name: joule * 1e12 for name, joule in load_components().energy_j.items()}
    energy = (
        57176752128 * pj["macc"]
        + 53150220288 * pj["add"]
        + 805306368 * (pj["max"] + pj["divide"])
        + 52376371200 * pj["register_read"]
        + 53779415040 * pj["register_write"]
    )
    assert energy == pytest.approx(1671338110282, rel=1e-9)
