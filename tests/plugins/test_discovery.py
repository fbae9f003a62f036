import logging
import subprocess
import sys
from pathlib import Path

import pytest
from plugins.fake_distributions import install

from dse import CostModel, _plugins
from dse.errors import PluginError

GOOD = '''
    """Stranger things."""
    from support.toy import ToyAccelerator, ToyWork

    class Model(ToyAccelerator):
        """A stranger's model.

        More about it.
        """
        env_id: str = "stranger/Model-v3"
'''


@pytest.fixture
def package(tmp_path, monkeypatch):
    """Install a module under some entry points of one kind; returns its name."""
    count = 0

    def make(kind, points, source, distribution="stranger"):
        nonlocal count
        count += 1
        module = f"stranger_{tmp_path.name.replace('-', '_')}_{count}"
        targets = {name: f"{module}:{attribute}" for name, attribute in points.items()}
        group = {_plugins.KINDS[kind]: targets}
        folder = install(tmp_path / str(count), distribution, group, {module: source})
        monkeypatch.syspath_prepend(folder)
        return module

    return make


def refusal(kind, name):
    with pytest.raises(PluginError) as caught:
        _plugins.load(kind, name)
    assert caught.value.exit_code == 2
    return caught.value


# -- listing ---------------------------------------------------------------------------------------


def test_builtins_are_found_by_the_public_route():
    points = _plugins.entry_points("searchers")
    assert _plugins.distribution_name(points["random"]) == "accel-dse"


def test_names_are_sorted():
    names = list(_plugins.entry_points("workloads"))
    assert names == sorted(names)


def test_a_strangers_model_is_found_and_loaded(package):
    package("models", {"odd": "Model"}, GOOD)
    assert issubclass(_plugins.load("models", "odd"), CostModel)


def test_the_summary_is_read_without_importing(package):
    module = package("models", {"odd": "Model"}, GOOD + "\n    raise RuntimeError\n")
    point = _plugins.entry_points("models")["odd"]
    assert _plugins.static_summary(point) == "A stranger's model."
    assert module not in sys.modules


def test_an_attribute_is_read_without_importing(package):
    package("models", {"odd": "Model"}, GOOD)
    point = _plugins.entry_points("models")["odd"]
    assert _plugins.static_attribute(point, "env_id") == "stranger/Model-v3"


@pytest.mark.parametrize("attribute", ["absent", "version"])
def test_an_attribute_that_is_no_text_of_the_class_reads_as_none(package, attribute):
    package("models", {"odd": "Model"}, GOOD + "        version = str(1)\n")
    point = _plugins.entry_points("models")["odd"]
    assert _plugins.static_attribute(point, attribute) is None


def test_the_summary_follows_reexports(package, tmp_path):
    module = package("models", {"odd": "Model"}, GOOD)
    package("models", {"again": "Alias"}, f"from {module} import Model as Alias", "another")
    assert (
        _plugins.static_summary(_plugins.entry_points("models")["again"]) == "A stranger's model."
    )


def test_the_summary_follows_relative_reexports(tmp_path, monkeypatch):
    folder = install(tmp_path, "nested", {"dse.models": {"n": "nested_pkg.sub:f"}})
    (folder / "nested_pkg" / "sub").mkdir(parents=True)
    (folder / "nested_pkg" / "sub" / "__init__.py").write_text("from ..core import f\n")
    (folder / "nested_pkg" / "__init__.py").write_text("raise RuntimeError\n")
    (folder / "nested_pkg" / "core.py").write_text('def f():\n    """Deep."""\n')
    monkeypatch.syspath_prepend(folder)
    assert _plugins.static_summary(_plugins.entry_points("models")["n"]) == "Deep."


@pytest.mark.parametrize("source", ["def broken(", "x = 1"])
def test_a_source_without_a_definition_has_no_summary(package, source):
    package("models", {"odd": "Model"}, source)
    assert _plugins.static_summary(_plugins.entry_points("models")["odd"]) == ""


