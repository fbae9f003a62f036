"""What a simulation keeps in memory: the requests under way, however long the trace."""

import tracemalloc

import numpy as np
import pytest
from dram.dram_cases import CONTROLLERS, DDR3, DEFAULT, trace_of, traces
from hypothesis import given, settings

from accel_models.dram import simulation
from accel_models.dram.simulation import simulate_controllers
from accel_models.dram.state import CONTROLLER_FIELDS, REQUEST, RING
from workloads.traces.trace import MemoryTrace

MAP = DDR3.maps["rbc"]
ROW = 2**16
"""From a row of a bank to the next one."""


@pytest.fixture
def rooms(monkeypatch):
    """The rooms of all rings that grew."""
    found = []
    grow = simulation._larger

    def record(ring, sent):
        found.append(2 * len(ring))
        return grow(ring, sent)

    monkeypatch.setattr(simulation, "_larger", record)
    return found


def controller(**changes):
    values = dict(zip(CONTROLLER_FIELDS, DEFAULT, strict=True)) | changes
    return np.array([list(values.values())])


def simulate(trace, **changes):
    return simulate_controllers(controller(**changes), DDR3, MAP, trace, threads=1)[0]


def reads(count, step=64):
    return trace_of(*((cycle, "R", cycle * step) for cycle in range(count)))


def overtaken(count):
    """A row is open; the second request wants another one, and all others hit the open one."""
    hits = [(cycle, "R", cycle % 100 * 64) for cycle in range(2, count)]
    return trace_of((0, "R", 0), (1, "R", ROW), *hits)


def test_a_larger_ring_holds_the_same_requests():
    ring = np.zeros(4, dtype=REQUEST)
    ring["address"] = [104, 105, 102, 103]  # requests 2 to 5, each at its number modulo 4
    larger = simulation._larger(ring, sent=6)
    assert larger["address"].tolist() == [0, 0, 102, 103, 104, 105, 0, 0]


def test_the_ring_does_not_grow_with_the_trace(rooms):
    simulate(reads(20 * RING))
    assert rooms == []


def test_the_ring_grows_while_a_request_is_overtaken(rooms):
    simulate(overtaken(3 * RING), refresh=0)
    assert rooms == [2 * RING, 4 * RING]


def test_refresh_ends_the_waiting_of_an_overtaken_request(rooms):
    simulate(overtaken(40 * RING), refresh=1, max_postponed=1)
    assert max(rooms) < 40 * RING


@settings(max_examples=100, deadline=None)
@given(CONTROLLERS, traces())
def test_results_do_not_depend_on_the_room(row, trace):
    requests = simulation._requests(DDR3, MAP, trace)
    wide = run_with_room(512, row, requests)
    narrow = run_with_room(2, row, requests)
    assert wide == narrow


def run_with_room(room, row, requests):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(simulation, "RING", room)
        log = np.full((4000, 3), -1)
        state = simulation._run(row, DDR3, False, requests, log)
    return [state[name].tolist() for name in simulation.RESULT.names], log.tolist()


def test_addresses_are_decoded_alike_in_parts_and_at_once(monkeypatch):
    trace = reads(100, step=3 * ROW + 64)
    at_once = simulation._requests(DDR3, MAP, trace)
    monkeypatch.setattr(simulation, "_DECODED_AT_ONCE", 7)
    in_parts = simulation._requests(DDR3, MAP, trace)
    assert all(np.array_equal(a, b) for a, b in zip(at_once, in_parts, strict=True))


def test_a_simulation_adds_five_bytes_for_each_request():
    short, long = (peak_bytes(reads(count)) for count in (50_000, 250_000))
    assert long - short == pytest.approx(5 * 200_000, rel=0.02)


def peak_bytes(trace: MemoryTrace) -> int:
    simulate(trace)
    tracemalloc.start()
    simulate(trace)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return peak
