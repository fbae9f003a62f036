"""Request traces: the Azure file, the CSV reader line by line, and each message."""

import pickle
from dataclasses import FrozenInstanceError

import numpy as np
import pytest

from dse.errors import InputError, WorkloadError
from workloads.requests.csv_reader import Columns, read_requests
from workloads.requests.served import served_requests
from workloads.requests.trace import RequestTrace

HEADER = "TIMESTAMP,ContextTokens,GeneratedTokens\n"
THREE = HEADER + (
    "2023-11-16 18:17:03.9799600,4808,10\n"
    "2023-11-16 18:17:04.0319600,3180,8\n"
    "2023-11-16 18:17:06.0319601,110,27\n"
)


@pytest.fixture
def write(tmp_path):
    def written(text):
        file = tmp_path / "trace.csv"
        file.write_bytes(text.encode() if isinstance(text, str) else text)
        return file

    return written


def complaint(file, **options):
    with pytest.raises(InputError) as caught:
        read_requests(file, **options)
    return str(caught.value)


# -- the trace that comes with the package -------------------------------------------------------


def test_the_azure_trace_is_whole():
    requests = served_requests().requests
    assert len(requests) == 8819
    assert requests.context_tokens.sum() == 18_059_974
    assert requests.total_generated_tokens == 245_896
    assert (requests.context_tokens.max(), requests.generated_tokens.max()) == (7437, 1899)


def test_azure_arrivals_keep_100_ns():
    arrival = served_requests().requests.arrival_s
    # 18:17:03.9799600, 18:17:04.0319600 and, an hour later, 19:14:19.9280160
    assert arrival[1] == pytest.approx(0.052, abs=1e-12)
    assert arrival[-1] == pytest.approx(57 * 60 + 15.948056, abs=1e-9)


def test_every_third_request():
    whole, third = served_requests().requests, served_requests(every=3).requests
    assert third.arrival_s.tolist() == whole.arrival_s[::3].tolist()
    assert third.context_tokens.tolist() == whole.context_tokens[::3].tolist()


# -- reading -------------------------------------------------------------------------------------


def test_three_requests(write):
    found = read_requests(write(THREE))
    assert found.context_tokens.tolist() == [4808, 3180, 110]
    assert found.generated_tokens.tolist() == [10, 8, 27]
    assert found.arrival_s == pytest.approx([0, 0.052, 2.0520001], abs=1e-12)


@pytest.mark.parametrize(
    "change",
    [
        lambda t: t.replace("\n", "\r\n"),
        lambda t: t[:-1],
        lambda t: "\ufeff" + t,
        lambda t: t.replace("\n", "\n\n"),
    ],
)
def test_line_ends_marks_and_blank_lines_do_not_matter(write, change):
    assert read_requests(write(change(THREE))) == read_requests(write(THREE))


def test_columns_may_have_other_names_and_neighbours(write):
    file = write("id,out,t,in\na,5,10.25,100\nb,6,11.5,200\n")
    found = read_requests(file, Columns("t", "in", "out"))
    assert found.arrival_s.tolist() == [0, 1.25]
    assert found.context_tokens.tolist() == [100, 200]
    assert found.generated_tokens.tolist() == [5, 6]


def test_time_zones_count(write):
    rows = "2024-05-10 10:00:00+00:00,1,1\n2024-05-10 12:00:00.5+02:00,2,1\n"
    assert read_requests(write(HEADER + rows)).arrival_s.tolist() == [0, 0.5]


def test_requests_are_sorted_by_arrival(write):
    found = read_requests(write(HEADER + "5,10,1\n3,20,1\n5,30,1\n"))
    assert found.context_tokens.tolist() == [20, 10, 30]
    assert found.arrival_s.tolist() == [0, 2, 2]


def test_the_limit_counts_from_the_top(write):
    assert len(read_requests(write(THREE), limit=2)) == 2


def test_reading_stops_at_the_limit(write):
    assert len(read_requests(write(THREE + "not,a,request\n"), limit=3)) == 3


# -- what is refused -----------------------------------------------------------------------------


def test_a_missing_column_lists_what_there_is(write):
    text = complaint(write("TIMESTAMP,ContextToken,GeneratedTokens\n"))
    assert ":1: column 'ContextTokens' is missing. Did you mean 'ContextToken'?" in text
    assert "context_column" in text


