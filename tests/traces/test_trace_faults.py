"""Malformed traces: what the message says, and that it names the line."""

import contextlib
import gzip
import lzma

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from traces.trace_samples import blocks_of, champsim, gem5

from dse.errors import InputError

LINES = [f"{i}:\tread\t0x{64 * i:x}" for i in range(1, 8001)]


def text_with(line_number, *texts):
    lines = list(LINES)
    lines[line_number - 1 : line_number - 1 + len(texts)] = texts
    return "\n".join(lines).encode() + b"\n"


def refusal(tmp_path, data, name="auto"):
    file = tmp_path / "bad.trace"
    file.write_bytes(data)
    with pytest.raises(InputError) as caught:
        blocks_of(file, name)
    assert caught.value.exit_code == 2
    assert str(file) in str(caught.value)
    assert len(str(caught.value).splitlines()) <= 5
    return str(caught.value)


def test_wrong_column_count_names_the_first_three_lines(tmp_path):
    message = refusal(tmp_path, text_with(7001, "7001:\tread", "aa", LINES[7002], "bb", "cc"))
    assert "bad.trace:7001: not a line of a stl trace" in message
    assert "line 7,001: '7001:\\tread'; line 7,002: 'aa'; line 7,004: 'bb'" in message
    assert "line 7,005" not in message
    assert "CYCLE: [(BYTES)] read|write 0xADDRESS" in message


def test_an_extra_column_is_wrong(tmp_path):
    assert ":7001:" in refusal(tmp_path, text_with(7001, "7001:\tread\t0x40\t17"))


def test_the_three_lines_may_be_far_apart(tmp_path):
    lines = [f"0x{i:x} R" for i in range(300_001)]
    for at in (10_000, 150_000, 300_000):
        lines[at] = "?"
    message = refusal(tmp_path, "\n".join(lines).encode())
    assert "line 10,001: '?'; line 150,001: '?'; line 300,001: '?'" in message


def test_a_negative_address(tmp_path):
    message = refusal(tmp_path, text_with(7001, "7001:\tread\t-0x40"))
    assert "bad.trace:7001: not a line of a stl trace (negative number)" in message


def test_decreasing_times(tmp_path):
    message = refusal(tmp_path, text_with(7001, "6999:\tread\t0x40"))
    assert "bad.trace:7001: the time decreases from 7,000 to 6,999" in message
    assert "line 7,001: '6999:\\tread\\t0x40'" in message


def test_times_that_decrease_between_chunks(tmp_path):
    lines = [f"{max(i, 1)}: read 0x{'0' * 10}{i % 9}" for i in range(50_000)]
    block = "\n".join([*lines, "3: read 0x0"])
    assert "bad.trace:50001: the time decreases" in refusal(tmp_path, block.encode())


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("auto", b"# cycle command address\n\n"),
        ("stl", b"# cycle command address\n"),
        ("lackey", b"==1== Lackey\n==1== Command: ls\n"),
        ("pinatrace", b"#eof\n"),
        ("auto", gem5([])),
    ],
    ids=["unknown", "stl", "lackey", "pinatrace", "gem5"],
)
def test_header_only(name, data, tmp_path):
    assert "there is no request in it" in refusal(tmp_path, data, name)


@pytest.mark.parametrize("data", [b"", gzip.compress(b"")], ids=["plain", "gzip"])
def test_zero_length(data, tmp_path):
    assert "the file is empty" in refusal(tmp_path, data)


