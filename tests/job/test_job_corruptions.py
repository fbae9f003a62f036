"""Whatever happens to a job file, the answer is a job or an `InputError`, never a traceback."""

import contextlib
import copy

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from job_samples import GOOD

from dse._yaml import dump_yaml, load_yaml
from dse.errors import InputError
from dse.job import load_job

DATA = load_yaml(GOOD, "good").data
relaxed = settings(
    max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
values = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.integers(-400, 400).map(lambda power: 10 ** abs(power) * (1 if power > 0 else -1)),
    st.text(max_size=8),
    st.sampled_from(
        ["5 GHz", "-4", "fast", "1e999", "area_mm2 <= 1", "min", "toy", "random", "../x"]
    ),
    st.lists(st.integers(-2, 300), max_size=3),
    st.dictionaries(
        st.sampled_from(["name", "from", "to", "count", "log", "seeds", "x"]), st.integers()
    ),
)


def places(data, path=()):
    """The paths of all values."""
    found = [path] if path else []
    items = data.items() if isinstance(data, dict) else enumerate(data)
    for key, value in items:
        if isinstance(value, (dict, list)):
            found += places(value, (*path, key))
        else:
            found.append((*path, key))
    return found


def attempt(path, text):
    path.write_text(text, encoding="utf-8", errors="surrogatepass")
    with contextlib.suppress(InputError):
        load_job(path).resolved()


@relaxed
@given(place=st.sampled_from(places(DATA)), value=values)
def test_a_replaced_value(tmp_path, place, value):
    data = copy.deepcopy(DATA)
    inner = data
    for key in place[:-1]:
        inner = inner[key]
    inner[place[-1]] = value
    attempt(tmp_path / "job.yaml", dump_yaml(data))


@relaxed
@given(place=st.sampled_from([p for p in places(DATA) if isinstance(p[-1], str)]), name=st.text())
def test_a_renamed_key(tmp_path, place, name):
    data = copy.deepcopy(DATA)
    inner = data
    for key in place[:-1]:
        inner = inner[key]
    inner[name] = inner.pop(place[-1])
    attempt(tmp_path / "job.yaml", dump_yaml(data))


@relaxed
@given(
    start=st.integers(0, len(GOOD)),
    length=st.integers(0, 12),
    text=st.text(alphabet="{}[]:,-'\"#&*!? \n\tax09é\x00", max_size=6),
)
def test_a_piece_of_text_replaced(tmp_path, start, length, text):
    attempt(tmp_path / "job.yaml", GOOD[:start] + text + GOOD[start + length :])


@pytest.mark.parametrize("name", [place[-1] for place in places(DATA) if len(place) == 1])
def test_a_missing_section(tmp_path, name):
    attempt(tmp_path / "job.yaml", dump_yaml({k: v for k, v in DATA.items() if k != name}))
