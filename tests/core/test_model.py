"""What the cost-model base class does, on a model small enough to calculate by hand."""

import numpy as np
import pytest
from support.toy import ToyAccelerator, ToyOptions, ToyWork

from dse import DesignSpace, Evaluation, Rule
from dse.errors import DesignError, ModelContractError, WorkloadError

DESIGN = {"style": "fast", "lanes": 4, "banks": 2, "frequency_hz": "1 GHz"}


def toy(operations=1024.0, memory_energy_j=2.0):
    return ToyAccelerator(ToyWork(operations), ToyOptions(memory_energy_j))


def test_one_design_by_hand():
    # fast: 2 per lane and cycle; 1024 / (2 * 4) / 1e9 s; 1024 * 2 + 2 * 1024 / 2 J;
    # 4 * 2 * 2 + 4 * 2 + 1 mm2
    assert toy().evaluate(DESIGN) == {
        "latency_s": 128e-9,
        "energy_j": 3072.0,
        "area_mm2": 25.0,
        "feasible": True,
        "reason": 0,
    }


def test_options_reach_the_equations():
    assert toy(memory_energy_j=4.0).evaluate(DESIGN)["energy_j"] == 4096.0


def test_a_breakdown_adds_the_parts():
    found = toy().evaluate(DESIGN, breakdown=True)
    assert (found["energy_j.compute"], found["energy_j.memory"]) == (2048.0, 1024.0)


def test_a_whole_space_on_three_paths():
    model = toy()
    space = model.space
    model.chunk = space.size
    flat = model.evaluate(space.at(np.arange(space.size)))
    grid = model.evaluate(
        dict(zip(space.names, np.ix_(*(p.levels for p in space.parameters)), strict=True))
    )
    model.chunk = 7
    chunked = model.evaluate(space.at(np.arange(space.size)))
    for name, column in flat.items():
        assert np.array_equal(grid[name].ravel(), column, equal_nan=True)
        assert np.array_equal(chunked[name], column, equal_nan=True)
        assert grid[name].shape == space.shape
        assert chunked[name].dtype == column.dtype


def test_an_infeasible_design_is_no_exception():
    found = toy().evaluate({**DESIGN, "lanes": 1})
    assert np.isnan([found["latency_s"], found["energy_j"], found["area_mm2"]]).all()
    assert not found["feasible"]
    assert toy().reasons[found["reason"]] == "the fast style needs at least two lanes"


def test_infeasible_rows_leave_the_others_alone():
    found = toy().evaluate({**DESIGN, "lanes": np.array([1.0, 4.0])})
    assert np.isnan(found["area_mm2"]).tolist() == [True, False]
    assert found["area_mm2"][1] == 25.0
    assert found["reason"].tolist() == [1, 0]


def test_a_breakdown_of_infeasible_designs_is_nan_too():
    found = toy().evaluate({**DESIGN, "lanes": [1, 4]}, breakdown=True)
    assert np.isnan(found["energy_j.memory"]).tolist() == [True, False]


class Ruled(ToyAccelerator):
    """The toy with a rule, which is checked before its infeasibility."""

    @property
    def space(self):
        rule = Rule("at least two banks", lambda x: x["banks"] >= 2)
        return DesignSpace(super().space.parameters, (rule,))


@pytest.mark.parametrize(
    ("lanes", "banks", "reason"),
    [
        (4, 2, ""),
        (4, 1, "at least two banks"),
        (1, 2, "the fast style needs at least two lanes"),
        (1, 1, "at least two banks"),
    ],
)
def test_the_first_reason_counts(lanes, banks, reason):
    model = Ruled(ToyWork())
    single = model.evaluate({**DESIGN, "lanes": lanes, "banks": banks})
    batch = model.evaluate({**DESIGN, "lanes": [lanes], "banks": [banks]})
    assert model.reasons[single["reason"]] == reason
    assert model.reasons[batch["reason"][0]] == reason


def test_only_wanted_metrics_come_back():
    designs = toy().space.at([0, 1])
    found = toy().compute(designs, frozenset({"area_mm2"}))
    assert set(found) == {"area_mm2", "feasible", "reason"}


def test_an_empty_batch_does_not_reach_the_equations():
    found = Forgetful(ToyWork()).evaluate({name: np.empty(0) for name in toy().space.names})
    assert {name: column.shape for name, column in found.items()} == dict.fromkeys(
        ("latency_s", "energy_j", "area_mm2", "feasible", "reason"), (0,)
    )


class Forgetful(ToyAccelerator):
    """Returns nothing of what it declares."""

    def equations(self, x, ops, wanted):
        return Evaluation({})


@pytest.mark.parametrize("lanes", [4, [4, 8]])
def test_a_declared_metric_that_is_missing_is_named(lanes):
    with pytest.raises(
        ModelContractError, match=r"Forgetful did not return .*'latency_s'"
    ) as caught:
        Forgetful(ToyWork()).evaluate({**DESIGN, "lanes": lanes})
    assert "return it from `equations`" in caught.value.next_step


def test_a_workload_of_another_kind_is_refused():
    with pytest.raises(WorkloadError, match="ToyAccelerator cannot run a str") as caught:
        ToyAccelerator("bert")
    assert caught.value.allowed == "a ToyWork workload"


def test_bad_designs_are_refused():
    with pytest.raises(DesignError, match="lanes = 3 is not a value"):
        toy().evaluate({**DESIGN, "lanes": 3})


def test_metrics_know_their_units():
    assert [metric.unit for metric in ToyAccelerator.metrics] == ["s", "J", "mm2"]


def test_parts_are_named_after_their_metric():
    assert toy().part_names == ("energy_j.compute", "energy_j.memory")
