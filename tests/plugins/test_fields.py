import pickle
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal

import pytest

from dse._faults import Faults, blaming, grouped, key_text
from dse._fields import fields_of, type_text, validate
from dse.errors import InputError, PluginError


@dataclass(frozen=True)
class Sizes:
    """Sizes.

    Attributes:
        lanes: How many lanes,
            all told.
        bandwidth_bytes_per_s: Of the memory.
    """

    lanes: int
    bandwidth_bytes_per_s: float = 1e9
    style: Literal["slow", "fast"] = "slow"
    limit: int | None = None
    workers: int | Literal["auto"] = "auto"
    exact: bool = False
    label: str = ""
    file: Path | None = None
    weights: tuple[float, ...] = (1.0, 2.0)
    spare: list[int] = field(default_factory=list)
    heads: int = None  # filled in later


def message(target=Sizes, **values):
    with pytest.raises(InputError) as caught:
        validate(target, values)
    return str(caught.value)


# -- declarations ----------------------------------------------------------------------------------


def test_fields_carry_their_doc_string():
    assert fields_of(Sizes)["lanes"].doc == "How many lanes, all told."


def test_function_parameters_are_fields():
    def plugin(*, seq_len: int = 5) -> "NotImportedAtRunTime":  # noqa: F821
        """Do.

        Args:
            seq_len: Tokens.
        """

    found = fields_of(plugin)["seq_len"]
    assert (found.annotation, found.default, found.doc) == (int, 5, "Tokens.")


def test_a_type_that_cannot_be_resolved_blames_the_plugin():
    def plugin(*, file: "NotImported"):  # noqa: F821
        ...

    with pytest.raises(PluginError, match="NotImported"):
        fields_of(plugin)


@pytest.mark.parametrize(
    ("annotation", "text"),
    [
        (int | None, "a whole number or null"),
        (Literal["a", "b"], "a, b"),
        (Annotated[float, "x"], "a number"),
        (tuple, "tuple"),
    ],
)
def test_types_in_words(annotation, text):
    assert type_text(annotation) == text


# -- values ----------------------------------------------------------------------------------------


def test_defaults_are_filled_in_and_the_order_is_kept():
    checked = validate(Sizes, {"lanes": 4})
    assert list(checked) == list(Sizes.__dataclass_fields__)
    assert checked["bandwidth_bytes_per_s"] == 1e9


def test_quantities_are_read_in_the_unit_of_the_name():
    assert validate(Sizes, {"lanes": 1, "bandwidth_bytes_per_s": "1 GiB/s"})[
        "bandwidth_bytes_per_s"
    ] == float(2**30)


@pytest.mark.parametrize("value", ["4", "4e0", 4.0, 4])
def test_whole_numbers_may_be_written_in_several_ways(value):
    assert validate(Sizes, {"lanes": value})["lanes"] == 4


def test_relative_paths_start_at_the_base_folder(tmp_path):
    checked = validate(Sizes, {"lanes": 1, "file": "a/../b.csv"}, tmp_path)
    assert checked["file"] == tmp_path / "b.csv"


def test_a_default_outside_its_type_may_be_written_out():
    assert validate(Sizes, {"lanes": 1, "heads": None})["heads"] is None


def test_lists_become_tuples():
    assert validate(Sizes, {"lanes": 1, "weights": [1, 3]})["weights"] == (1.0, 3.0)


# -- messages --------------------------------------------------------------------------------------


def test_an_unknown_key_gets_a_hint():
    text = message(lanes=1, stile="fast")
    assert text.startswith("unknown key 'stile'. Did you mean 'style'?\n  allowed: lanes, ")


def test_a_missing_key_says_what_it_holds():
    assert message() == "the key 'lanes' is missing\n  allowed: lanes: a whole number"


def test_all_faults_come_together():
    text = message(stile="fast", exact="perhaps")
    assert all(part in text for part in ("'stile'", "'lanes' is missing", "'perhaps'"))


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("lanes", "fast", "'fast' is not a number"),
        ("lanes", 1.5, "1.5 does not fit\n  allowed: a whole number"),
        ("lanes", True, "true is not a number\n  allowed: a whole number"),
        ("lanes", [1], "[1] does not fit\n  allowed: a whole number"),
        ("bandwidth_bytes_per_s", "5 GHz", "'5 GHz' is a frequency, but this is a bandwidth"),
        ("bandwidth_bytes_per_s", float("nan"), "nan does not fit\n  allowed: a finite number"),
        ("style", "fsat", "'fsat' is not an option. Did you mean 'fast'?\n  allowed: 'slow' or"),
        ("style", 5, "5 is not an option."),
        ("limit", {}, "{} does not fit\n  allowed: a whole number"),
        ("workers", "all", "'all' does not fit\n  allowed: a whole number or 'auto'"),
        ("exact", "perhaps", "'perhaps' does not fit\n  allowed: true or false"),
        ("label", 5, "5 does not fit\n  allowed: text"),
        ("file", 5, "5 does not fit\n  allowed: the path of a file"),
        ("weights", 5, "5 does not fit"),
    ],
)
def test_a_wrong_value_says_what_is_allowed(name, value, text):
    assert message(**{"lanes": 1, name: value}).startswith(f"{name}: {text}")


def test_the_position_in_a_list_is_named():
    assert message(lanes=1, weights=[1, "x"]).startswith("weights[1]: 'x' does not fit")


def test_a_type_that_no_file_can_give_blames_the_plugin():
    def plugin(*, engine: Faults): ...

    with pytest.raises(InputError, match="engine has a type that no file can give"):
        validate(plugin, {"engine": 1})


# -- collecting ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "text"), [((), ""), (("search", 0, "budget"), "search[0].budget"), ((2,), "[2]")]
)
def test_key_paths_read_like_code(path, text):
    assert key_text(path) == text


def test_no_fault_raises_nothing():
    Faults().raise_if_any()


def test_a_place_inside_another_file_is_kept():
    faults = Faults()
    faults.add(("workload",), InputError("bad", where="net.yaml:3:1"))
    assert str(faults.located()[0]) == "workload: net.yaml:3:1: bad"


def test_what_neighbours_allow_is_said_once():
    errors = [InputError("a", allowed="x"), InputError("b", allowed="x"), InputError("c")]
    assert [str(error) for error in grouped(errors)] == ["a", "b\n  allowed: x", "c"]


def test_a_key_is_not_named_twice():
    faults = Faults()
    faults.add(("a", "b"), InputError("unknown key 'b'."))
    assert str(faults.located(lambda _: "file:1:2")[0]) == "file:1:2, a: unknown key 'b'."


def test_several_faults_survive_pickling():
    with pytest.raises(InputError) as caught:
        validate(Sizes, {"a": 1, "b": 2})
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)


def test_what_a_plugin_raises_by_accident_is_blamed_on_it():
    with pytest.raises(PluginError, match=r"the model 'm' failed: ZeroDivisionError: division"):
        blaming("the model 'm'", lambda: 1 / 0)
