"""Traces of any size: one block at a time, nothing read ahead, nothing kept."""

import tracemalloc
import weakref

from workloads.traces.auto import format_named
from workloads.traces.format import Reading
from workloads.traces.preparation import Preparation
from workloads.traces.source import TraceSource

PIECES = 40
PIECE = b"".join(b"7:\tread\t0x%x\n" % (64 * i) for i in range(20_000))


def pieces(seen):
    for position in range(PIECES):
        seen.append(position)
        yield PIECE


def test_blocks_come_while_the_trace_is_read():
    seen = []
    blocks = format_named("stl").accesses(TraceSource("pipe", pieces(seen)))
    next(blocks)
    assert len(seen) <= 5


def test_only_one_block_is_alive():
    blocks = format_named("stl").accesses(TraceSource("pipe", pieces([])))
    alive, most = weakref.WeakSet(), 0
    for block in Preparation(issue_gap_cycles=1).apply(blocks, "cycles"):
        columns = block.address
        alive.add(block)
        most = max(most, len(alive))
        assert len(columns) < 200_000
        del block, columns
    assert most <= 2


def test_memory_does_not_grow_with_the_trace(tmp_path):
    file = tmp_path / "a.stl"
    peaks = []
    for repeats in (4, 12):
        file.write_bytes(PIECE * repeats)
        tracemalloc.start()
        with format_named("auto").open(file, Preparation()) as reading:
            again = Reading(reading.format, reading.blocks)
            count = sum(len(text) for text in format_named("dramsim3").write(again))
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert count > repeats * 20_000 * 10
    assert peaks[1] < 1.3 * peaks[0]
    assert peaks[1] < 100e6
