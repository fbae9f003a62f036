"""Every format: what it means by hand, that it is recognised, and round trips."""

import gzip
import lzma
from importlib.metadata import EntryPoint, EntryPoints

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from traces.trace_samples import blocks_of, champsim, gem5, recognised

from dse.errors import InputError, PluginError
from workloads.traces.auto import format_named
from workloads.traces.block import TraceBlock
from workloads.traces.format import Reading
from workloads.traces.workload import trace_file

# Format -> text, and (time, address, writes, size) of each access.
TEXTS = {
    "stl": (
        "# comment\n31:\tread\t0x400140\n\nx\n40: (128) write 400180 0xDEADBEEF\r\n40:read 0X0\n",
        [(31, 0x400140, 0, 0), (40, 0x400180, 1, 128), (40, 0, 0, 0)],
    ),
    "ramulator": (
        "0x12345680 R\n0x4cbd56c0 W\n",
        [(0, 0x12345680, 0, 0), (0, 0x4CBD56C0, 1, 0)],
    ),
    "loadstore": (
        "LD 0x12340\nST 4096\nLD 0X1f\n",
        [(0, 0x12340, 0, 0), (0, 4096, 1, 0), (0, 0x1F, 0, 0)],
    ),
    "readwrite": (
        "R 0,0,2,100,32\nW 0,1,3,2,100,32\n",
        [
            (0, 2 << 13 | 100 << 16 | 32 << 3, 0, 0),
            (0, 1 << 32 | 3 << 13 | 2 << 15 | 100 << 17 | 32 << 3, 1, 0),
        ],
    ),
    "simpleo3": (
        "3 20734016\n1 20846400 20734016\n0 64\n",
        [(4, 20734016, 0, 1), (6, 20846400, 0, 1), (6, 20734016, 1, 1), (7, 64, 0, 1)],
    ),
    "dramsim3": (
        "0x1FF96FC0 WRITE   160\n1ff97000 P_MEM_WR 160\n0x40\tREAD\t170\n0x80 BOFF 171\n",
        [(160, 0x1FF96FC0, 1, 0), (160, 0x1FF97000, 1, 0), (170, 0x40, 0, 0), (171, 0x80, 1, 0)],
    ),
    "lackey": (
        "==1== Lackey\nI  0401ab70,3\n S 1fff000768,8\nI  0401ab73,5\n M 0421c7cc,4\n L 1ffe,16\n",
        [
            (1, 0x401AB70, 0, 3),
            (1, 0x1FFF000768, 1, 8),
            (2, 0x401AB73, 0, 5),
            (2, 0x421C7CC, 0, 4),
            (2, 0x421C7CC, 1, 4),
            (2, 0x1FFE, 0, 16),
        ],
    ),
    "pinatrace": (
        "0x7f1c2a: R 0x7ffd10\n0x7f1c2c: W 0x7ffd18\n#eof\n",
        [(0, 0x7FFD10, 0, 1), (0, 0x7FFD18, 1, 1)],
    ),
}
GEM5 = gem5([(1250, 1, 0x40, 64), (2500, 4, 2**46, 32), (2500, 1, 0x80, 64)])
CHAMPSIM = [(0x400000, [0x1000], []), (0x400004, [], []), (0x400008, [0x2000, 0x3000], [0x1000])]
WITHOUT_TIME = ("ramulator", "loadstore", "readwrite", "lackey", "pinatrace")
WRITABLE = (*TEXTS, "rstl")


def rows(block):
    columns = (block.time, block.address, block.is_write, block.size_bytes)
    return list(zip(*(column.tolist() for column in columns), strict=True))


@pytest.mark.parametrize("name", TEXTS)
def test_text_by_hand(name, tmp_path):
    text, expected = TEXTS[name]
    file = tmp_path / "a.trace"
    file.write_bytes(text.encode())
    assert rows(blocks_of(file, name)) == expected


@pytest.mark.parametrize("name", TEXTS)
@pytest.mark.parametrize("pack", [bytes, gzip.compress, lzma.compress])
def test_text_is_recognised_by_content(name, pack, tmp_path):
    file = tmp_path / "unknown"
    file.write_bytes(pack(TEXTS[name][0].encode()))
    assert recognised(file) == name


@pytest.mark.parametrize("name", TEXTS)
def test_windows_line_ends_change_nothing(name, tmp_path):
    unix, windows = tmp_path / "unix", tmp_path / "windows"
    text = TEXTS[name][0].replace("\r", "")
    unix.write_bytes(text.encode())
    windows.write_bytes(text.replace("\n", "\r\n").encode())
    assert rows(blocks_of(windows)) == rows(blocks_of(unix))


def test_a_name_in_rstl_says_that_times_are_delays(tmp_path):
    file = tmp_path / "a.rstl"
    file.write_text("2: (512) read 0x400160\n0: write 0x0\n")
    found = trace_file(file=file)
    assert found.is_relative
    assert found.arrival_cycles.tolist() == [2, *[0] * 8, 0]  # 512 B not aligned: 9 bursts


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_gem5_by_hand(pack, tmp_path):
    file = tmp_path / "packets"
    file.write_bytes(pack(GEM5))
    assert recognised(file) == "gem5"
    assert rows(blocks_of(file)) == [
        (1250, 0x40, 0, 64), (2500, 2**46, 1, 32), (2500, 0x80, 0, 64)
    ]  # fmt: skip


