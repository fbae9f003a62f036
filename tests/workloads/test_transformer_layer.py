"""The frozen description of a layer: defaults, checks, and its two summaries."""

import math
import pickle
from dataclasses import FrozenInstanceError, fields

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dse.errors import WorkloadError
from workloads.transformer import TransformerLayer

BERT = {
    "name": "BERT",
    "heads": 12,
    "head_dim": 64,
    "value_dim": 64,
    "d_model": 768,
    "d_ff": 3072,
    "seq_len": 1024,
}


def layer(**changes):
    return TransformerLayer(**{**BERT, **changes})


def test_defaults_are_batch_64_no_sharing_and_two_matrices():
    found = layer()
    assert (found.batch, found.kv_heads, found.ffn_matrices) == (64, 12, 2)


def test_is_frozen():
    with pytest.raises(FrozenInstanceError):
        layer().heads = 16


def test_survives_the_trip_between_processes():
    found = layer(kv_heads=4)
    assert pickle.loads(pickle.dumps(found)) == found


def test_is_hashable_by_value():
    assert len({layer(), layer(), layer(batch=1)}) == 2


def test_features_are_the_logarithms_of_the_sizes():
    features = layer(ffn_matrices=2).features()
    assert features["log2_seq_len"] == 10.0  # 1024 = 2^10
    assert features["log2_batch"] == 6.0
    assert features["log2_heads"] == pytest.approx(math.log2(12))
    assert features["log2_ffn_matrices"] == 1.0


def test_features_cover_every_size():
    sizes = {field.name for field in fields(TransformerLayer)} - {"name"}
    assert set(layer().features()) == {f"log2_{size}" for size in sizes}


@given(
    heads=st.integers(1, 2**20),
    seq_len=st.integers(1, 2**24),
    d_ff=st.integers(1, 2**20),
    matrices=st.integers(2, 3),
)
def test_features_lie_in_their_box(heads, seq_len, d_ff, matrices):
    found = layer(heads=heads, seq_len=seq_len, d_ff=d_ff, ffn_matrices=matrices)
    assert all(0.0 <= value <= 24.0 for value in found.features().values())


@given(kv_heads=st.integers(1, 64), group=st.integers(1, 64))
def test_any_whole_group_of_heads_is_accepted(kv_heads, group):
    assert layer(heads=kv_heads * group, kv_heads=kv_heads).kv_heads == kv_heads


def test_description_names_shared_heads():
    assert layer(kv_heads=4).describe()["heads"] == "12, sharing 4 key-value heads"


def test_description_without_sharing_is_plain():
    assert layer().describe() == {
        "network": "BERT",
        "batch": "64 sequences",
        "sequence length": "1,024 tokens",
        "heads": "12",
        "head dimension": "64 (queries and keys), 64 (values)",
        "model dimension": "768",
        "feed-forward": "3,072 wide, 2 matrices",
    }


@pytest.mark.parametrize(
    "field", ["batch", "heads", "kv_heads", "head_dim", "value_dim", "d_model", "d_ff", "seq_len"]
)
@pytest.mark.parametrize("value", [0, -1, 2**24 + 1])
def test_every_size_has_a_range(field, value):
    with pytest.raises(WorkloadError, match=rf"{field} = {value} is out of range"):
        layer(**{field: value})


@pytest.mark.parametrize("value", [1.0, "12", True, [12], float("nan")])
def test_a_size_is_a_whole_number(value):
    with pytest.raises(WorkloadError, match=r"heads = .* is not a whole number"):
        layer(heads=value, kv_heads=1)


def test_the_range_is_told():
    with pytest.raises(WorkloadError) as caught:
        layer(seq_len=2**25)
    assert caught.value.allowed == "a whole number from 1 to 16,777,216, without point or exponent"


def test_a_million_tokens_and_the_largest_length_are_fine():
    assert layer(seq_len=2**20).seq_len == 2**20
    assert layer(seq_len=2**24).seq_len == 2**24


@pytest.mark.parametrize("value", [1, 4])
def test_a_feed_forward_network_has_two_or_three_matrices(value):
    with pytest.raises(WorkloadError, match=f"ffn_matrices = {value} is out of range"):
        layer(ffn_matrices=value)


def test_key_value_heads_divide_the_heads():
    with pytest.raises(WorkloadError, match="kv_heads = 5 does not divide heads = 12") as caught:
        layer(kv_heads=5)
    assert caught.value.allowed == "a divisor of 12"


@pytest.mark.parametrize("name", ["", "  ", 7])
def test_a_layer_has_a_name(name):
    with pytest.raises(WorkloadError, match=r"name = .* is not a name"):
        layer(name=name)


def test_all_faults_come_together():
    with pytest.raises(WorkloadError) as caught:
        layer(heads=0, kv_heads=1, d_ff="big")
    assert "heads = 0" in str(caught.value)
    assert "d_ff = 'big'" in str(caught.value)
