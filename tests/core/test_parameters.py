"""Parameters: levels, codes, parsing, narrowing, and one test per message."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.strategies import numbers, parameters

from dse import Choice, Integer, PowerOfTwo, Real
from dse._parameters import NamedSubset
from dse.errors import DesignError

STYLE = Choice("style", ("slow", "fast", "turbo"))
CLOCK = Choice("frequency_hz", (1e9, 5e8, 2e9), extent=(1e6, 1e10))
LANES = PowerOfTwo("lanes", 1, 128)
BANKS = Integer("banks", 1, 9, 2)
RATIO = Real("ratio", 0.0, 1.0, 5)


@pytest.mark.parametrize(
    ("parameter", "levels"),
    [
        (STYLE, [0, 1, 2]),
        (CLOCK, [1e9, 5e8, 2e9]),
        (LANES, [1, 2, 4, 8, 16, 32, 64, 128]),
        (PowerOfTwo("share", 0.25, 1), [0.25, 0.5, 1]),
        (BANKS, [1, 3, 5, 7, 9]),
        (RATIO, [0, 0.25, 0.5, 0.75, 1]),
        (Real("gain", 1.0, 100.0, 3, log=True), [1, 10, 100]),
        (Real("gain", 2.0, 2.0), [2]),
    ],
)
def test_levels(parameter, levels):
    assert parameter.levels.tolist() == levels
    assert parameter.cardinality == len(levels)


@given(parameters())
def test_every_level_has_its_own_code(parameter):
    assert parameter.codes(parameter.levels).tolist() == list(range(parameter.cardinality))


@given(numbers)
def test_adjacent_floats_have_their_own_codes(low):
    parameter = Choice("x", (low, np.nextafter(low, np.inf)))
    assert parameter.codes(parameter.levels).tolist() == [0, 1]


@given(parameters(), st.floats(-200, 200))
def test_other_numbers_have_the_code_of_the_nearest_level(parameter, number):
    distances = np.abs(parameter.levels - number)
    assert distances[parameter.codes(number)] == pytest.approx(distances.min(), rel=1e-9)


@given(parameters())
def test_every_level_is_contained(parameter):
    assert parameter.contains(parameter.levels).all()


@given(parameters())
def test_plain_values_read_back(parameter):
    for level in parameter.levels:
        assert parameter.parse(parameter.plain(level)) == level


@pytest.mark.parametrize(
    ("parameter", "value", "number"),
    [
        (STYLE, "fast", 1.0),
        (STYLE, 2.0, 2.0),
        (CLOCK, "500 MHz", 5e8),
        (CLOCK, "123 MHz", 1.23e8),
        (CLOCK, 2_000_000_000, 2e9),
        (LANES, "64", 64.0),
        (BANKS, np.int64(3), 3.0),
        (RATIO, 0.3, 0.3),
    ],
)
def test_values_are_parsed(parameter, value, number):
    assert parameter.parse(value) == number


def test_the_first_level_is_the_default_default():
    assert CLOCK.default_number == 1e9


def test_a_default_may_be_a_name():
    assert Choice("style", ("slow", "fast"), default="fast").default_number == 1.0


def test_labels_are_for_people_and_plain_values_for_files():
    assert (STYLE.label(1.0), STYLE.plain(1.0)) == ("fast", "fast")
    assert (CLOCK.label(5e8), CLOCK.plain(5e8)) == ("500 MHz", 500_000_000)
    assert (RATIO.label(0.25), RATIO.plain(0.25)) == ("0.25", 0.25)


def test_only_numbers_have_neighbours():
    assert CLOCK.is_ordered
    assert not STYLE.is_ordered


def test_a_long_range_is_shortened():
    assert Integer("x", 1, 100).range_text.endswith("11, 12, ... (100 values)")


def test_an_extent_is_part_of_the_range():
    assert CLOCK.range_text.endswith("(a job may list any value from 1 MHz to 10 GHz)")


def test_a_real_shows_its_interval():
    assert Real("supply_v", 0.6, 1.1).range_text == "600 mV to 1.1 V"


# -- narrowing


def test_numbers_are_narrowed_to_a_choice_in_the_order_given():
    narrowed = LANES.narrowed([8, "2"])
    assert isinstance(narrowed, Choice)
    assert narrowed.options == (8, 2)


def test_narrowing_keeps_the_default_if_it_is_left():
    assert Choice("x", (1, 2, 3), default=2).narrowed([3, 2]).default_number == 2.0


def test_narrowing_takes_the_first_value_if_the_default_is_gone():
    assert Choice("x", (1, 2, 3), default=2).narrowed([3, 1]).default_number == 3.0


def test_narrowing_may_use_the_extent_and_closes_it():
    narrowed = CLOCK.narrowed(["750 MHz"])
    assert narrowed.levels.tolist() == [7.5e8]
    assert not narrowed.contains(1e9)


def test_narrowing_keeps_doc_and_group():
    narrowed = Integer("x", 1, 4, doc="A knob", group="core").narrowed([2])
    assert (narrowed.doc, narrowed.group) == ("A knob", "core")


def test_narrowed_names_keep_their_numbers():
    narrowed = STYLE.narrowed(["turbo", "slow"])
    assert isinstance(narrowed, NamedSubset)
    assert narrowed.levels.tolist() == [2.0, 0.0]
    assert [narrowed.plain(level) for level in narrowed.levels] == ["turbo", "slow"]
    assert narrowed.codes(narrowed.levels).tolist() == [0, 1]
    assert narrowed.default_number == 0.0


def test_names_can_be_narrowed_twice():
    assert STYLE.narrowed(["turbo", "fast"]).narrowed(["turbo"]).levels.tolist() == [2.0]


def test_a_name_that_was_narrowed_away_is_refused():
    with pytest.raises(DesignError, match="'fast' is not a value of this parameter") as caught:
        STYLE.narrowed(["turbo", "slow"]).parse("fast")
    assert caught.value.allowed == "turbo, slow"


def test_a_subset_offers_only_what_is_left():
    with pytest.raises(DesignError, match="'fats' is not an option") as caught:
        STYLE.narrowed(["turbo", "slow"]).parse("fats")
    assert caught.value.allowed == "turbo, slow"


def test_nothing_left_is_refused():
    with pytest.raises(DesignError, match="banks has no value left"):
        BANKS.narrowed([])


def test_a_value_twice_is_refused():
    with pytest.raises(DesignError, match="lists a value twice") as caught:
        CLOCK.narrowed([1e9, "1 GHz"])
    assert caught.value.allowed == "distinct values"


# -- messages


@pytest.mark.parametrize("bad", [2, 0, -1, 11, 3.5, None, True, [3], 1j, np.nan, np.inf, {}])
def test_a_value_outside_is_refused(bad):
    with pytest.raises(DesignError, match=r"banks = .* is not a value of this parameter") as caught:
        BANKS.parse(bad)
    assert caught.value.allowed == "1, 3, 5, 7, 9"


@pytest.mark.parametrize("bad", [3.0, 0.5, -1.0, 1, True, None])
def test_a_number_that_stands_for_no_name_is_refused(bad):
    with pytest.raises(DesignError, match=r"style = .* is not a value of this parameter"):
        STYLE.parse(bad)


def test_a_misspelt_name_gets_a_hint():
    with pytest.raises(DesignError, match=r"'Turbo' is not an option. Did you mean 'turbo'"):
        STYLE.parse("Turbo")


def test_a_unit_of_another_dimension_names_the_parameter():
    with pytest.raises(DesignError, match="frequency_hz: '5 J' is an energy, but") as caught:
        CLOCK.parse("5 J")
    assert "500 MHz" in caught.value.allowed


@pytest.mark.parametrize("options", [(), (1, "a"), (1, 1), ("a", "a"), (True, False), (None,)])
def test_options_that_are_no_list_of_distinct_values_are_refused(options):
    with pytest.raises(DesignError, match="are not distinct names or numbers"):
        Choice("x", options)


@pytest.mark.parametrize("kind", [Integer, PowerOfTwo, Real])
def test_bounds_in_the_wrong_order_are_refused(kind):
    with pytest.raises(DesignError, match="x: low 4 is above high 2") as caught:
        kind("x", 4, 2)
    assert caught.value.allowed == "low <= high"


@pytest.mark.parametrize(("low", "high"), [(0, 8), (3, 8), (1, 6), (-2, 2)])
def test_bounds_that_are_no_powers_of_two_are_refused(low, high):
    with pytest.raises(DesignError, match="is not a power of two"):
        PowerOfTwo("x", low, high)
