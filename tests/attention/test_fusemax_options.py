"""What each switch changes, by how much, and which values it refuses."""

import math
from dataclasses import replace

import pytest
from fusemax_cases import published, published_design

from accel_models.attention.fusemax import FuseMax
from accel_models.attention.options import PRESETS, FuseMaxOptions
from dse.errors import InputError
from workloads.catalogue import bert

PUBLISHED = FuseMaxOptions(preset="published")


def found(options=PUBLISHED, configuration="binding", length=65536, **design):
    model = FuseMax(bert(seq_len=length), options)
    return model.evaluate(published_design(model, configuration, **design), breakdown=True)


def changed_metrics(configuration="binding", **options):
    """Metrics that options change at the published point."""
    before = found(configuration=configuration)
    after = found(replace(PUBLISHED, **options), configuration)
    return {name for name in before if "." not in name and before[name] != after[name]}


ENERGY = {"energy_j", "power_w", "energy_delay_product_js"}


# -- quirks of the artifact --------------------------------------------------------------------


def test_q1_registers_of_all_pes_raise_fusemax_energy_by_60_percent():
    ratio = found(replace(PUBLISHED, rf_accounting="physical"))["energy_j"] / found()["energy_j"]
    assert ratio == pytest.approx(1.6, abs=0.05)


@pytest.mark.parametrize("configuration", ["unfused", "flat", "cascade", "binding"])
def test_q1_changes_energy_only(configuration):
    assert changed_metrics(configuration, rf_accounting="physical") == ENERGY


def test_q3_charges_cascade_for_every_exponential():
    # One per score and one per running max: n + n/256, n = 768 * 65536^2, at 94.6475 pJ.
    exponentials = 768 * 65536**2 * (1 + 1 / 256)
    charged = found(replace(PUBLISHED, cascade_exp_energy="charged"), "cascade")
    added = charged["energy_j"] - found(configuration="cascade")["energy_j"]
    assert added == pytest.approx(exponentials * 94.6475e-12, rel=1e-9)


def test_q3_leaves_the_other_configurations_alone():
    assert changed_metrics("binding", cascade_exp_energy="charged") == set()


def test_q4_actual_buffer_halves_the_sweeps_of_cascade():
    # Tiles that fit in 16 MiB: (2^24 - 65,536) / (512 * 642) = 50.8, so P1 = 32 of 256: 8 sweeps;
    # in 32 MiB: (2^25 - 65,536) / 328,704 = 101.9, so P1 = 64: 4 sweeps.
    artifact = found(configuration="cascade")["traffic_bytes.key_value"]
    actual = found(replace(PUBLISHED, cascade_tile_buffer="actual"), "cascade")
    assert artifact == 8 * 2 * 768 * 65536 * 128
    assert actual["traffic_bytes.key_value"] == artifact / 2


def test_q4_never_tiles_for_more_than_the_buffer_has():
    small = {"global_buffer_bytes": 2**20, "configuration": "cascade"}
    artifact = found(PUBLISHED, **small)
    actual = found(replace(PUBLISHED, cascade_tile_buffer="actual"), **small)
    assert artifact["traffic_bytes"] == actual["traffic_bytes"]


# -- additions of the design space -------------------------------------------------------------


def test_more_1d_pes_shorten_the_softmax():
    assert found(configuration="flat", pe_1d_ratio=2)["busy_1d_s"] == pytest.approx(
        found(configuration="flat")["busy_1d_s"] / 2
    )


@pytest.mark.parametrize(("pe_dim", "rows_per_cycle"), [(256, 2.35), (512, 4.7)])
def test_rows_per_cycle_that_fusemax_asks_of_its_buffer(pe_dim, rows_per_cycle):
    point = found(pe_dim=pe_dim, buffer_ports=1)
    assert point["port_time_s"] / point["latency_s"] == pytest.approx(rows_per_cycle, rel=0.01)


def test_port_limit_binds_where_the_ports_are_too_few():
    limited = found(replace(PUBLISHED, port_limit=True), buffer_ports=2)
    assert limited["latency_s"] == limited["port_time_s"] > found(buffer_ports=2)["latency_s"]


def test_voltage_follows_the_clock():
    # 470 MHz: V/V0 = 0.5 + 0.5 * 0.5 = 0.75, so on-chip energy x 0.5625; DRAM stays.
    full = found(frequency_hz=470e6)
    scaled = found(replace(PUBLISHED, voltage_scaling=True), frequency_hz=470e6)
    on_chip = full["energy_j"] - full["energy_j.dram"]
    assert scaled["energy_j"] == pytest.approx(0.5625 * on_chip + full["energy_j.dram"], rel=1e-12)


def test_leakage_is_area_times_time():
    leaking = found(replace(PUBLISHED, leakage_w_per_mm2=0.02))
    expected = 0.02 * leaking["area_mm2"] * leaking["latency_s"]
    assert leaking["energy_j.leakage"] == pytest.approx(expected, rel=1e-12)


def test_leakage_scales_with_the_voltage():
    options = replace(PUBLISHED, leakage_w_per_mm2=0.02)
    full = found(options, frequency_hz=470e6)
    scaled = found(replace(options, voltage_scaling=True), frequency_hz=470e6)
    assert scaled["energy_j.leakage"] == pytest.approx(0.75 * full["energy_j.leakage"])


