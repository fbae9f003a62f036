"""Memory specifications and address maps: what they mean, and what is refused."""

from pathlib import Path

import numpy as np
import pytest
from dram.dram_cases import DDR3, DDR4

import accel_models.dram
from accel_models.dram.address import AddressMap
from accel_models.dram.specification import BUILT_IN, load_specification, read_specification
from dse.errors import InputError

TEXT = (Path(accel_models.dram.__file__).parent / "ddr3-1600.yaml").read_text()


def test_ddr3_counts_whole_picoseconds():
    assert DDR3.clock_ps == 1250
    assert DDR3.energy_clock_ns == 1.25


def test_ddr4_times_and_energies_have_different_cycles():
    assert DDR4.clock_ps == 833
    assert DDR4.energy_clock_ns == pytest.approx(1 / 1.2)


def test_a_burst_has_64_bytes():
    assert [load_specification(name).burst_bytes for name in BUILT_IN] == [64, 64]


def test_read_to_write_turnaround():
    assert DDR3.timing["RTW"] == 10 + 4 + 2 - 8
    assert DDR4.timing["RTW"] == 16 + 4 + 1 - 16 + 1


def test_rbc_decodes_bank_and_row():
    address = np.array([0, 1 << 13, 1 << 16, (1 << 30) - 1, 1 << 30], dtype=np.uint64)
    bank, row = DDR3.maps["rbc"].decode(address)
    assert bank.tolist() == [0, 1, 0, 7, 0]
    assert row.tolist() == [0, 0, 1, 16383, 0]


def test_bank_groups_count_above_banks():
    address = np.array([1 << 30, 1 << 28], dtype=np.uint64)
    assert DDR4.maps["brc"].decode(address)[0].tolist() == [1, 4]


def test_xor_replaces_the_first_bit():
    fields = {"column": (0,), "bank": (1,), "row": (2,), "bank_group": (), "rank": ()}
    address = np.array([0b000, 0b100, 0b110], dtype=np.uint64)
    assert AddressMap(fields, ((1, 2),)).decode(address)[0].tolist() == [0, 1, 0]


def test_scattered_bits_are_gathered():
    fields = {"column": (), "bank": (3, 0), "row": (1, 2), "bank_group": (), "rank": ()}
    address = np.array([0b1000, 0b0001, 0b0110], dtype=np.uint64)
    bank, row = AddressMap(fields).decode(address)
    assert bank.tolist() == [1, 2, 0]
    assert row.tolist() == [0, 0, 3]


def test_a_users_file_is_read(tmp_path):
    file = tmp_path / "mine.yaml"
    file.write_text(TEXT.replace("RCD: 10", "RCD: 11"))
    assert load_specification(file).timing["RCD"] == 11


@pytest.mark.parametrize(
    ("old", "new", "what", "where"),
    [
        ("RCD: 10", "RCD: -1", "RCD = -1", "timing_cycles.RCD"),
        ("RCD: 10", "RCD: 1.5", "RCD = 1.5", "timing_cycles.RCD"),
        ("RCD: 10", "RCD: true", "RCD = True", "timing_cycles.RCD"),
        ("ACTPDEN: 1", "ACTPDE: 1", "Did you mean 'ACTPDEN'", "timing_cycles.ACTPDE"),
        ("RCD: 10, ", "", "'RCD' is missing", "timing_cycles"),
        ("REFI: 6240", "REFI: 80", "RFC = 88", "timing_cycles.REFI"),
        ("family: DDR3", "family: DDR9", "'DDR9'", "family"),
        ("banks: 8 ", "banks: 6 ", "banks = 6", "geometry.banks"),
        ("bank_groups: 1", "bank_groups: 2", "bank_groups = 2", "geometry.bank_groups"),
        ("burst_length: 8", "burst_length: 1", "burst_length = 1", "geometry.burst_length"),
        ("clock_hz: 800e6", "clock_hz: fast", "'fast'", "clock_hz"),
        ("VDD: 1.5", "VDD2: 1.5", "unknown key 'VDD2'", "supply_v"),
        ("bank: [13, 14, 15]", "bank: [13, 14]", "bank = [13, 14]", "address_maps.rbc"),
        ("bank: [13, 14, 15]", "bank: [12, 13, 14]", "bit 12 is used twice", "address_maps.rbc"),
        ("bank: [13, 14, 15]", "bnak: [13, 14, 15]", "Did you mean 'bank'", "address_maps.rbc"),
        ("bank: [13, 14, 15]", "bank: [13, 14, 15]\n    xor: [1]", "xor = [1]", "address_maps.rbc"),
        ("  rbc:", "  cbr:", "no address map 'rbc'", "address_maps"),
    ],
)
def test_what_is_wrong_is_named(old, new, what, where):
    assert old in TEXT
    with pytest.raises(InputError) as caught:
        read_specification(TEXT.replace(old, new, 1), "mine.yaml")
    assert what in caught.value.what
    assert caught.value.where.startswith("mine.yaml:")
    assert where in caught.value.where
    assert caught.value.allowed


def test_a_section_that_is_no_mapping_is_refused():
    with pytest.raises(InputError, match="not a mapping"):
        read_specification(
            TEXT.split("supply_v")[0] + "supply_v: 1\ncurrent_ma: 1\naddress_maps: 1"
        )


def test_an_address_map_that_is_no_mapping_is_refused():
    with pytest.raises(InputError, match="not an address map"):
        read_specification(TEXT.split("  rbc:")[0] + "  rbc: 1")


def test_an_unknown_memory_is_refused_with_a_hint():
    with pytest.raises(InputError, match=r"Did you mean 'ddr3-1600'"):
        load_specification("ddr3-160")


def test_a_missing_file_is_refused():
    with pytest.raises(InputError, match="no such file"):
        load_specification("none.yaml")