def test_a_missing_module_has_no_summary(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(install(tmp_path, "hollow", {"dse.models": {"h": "hollow_x.y:Z"}}))
    assert _plugins.static_summary(_plugins.entry_points("models")["h"]) == ""


def test_discovery_imports_neither_numpy_nor_pydantic():
    code = (
        "import sys; from dse import _plugins as p\n"
        "for k in p.KINDS: [p.static_summary(e) for e in p.entry_points(k).values()]\n"
        "assert not {'numpy', 'pydantic', 'yaml', 'ray', 'torch'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


# -- clashes ---------------------------------------------------------------------------------------


def test_the_builtin_wins_a_clash_and_both_are_named(package, caplog):
    package("searchers", {"random": "Model"}, GOOD, "aaa-first-by-name")
    point = _plugins.entry_points("searchers")["random"]
    assert _plugins.distribution_name(point) == "accel-dse"
    what = "the searcher 'random' is registered by both 'accel-dse' and 'aaa-first-by-name'"
    assert caplog.messages == [f"{what}; the one of 'accel-dse' is used"]


def test_a_clash_is_logged_once(package, caplog):
    package("searchers", {"random": "Model"}, GOOD)
    _plugins.entry_points("searchers")
    _plugins.entry_points("searchers")
    assert len(caplog.messages) == 1


def test_between_strangers_the_first_distribution_wins(package, caplog):
    package("models", {"odd": "Model"}, GOOD, "zebra")
    package("models", {"odd": "Model"}, GOOD, "aardvark")
    assert _plugins.distribution_name(_plugins.entry_points("models")["odd"]) == "aardvark"
    assert "'aardvark' and 'zebra'" in caplog.text


# -- refusals --------------------------------------------------------------------------------------


def test_an_unknown_name_gets_a_hint_and_the_list():
    error = refusal("searchers", "rondom")
    assert error.what == "unknown searcher 'rondom'. Did you mean 'random'?"
    assert "sobol" in error.allowed


def test_an_unknown_name_of_a_kind_without_plugins(monkeypatch):
    monkeypatch.setattr(_plugins, "_installed", lambda group: [])
    assert "no package offers 'dse.trace_formats'" in refusal("formats", "ramulator").allowed


@pytest.mark.parametrize(
    ("statement", "text"),
    [
        ("import there_is_no_such_module", "ModuleNotFoundError: No module named 'there_is"),
        ("raise ValueError('no licence')", "ValueError: no licence"),
        ("raise SystemExit(3)", "SystemExit: 3"),
        ("def broken(", "SyntaxError: '(' was never closed"),
        ("other = 1", "AttributeError: module"),
    ],
)
def test_a_broken_plugin_reports_its_own_error(package, statement, text):
    package("models", {"odd": "Model"}, statement)
    error = refusal("models", "odd")
    assert error.what.startswith("the model 'odd' of 'stranger' cannot be imported: " + text)
    assert error.next_step == "repair or reinstall stranger, or name another"


@pytest.mark.parametrize(
    ("kind", "source", "text"),
    [
        ("models", "Model = 5", "is no CostModel"),
        ("models", "class Model: pass", "is no CostModel"),
        ("searchers", "class Model: pass", "is no Searcher"),
        ("models", "from dse import CostModel as Model", "lacks equations, space"),
        (
            "searchers",
            "from dse import Searcher as Model",
            "lacks ask, batch_size, load_state_dict",
        ),
        ("workloads", "Model = 5", "cannot be called"),
        ("formats", "Model = 5", "cannot be called"),
        ("workloads", "def Model(*sizes: int): ...", "has the parameter '*sizes: int'"),
        ("workloads", "def Model(a: int, /): ...", "has the parameter 'a: int'"),
        ("workloads", "def Model(*, size): ...", "has the parameter 'size' without a type"),
        ("workloads", "def Model(*, name: str): ...", "has the parameter 'name', which names"),
    ],
)
def test_a_plugin_of_the_wrong_kind_is_refused(package, kind, source, text):
    package(kind, {"odd": "Model"}, source)
    error = refusal(kind, "odd")
    assert f") {text}" in error.what
    assert error.allowed


def test_a_model_must_declare_its_facts(package):
    source = """
        from dse import CostModel
        class Model(CostModel):
            version = "1"
            space = None
            def equations(self, x, ops, wanted): ...
    """
    package("models", {"odd": "Model"}, source)
    assert "does not declare env_id, workload_type, metrics" in refusal("models", "odd").what


def test_unused_broken_plugins_are_skipped_with_one_warning_each(package, caplog):
    package("searchers", {"odd": "Model"}, "raise ValueError('no licence')")
    with caplog.at_level(logging.WARNING):
        loaded = _plugins.load_all("searchers")
    assert "random" in loaded
    assert "odd" not in loaded
    assert [m for m in caplog.messages if "odd" in m] == [
        "skipped: the searcher 'odd' of 'stranger' cannot be imported: ValueError: no licence"
    ]


# -- workload files --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "reader"), [("heads: 12\n", "transformer"), ("a: 1\ndetectors: {}\n", "daq-file")]
)
def test_a_key_in_the_file_chooses_between_readers_of_one_suffix(tmp_path, text, reader):
    file = tmp_path / "work.yaml"
    file.write_text(text)
    assert _plugins.workload_reading(file) == reader


def test_a_key_deeper_in_the_file_does_not_count(tmp_path):
    file = tmp_path / "work.yaml"
    file.write_text("inner:\n  detectors: {}\n")
    assert _plugins.workload_reading(file) == "transformer"


def test_a_file_that_is_not_there_is_read_by_its_suffix():
    assert _plugins.workload_reading(Path("missing.yaml")) == "transformer"


def test_nobody_reads_an_unknown_suffix():
    assert _plugins.workload_reading(Path("notes.txt")) is None
