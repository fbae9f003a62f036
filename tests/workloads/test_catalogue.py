"""The catalogue holds the shapes of the FuseMax artifact."""

import pytest

from dse.errors import WorkloadError
from workloads import catalogue

# model, batch B, heads H, head dim E, value dim F, d_model D, d_ff S: the artifact's table
ARTIFACT = [
    ("bert", "BERT", 64, 12, 64, 64, 768, 3072),
    ("trxl", "TrXL", 64, 16, 64, 64, 1024, 4096),
    ("t5", "T5", 64, 8, 64, 64, 512, 2048),
    ("xlm", "XLM", 64, 16, 128, 128, 2048, 8192),
]
NAMES = [row[0] for row in ARTIFACT]


@pytest.mark.parametrize("row", ARTIFACT, ids=NAMES)
def test_shapes_equal_the_artifact(row):
    layer = getattr(catalogue, row[0])()
    found = (layer.name, layer.batch, layer.heads, layer.head_dim, layer.value_dim)
    assert (*found, layer.d_model, layer.d_ff) == row[1:]


@pytest.mark.parametrize("name", NAMES)
def test_networks_are_ungrouped_and_ungated(name):
    layer = getattr(catalogue, name)()
    assert layer.kv_heads == layer.heads
    assert layer.ffn_matrices == 2


@pytest.mark.parametrize("name", NAMES)
def test_the_default_length_is_64k(name):
    assert getattr(catalogue, name)().seq_len == 65536


def test_length_and_batch_can_be_chosen():
    layer = catalogue.bert(seq_len=1024, batch=8)
    assert (layer.seq_len, layer.batch) == (1024, 8)


def test_every_row_of_the_data_has_a_source():
    assert all(row["source"] for row in catalogue._rows().values())


def test_every_row_of_the_data_has_a_function():
    assert [name.lower() for name in catalogue._rows()] == NAMES


def test_a_bad_length_is_refused():
    with pytest.raises(WorkloadError, match="seq_len = 0 is out of range"):
        catalogue.t5(seq_len=0)
