"""Reading from flash: the figures of "LLM in a flash" as the specification records them."""

import numpy as np
import pytest
from serving_cases import DENSE, MIXTURE, alternating, serving, tiny, trace

from accel_models.attention.serving.flash import Flash, neuron_chunk_bytes, windowed_bytes
from accel_models.attention.serving.options import ServingOptions
from accel_models.attention.serving.storage import Storage

GB = 1e9
# Table of OPT-6.7B: GB read, GB/s, and bytes over throughput in ms, each to the digits given
TABLE = [
    ("naive", 13.4, 6.10, 2197),
    ("half in DRAM", 6.7, 6.10, 1098),
    ("predictor", 0.9, 1.25, 720),
    ("window", 0.2, 1.25, 160),
    ("bundling", 0.2, 2.25, 89),
]
BANDWIDTH = 6.10 * GB
OPT_CHUNK = neuron_chunk_bytes(4096, 16, 2, bundled=False)


def device(throughput, chunk=OPT_CHUNK):
    """The device whose chunks of this size arrive at this throughput."""
    return Flash(chunk / throughput - chunk / BANDWIDTH, BANDWIDTH)


@pytest.mark.parametrize(("row", "size", "throughput", "milliseconds"), TABLE, ids=str)
def test_load_times_of_the_table(row, size, throughput, milliseconds):
    found = device(throughput * GB).load_time_s(size * GB, OPT_CHUNK)
    assert found * 1e3 == pytest.approx(milliseconds, abs=0.51)


def test_doubling_the_chunk_predicts_2_07_gb_per_s():
    found = device(1.25 * GB).throughput_bytes_per_s(2 * OPT_CHUNK)
    assert found / GB == pytest.approx(2.07, abs=0.006)


def test_the_default_device_is_that_of_the_table():
    options = ServingOptions()
    default = Flash(options.flash_latency_s, options.flash_bandwidth_bytes_per_s)
    assert default.throughput_bytes_per_s(OPT_CHUNK) / GB == pytest.approx(1.25, rel=0.005)


def test_long_reads_reach_the_bandwidth():
    assert Flash(1e-4, BANDWIDTH).throughput_bytes_per_s(2.0**40) == pytest.approx(BANDWIDTH, 1e-5)


def test_bundling_doubles_the_chunk_of_two_matrices():
    assert OPT_CHUNK == 8192
    assert neuron_chunk_bytes(4096, 16, 2, bundled=True) == 16384


def test_a_window_loads_what_is_new():
    assert windowed_bytes(16384, 900, 950) == 50 * 16384


def test_a_step_reads_its_share_of_the_neurons():
    options = ServingOptions(flash="weights", flash_load_share=0.25)
    reading = Storage(tiny(layers=2), options).step()
    size = 2 * 0.25 * 3 * 256 * 512 * 2
    assert reading.bytes_read == size
    # 128 bundled neurons per layer, of 3 * 256 weights each
    expected = 256 * (5.2e-6 + 3 * 256 * 2 / 6.1e9)
    assert reading.seconds == pytest.approx(expected, rel=1e-12)


def test_unbundled_reads_are_three_times_as_many():
    options = {"flash": "weights", "flash_latency_s": 1.0}
    split, bundled = (
        Storage(tiny(), ServingOptions(flash_bundled=b, **options)).step() for b in (False, True)
    )
    assert split.bytes_read == bundled.bytes_read
    assert split.seconds / bundled.seconds == pytest.approx(3, rel=1e-6)


def test_a_step_reads_active_and_shared_experts():
    reading = Storage(tiny(feed_forward=MIXTURE, layers=1), ServingOptions(flash="weights")).step()
    assert reading.bytes_read == 2 * 3 * 256 * (2 * 128 + 64)


def test_a_prompt_reads_whole_matrices():
    reading = Storage(tiny(layers=1), ServingOptions(flash="weights")).prompt(np.array([[9.0]]))
    size = 3 * 256 * 512 * 2
    assert reading.seconds == pytest.approx(3 * 5.2e-6 + size / 6.1e9, rel=1e-12)


def test_a_cache_is_read_token_by_token():
    reading = Storage(tiny(layers=2), ServingOptions(flash="cache")).cache_per_token(None)
    assert reading.bytes_read == 2 * 128 * 2
    assert reading.seconds == pytest.approx(2 * (5.2e-6 + 256 / 6.1e9), rel=1e-12)


def test_each_window_reads_the_cache_of_its_layers():
    storage = Storage(alternating(), ServingOptions(flash="cache"))
    # 2 layers of 8 key-value heads behind a window of 100, 1 layer of 2 heads without one
    assert storage.cache_per_token(100).bytes_read == 2 * 8 * 64 * 2
    assert storage.cache_per_token(None).bytes_read == 2 * 64 * 2


@pytest.mark.parametrize("part", ["weights", "cache"])
def test_flash_adds_its_time_to_the_steps(part):
    requests = trace([50], [5])
    without, with_flash = (
        serving(tiny(feed_forward=DENSE), requests, flash=kind) for kind in ("none", part)
    )
    design = without.space.parse({"pe_dim": 64})
    gap = (
        with_flash.evaluate(design, breakdown=True)["busy_s.decode"]
        - (without.evaluate(design, breakdown=True)["busy_s.decode"])
    )
    storage = Storage(with_flash.workload.model, with_flash.options)
    per_token = storage.cache_per_token(None).seconds * (51 + 52 + 53 + 54)
    assert gap == pytest.approx(4 * storage.step().seconds + per_token, rel=1e-9)


def test_flash_energy_counts_the_bytes_read():
    requests = trace([50], [5])
    model = serving(tiny(), requests, flash="cache", flash_energy_j_per_byte=1e-9)
    found = model.evaluate(model.space.parse({"pe_dim": 64}), breakdown=True)
    # 4 steps over 51 ... 54 tokens of 2 * 128 * 2 B, over 5 generated tokens
    assert found["energy_per_token_j.flash"] == pytest.approx(210 * 512 * 1e-9 / 5, rel=1e-12)


def test_nothing_is_read_without_flash():
    storage = Storage(tiny(), ServingOptions())
    assert storage.step().bytes_read == storage.cache_per_token(None).bytes_read == 0
