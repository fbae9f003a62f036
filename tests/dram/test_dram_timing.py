"""No command of any simulation breaks a rule of the memory."""

import numpy as np
import pytest
from dram.dram_cases import (
    CONTROLLERS,
    DDR3,
    DDR4,
    DEFAULT,
    GOLDEN,
    refreshing_often,
    traces,
    with_ranks,
)
from dram.timing_rules import CODES, violations
from hypothesis import given, settings
from hypothesis import strategies as st

from accel_models.dram.simulation import command_log
from accel_models.dram.state import Command
from workloads.traces.trace import MemoryTrace

MEMORIES = [
    DDR3,
    DDR4,
    refreshing_often(DDR3, 300),
    refreshing_often(DDR4, 700),
    with_ranks(DDR3, 2),
    refreshing_often(with_ranks(DDR4, 2), 900),
]


def spread(trace, memory):
    """The same requests over the whole memory, so that all ranks are used."""
    factor = np.uint64(memory.geometry["ranks"])
    return MemoryTrace(
        name="spread",
        arrival_cycles=trace.arrival_cycles,
        address=trace.address * factor,
        is_write=trace.is_write,
    )


@settings(max_examples=120, deadline=None)
@given(CONTROLLERS, traces(), st.sampled_from(MEMORIES), st.sampled_from(["rbc", "brc"]))
def test_random_traces_and_controllers(controller, trace, memory, name):
    log = command_log(controller, memory, memory.maps[name], spread(trace, memory))
    assert violations(log, memory) == []


@pytest.mark.parametrize("name", ["chase", "random", "triad_stride", "uniform_rw", "8stream"])
def test_reference_traces(name):
    from accel_models.dram.reproduction import _trace

    trace = _trace(GOLDEN / "traces" / f"{name}.stl")
    log = command_log(np.array(DEFAULT), DDR3, DDR3.maps["rbc"], trace)
    assert violations(log, DDR3) == []


def test_the_checker_knows_the_codes():
    assert [command.name for command in Command] == CODES


LEGAL = [(0, "ACT", 0), (10, "RD", 0), (28, "PRE", 0), (38, "ACT", 0)]


def log_of(commands):
    return np.array([(time, CODES.index(command), place) for time, command, place in commands])


def test_the_checker_accepts_a_legal_log():
    assert violations(log_of(LEGAL), DDR3) == []


@pytest.mark.parametrize("late", [1, 2, 3])
def test_the_checker_finds_a_command_one_cycle_early(late):
    time, command, place = LEGAL[late]
    log = log_of([*LEGAL[:late], (time - 1, command, place)])
    assert any(command in text for text in violations(log, DDR3))


def test_the_checker_finds_an_access_to_a_closed_bank():
    assert "closed" in violations(log_of([(0, "RD", 0)]), DDR3)[0]


def test_the_checker_finds_five_activates_within_the_window():
    log = log_of([(6 * i - (i == 4), "ACT", i) for i in range(5)])
    assert any("tFAW" in text for text in violations(log, DDR3))
