"""`dse trace check|convert|stats`."""

import gzip
import json

import pytest

from dse.cli.main import invoke

STL = "0:\tread\t0x0\n1:\twrite\t0x40\n5:\tread\t0x2000\n"
LACKEY = "==7== Lackey\nI  04010000,4\n S 1fff000768,8\nI  04010004,4\n L 1fff00077c,8\n"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.stl").write_text(STL)
    (tmp_path / "prog.lackey").write_text(LACKEY)
    (tmp_path / "bad.stl").write_text(STL + "6:\tread\n")
    return tmp_path


@pytest.mark.usefixtures("folder")
def test_check_names_format_and_number(capsys):
    assert invoke(["trace", "check", "a.stl", "prog.lackey"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "a.stl: stl, 3 accesses, ok",
        "prog.lackey: lackey, 4 accesses, ok",
    ]


@pytest.mark.usefixtures("folder")
def test_check_goes_on_after_a_bad_file(capsys):
    assert invoke(["trace", "check", "bad.stl", "a.stl"]) == 2
    captured = capsys.readouterr()
    assert "bad.stl:4: not a line of a stl trace" in captured.err
    assert "a.stl: stl" in captured.out
    assert "Traceback" not in captured.err


@pytest.mark.usefixtures("folder")
def test_check_as_json(capsys):
    assert invoke(["trace", "check", "bad.stl", "a.stl", "--json"]) == 2
    bad, good = json.loads(capsys.readouterr().out)
    assert "bad.stl:4" in bad["error"]
    assert good == {"file": "a.stl", "format": "stl", "accesses": 3}


@pytest.mark.usefixtures("folder")
def test_stats_for_people(capsys):
    assert invoke(["trace", "stats", "a.stl"]) == 0
    out = capsys.readouterr().out
    assert "a.stl (stl)" in out
    assert "0x0 to 0x2000" in out


@pytest.mark.usefixtures("folder")
def test_stats_as_json_by_hand(capsys):
    assert invoke(["trace", "stats", "prog.lackey", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == [
        {
            "file": "prog.lackey", "format": "lackey", "accesses": 4, "reads": 1, "writes": 1,
            "instruction_fetches": 2, "first_time": 1, "last_time": 2,
            "lowest_address": 0x4010000, "highest_address": 0x1FFF00077C,
            "same_8kib_share": 0.0, "sequential_share": 0.0,
            "distinct_8kib": 2, "distinct_8kib_is_exact": True,
        }
    ]  # fmt: skip


@pytest.mark.usefixtures("folder")
def test_stats_of_requests(capsys):
    arguments = ["--set", "cache_bytes=0", "--set", "remap=pages", "--json"]
    assert invoke(["trace", "stats", "prog.lackey", *arguments]) == 0
    (found,) = json.loads(capsys.readouterr().out)
    assert found["accesses"] == 3  # the load spans two bursts
    assert found["highest_address"] == 0x780


@pytest.mark.usefixtures("folder")
def test_stats_stops_at_the_limit(capsys):
    assert invoke(["trace", "stats", "a.stl", "--limit", "2", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)[0]["accesses"] == 2


def test_convert_to_the_format_of_the_suffix(folder):
    assert invoke(["trace", "convert", "a.stl", "a.dramsim3"]) == 0
    assert (folder / "a.dramsim3").read_text() == "0x0 READ 0\n0x40 WRITE 1\n0x2000 READ 5\n"


def test_convert_compresses(folder):
    assert invoke(["trace", "convert", "a.stl", "out.gz", "--to", "stl"]) == 0
    assert gzip.decompress((folder / "out.gz").read_bytes()).decode() == STL


def test_convert_a_valgrind_trace(folder):
    settings = ["--set", "cache_bytes=64 KiB", "--set", "remap=pages"]
    assert invoke(["trace", "convert", "prog.lackey", "p.stl", *settings]) == 0
    expected = "1:\tread\t0x740\n2:\tread\t0x780\n"  # the store misses: its line is read
    assert (folder / "p.stl").read_text() == expected


@pytest.mark.usefixtures("folder")
def test_convert_to_standard_output(capfdbinary):
    assert invoke(["trace", "convert", "a.stl", "-", "--to", "loadstore", "--limit", "1"]) == 0
    assert capfdbinary.readouterr().out == b"LD 0x0\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["bad.stl", "o.stl"], "bad.stl:4"),
        (["prog.lackey", "o.stl"], "cache_bytes is not given"),
        (["prog.lackey", "o.stl", "--set", "cache_bytes=0"], "remap is 'none'"),
        (["a.stl", "o.gem5"], "cannot be written as gem5"),
        (["a.stl", "o.xyz"], "unknown trace format 'xyz'"),
        (["a.stl", "o.stl", "--from", "st"], "Did you mean 'stl'"),
        (["a.stl", "o.stl", "--set", "remap=page"], "Did you mean 'pages'"),
        (["a.stl", "o.stl", "--set", "rempa=pages"], "Did you mean 'remap'"),
        (["a.stl", "o.stl", "--set", "limit"], "is no assignment"),
        (["missing.stl", "o.stl"], "cannot be read"),
    ],
)
def test_what_convert_refuses_leaves_nothing_behind(folder, capsys, arguments, message):
    before = sorted(folder.iterdir())
    assert invoke(["trace", "convert", *arguments]) == 2
    assert message in capsys.readouterr().err
    assert sorted(folder.iterdir()) == before


def test_convert_where_nothing_can_be_written(folder, capsys):
    assert invoke(["trace", "convert", "a.stl", str(folder / "none" / "o.stl")]) == 3
    assert "cannot be written" in capsys.readouterr().err
