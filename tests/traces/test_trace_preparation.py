"""From accesses to requests: splitting, remapping, cache, issue times."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dse.errors import WorkloadError
from workloads.traces.block import TraceBlock
from workloads.traces.preparation import Preparation


def prepared(blocks, unit="cycles", **how):
    return TraceBlock.joined(list(Preparation(**how).apply(iter(blocks), unit)))


def block(address, time=0, is_write=False, size_bytes=0, is_fetch=False):
    return TraceBlock.of(time, np.array(address, np.uint64), is_write, size_bytes, is_fetch)


def test_by_default_requests_of_unknown_size_stay_as_they_are():
    found = prepared([block([5, 64, 200], [1, 1, 9])])
    assert found.address.tolist() == [5, 64, 200]
    assert found.time.tolist() == [1, 1, 9]


@pytest.mark.parametrize(
    ("address", "size", "expected"),
    [
        (0, 64, [0]),
        (0, 65, [0, 64]),
        (60, 8, [0, 64]),
        (63, 1, [0]),
        (130, 200, [128, 192, 256, 320]),
        (4096, 4096, list(range(4096, 8192, 64))),
    ],
)
def test_accesses_are_split_into_aligned_bursts(address, size, expected):
    assert prepared([block([address], size_bytes=size)]).address.tolist() == expected


def test_bursts_of_another_size():
    found = prepared([block([30], size_bytes=40)], burst_bytes=32)
    assert found.address.tolist() == [0, 32, 64]


def test_each_burst_keeps_time_and_direction():
    found = prepared([block([0, 64], [3, 5], [True, False], [128, 64])])
    assert found.time.tolist() == [3, 3, 5]
    assert found.is_write.tolist() == [True, True, False]


@given(st.lists(st.tuples(st.integers(0, 2**20), st.integers(1, 4096)), min_size=1, max_size=20))
def test_bursts_cover_every_byte_and_touch_each_once(accesses):
    for address, size in accesses:
        found = prepared([block([address], size_bytes=size)]).address
        assert found[0] <= address < found[0] + 64
        assert found[-1] < address + size <= found[-1] + 64
        assert (np.diff(found) == 64).all()


@pytest.mark.parametrize(("address", "size"), [(0, 4097), (2**64 - 8, 16)])
def test_accesses_that_make_no_sense(address, size):
    with pytest.raises(WorkloadError, match="an access of"):
        prepared([block([address], size_bytes=size)])


def test_addresses_beyond_the_memory_are_refused_with_their_position():
    with pytest.raises(WorkloadError, match=r"0x40000000 of request 5 .* remap is 'none'"):
        prepared([block([0, 1, 2]), block([3, 2**30])])


def test_wrap_takes_the_address_modulo_the_capacity():
    found = prepared([block([2**30 + 5, 2**46 + 64])], remap="wrap")
    assert found.address.tolist() == [5, 64]


def test_pages_are_placed_in_order_of_first_use():
    blocks = [block([2**46 + 4096 * 9 + 5, 70]), block([2**46 + 4096 * 9 + 7, 8192, 4095])]
    found = prepared(blocks, remap="pages")
    assert found.address.tolist() == [5, 4096 + 70, 7, 8192, 4096 + 4095]


def test_pages_beyond_the_capacity():
    with pytest.raises(WorkloadError, match="more than the 2 pages"):
        prepared([block([0, 2**40, 2**41])], remap="pages", capacity_bytes=8192)


@given(st.lists(st.integers(0, 2**47 - 1), min_size=1, max_size=50), st.integers(1, 7))
def test_pages_are_told_apart_as_before(addresses, cut):
    address = np.array(addresses, np.uint64)
    found = prepared([block(address[:cut]), block(address[cut:])], remap="pages").address
    assert (found % np.uint64(4096) == address % np.uint64(4096)).all()
    assert len({*zip(address // np.uint64(4096), found // np.uint64(4096), strict=True)}) == len(
        {*(address // np.uint64(4096)).tolist()}
    )


def test_a_fixed_gap_ignores_recorded_times_across_blocks():
    found = prepared([block([0, 64], [7, 7]), block([0], [7])], issue_gap_cycles=3)
    assert found.time.tolist() == [0, 3, 6]


@pytest.mark.parametrize(
    ("unit", "how", "expected"),
    [
        ("cycles", {}, [1000, 2500]),
        ("cycles", {"time_scale": 0.25}, [250, 625]),
        ("cycles", {"time_scale": 1.5}, [1500, 3750]),
        ("cycles", {"from_zero": True}, [0, 1500]),
        ("instructions", {"time_scale": 0.1, "from_zero": True}, [0, 150]),
        ("picoseconds", {}, [0, 2]),
        ("picoseconds", {"clock_hz": 1.2e9}, [1, 3]),
    ],
)
def test_recorded_times_become_clock_cycles(unit, how, expected):
    assert prepared([block([0, 64], [1000, 2500])], unit, **how).time.tolist() == expected


def test_long_times_do_not_overflow():
    found = prepared([block([0], [2**62])], time_scale=0.3)
    assert found.time[0] == pytest.approx(2**62 * 0.3)


def test_delays_of_a_split_request_belong_to_its_first_burst():
    found = prepared([block([0, 0], [7, 2], size_bytes=128)], "delays")
    assert found.time.tolist() == [7, 0, 2, 0]


def test_instruction_fetches_count_on_demand_only():
    blocks = [block([0, 64], [1, 1], is_fetch=[True, False])]
    assert prepared(blocks).address.tolist() == [64]
    assert prepared(blocks, instruction_fetches=True).address.tolist() == [0, 64]


def test_the_limit_counts_requests_across_blocks():
    blocks = [block([0, 64]), block([128, 192], size_bytes=128), block([999])]
    assert prepared(blocks, limit=3).address.tolist() == [0, 64, 128]


def test_nothing_is_read_beyond_the_limit():
    def endless():
        yield block([0, 64])
        raise AssertionError

    assert len(prepared(endless(), limit=2)) == 2


def test_a_cache_of_two_lines_by_hand():
    # One set of two ways: 0 and 64 miss, 0 hits and becomes dirty, 128 evicts 64 (clean),
    # 64 evicts 0 (dirty: write-back), 64 hits.
    addresses = [0, 64, 8, 128, 64, 70]
    writes = [False, False, True, False, False, False]
    blocks = [block(addresses, np.arange(6), writes, 1)]
    found = prepared(blocks, cache_bytes=128, cache_ways=2)
    assert found.address.tolist() == [0, 64, 128, 64, 0]
    assert found.is_write.tolist() == [False, False, False, False, True]
    assert found.time.tolist() == [0, 1, 3, 4, 4]


def reference_cache(lines, writes, sets, ways):
    """Plain least recently used, write-back: for each access what the memory sees."""
    held = [{} for _ in range(sets)]
    for line, is_write in zip(lines, writes, strict=True):
        ways_of = held[line % sets]
        if line in ways_of:
            ways_of[line] = ways_of.pop(line) or is_write
            continue
        yield line, False
        if len(ways_of) == ways:
            victim = next(iter(ways_of))
            if ways_of.pop(victim):
                yield victim, True
        ways_of[line] = is_write


@given(st.lists(st.tuples(st.integers(0, 40), st.booleans()), min_size=1, max_size=200))
def test_the_cache_agrees_with_a_plain_one_across_blocks(accesses):
    lines, writes = (np.array(column) for column in zip(*accesses, strict=True))
    whole = block(lines * 64, 0, writes, 8)
    halves = [whole.take(slice(len(lines) // 2)), whole.take(slice(len(lines) // 2, None))]
    found = prepared(halves, cache_bytes=64 * 4 * 3, cache_ways=4)
    expected = list(reference_cache(lines.tolist(), writes.tolist(), sets=3, ways=4))
    assert list(zip((found.address // 64).tolist(), found.is_write.tolist(), strict=True)) == (
        expected
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("limit", 0), ("issue_gap_cycles", -1), ("time_scale", 0.0), ("clock_hz", -1.0),
        ("burst_bytes", 48), ("burst_bytes", 8192), ("capacity_bytes", 1000),
        ("cache_bytes", 1000), ("cache_bytes", -1024), ("cache_ways", 0),
    ],
)  # fmt: skip
def test_parameters_out_of_range(name, value):
    with pytest.raises(WorkloadError, match=f"{name} = ") as caught:
        Preparation(**{name: value})
    assert caught.value.allowed


@pytest.mark.parametrize(
    ("unit", "is_cpu_level", "given", "demanded"),
    [
        ("none", False, {}, "issue_gap_cycles"),
        ("instructions", True, {}, "cache_bytes"),
        ("none", True, {"issue_gap_cycles": 1}, "cache_bytes"),
        ("delays", False, {"cache_bytes": 1024}, "cache_bytes"),
    ],
)
def test_what_a_format_leaves_open_must_be_stated(unit, is_cpu_level, given, demanded):
    with pytest.raises(WorkloadError, match=demanded):
        Preparation(**given).check("some", unit, is_cpu_level)