def test_gem5_ticks_of_another_frequency(tmp_path):
    file = tmp_path / "packets"
    file.write_bytes(gem5([(3, 1, 0, 64)], tick_hz=10**9))
    assert rows(blocks_of(file))[0][0] == 3000


def test_gem5_packets_across_pieces(tmp_path):
    packets = [(i, 1 + 3 * (i % 2), i * 64, 64) for i in range(100_000)]
    file = tmp_path / "packets"
    file.write_bytes(gem5(packets))
    block = blocks_of(file)
    assert np.array_equal(block.time, np.arange(100_000))
    assert np.array_equal(block.is_write, np.arange(100_000) % 2 == 1)


@pytest.mark.parametrize("size", [64, 72])
@pytest.mark.parametrize("count", [1, 3, 900])
def test_champsim_by_hand(size, count, tmp_path):
    file = tmp_path / "a.champsim.xz"
    file.write_bytes(lzma.compress(champsim(CHAMPSIM * count, size)))
    assert recognised(file) == "champsim"
    assert rows(blocks_of(file))[:4] == [
        (1, 0x1000, 0, 1), (3, 0x2000, 0, 1), (3, 0x3000, 0, 1), (3, 0x1000, 1, 1)
    ]  # fmt: skip
    assert len(blocks_of(file)) == 4 * count


def test_a_file_of_several_gzip_members(tmp_path):
    file = tmp_path / "a.gz"
    file.write_bytes(gzip.compress(b"1: read 0x0\n") + gzip.compress(b"2: read 0x40\n"))
    assert len(blocks_of(file)) == 2


def test_the_last_line_needs_no_end(tmp_path):
    file = tmp_path / "a.stl"
    file.write_text("1: read 0x0\n2: read 0x40")
    assert len(blocks_of(file)) == 2


def test_a_byte_order_mark_is_passed_over(tmp_path):
    file = tmp_path / "a.stl"
    file.write_bytes(b"\xef\xbb\xbf1: read 0x0\n")
    assert len(blocks_of(file, "stl")) == 1


def test_lines_across_chunks(tmp_path):
    file = tmp_path / "a.stl"
    file.write_text("".join(f"{i}:\tread\t0x{64 * i:x}\n" for i in range(100_000)))
    block = blocks_of(file)
    assert np.array_equal(block.time, np.arange(100_000))
    assert np.array_equal(block.address, np.arange(100_000) * 64)


requests = st.lists(
    st.tuples(st.integers(0, 2**20), st.integers(0, 2**32 // 64 - 1), st.booleans()),
    min_size=1, max_size=30,
)  # fmt: skip


@pytest.mark.parametrize("name", WRITABLE)
@settings(max_examples=20)
@given(found=requests)
def test_what_is_written_is_read_back(name, found, tmp_path_factory):
    gaps, lines, is_write = (np.array(column) for column in zip(*found, strict=True))
    is_write = is_write & np.roll(~is_write, 1) if name == "simpleo3" else is_write
    is_write[0] = is_write[0] and name != "simpleo3"
    time = np.where(is_write, 0, gaps + 1).cumsum()
    block = TraceBlock.of(time, lines.astype(np.uint64) * np.uint64(64), is_write)
    file = tmp_path_factory.mktemp("trip") / f"a.{name}"
    halves = [block.take(slice(len(block) // 2)), block.take(slice(len(block) // 2, None))]
    file.write_bytes(b"".join(format_named(name).write(Reading("stl", halves))))
    back = blocks_of(file, name)
    assert np.array_equal(back.address, block.address)
    assert np.array_equal(back.is_write, block.is_write)
    if name not in WITHOUT_TIME:
        assert np.array_equal(back.time.cumsum() if name == "rstl" else back.time, time)


@pytest.mark.parametrize("name", ["gem5", "champsim"])
def test_binary_formats_are_not_written(name):
    with pytest.raises(InputError, match=f"cannot be written as {name}"):
        list(format_named(name).write(Reading("stl", [])))


def test_delays_are_not_written_as_times():
    with pytest.raises(InputError, match="delays after the previous request"):
        list(format_named("stl").write(Reading("rstl", [], is_relative=True)))


def test_simpleo3_cannot_hold_a_write_without_a_read():
    block = TraceBlock.of([0], np.array([64], np.uint64), [True])
    with pytest.raises(InputError, match="follows no read of its own"):
        list(format_named("simpleo3").write(Reading("stl", [block])))


def test_an_unknown_format_is_named():
    with pytest.raises(PluginError, match="Did you mean 'ramulator'"):
        format_named("ramulater")


class TestPluginsOfOthers:
    """Formats that other packages register."""

    @pytest.fixture(autouse=True)
    def installed(self, monkeypatch):
        group = "dse.trace_formats"
        points = EntryPoints(
            [
                EntryPoint("stl", "workloads.traces.dramsys:Stl", group),
                EntryPoint("broken", "no_such_package:Format", group),
            ]
        )
        monkeypatch.setattr("workloads.traces.auto.entry_points", lambda group: points)

    def test_a_broken_one_is_passed_over_with_a_warning(self, tmp_path, caplog):
        file = tmp_path / "a"
        file.write_text("1: read 0x40\n")
        assert recognised(file) == "stl"
        assert "skipped: the trace format 'broken' cannot be used" in caplog.text

    def test_a_broken_one_that_is_asked_for_says_why(self):
        with pytest.raises(PluginError, match="'broken' cannot be used: ModuleNotFoundError"):
            format_named("broken")
