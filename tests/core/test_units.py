"""Reading and printing quantities."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dse.errors import InputError
from dse.units import format_quantity, parse_quantity, unit_of_name

PRINTED = ["Hz", "s", "J", "W", "B", "B/s", "V"]


@pytest.mark.parametrize(
    ("text", "unit", "value"),
    [
        ("940MHz", "Hz", 940e6),
        ("1.2 GHz", "Hz", 1.2e9),
        ("400 GiB/s", "B/s", 400 * 2**30),
        ("25.6 GB/s", "B/s", 25.6e9),
        ("10 Gb/s", "B/s", 1.25e9),
        ("10 Gbit/s", "B/s", 1.25e9),
        ("16 KiB", "B", 16384.0),
        ("1 PiB", "B", 2.0**50),
        ("7 bytes", "B", 7.0),
        ("0.7 pJ", "J", 7e-13),
        ("3 ns", "s", 3e-9),
        ("5 µs", "s", 5e-6),
        ("2 cm2", "mm2", 200.0),
        ("500 um2", "mm2", 5e-4),
        ("1.5e3 mV", "V", 1.5),
        ("  -2.5  ", "J", -2.5),
        (".5", "", 0.5),
        ("3", "Hz", 3.0),
    ],
)
def test_quantities_are_read_as_si_numbers(text, unit, value):
    assert parse_quantity(text, unit) == value


@pytest.mark.parametrize(
    ("text", "unit", "hint"),
    [
        ("16K", "", "'16K': K is not a unit. Write 16384 (16 * 1024) or 16000 (16 * 1000)."),
        ("2 G", "Hz", "'2 G': G is not a unit. Write 2 GHz."),
        ("4Ki", "", "'4Ki': Ki is not a unit. Write 4096 (4 * 1024)."),
    ],
)
def test_a_prefix_alone_is_no_unit(text, unit, hint):
    with pytest.raises(InputError) as caught:
        parse_quantity(text, unit)
    assert caught.value.what == hint


def test_a_tiny_exponent_costs_no_time():
    assert parse_quantity("1e-999999999 ns", "s") == 0.0


@given(st.floats(1e-3, 1e6), st.sampled_from(["n", "u", "m", "k", "M", "G"]))
def test_a_prefix_gives_the_float_nearest_to_what_was_written(value, prefix):
    exponent = {"n": -9, "u": -6, "m": -3, "k": 3, "M": 6, "G": 9}[prefix]
    mantissa = format(value, ".6f")
    assert parse_quantity(f"{mantissa} {prefix}Hz", "Hz") == float(f"{mantissa}e{exponent}")


@given(st.floats(1e-14, 1e15), st.sampled_from(PRINTED), st.booleans())
def test_what_is_printed_reads_back(value, unit, is_negative):
    value = -value if is_negative else value
    printed = format_quantity(value, unit, digits=15)
    assert parse_quantity(printed, unit) == pytest.approx(value, rel=1e-13)


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (940e6, "Hz", "940 MHz"),
        (1.5e-9, "s", "1.5 ns"),
        (3600.0, "s", "3600 s"),
        (0.0, "J", "0 J"),
        (-2e-12, "J", "-2 pJ"),
        (1e-18, "J", "0.001 fJ"),
        (16 * 2.0**20, "B", "16 MiB"),
        (100.0, "B", "100 B"),
        (2.0**31, "B/s", "2 GiB/s"),
        (123.456, "mm2", "123.5 mm2"),
        (1234567.0, "mm2", "1,234,567 mm2"),
        (0.25, "", "0.25"),
        (math.nan, "s", "-"),
        (math.inf, "s", "inf s"),
    ],
)
def test_quantities_are_printed_for_people(value, unit, text):
    assert format_quantity(value, unit) == text


@pytest.mark.parametrize(
    ("name", "unit"),
    [
        ("bandwidth_bytes_per_s", "B/s"),
        ("throughput_per_s", "1/s"),
        ("frequency_hz", "Hz"),
        ("buffer_bytes", "B"),
        ("word_bits", "bit"),
        ("area_mm2", "mm2"),
        ("latency_s", "s"),
        ("energy_j", "J"),
        ("energy_delay_product_js", "J s"),
        ("power_w", "W"),
        ("supply_v", "V"),
        ("banks", ""),
    ],
)
def test_a_name_carries_its_unit(name, unit):
    assert unit_of_name(name) == unit


@pytest.mark.parametrize("text", ["fast", "", "GHz", "--3", "nan", "inf"])
def test_text_is_not_a_number(text):
    with pytest.raises(InputError, match="is not a number") as caught:
        parse_quantity(text, "Hz")
    assert caught.value.allowed == "a number in Hz, or with a unit"


def test_text_is_not_a_plain_number():
    with pytest.raises(InputError, match="is not a number") as caught:
        parse_quantity("many", "")
    assert caught.value.allowed == "a number"


def test_too_large_a_number_is_refused():
    with pytest.raises(InputError, match="'1e999' is too large a number") as caught:
        parse_quantity("1e999", "J")
    assert caught.value.allowed == "a finite number"


@pytest.mark.parametrize(("text", "near"), [("5 Ghz", "GHz"), ("5 gb/s", "GB/s"), ("1 Mib", "MiB")])
def test_an_unknown_unit_gets_a_hint(text, near):
    with pytest.raises(InputError, match=f"unknown unit .* Did you mean '{near}'") as caught:
        parse_quantity(text, "Hz")
    assert caught.value.allowed == "a unit such as Hz"


def test_an_unknown_unit_where_none_is_wanted():
    with pytest.raises(InputError, match="unknown unit 'parsecs'") as caught:
        parse_quantity("3 parsecs", "")
    assert caught.value.allowed == "a number without a unit"


@pytest.mark.parametrize(
    ("text", "unit", "message"),
    [
        ("5 GHz", "J", "'5 GHz' is a frequency, but this is an energy"),
        ("5 J", "Hz", "'5 J' is an energy, but this is a frequency"),
        ("8 bit", "B", "'8 bit' is a number of bits, but this is an amount of data"),
        ("1 s", "mm2", "'1 s' is a time, but this is an area"),
        ("1 Hz", "1/s", "'1 Hz' is a frequency, but this is a rate"),
    ],
)
def test_a_unit_of_another_dimension_names_both(text, unit, message):
    with pytest.raises(InputError) as caught:
        parse_quantity(text, unit)
    assert caught.value.what == message
    assert caught.value.allowed == f"a value in {unit}"


def test_a_unit_for_a_plain_number_is_refused():
    with pytest.raises(InputError, match="is a voltage, but this is a plain number") as caught:
        parse_quantity("3 V", "")
    assert caught.value.allowed == "a number without a unit"
