"""The workload plug-ins: a trace file, and the generators."""

import numpy as np
import pytest

from dse.errors import WorkloadError
from dse.testing.workload_contract import WorkloadContract
from workloads.traces import generators
from workloads.traces.workload import trace_file

STL = "0:\tread\t0x0\n1:\twrite\t0x40\n5:\tread\t0x2000\n"


class TestTraceFile(WorkloadContract):
    bad_arguments = ({"limit": 0}, {"cache_ways": 0}, {"burst_bytes": 3})

    @pytest.fixture(autouse=True)
    def file(self, tmp_path):
        self.path = tmp_path / "a.stl"
        self.path.write_text(STL)

    def workload(self, **arguments):
        return trace_file(file=self.path, **arguments)

    def test_by_hand(self):
        found = self.workload()
        assert found.name == "a.stl"
        assert found.arrival_cycles.tolist() == [0, 1, 5]
        assert found.address.tolist() == [0, 0x40, 0x2000]
        assert found.is_write.tolist() == [False, True, False]

    def test_the_format_does_not_matter(self, tmp_path):
        other = tmp_path / "b.txt"
        other.write_text("0x0 READ 0\n0x40 WRITE 1\n2000 READ 5\n")
        assert trace_file(file=other) == self.workload()

    def test_a_cache_that_takes_nothing_away_is_stated(self):
        assert self.workload(cache_bytes=0) == self.workload()


def test_a_trace_of_fetches_alone_holds_no_request(tmp_path):
    file = tmp_path / "a.lackey"
    file.write_text("I  04010000,4\n")
    with pytest.raises(WorkloadError, match="no request reaches the memory"):
        trace_file(file=file, cache_bytes=0)


BAD = (
    {"requests": 0}, {"requests": 10**9}, {"footprint_bytes": 63}, {"footprint_bytes": 2**50}
)  # fmt: skip


class TestStream(WorkloadContract):
    bad_arguments = (*BAD, {"gap_cycles": -1}, {"read_share": 1.5})
    workload = staticmethod(generators.stream_trace)


class TestRandom(WorkloadContract):
    bad_arguments = (*BAD, {"read_share": -0.1})
    workload = staticmethod(generators.random_trace)


class TestStrided(WorkloadContract):
    bad_arguments = (*BAD, {"arrays": 0}, {"written_arrays": 2}, {"stride_bytes": 0})
    workload = staticmethod(generators.strided_trace)


class TestPointerChase(WorkloadContract):
    bad_arguments = (*BAD, {"footprint_bytes": 2**40})
    workload = staticmethod(generators.pointer_chase_trace)


class TestBursts(WorkloadContract):
    bad_arguments = (*BAD, {"burst_requests": 0}, {"idle_cycles": -1})
    workload = staticmethod(generators.burst_trace)


class TestMixed(WorkloadContract):
    bad_arguments = (*BAD, {"streams": 0}, {"random_share": 2}, {"mean_gap_cycles": 0.5})
    workload = staticmethod(generators.mixed_trace)


GENERATORS = [getattr(generators, name) for name in generators.__all__]


@pytest.mark.parametrize("generate", GENERATORS)
def test_requests_are_whole_lines_of_the_footprint(generate):
    found = generate(requests=3000, footprint_bytes=2**20)
    assert len(found) == 3000
    assert (found.address % 64 == 0).all()
    assert (found.address < 2**20).all()


@pytest.mark.parametrize("generate", GENERATORS)
def test_a_single_request(generate):
    arguments = {"burst_requests": 1} if generate is generators.burst_trace else {}
    assert generate(requests=1, **arguments).arrival_cycles.tolist() == [0]


@pytest.mark.parametrize(
    "generate",
    [
        generators.random_trace,
        generators.pointer_chase_trace,
        generators.burst_trace,
        generators.mixed_trace,
    ],
)
def test_seeds_differ(generate):
    assert generate(seed=1) != generate(seed=2)


def test_stream_is_sequential():
    found = generators.stream_trace(requests=5, footprint_bytes=256, gap_cycles=2)
    assert found.address.tolist() == [0, 64, 128, 192, 0]
    assert found.arrival_cycles.tolist() == [0, 2, 4, 6, 8]


def test_strided_triad():
    found = generators.strided_trace(
        requests=6, stride_bytes=320, arrays=3, written_arrays=1, footprint_bytes=3 * 2**20
    )
    assert found.address.tolist() == [0, 2**20, 2**21, 320, 2**20 + 320, 2**21 + 320]
    assert found.is_write.tolist() == [False, False, True] * 2


def test_pointer_chase_visits_every_line_once_per_round():
    found = generators.pointer_chase_trace(requests=200, footprint_bytes=6400)
    assert sorted(found.address[:100].tolist()) == list(range(0, 6400, 64))
    assert np.array_equal(found.address[:100], found.address[100:])


def test_bursts_idle_between_runs():
    found = generators.burst_trace(requests=6, burst_requests=3, idle_cycles=100)
    assert found.arrival_cycles.tolist() == [0, 1, 2, 102, 103, 104]
    assert np.diff(found.address.astype(int)).tolist()[:2] == [64, 64]


def test_mixed_keeps_each_stream_in_order():
    found = generators.mixed_trace(requests=2000, streams=4, random_share=0, footprint_bytes=2**20)
    for number in range(4):
        mine = found.address[found.address // 2**18 == number]
        assert np.array_equal(mine, number * 2**18 + 64 * np.arange(len(mine)))


def test_mixed_shares_are_as_asked():
    found = generators.mixed_trace(requests=20_000, mean_gap_cycles=5.0, read_share=0.75).features()
    assert found["read_share"] == pytest.approx(0.75, abs=0.02)
    assert found["requests_per_cycle"] == pytest.approx(0.2, rel=0.05)