def test_truncated_gzip_names_the_line(tmp_path):
    packed = gzip.compress(text_with(1), mtime=0)
    message = refusal(tmp_path, packed[: len(packed) // 2])
    assert "the gzip data are cut off after" in message
    line = int(message.split("bad.trace:")[1].split(":")[0])
    assert 1000 < line < 7000


@pytest.mark.parametrize("cut", [4, 12])
def test_truncated_at_either_end(cut, tmp_path):
    packed = gzip.compress(text_with(1))
    assert "cut off" in refusal(tmp_path, packed[:-cut])
    assert "cut off" in refusal(tmp_path, packed[:cut])


def test_truncated_xz(tmp_path):
    packed = lzma.compress(text_with(1))
    assert "the xz data are cut off" in refusal(tmp_path, packed[: len(packed) // 2])


def test_damaged_gzip(tmp_path):
    packed = bytearray(gzip.compress(text_with(1)))
    packed[-6] ^= 0xFF
    assert "the gzip data are damaged" in refusal(tmp_path, bytes(packed))


def test_not_utf8(tmp_path):
    data = text_with(7001).replace(b"7001:", b"70\xff01:")
    assert "bad.trace:7001: not UTF-8 text: byte 0xff" in refusal(tmp_path, data)


def test_windows_line_ends_are_accepted(tmp_path):
    file = tmp_path / "a.stl"
    file.write_bytes(text_with(1).replace(b"\n", b"\r\n"))
    assert len(blocks_of(file)) == 8000


def test_git_lfs_pointer(tmp_path):
    pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n"
    message = refusal(tmp_path, pointer)
    assert "bad.trace:1: this is a Git LFS pointer" in message
    assert "git lfs pull" in message


@pytest.mark.parametrize("name", ["auto", "stl"])
def test_capitalised_commands(name, tmp_path):
    message = refusal(tmp_path, b"1:\tRead\t0x40\n2:\tWrite\t0x80\n", name)
    assert "bad.trace:1: not a line of a stl trace (commands are in lower case)" in message


@pytest.mark.parametrize(
    "data", [b"cycle,op,address\n1,R,0\n", b"\0\1\2" * 100], ids=["text", "binary"]
)
def test_a_file_that_fits_no_format(data, tmp_path):
    assert "no format fits" in refusal(tmp_path, data)


def test_an_endless_line(tmp_path):
    data = b"1: read 0x0\n" + b"1" * 3_000_000
    assert "bad.trace:2: the line is longer than 1 MiB" in refusal(tmp_path, data, "stl")


def test_a_number_that_is_too_large(tmp_path):
    assert ":1:" in refusal(tmp_path, b"1: read 0x11112222333344445\n", "stl")


@pytest.mark.parametrize("make", [lambda path: path, lambda path: path / "missing.stl"])
def test_what_cannot_be_opened(make, tmp_path):
    with pytest.raises(InputError, match="cannot be read") as caught:
        blocks_of(make(tmp_path))
    assert str(make(tmp_path).absolute()) in str(caught.value)


GOOD_PACKET = (10, 1, 64, 64)


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (gem5([GOOD_PACKET, (9, 1, 0, 64)]), "packet 2: the tick 9 is smaller"),
        (gem5([GOOD_PACKET, (10, 22, 0, 64)]), "packet 2: the command 22 is neither"),
        (gem5([GOOD_PACKET])[:-3], "the file ends within packet 1"),
        (gem5([GOOD_PACKET]) + b"\x02\x08\x05", "packet 2: this is no gem5 packet"),
        (b"gem5\x40\x08", "the header is damaged"),
        (b"gem5", "the header is damaged"),
        (b"gem5" + b"\xff" * 30, "the header is damaged"),
    ],
    ids=["tick", "command", "cut", "message", "header cut", "no header", "header"],
)
def test_damaged_gem5_traces(data, text, tmp_path):
    assert text in refusal(tmp_path, data)


def test_champsim_cut_off(tmp_path):
    data = champsim([(4096, [64], [])] * 100)
    assert "the file ends within record 100" in refusal(tmp_path, data[:-7])


def test_champsim_record_that_is_none(tmp_path):
    data = champsim([(4096, [64], [])] * 100) + b"\x07" * 64
    assert "record 101: this is no instruction" in refusal(tmp_path, data)


SOUND = [
    text_with(1)[:400],
    b"3 64\n1 128 64\n" * 9,
    b"==1== x\nI  0401ab70,3\n S 1fff000768,8\n M 0421c7cc,4\n" * 5,
    b"R 0,0,2,100,32\nW 0,1,3,2,100,32\n" * 9,
    gem5([(i, 1, 64 * i, 64) for i in range(20)]),
    champsim([(4096 + i, [64], [128]) for i in range(20)]),
]
SOUND += [gzip.compress(SOUND[0], mtime=0), lzma.compress(SOUND[4])]


@settings(max_examples=30, deadline=None)
@given(data=st.data())
def test_damage_is_refused_or_read_but_never_a_crash(data, tmp_path_factory):
    damaged = bytearray(data.draw(st.sampled_from(SOUND)))
    for _ in range(data.draw(st.integers(1, 4))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    file = tmp_path_factory.getbasetemp() / "damaged"
    file.write_bytes(damaged[: data.draw(st.integers(1, len(damaged)))])
    for name in ("auto", "stl", "gem5", "champsim", "simpleo3"):
        with contextlib.suppress(InputError):
            blocks_of(file, name)
