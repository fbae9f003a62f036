"""The user's own component energies and areas."""

import pytest
from fusemax_cases import published

from accel_models.attention.components import load_components
from dse.errors import InputError

HEADER = "component,quantity,value,unit,source\n"


@pytest.fixture
def table(tmp_path):
    def write(*rows, header=HEADER, encoding="utf-8"):
        path = tmp_path / "components.csv"
        path.write_text(header + "\n".join(rows) + "\n", encoding=encoding)
        return path

    return write


def message(path):
    with pytest.raises(InputError) as caught:
        load_components(path)
    return str(caught.value)


def test_builtin_energies_are_joules():
    assert load_components().energy_j["macc"] == pytest.approx(17.1645e-12)


def test_builtin_areas_are_square_millimetres():
    assert load_components().area_mm2["macc"] == pytest.approx(1545e-6)


def test_a_file_replaces_what_it_lists_and_nothing_else(table):
    replaced = load_components(table("macc,energy,1.5,pJ,a 7-nm library"))
    builtin = load_components()
    assert replaced.energy_j == {**builtin.energy_j, "macc": 1.5e-12}
    assert replaced.area_mm2 == builtin.area_mm2


def test_the_model_uses_the_file(table):
    ours = published("binding", 1024, breakdown=True)
    path = table("dram,energy,62.4,pJ/B,twice the built-in value")
    twice = published("binding", 1024, breakdown=True, components=path)
    assert twice["energy_j.dram"] == pytest.approx(2 * ours["energy_j.dram"])
    assert twice["energy_j.macc"] == ours["energy_j.macc"]


def test_a_file_that_was_edited_is_read_again(table):
    path = table("macc,energy,1.5,pJ,first")
    load_components(path)
    path.write_text(HEADER + "macc,energy,2.5,pJ,second\n")
    assert load_components(path).energy_j["macc"] == pytest.approx(2.5e-12)


def test_a_byte_order_mark_of_a_spreadsheet_does_not_matter(table):
    path = table("macc,energy,1.5,pJ,spreadsheet", encoding="utf-8-sig")
    assert load_components(path).energy_j["macc"] == pytest.approx(1.5e-12)


def test_missing_file(tmp_path):
    assert message(tmp_path / "nothing.csv") == f"file not found: {tmp_path / 'nothing.csv'}"


def test_file_that_is_no_text(tmp_path):
    path = tmp_path / "components.csv"
    path.write_bytes(b"\xff\xfe\x00\x80")
    assert "cannot read the component table" in message(path)


def test_missing_column(table):
    path = table("macc,energy,1.5,pJ", header="component,quantity,value,unit\n")
    assert message(path) == (
        f"{path}: column 'source' is missing\n  allowed: component, quantity, value, unit, source"
    )


def test_unknown_component(table):
    path = table("maccs,energy,1.5,pJ,slip")
    text = message(path)
    assert text.startswith(
        f"{path}:2: unknown component 'maccs' ('energy'). Did you mean 'macc'?\n  allowed: "
    )
    assert "dram (energy)" in text


def test_known_component_without_that_quantity(table):
    assert "unknown component 'dram' ('area')" in message(table("dram,area,1,um2,slip"))


def test_unit_of_another_kind(table):
    path = table("max,energy,0.1,pJ,fine", "dram,energy,249.6,pJ,per access")
    assert message(path) == f"{path}:3: unit 'pJ' for dram (energy)\n  allowed: pJ/B"


@pytest.mark.parametrize("value", ["", "much", "-1", "nan", "inf"])
def test_value_that_is_no_amount(table, value):
    path = table(f"macc,energy,{value},pJ,slip")
    assert message(path) == f"{path}:2: value {value!r} is not a number >= 0"


def test_component_listed_twice(table):
    path = table("macc,energy,1,pJ,first", "macc,energy,2,pJ,second")
    assert message(path) == f"{path}:3: macc (energy) is listed twice"
