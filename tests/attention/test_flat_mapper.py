"""FLAT's mapper against all 512 mappings, one by one, by the literal rule."""

from itertools import product

import pytest
from fusemax_cases import layers
from hypothesis import given, settings
from hypothesis import strategies as st

from accel_models.attention.flat_mapper import FlatMapper
from accel_models.attention.options import GIB, MIB
from dse._ops import FLOATS
from workloads.catalogue import bert, xlm

TIE = 1e-13
CLOUD = {"W": 256.0, "L3": 32 * MIB, "word_bytes": 2.0}


def own_latencies(layer, W, L3, word_bytes, BW, f):
    """Own latency of each mapping in tie-breaking order; None where rows do not divide N."""
    B_H, E, F = layer.batch * layer.heads, layer.head_dim, layer.value_dim
    g = -(-layer.seq_len // int(W))
    N = g * W
    n, u = B_H * N * N, B_H * N * N / (W * W * f)
    found = []
    for rows, *on_chip in product(("head", 4, 2, 1), *[(False, True)] * 7):
        q, k, qk, v, av, qk_weight, av_weight = on_chip
        if rows != "head" and g % rows:
            found.append(None)
            continue
        R = N if rows == "head" else rows * W
        P2 = N / R
        c = (W * max(1, E / W) if qk_weight else E) + W * max(1, F / W)
        first = {"q": B_H * E * N, "k": B_H * E * N * P2, "v": B_H * F * N * P2}
        stream = {
            "q": B_H * E * N * g,
            "k": B_H * E * N * (P2 if qk_weight else g),
            "v": B_H * F * N * (P2 if av_weight else g),
        }
        updates = B_H * F * N * (g if av_weight else 1)
        tile = {
            "q": word_bytes * (R if q else min(W, N)) * E,
            "k": word_bytes * (N if k else min(W, N)) * E,
            "v": word_bytes * (N if v else min(W, N)) * F,
            "av": word_bytes * (R if av else min(W, N)) * F,
        }
        scores = word_bytes * R * N if qk else 2 * word_bytes * W * W
        s = max(0.0, 1 - L3 / (2 * sum(tile.values()) + scores))
        words = 0.0 if q else s * stream["q"]
        for tensor, resident in (("q", q), ("k", k), ("v", v)):
            words += first[tensor] + s * stream[tensor] if resident else stream[tensor]
        words += B_H * F * N + s * updates if av else updates
        words += 2 * n * s if qk else n + n * (F / W if av_weight and F > W else 1)
        fill = tile["q"] + tile["k"] + tile["v"] + tile["av"] * (1 if av else 2)
        cycles = 8 if qk_weight or av_weight else 6
        moved_s = (word_bytes * words + fill) / BW
        found.append(max(c * u + fill / BW, moved_s) + B_H * P2 * cycles / f)
    return found


def within(latencies, tolerance):
    """Mappings whose latency is the smallest, up to a relative tolerance."""
    best = min(latency for latency in latencies if latency is not None)
    return [i for i, s in enumerate(latencies) if s is not None and s <= best * (1 + tolerance)]


hardware = st.fixed_dictionaries(
    {
        "W": st.sampled_from([4.0, 16.0, 32.0, 64.0, 256.0, 512.0]),
        "L3": st.integers(2**12, 2**26).map(float),
        "word_bytes": st.sampled_from([1.0, 2.0, 4.0]),
        "BW": st.floats(0, 16).map(lambda e: GIB * 2**e),
        "f": st.sampled_from([1e6, 235e6, 940e6, 1e10]),
    }
)


@settings(max_examples=300, deadline=None)
@given(layers(), hardware)
def test_choice_is_the_first_of_the_fastest(layer, hardware):
    latencies = own_latencies(layer, **hardware)
    on_array = {name: hardware[name] for name in ("W", "L3", "word_bytes")}
    chosen = FlatMapper(layer).choose(
        **on_array, cycles_per_byte=hardware["f"] / hardware["BW"], ops=FLOATS
    )
    tied, nearly_tied = within(latencies, TIE), within(latencies, 100 * TIE)
    # Where rounding alone decides what is a tie, either answer is right.
    assert chosen == tied[0] if tied == nearly_tied else chosen in nearly_tied


@settings(max_examples=20, deadline=None)
@given(layers(), hardware)
def test_own_cost_is_the_latency_that_was_minimised(layer, hardware):
    mapper = FlatMapper(layer)
    on_array = {name: hardware[name] for name in ("W", "L3", "word_bytes")}
    chosen = mapper.choose(**on_array, cycles_per_byte=hardware["f"] / hardware["BW"], ops=FLOATS)
    cost = mapper.own_cost(**hardware, mapping=chosen)
    assert cost.latency_s == pytest.approx(own_latencies(layer, **hardware)[int(chosen)])
    assert cost.ideal_latency_s <= cost.latency_s


def chosen_on_cloud(layer):
    mapper = FlatMapper(layer)
    chosen = mapper.choose(**CLOUD, cycles_per_byte=940e6 / (400 * GIB), ops=FLOATS)
    return mapper.describe(**CLOUD, mapping=chosen)


def test_short_sequences_keep_whole_heads_of_scores_on_chip():
    mapping = chosen_on_cloud(bert(seq_len=1024))
    assert mapping.granularity == "head"
    assert mapping.row_tile == 1024
    assert mapping.on_chip == {"qk", "a"}
    assert mapping.spilled == 0


def test_spilled_share_by_hand():
    # XLM, 4K tokens, a head per pass: QK 2 * 4096^2 = 32 MiB; tiles of Q, K and AV off chip
    # 2 * 256 * 128 = 64 KiB each, V on chip 2 * 4096 * 128 = 1 MiB; doubled 2.375 MiB. In all
    # 34.375 MiB in a 32 MiB buffer: 1 - 32/34.375 = 0.0690909.
    mapping = chosen_on_cloud(xlm(seq_len=4096))
    assert mapping.on_chip == {"qk", "a", "v"}
    assert mapping.spilled == pytest.approx(1 - 32 / 34.375, rel=1e-12)


def test_long_sequences_stay_weight_stationary():
    mapping = chosen_on_cloud(bert(seq_len=262144))
    assert (mapping.qk_stationarity, mapping.av_stationarity) == ("weight", "weight")
    assert (mapping.granularity, mapping.row_tile) == ("row", 1024)
