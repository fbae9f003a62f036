"""The figures of the source, beside ours; and the script that prints them."""

import csv
import shutil
from pathlib import Path

import pytest
from daq_cases import cms_model
from reproduce_daq import main

from accel_models.daq.outcome import dead_fraction
from accel_models.daq.reproduction import SWEEPS, compare_all, design_of
from accel_models.daq.sensitivity import elasticities, power_shares
from accel_models.daq.technology import scale_of

ROOT = Path(__file__).parents[2]
DATA = Path(__file__).parent / "data"
NOTE = ROOT / "docs" / "models" / "daq.md"
FIGURES = 2009


@pytest.fixture(scope="module")
def comparisons():
    return compare_all(DATA)


def rows(table):
    with (DATA / f"{table}.csv").open() as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize(
    "table",
    ["results_shared", *SWEEPS, "elasticities_shared", "three_level_gaussian_chain",
     "repo_rerun_shared", "headline"],
)  # fmt: skip
def test_every_figure_is_within_its_tolerance(comparisons, table):
    ours = [c for c in comparisons if c.file == table]
    assert ours
    assert not [c for c in ours if not c.passes]


def test_every_row_is_compared(comparisons):
    for table in ("results_shared", *SWEEPS, "three_level_gaussian_chain"):
        labels = {c.row for c in comparisons if c.file == table}
        assert len(labels) == len(rows(table)), table


def test_tables_are_met_far_closer_than_demanded(comparisons):
    tables = {"results_shared", *SWEEPS}
    assert max(abs(c.error) for c in comparisons if c.file in tables) < 2e-8


@pytest.mark.parametrize("row", rows("technology_scaling"), ids=lambda row: row["year"])
def test_density_scale(row):
    (scale,) = scale_of("density")(float(row["year"]))
    assert scale == pytest.approx(float(row["density_scale"]), rel=1e-9)


SIMPLE = [row for row in rows("dead_time_shared") if row["model"].startswith("simple")]


@pytest.mark.parametrize("row", SIMPLE, ids=lambda row: row["raw_trigger_kHz"])
def test_simple_dead_time(row):
    found = dead_fraction(1e3 * float(row["raw_trigger_kHz"]), 40e6, float(row["d_BX"]))
    assert found == pytest.approx(float(row["dead_fraction"]), rel=1e-5)


def test_nearly_all_power_is_the_hlt():
    shares = power_shares(cms_model())
    assert next(iter(shares)) == "hlt"
    assert shares["hlt"] == pytest.approx(0.998, abs=5e-4)
    assert sum(shares.values()) == pytest.approx(1.0, rel=1e-12)


def test_systems_are_words_of_switches():
    assert design_of({"system": "smpx_uled_links_detector_only"}) == {
        "inner_tracker_data_factor": 0.46,
        "front_end_bit_energy_j": 2e-12,
    }
    assert design_of({"system": "gpu_l1t"}) == {"hlt_offload_share": 1.0, "l1_boost": 0.4}
    assert design_of({"system": "baseline"}) == {}


def test_micro_led_links_of_the_catalogue_equal_the_parameter():
    built = cms_model(micro_led="detectors")
    turned = cms_model()
    one = built.evaluate(built.space.parse({}))
    other = turned.evaluate(turned.space.parse({"front_end_bit_energy_j": 2e-12}))
    assert one["power_w"] == other["power_w"]


def test_elasticities_name_the_dead_parameters():
    found = elasticities(cms_model(l1_classifier="gaussian"))
    power = {name: values["power_w"] for name, values in found.items()}
    assert power["hlt_op_energy_j"] == pytest.approx(0.998, abs=5e-4)
    assert power["inner_tracker_data_factor"] == pytest.approx(0.416, abs=5e-4)
    assert power["l1_op_energy_j"] == pytest.approx(0.0015, abs=5e-5)
    assert power["front_end_bit_energy_j"] == pytest.approx(0.00017, abs=5e-6)
    assert power["hlt_skill"] == pytest.approx(0.0, abs=1e-9)


def test_elasticity_at_the_end_of_a_range_is_one_sided():
    # between pileup 140 and 200 the event grows by 2.332 MB of 8.425 MB
    slope = (8.165e6 - 5.833e6) / 60 * 200 / 8.425e6
    found = elasticities(cms_model())
    by_size = found["hgcal_data_factor"]["power_w"] / (3e6 / 8.425e6)
    assert found["pileup"]["power_w"] == pytest.approx(slope * by_size, rel=1e-2)


def test_elasticities_at_another_design():
    found = elasticities(cms_model(), {"year": 2022, "hlt_offload_share": 0.5}, ["power_w"])
    assert found["hlt_offload_share"]["power_w"] < 0.0
    assert set(found["hlt_skill"]) == {"power_w"}


def test_model_note_shows_the_table_as_it_is(capsys):
    assert main([]) == 0
    printed = capsys.readouterr().out
    assert printed.endswith(f"\n{FIGURES} figures: all PASS\n")
    assert printed in NOTE.read_text(encoding="utf-8")


def test_a_wrong_figure_fails_the_script(capsys, tmp_path):
    folder = shutil.copytree(DATA, tmp_path / "data")
    path = folder / "results_shared.csv"
    path.write_text(path.read_text().replace("0.064874404,", "0.0655,", 1))
    assert main(["--reference", str(folder)]) == 1
    assert capsys.readouterr().out.splitlines()[-1] == f"{FIGURES} figures: 1 FAIL"
