"""The design space: encodings, sampling, neighbours, and one test per message."""

import numpy as np
import pytest
from hypothesis import given
from support.strategies import spaces_with_codes

from dse import Choice, DesignSpace, Integer, PowerOfTwo, Rule
from dse.errors import DesignError

SMALL = DesignSpace(
    (
        Choice("style", ("slow", "fast", "turbo"), group="compute"),
        PowerOfTwo("lanes", 1, 8, group="compute"),
        Integer("banks", 1, 5, doc="Banks"),
    )
)
RULED = DesignSpace(SMALL.parameters, (Rule("banks <= lanes", lambda x: x["banks"] <= x["lanes"]),))
HUGE = DesignSpace(tuple(Integer(f"p{j}", 1, 1000) for j in range(10)))


def rng(seed=0):
    return np.random.default_rng(seed)


# -- encodings


def test_size_is_the_product_of_the_levels():
    assert SMALL.shape == (3, 4, 5)
    assert SMALL.size == 60


@given(spaces_with_codes())
def test_codes_survive_decoding(drawn):
    space, codes = drawn
    assert np.array_equal(space.encode(space.decode(codes)), codes)


@given(spaces_with_codes())
def test_codes_survive_numbering(drawn):
    space, codes = drawn
    assert np.array_equal(space.codes_of_index(space.index_of_codes(codes)), codes)


@given(spaces_with_codes())
def test_codes_survive_the_unit_cube(drawn):
    space, codes = drawn
    assert np.array_equal(space.codes_of_unit(space.unit_of_codes(codes)), codes)


@given(spaces_with_codes())
def test_designs_survive_a_data_file(drawn):
    space, codes = drawn
    assert np.array_equal(space.encode(space.check(space.plain(space.decode(codes)))), codes)


def test_indices_are_row_major():
    assert SMALL.codes_of_index(np.array([0, 1, 5, 59])).tolist() == [
        [0, 0, 0],
        [0, 0, 1],
        [0, 1, 0],
        [2, 3, 4],
    ]


def test_designs_are_found_by_index():
    columns = SMALL.at([59, 0])
    assert {name: column.tolist() for name, column in columns.items()} == {
        "style": [2, 0],
        "lanes": [8, 1],
        "banks": [5, 1],
    }


def test_a_value_between_levels_has_the_code_of_the_nearest():
    assert SMALL.encode({"style": 1.0, "lanes": 7.0, "banks": 3.2}).tolist() == [[1, 3, 2]]


def test_the_unit_cube_is_shared_equally():
    codes = SMALL.codes_of_unit(np.linspace(0, 1, 301)[:-1, None] * np.ones(3))
    assert np.bincount(codes[:, 0]).tolist() == [100, 100, 100]


@pytest.mark.parametrize(("edge", "codes"), [(0.0, [0, 0, 0]), (1.0, [2, 3, 4]), (9.0, [2, 3, 4])])
def test_the_edges_of_the_unit_cube_belong_to_it(edge, codes):
    assert SMALL.codes_of_unit(np.full((1, 3), edge)).tolist() == [codes]


def test_a_huge_space_has_codes():
    codes = HUGE.sample_codes(5, rng())
    assert HUGE.size == 10**30
    assert np.array_equal(HUGE.encode(HUGE.decode(codes)), codes)


@pytest.mark.parametrize("use", [HUGE.at, HUGE.codes_of_index])
def test_a_huge_space_has_no_index(use):
    with pytest.raises(DesignError, match=r"about 10\^30 designs, too many to enumerate") as caught:
        use(np.array([0]))
    assert caught.value.allowed == "at most 2^62 designs"


def test_designs_of_a_huge_space_have_no_number():
    with pytest.raises(DesignError, match="too many to enumerate"):
        HUGE.index_of_codes(np.zeros((1, 10), dtype=np.int64))


def test_a_space_beyond_every_float_is_refused_as_well():
    space = DesignSpace(tuple(Integer(f"p{j}", 1, 10) for j in range(400)))
    with pytest.raises(DesignError, match=r"about 10\^400 designs"):
        space.require_index()


# -- moving around


def test_samples_satisfy_the_rules():
    assert RULED.holds(RULED.sample(500, rng())).all()


def test_samples_cover_the_space():
    codes = SMALL.sample_codes(2000, rng())
    assert len(np.unique(SMALL.index_of_codes(codes))) == 60


def test_samples_follow_the_generator():
    first, second, other = (RULED.sample_codes(50, rng(seed)) for seed in (1, 1, 2))
    assert np.array_equal(first, second)
    assert not np.array_equal(first, other)


def test_no_samples():
    assert RULED.sample_codes(0, rng()).shape == (0, 3)


def test_a_rare_design_is_found():
    parameters = tuple(Integer(f"p{j}", 1, 20) for j in range(3))
    space = DesignSpace(parameters, (Rule("all 20", lambda x: x["p0"] + x["p1"] + x["p2"] == 60),))
    assert space.sample_codes(1, rng()).tolist() == [[19, 19, 19]]


