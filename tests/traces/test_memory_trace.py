"""The workload class: identity, immutability, features."""

import pickle

import numpy as np
import pytest

from dse.errors import WorkloadError
from dse.testing.workload_contract import WorkloadContract
from workloads.traces.trace import MemoryTrace


def memory_trace(**changes):
    columns = {
        "name": "tiny",
        "arrival_cycles": [0, 1, 2, 10],
        "address": [0, 64, 0x10000, 0x2000],
        "is_write": [False, False, True, True],
    }
    return MemoryTrace(**{**columns, **changes})


class TestMemoryTrace(WorkloadContract):
    bad_arguments = (
        {"request_bytes": 0},
        {"arrival_cycles": [0, 2, 1, 3]},
        {"arrival_cycles": [-1, 2, 2, 3]},
        {"is_write": [True]},
    )

    def workload(self, **arguments):
        return memory_trace(**arguments)


def test_the_name_is_no_part_of_the_identity():
    assert memory_trace(name="other") == memory_trace()


@pytest.mark.parametrize(
    "change",
    [
        {"arrival_cycles": [0, 1, 2, 11]},
        {"address": [0, 64, 0x10000, 0x2040]},
        {"is_write": [False, False, True, False]},
        {"request_bytes": 32},
        {"is_relative": True},
    ],
)
def test_everything_else_is(change):
    assert memory_trace(**change) != memory_trace()


def test_the_arrays_cannot_be_changed():
    for trace in (memory_trace(), pickle.loads(pickle.dumps(memory_trace()))):
        with pytest.raises(ValueError, match="read-only"):
            trace.address[0] = 1


def test_the_arrays_of_the_caller_are_copied():
    address = np.array([0, 64, 128, 192], np.uint64)
    trace = memory_trace(address=address)
    address[0] = 999
    assert trace.address[0] == 0


def test_delays_may_decrease():
    assert memory_trace(arrival_cycles=[5, 0, 3, 0], is_relative=True).is_relative


def test_empty_traces_are_refused():
    with pytest.raises(WorkloadError, match="hold"):
        memory_trace(arrival_cycles=[], address=[], is_write=[])


def test_features_by_hand():
    found = memory_trace().features()
    assert found["requests"] == 4
    assert found["read_share"] == 0.5
    assert found["requests_per_cycle"] == 4 / 11
    assert found["longest_gap_cycles"] == 8
    assert found["footprint_bytes"] == 256
    assert found["distinct_rows"] == 3
    assert found["open_row_share"] == 0.25  # 64 after 0; 0x10000 conflicts, 0x2000 is bank 1
    assert found["sequential_share"] == 1 / 3
    assert found["direction_change_share"] == 1 / 3
