import contextlib
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dse._yaml import dump_yaml, load_yaml, read_text, scalar
from dse.errors import InputError


def refusal(text):
    with pytest.raises(InputError) as caught:
        load_yaml(text, "job.yaml")
    return caught.value


# -- data ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("940e6", 940e6),
        ("1e-3", 1e-3),
        ("-.5", -0.5),
        ("1.", 1.0),
        ("2_000_000", 2_000_000),
        ("-7", -7),
        ("0x1F", 31),
        ("0o17", 15),
        ("017", 17),
        (".inf", float("inf")),
        ("true", True),
        ("~", None),
        ("", None),
        ("no", "no"),
        ("1:30", "1:30"),
        ("5 GHz", "5 GHz"),
        ("2001-01-01", "2001-01-01"),
    ],
)
def test_words_follow_yaml_1_2(text, value):
    assert scalar(text) == value
    assert type(scalar(text)) is type(value)


def test_quoted_numbers_stay_text():
    assert load_yaml("a: '5'\nb: \"1e3\"", "f").data == {"a": "5", "b": "1e3"}


def test_windows_line_ends_are_fine():
    assert load_yaml("a: 1\r\nb: [2]\r\n", "f").data == {"a": 1, "b": [2]}


plain = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**20), 10**20)
    | st.floats(allow_nan=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=8,
)


@given(plain)
def test_what_is_dumped_is_read_back_exactly(data):
    assert load_yaml(dump_yaml({"data": data}), "f").data == {"data": data}


# -- places ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ((), "f:1:1"),
        (("study",), "f:1:1"),
        (("search", 1), "f:4:5"),
        (("search", 1, "budget"), "f:5:5"),
        (("search", 1, "seeds", 0), "f:4:5"),
        (("nothing", "at", "all"), "f:1:1"),
    ],
)
def test_every_part_knows_where_it_stands(path, place):
    text = "study: a\nsearch:\n  - searcher: x\n  - searcher: y\n    budget: 4\n"
    assert load_yaml(text, "f").where(path) == place


def test_a_top_level_list_is_refused_where_a_mapping_is_needed():
    with pytest.raises(InputError, match="f:1:1: the file holds a list"):
        load_yaml("- 1", "f").mapping()


# -- refusals --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "where", "what"),
    [
        ("a: [1, 2\nb: 3", "job.yaml:2:2", "did not find expected ',' or ']'"),
        ("a:\n\t- x", "job.yaml:2:1", "a tab where a space belongs"),
        ("a: 1\nb: 2\na: 3", "job.yaml:3:1", "the key 'a' occurs twice, first in line 1"),
        ("a: 1\nb:\n  c: 1\n  c: 1", "job.yaml:4:3", "the key 'c' occurs twice, first in line 3"),
        ("", "job.yaml", "the file is empty"),
        ("# only a comment\n", "job.yaml", "the file is empty"),
        ("a: &x 1\nb: *x", "job.yaml:2:4", "the alias *x"),
        ("a: !!python/object:os.system x", "job.yaml:1:4", "the tag"),
        ("a: 1\n---\nb: 2", "job.yaml:2:1", "a second document begins"),
        ("? [a, b]\n: 2", "job.yaml:1:3", "a key that is not a word"),
        ("a: b: c", "job.yaml:1:5", "mapping values are not allowed"),
        ("a: 1\nb: \x01", "job.yaml:2:4", "control characters"),
        ("a: " + "9" * 400, "job.yaml:1:4", "too large a number"),
        ("a: " + "[" * 5000, "job.yaml:1:34", "nested too deeply"),
        ("a: \ud800", "job.yaml", "not Unicode"),
    ],
)
def test_what_is_not_a_job_file_is_refused_with_its_place(text, where, what):
    error = refusal(text)
    assert error.where == where
    assert what in error.what


def test_an_alias_bomb_is_refused_at_its_first_alias():
    levels = [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 12)]
    assert refusal("\n".join(["a0: &a0 [x]", *levels])).where == "job.yaml:2:10"


def test_too_many_values_are_refused():
    assert "more than 200,000 values" in refusal("[" + "1," * 200_000 + "1]").what


@given(st.text(alphabet="ab:-[]{},#&*!|>'\"%@?\n\t \x00\x85é0."))
def test_no_text_raises_anything_but_an_input_error(text):
    with contextlib.suppress(InputError):
        load_yaml(text, "f")


# -- files -----------------------------------------------------------------------------------------


def test_text_is_read_without_its_byte_order_mark(tmp_path):
    (tmp_path / "a b é.yaml").write_bytes("\ufeffstudy: é".encode())
    assert read_text(tmp_path / "a b é.yaml") == "study: é"


def test_a_missing_file_names_the_absolute_path(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match="no such file") as caught:
        read_text(tmp_path.relative_to(tmp_path) / "job.yaml")
    assert str(tmp_path / "job.yaml") in str(caught.value)


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"\x7fELF\x00\x01", "binary file"),
        (b"a: 1\nb: \xff", "byte 0xff is not UTF-8"),
        (b"a" * 1_000_001, "the file has 1,000,001 bytes"),
    ],
)
def test_a_file_that_is_no_text_is_refused(tmp_path, content, what):
    (tmp_path / "f").write_bytes(content)
    with pytest.raises(InputError, match=what):
        read_text(tmp_path / "f")


def test_a_folder_is_refused(tmp_path):
    with pytest.raises(InputError, match="this is a folder"):
        read_text(tmp_path)


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_an_unreadable_file_is_refused(tmp_path):
    (tmp_path / "f").write_text("a: 1")
    (tmp_path / "f").chmod(0)
    with pytest.raises(InputError, match="Permission denied"):
        read_text(tmp_path / "f")


def test_a_name_that_no_file_can_have_is_refused(tmp_path):
    with pytest.raises(InputError, match="cannot be read"):
        read_text(tmp_path / ("x" * 5000))