def test_rules_that_nothing_satisfies_are_reported():
    space = DesignSpace(SMALL.parameters, (Rule("banks > 9", lambda x: x["banks"] > 9),))
    with pytest.raises(DesignError, match=r"only 0 of .* random designs satisfy") as caught:
        space.sample(3, rng())
    assert caught.value.allowed == "banks > 9"
    assert caught.value.next_step == "loosen `space` or `fixed`"


def test_neighbours_are_one_level_or_another_name_away():
    assert SMALL.neighbours(np.array([0, 0, 2])).tolist() == [
        [1, 0, 2],
        [2, 0, 2],
        [0, 1, 2],
        [0, 0, 1],
        [0, 0, 3],
    ]


def test_neighbours_satisfy_the_rules():
    # lanes = 2, banks = 2: fewer lanes or more banks would break the rule
    assert RULED.neighbours(np.array([0, 1, 1])).tolist() == [
        [1, 1, 1],
        [2, 1, 1],
        [0, 2, 1],
        [0, 1, 0],
    ]


def test_a_single_design_has_no_neighbours():
    space = DesignSpace((Choice("x", (7,)),))
    assert space.neighbours(np.array([0])).shape == (0, 1)


def test_groups_keep_the_order():
    assert SMALL.groups == {"compute": ("style", "lanes"), "banks": ("banks",)}


# -- the user's side


def test_parameters_not_given_take_their_defaults():
    assert SMALL.parse({"lanes": 4}) == {"style": 0.0, "lanes": 4.0, "banks": 1.0}


def test_names_in_columns_become_numbers():
    checked = SMALL.check({"style": ["fast", "slow"], "lanes": [1, 2], "banks": 3})
    assert checked["style"].tolist() == [1.0, 0.0]
    assert checked["lanes"].dtype == np.float64
    assert checked["banks"] == 3.0


def test_open_grids_pass_the_check():
    grid = dict(zip(SMALL.names, np.ix_([0, 1], [1, 2, 4], [5]), strict=True))
    assert SMALL.check(grid)["lanes"].shape == (1, 3, 1)


def test_labels_and_plain_values():
    columns = SMALL.at([59])
    assert SMALL.labels(columns) == {"style": ["turbo"], "lanes": ["8"], "banks": ["5"]}
    assert SMALL.plain(columns) == {"style": ["turbo"], "lanes": [8], "banks": [5]}


def test_narrowing_keeps_rules_and_other_parameters():
    narrowed = RULED.narrowed({"banks": [1, 2]})
    assert narrowed.shape == (3, 4, 2)
    assert narrowed.rules == RULED.rules


def test_a_parameter_is_found_by_name():
    assert SMALL["banks"].doc == "Banks"


@pytest.mark.parametrize(
    "use",
    [
        lambda: SMALL["bansk"],
        lambda: SMALL.parse({"bansk": 1}),
        lambda: SMALL.check({"bansk": 1}),
        lambda: SMALL.narrowed({"bansk": [1]}),
    ],
)
def test_an_unknown_parameter_gets_a_hint(use):
    with pytest.raises(DesignError, match=r"unknown parameter 'bansk'. Did you mean 'b") as caught:
        use()
    assert caught.value.allowed == "style, lanes, banks"


def test_a_missing_parameter_is_named():
    with pytest.raises(DesignError, match="parameter 'lanes' is missing") as caught:
        SMALL.check({"style": 0.0, "banks": 1})
    assert caught.value.allowed == "1, 2, 4, 8"


@pytest.mark.parametrize(
    "column", [[1, 3], np.array([1.0, np.nan]), ["1", "3"], [True, False], [1j], [None]]
)
def test_a_bad_row_names_the_parameter(column):
    with pytest.raises(DesignError, match=r"lanes = .* is not a value of this parameter") as caught:
        SMALL.check({"style": 0.0, "lanes": column, "banks": 1})
    assert caught.value.allowed == "1, 2, 4, 8"


def test_a_number_without_a_name_is_refused_in_a_column():
    with pytest.raises(DesignError, match=r"style = 3.0 is not a value"):
        SMALL.check({"style": [0, 3], "lanes": 1, "banks": 1})


def test_columns_of_different_length_are_refused():
    with pytest.raises(DesignError, match=r"columns differ in shape: .*lanes \(2,\), banks \(3,\)"):
        SMALL.check({"style": 0.0, "lanes": [1, 2], "banks": [1, 2, 3]})


def test_a_space_without_parameters_is_refused():
    with pytest.raises(DesignError, match="the design space has no parameter"):
        DesignSpace(())


def test_two_parameters_of_one_name_are_refused():
    with pytest.raises(DesignError, match="parameter names repeat: x, x") as caught:
        DesignSpace((Integer("x"), Integer("x")))
    assert caught.value.allowed == "distinct names"