def test_dram_interface_costs_area_per_bandwidth():
    # 10 mm2 per 256 GiB/s; 400 GiB/s need 15.625 mm2.
    assert found(replace(PUBLISHED, dram_interface_mm2=10.0))["area_mm2.dram_interface"] == 15.625


def test_dram_standby_costs_power_per_bandwidth():
    standby = found(replace(PUBLISHED, dram_standby_w=2.0))
    assert standby["energy_j.leakage"] == pytest.approx(2.0 * 400 / 256 * standby["latency_s"])


def test_buffer_energy_is_a_straight_line_through_the_fitted_sizes():
    # Between 16 and 32 MiB at 24 MiB: the mean. Row accesses do not depend on the size here.
    at = {
        size: found(configuration="unfused", global_buffer_bytes=size * 2**20)["energy_j.buffer"]
        for size in (16, 24, 32)
    }
    assert at[24] == pytest.approx((at[16] + at[32]) / 2, rel=1e-12)


def test_buffer_area_outside_the_cacti_table_is_the_fit():
    # 16 MiB of 512-byte rows: 2564 um2/KiB * 16384 + 0.0885 um2 * 4096^2 = 43.4935 mm2
    assert found()["area_mm2.buffer"] == pytest.approx(43.4935, rel=1e-5)


def test_buffer_area_in_the_cacti_table_is_the_listed_one():
    design = {"global_buffer_bytes": 256 * 1024, "pe_dim": 256}
    assert found(**design)["area_mm2.buffer"] == pytest.approx(2.14103471)
    fitted = found(replace(PUBLISHED, buffer_area="fit"), **design)
    assert fitted["area_mm2.buffer"] == pytest.approx(2.14103471, rel=0.05)


def test_narrow_words_halve_the_traffic_of_queries():
    # Keys and values gain twice: half the bytes, and larger tiles need fewer sweeps.
    assert found(word_bits=8)["traffic_bytes.query"] == found()["traffic_bytes.query"] / 2


def test_multiplier_energy_grows_with_the_word_to_its_exponent():
    wide = found(replace(PUBLISHED, multiplier_exponent=2.0), word_bits=32)
    assert wide["energy_j.macc"] == pytest.approx(4 * found()["energy_j.macc"])


def test_default_exponent_is_one_and_a_half():
    assert found(word_bits=8)["energy_j.macc"] / found()["energy_j.macc"] == pytest.approx(
        math.pow(0.5, 1.5)
    )


# -- presets -----------------------------------------------------------------------------------


@pytest.mark.parametrize("preset", PRESETS)
def test_preset_fills_every_gap(preset):
    options = FuseMaxOptions(preset=preset).resolved()
    assert {name: getattr(options, name) for name in PRESETS[preset]} == PRESETS[preset]


def test_an_option_of_the_user_wins_over_the_preset():
    assert FuseMaxOptions(preset="published", port_limit=True).resolved().port_limit is True


def test_scope_end_to_end_adds_the_linear_layers():
    attention, both = published("binding", 1024), published("binding", 1024, scope="end_to_end")
    assert both["traffic_bytes"] == attention["traffic_bytes"] + 1826095104


# -- messages ----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["leakage_w_per_mm2", "dram_interface_mm2", "dram_standby_w"])
@pytest.mark.parametrize("value", [-1.0, math.inf, math.nan])
def test_negative_or_endless_amounts_are_refused(name, value):
    with pytest.raises(InputError, match=f"option {name} = {value}\n  allowed: a number >= 0"):
        FuseMaxOptions(**{name: value})


@pytest.mark.parametrize(
    "name", ["nominal_frequency_hz", "dram_stack_bytes_per_s", "multiplier_exponent"]
)
@pytest.mark.parametrize("value", [0.0, -1.0, math.nan])
def test_scales_must_be_positive(name, value):
    with pytest.raises(InputError, match=f"option {name} = {value}\n  allowed: a number > 0"):
        FuseMaxOptions(**{name: value})


@pytest.mark.parametrize("value", [-0.1, 1.1, math.nan])
def test_voltage_floor_is_a_share(value):
    with pytest.raises(InputError, match=r"voltage_floor = .*\n  allowed: a number from 0 to 1"):
        FuseMaxOptions(voltage_floor=value)


def test_unknown_preset_gets_a_hint():
    with pytest.raises(InputError) as caught:
        FuseMaxOptions(preset="publisht")
    assert str(caught.value) == (
        "option preset = 'publisht'. Did you mean 'published'?\n  allowed: design_space, published"
    )


def test_a_name_that_the_preset_would_fill_may_be_left_out_but_not_misspelt():
    with pytest.raises(InputError, match="option buffer_area = 'fitted'"):
        FuseMaxOptions(buffer_area="fitted")
    assert FuseMaxOptions(buffer_area=None).resolved().buffer_area == "fit"


def test_scope_cannot_be_left_empty():
    with pytest.raises(InputError, match="option scope = None"):
        FuseMaxOptions(scope=None)
