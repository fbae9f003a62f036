"""The public face of the package: complete, sorted, and light to import."""

import subprocess
import sys

import pytest

import dse


def test_the_export_list_is_sorted_and_distinct():
    assert dse.__all__ == sorted(set(dse.__all__))


def test_the_export_list_is_complete():
    assert dse.__all__ == sorted(dse._HOME)


@pytest.mark.parametrize("name", dse.__all__)
def test_every_name_can_be_used(name):
    assert getattr(dse, name) is not None


@pytest.mark.parametrize("name", sorted(set(dse.__all__) - {"Columns"}))
def test_every_name_lives_where_the_list_says(name):
    assert getattr(dse, name).__module__ == dse._HOME[name]


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="module 'dse' has no attribute 'Searchers'"):
        dse.Searchers  # noqa: B018


def test_the_version_is_that_of_the_distribution():
    assert dse.__version__.count(".") >= 1


def test_the_root_imports_nothing_heavy():
    code = "import sys; before = set(sys.modules); import dse; print(*set(sys.modules) - before)"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = {name.partition(".")[0] for name in found.stdout.split()}
    assert not loaded - set(sys.stdlib_module_names) - {"dse"}
    assert {name for name in found.stdout.split() if name.startswith("dse")} == {"dse"}


def test_the_vocabulary_needs_numpy_and_nothing_else():
    code = "import sys, dse\n[getattr(dse, name) for name in dse.__all__]\nprint(*sys.modules)"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = {name.partition(".")[0] for name in found.stdout.split()}
    heavy = {"moocore", "torch", "ray", "pandas", "matplotlib", "plotly", "gymnasium", "pydantic"}
    assert not loaded & heavy
