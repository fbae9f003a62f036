"""The errors: the tree as it is drawn, their text, their trip between processes."""

import pickle
import re

import pytest

from dse import errors
from dse.errors import DesignError, DSEError, InputError, JobError, did_you_mean

FULL = {"where": "job.yaml:3", "allowed": "1 or 2", "next_step": "correct it"}
CLASSES = [value for value in vars(errors).values() if isinstance(value, type)]


def drawn_tree():
    """Class name -> name of its base, as the doc string of the module draws it."""
    bases, path = {}, {}
    for line in errors.__doc__.splitlines():
        match = re.match(r"([ │├└─]*)([A-Z]\w+)  ", line)
        if match:
            depth = len(match[1]) // 4
            path[depth] = match[2]
            bases[match[2]] = path[depth - 1] if depth else "Exception"
    return bases


def test_the_tree_is_as_drawn():
    real = {cls.__name__: cls.__base__.__name__ for cls in CLASSES}
    assert drawn_tree() == real


def test_the_exit_codes_are_as_drawn():
    for line in errors.__doc__.splitlines():
        if match := re.search(r"([A-Z]\w+) +exit code (\d)", line):
            assert getattr(errors, match[1]).exit_code == int(match[2])


def test_the_export_list_is_complete():
    public = [cls.__name__ for cls in CLASSES] + ["did_you_mean"]
    assert sorted(errors.__all__) == sorted(public)


def test_every_part_is_shown():
    assert str(DSEError("x = 3", **FULL)) == (
        "job.yaml:3: x = 3\n  allowed: 1 or 2\n  next:    correct it"
    )


def test_parts_that_are_missing_leave_no_trace():
    assert str(DSEError("x = 3")) == "x = 3"


@pytest.mark.parametrize("cls", CLASSES)
def test_every_part_survives_the_trip_to_another_process(cls):
    copy = pickle.loads(pickle.dumps(cls("x = 3", **FULL)))
    assert type(copy) is cls
    assert vars(copy) == {"what": "x = 3", **FULL}
    assert str(copy) == str(cls("x = 3", **FULL))


def test_several_problems_make_one_job_error():
    error = JobError.collect([InputError("a", where="f:1"), DesignError("b", where="f:2")], "f")
    assert str(error) == (
        "f:1: a\nf:2: b\n  next:    correct f and run again; nothing was evaluated or written"
    )


@pytest.mark.parametrize(
    ("word", "hint"),
    [
        ("objective", " Did you mean 'objectives'?"),
        ("OBJECTIVES", " Did you mean 'objectives'?"),
        ("serach", " Did you mean 'search'?"),
        ("zebra", ""),
        ("", ""),
    ],
)
def test_near_names_are_suggested(word, hint):
    assert did_you_mean(word, ["objectives", "search", "space"]) == hint
