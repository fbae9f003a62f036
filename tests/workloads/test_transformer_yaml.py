"""Layers described in YAML files."""

from dataclasses import asdict
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from dse.errors import InputError, WorkloadError
from workloads.transformer import TransformerLayer, from_str, from_yaml

EXAMPLE = Path(__file__).parents[2] / "examples" / "workloads" / "grouped_query_layer.yaml"
LAYER = "heads: 8\nhead_dim: 64\nvalue_dim: 32\nd_model: 512\nd_ff: 2048\nseq_len: 4096\n"


@pytest.fixture
def layer_file(tmp_path):
    file = tmp_path / "small.yaml"
    file.write_text(LAYER)
    return file


def message(text):
    with pytest.raises(WorkloadError) as caught:
        from_str(text, "layer.yaml")
    return str(caught.value)


def test_the_example_is_a_grouped_query_layer():
    assert from_yaml(file=EXAMPLE) == TransformerLayer(
        name="llama-3-8b",
        batch=64,
        heads=32,
        kv_heads=8,
        head_dim=128,
        value_dim=128,
        d_model=4096,
        d_ff=14336,
        ffn_matrices=3,
        seq_len=8192,
    )


def test_the_name_of_the_file_is_the_default_name(layer_file):
    assert from_yaml(file=layer_file).name == "small"


def test_the_job_replaces_length_and_batch(layer_file):
    found = from_yaml(file=layer_file, seq_len=1024, batch=2)
    assert (found.seq_len, found.batch) == (1024, 2)


def test_the_length_may_come_from_the_job_alone():
    assert from_str(LAYER.replace("seq_len: 4096\n", ""), seq_len=256).seq_len == 256


def test_a_byte_order_mark_is_no_part_of_the_text(layer_file):
    layer_file.write_bytes(b"\xef\xbb\xbf" + LAYER.encode())
    assert from_yaml(file=layer_file).heads == 8


@given(
    st.builds(
        TransformerLayer,
        name=st.sampled_from(["a", "layer 7", "größer"]),
        batch=st.integers(1, 2**20),
        heads=st.integers(1, 2**20),
        head_dim=st.integers(1, 2**20),
        value_dim=st.integers(1, 2**20),
        d_model=st.integers(1, 2**20),
        d_ff=st.integers(1, 2**20),
        ffn_matrices=st.integers(2, 3),
        seq_len=st.integers(1, 2**24),
    )
)
def test_a_written_layer_reads_back(layer):
    assert from_str(yaml.safe_dump(asdict(layer))) == layer


def test_unknown_key_gets_a_hint_and_its_line():
    text = message(LAYER + "kv_head: 4\n")
    assert "layer.yaml:7" in text
    assert "unknown key 'kv_head'. Did you mean 'kv_heads'?" in text


def test_all_missing_keys_are_named():
    assert "layer.yaml: missing keys: head_dim, value_dim, d_model, d_ff" in message(
        "heads: 8\nseq_len: 1024\n"
    )


def test_one_missing_key_is_named():
    assert "missing key: d_ff" in message(LAYER.replace("d_ff: 2048\n", ""))


def test_wrong_type_has_its_line():
    text = message(LAYER.replace("64", "sixty-four"))
    assert "layer.yaml:2" in text
    assert "head_dim = 'sixty-four' is not a whole number" in text


@pytest.mark.parametrize("value", ["1e3", "512.0", "null", "true", "[512]", "{a: 1}"])
def test_a_size_is_written_as_a_whole_number(value):
    assert "d_model = " in message(LAYER.replace("512", value))


def test_grouping_has_its_line():
    text = message(LAYER + "kv_heads: 3\n")
    assert "layer.yaml:7" in text
    assert "kv_heads = 3 does not divide heads = 8" in text


def test_a_bad_name_has_its_line():
    assert "layer.yaml:7" in message(LAYER + "name: 7\n")


def test_a_replaced_value_is_not_blamed_on_the_file():
    with pytest.raises(WorkloadError) as caught:
        from_str(LAYER, "layer.yaml", seq_len=0)
    assert str(caught.value).startswith("seq_len = 0 is out of range")


def test_faults_of_all_kinds_come_together():
    text = message("heads: 0\nhead_dim: x\nvalue_dim: 1\nd_model: 1\nseq_len: 1\nbatsh: 2\n")
    for part in ("heads = 0", "head_dim = 'x'", "missing key: d_ff", "Did you mean 'batch'?"):
        assert part in text


@pytest.mark.parametrize("text", ["- heads\n", "heads\n", "7\n"])
def test_the_file_holds_a_mapping(text):
    assert "this is not the description of a layer" in message(text)


@pytest.mark.parametrize("text", ["", "heads: [\n", "heads: 8\nheads: 8\n"])
def test_what_is_no_yaml_mapping_of_distinct_keys_is_refused(text):
    with pytest.raises(InputError):
        from_str(text, "layer.yaml")


def test_a_missing_file_is_named_by_its_absolute_path(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match="no such file") as caught:
        from_yaml(file=Path("layer.yaml"))
    assert str(tmp_path / "layer.yaml") in str(caught.value)


def test_a_directory_is_not_a_file(tmp_path):
    with pytest.raises(InputError, match="this is a folder"):
        from_yaml(file=tmp_path)


@pytest.mark.parametrize("content", [b"heads: \xff\xfe\n", b"heads: 8\0\n"])
def test_binary_content_is_refused(tmp_path, content):
    file = tmp_path / "layer.yaml"
    file.write_bytes(content)
    with pytest.raises(InputError, match="UTF-8"):
        from_yaml(file=file)


def test_a_huge_file_is_refused_unread(tmp_path):
    file = tmp_path / "weights.bin"
    with file.open("wb") as stream:
        stream.truncate(2**40)
    with pytest.raises(InputError, match="1,099,511,627,776 bytes"):
        from_yaml(file=file)
