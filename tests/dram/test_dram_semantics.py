"""The controller's behaviour: cases followed by hand, and what cannot matter."""

import numpy as np
import pytest
from dram.dram_cases import (
    CONTROLLERS,
    DDR3,
    DDR4,
    DEFAULT,
    refreshing_often,
    trace_of,
    traces,
    with_ranks,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from accel_models.dram import kernel, simulation
from accel_models.dram.energy import PARTS, energy_parts_pj, window_cycles
from accel_models.dram.equivalence import canonical
from accel_models.dram.simulation import command_log, simulate_controllers, thread_count
from accel_models.dram.state import CONTROLLER_FIELDS, HEAP, RESULT_FIELDS, Command
from dse.errors import WorkloadError


def controller(**changes):
    values = dict(zip(CONTROLLER_FIELDS, DEFAULT, strict=True)) | changes
    return np.array([list(values.values())])


def simulate(trace, memory=DDR3, **changes):
    (result,) = simulate_controllers(
        controller(**changes), memory, memory.maps["rbc"], trace, threads=1
    )
    return result


def log(trace, memory=DDR3, **changes):
    rows = command_log(controller(**changes)[0], memory, memory.maps["rbc"], trace)
    return [(time, Command(code).name, place) for time, code, place in rows.tolist()]


def test_one_read_takes_activate_access_and_burst():
    trace = trace_of((0, "R", 0))
    assert log(trace) == [(0, "ACT", 0), (10, "RD", 0)]
    assert simulate(trace)["total_time"] == 10 + 10 + 4


def test_a_row_conflict_precharges_first():
    trace = trace_of((0, "R", 0), (200, "R", 0x10000))
    expected = [(0, "ACT", 0), (10, "RD", 0), (200, "PRE", 0), (210, "ACT", 0), (220, "RD", 0)]
    assert log(trace) == expected


def test_row_hits_are_accesses_to_a_row_opened_before():
    trace = trace_of((0, "R", 0), (200, "R", 64), (400, "R", 0x10000))
    assert simulate(trace)["row_hits"] == 1


def test_fr_fcfs_takes_the_hit_and_fifo_the_older_request():
    trace = trace_of((0, "R", 0), (1, "R", 0x10000), (2, "R", 64))
    assert [c for _, c, _ in log(trace)] == ["ACT", "RD", "RD", "PRE", "ACT", "RD"]
    fifo = [c for _, c, _ in log(trace, scheduler=0)]
    assert fifo == ["ACT", "RD", "PRE", "ACT", "RD", "PRE", "ACT", "RD"]


def test_an_idle_rank_refreshes_on_time():
    trace = trace_of((0, "R", 0), (6500, "R", 0x10000))
    assert (6240, "PREA", 0) in log(trace)


def test_staggered_power_down_starts_asleep():
    trace = trace_of((0, "R", 0))
    assert [c for _, c, _ in log(trace, power_down=1)][:3] == ["PDEP", "PDXP", "ACT"]


def test_a_long_idle_rank_refreshes_itself():
    trace = trace_of((0, "R", 0), (30_000, "R", 64))
    commands = [c for _, c, _ in log(trace, power_down=1)]
    assert "SREFEN" in commands
    assert commands[commands.index("SREFEX") + 1] == "REFA"


def test_two_ranks_refresh_at_different_times():
    memory = with_ranks(DDR3, 2)
    trace = trace_of((7000, "R", 0), (7000, "R", 2**30))
    refreshes = [(time, rank) for time, c, rank in log(trace, memory) if c == "REFA"]
    assert refreshes[0] == (6240 - 3120, 1)
    assert (6240, 0) in refreshes


def test_relative_times_count_from_the_acceptance_before():
    absolute = trace_of((5, "R", 0), (105, "R", 64))
    relative = trace_of((5, "R", 0), (100, "R", 64), is_relative=True)
    assert simulate(relative)["total_time"] == simulate(absolute)["total_time"]


@settings(max_examples=100, deadline=None)
@given(CONTROLLERS, traces(), st.sampled_from([DDR3, refreshing_often(DDR4, 800)]))
def test_a_canonical_controller_stands_for_its_class(row, trace, memory):
    stands_for_it = canonical(row, has_writes=bool(trace.is_write.any()))[0]
    requests = simulation._requests(memory, memory.maps["rbc"], trace)
    no_log = np.empty((0, 3), dtype=np.int64)
    one, other = (simulation._run(r, memory, False, requests, no_log) for r in (row, stands_for_it))
    assert all(one[field] == other[field] for field in RESULT_FIELDS)
    assert np.array_equal(one["commands"], other["commands"])


@settings(max_examples=60, deadline=None)
@given(CONTROLLERS, traces())
def test_every_request_is_served_once(row, trace):
    (result,) = simulate_controllers(row[None], DDR3, DDR3.maps["rbc"], trace, threads=1)
    counts = result["commands"]
    assert counts[Command.RD] + counts[Command.RDA] == (~trace.is_write).sum()
    assert counts[Command.WR] + counts[Command.WRA] == trace.is_write.sum()


@settings(max_examples=40, deadline=None)
@given(CONTROLLERS, traces(read_only=True))
def test_time_respects_the_data_bus_and_the_activate_window(row, trace):
    (result,) = simulate_controllers(row[None], DDR3, DDR3.maps["rbc"], trace, threads=1)
    assert result["total_time"] >= 4 * len(trace)
    assert result["total_time"] >= 6 * (result["commands"][Command.ACT] - 4)


@settings(max_examples=40, deadline=None)
@given(st.lists(CONTROLLERS, min_size=2, max_size=6), traces(longest=100))
def test_a_batch_equals_its_members(rows, trace):
    rows = np.array(rows)
    together = simulate_controllers(rows, DDR3, DDR3.maps["rbc"], trace, threads=2)
    alone = [simulate_controllers(r[None], DDR3, DDR3.maps["rbc"], trace) for r in rows]
    assert (together == np.concatenate(alone)).all()


def test_the_default_space_has_few_different_controllers():
    sizes, limits = [1, 2, 4, 8, 16, 32, 64, 128], [1, 2, 4, 8]
    axes = [range(4), range(3), range(3), sizes, range(2), range(2), limits, limits, range(3)]
    grid = np.meshgrid(*axes, sizes, [0], indexing="ij")
    rows = np.stack([axis.ravel() for axis in grid], axis=1)
    distinct = np.unique(canonical(rows, has_writes=True), axis=0)
    assert len(rows) == 442_368
    assert len(distinct) < 166_464


def test_a_full_heap_is_enlarged(monkeypatch):
    def simulate_once(state, ring, requests, log):
        rooms.append(len(state["heap"]))
        state["is_heap_full"] = len(rooms) == 1

    rooms = []
    monkeypatch.setattr(kernel, "simulate", simulate_once)
    simulate(trace_of((0, "R", 0)))
    assert rooms == [HEAP, 16 * HEAP]


def test_a_log_that_is_too_short_is_enlarged(monkeypatch):
    trace = trace_of((0, "R", 0), (200, "R", 0x10000))
    expected = log(trace)
    monkeypatch.setattr(simulation, "_COMMANDS_PER_REQUEST", 1)
    assert log(trace) == expected


def test_parts_of_the_energy_of_one_read():
    result = simulate(trace_of((0, "R", 0)))
    parts = energy_parts_pj(result, DDR3)
    assert tuple(parts) == PARTS
    assert parts["activate"] == pytest.approx(10500 * 0.999999999, rel=1e-6)
    assert parts["read"] == pytest.approx(5700)
    assert sum(parts.values()) == pytest.approx(32400)
    assert window_cycles(result) == 24


def test_threads_follow_the_environment(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    assert thread_count() == 3


def test_requests_larger_than_a_burst_are_refused():
    from dataclasses import replace

    trace = replace(trace_of((0, "R", 0)), request_bytes=128)
    with pytest.raises(WorkloadError, match="requests of 128 B"):
        simulate(trace)


def test_a_trace_too_long_in_time_is_refused():
    with pytest.raises(WorkloadError, match="the trace takes"):
        simulate(trace_of((0, "R", 0), (2**45, "R", 0)))