def test_a_short_line_is_named(write):
    assert "trace.csv:5: 2 values" in complaint(write(THREE + "2023-11-16 18:17:07,3\n"))


@pytest.mark.parametrize("tokens", ["0", "-1", "1.5", "many", "", "99999999", "9" * 5000])
def test_tokens_are_counts(write, tokens):
    text = complaint(write(THREE + f"2023-11-16 18:17:07,{tokens},3\n"))
    assert "trace.csv:5: ContextTokens = " in text
    assert "a whole number from 1 to 16,777,216" in text


@pytest.mark.parametrize(
    "time", ["yesterday", "-1", "nan", "inf", "", "2023-13-01 00:00:00", "2023-11-16 18:17:03."]
)
def test_times_are_times(write, time):
    text = complaint(write(THREE + f"{time},3,3\n"))
    assert f"trace.csv:5: TIMESTAMP = {time!r} is not a time" in text


@pytest.mark.parametrize("text", [HEADER, HEADER + "\n\n"])
def test_no_request_at_all(write, text):
    assert "the file holds no request" in complaint(write(text))


def test_an_empty_file_has_no_columns(write):
    assert "column 'TIMESTAMP' is missing" in complaint(write(""))


def test_binary_is_no_text(write):
    assert "not UTF-8 text" in complaint(write(b"\xff\xfe\x00"))


def test_a_missing_file_is_named(tmp_path):
    text = complaint(tmp_path / "trace.csv")
    assert "cannot be read: No such file" in text
    assert str(tmp_path) in text


def test_an_endless_field_is_no_csv(write):
    text = complaint(write(HEADER + '"' + "x" * 200_000 + '",1,1\n'))
    assert "not CSV: field larger than" in text


@pytest.mark.parametrize("options", [{"limit": 0}, {"every": 0}])
def test_counts_begin_at_one(write, options):
    with pytest.raises(WorkloadError, match=r"(limit|every) = 0"):
        read_requests(write(THREE), **options)


# -- the trace as a value ------------------------------------------------------------------------


def trace(**changes):
    columns = {
        "arrival_s": [0.0, 1.0], "context_tokens": [10, 20], "generated_tokens": [3, 4],
    }  # fmt: skip
    return RequestTrace(**{"name": "two", **columns, **changes})


def test_is_frozen_throughout():
    with pytest.raises(FrozenInstanceError):
        trace().name = "other"
    with pytest.raises(ValueError, match="read-only"):
        pickle.loads(pickle.dumps(trace())).arrival_s[0] = 1


def test_equal_requests_make_equal_traces():
    assert trace() == trace(name="same")
    assert len({trace(), trace(), trace(context_tokens=[10, 21])}) == 2


def test_features_by_hand():
    found = trace().features()
    assert found["context_tokens_mean"] == 15
    assert found["generated_tokens_max"] == 4
    assert found["span_s"] == 1


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"arrival_s": [0.0]}, "equally many"),
        ({"arrival_s": [1.0, 0.0]}, "arrival_s of request 1 (from 0) is 0.0"),
        ({"arrival_s": [0.0, np.nan]}, "finite times"),
        ({"arrival_s": [-1.0, 0.0]}, "arrival_s of request 0"),
        ({"context_tokens": [10, 0]}, "context_tokens of request 1 (from 0) is 0"),
        ({"generated_tokens": [0, 1]}, "generated_tokens of request 0"),
    ],
)
def test_wrong_columns_are_named(changes, text):
    with pytest.raises(WorkloadError) as caught:
        trace(**changes)
    assert text in str(caught.value)


def test_a_served_model_is_described():
    found = served_requests(network="mixtral-8x7b", weight_bits=4, limit=5).describe()
    assert found["parameters"] == "46,702,792,704; a token meets 12,879,925,248"
    assert found["bits"] == "4 (weights), 16 (activations), 16 (keys and values)"


def test_a_config_of_the_users_own(tmp_path):
    file = tmp_path / "config.json"
    file.write_text(
        '{"model_type": "gpt2", "n_embd": 64, "n_head": 4, "n_layer": 2, "n_positions": 128,'
        ' "vocab_size": 500}'
    )
    assert served_requests(config=file, limit=5).model.layers == 2
