import pytest
from plugins.toy_plugin import Toy
from support.toy import ToyWork

from dse import Choice, DesignSpace, Real
from dse._build import build_problem
from dse.errors import InputError, PluginError, WorkloadError

pytestmark = pytest.mark.usefixtures("toy")


def levels(problem, name):
    return problem.space[name].levels.tolist()


def message(**arguments):
    with pytest.raises(InputError) as caught:
        build_problem(**{"model": "toy", **arguments})
    return str(caught.value)


# -- what is built ---------------------------------------------------------------------------------


def test_defaults_come_from_the_model():
    problem = build_problem(model="toy")
    assert problem.model.workload == ToyWork(1024.0)
    assert problem.objective_names == ("latency_s", "area_mm2")
    assert levels(problem, "banks") == [1, 2]  # default_space


def test_options_and_workload_parameters_arrive():
    problem = build_problem(
        model="toy", model_options={"memory_energy_j": "3 J"}, workload_options={"operations": 7}
    )
    assert problem.model.options.memory_energy_j == 3.0
    assert problem.model.workload.operations == 7.0


def test_space_overrides_the_default_space():
    assert levels(build_problem(model="toy", space={"banks": [3, 4]}), "banks") == [3, 4]


def test_fixed_overrides_the_default_space():
    assert levels(build_problem(model="toy", fixed={"banks": 4}), "banks") == [4]


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ([4, 8], [4, 8]),
        (4, [4]),
        (["4", "8"], [4, 8]),
        ({"from": 3, "to": 20}, [4, 8, 16]),
        ({"from": 4, "to": 16, "count": 3, "log": True}, [4, 8, 16]),
    ],
)
def test_the_ways_to_narrow_a_parameter(written, expected):
    assert levels(build_problem(model="toy", space={"lanes": written}), "lanes") == expected


def test_ranges_take_units():
    problem = build_problem(model="toy", space={"frequency_hz": {"from": "400 MHz", "to": "1GHz"}})
    assert sorted(levels(problem, "frequency_hz")) == [5e8, 1e9]


def test_a_range_over_a_real_parameter_is_spaced_evenly(monkeypatch):
    space = DesignSpace((Real("voltage_v", 0.5, 1.5), Choice("banks", (1, 2))))
    monkeypatch.setattr(Toy, "space", space)
    problem = build_problem(
        model="toy", space={"voltage_v": {"from": "600mV", "to": 1, "count": 3}}
    )
    assert levels(problem, "voltage_v") == pytest.approx([0.6, 0.8, 1.0])


def test_relative_paths_start_at_the_base_folder(tmp_path):
    (tmp_path / "n.txt").write_text("77")
    problem = build_problem(model="toy", workload_options={"file": "n.txt"}, base_folder=tmp_path)
    assert problem.model.workload.operations == 77.0


def test_constraints_and_objectives_are_parsed():
    problem = build_problem(
        model="toy", objectives={"energy_j": "max"}, constraints=["area_mm2 <= 9"]
    )
    assert problem.objectives[0].direction == "max"
    assert problem.constraints[0].names == {"area_mm2"}


# -- messages --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"model": "tio"}, "model.name: unknown model 'tio'. Did you mean 'toy'?"),
        ({"workload": "toy-wrk"}, "workload.name: unknown workload 'toy-wrk'. Did you mean 'toy-w"),
        ({"workload": "bert"}, "workload.name: Toy cannot run a TransformerLayer"),
        ({"model_options": {"energy_j": 1}}, "model.options: unknown key 'energy_j'."),
        ({"workload_options": {"file": "no.txt", "x": 1}}, "workload.file: no such file (tried /"),
        ({"workload_options": {"operations": "2K"}}, "workload.operations: '2K': K is not a unit"),
        ({"workload_options": {"operations": "1 s"}}, "workload.operations: '1 s' is a time, but"),
        ({"space": {"lane": [1]}}, "space.lane: unknown parameter 'lane'. Did you mean 'lanes'?"),
        ({"space": {"lanes": [1, 3]}}, "space.lanes[1]: lanes = 3 is not a value"),
        ({"space": {"lanes": [1, 1]}}, "space.lanes: lanes lists a value twice"),
        ({"space": {"lanes": []}}, "space.lanes: lanes has no value left"),
        ({"space": {"lanes": None}}, "space.lanes[0]: lanes = None is not a value"),
        ({"space": {"lanes": {"from": 4}}}, "space.lanes: the key 'to' is missing"),
        ({"space": {"lanes": {"from": 4, "to": 8, "step": 1}}}, "space.lanes: unknown key"),
        ({"space": {"lanes": {"from": 8, "to": 4}}}, "space.lanes: lanes: from 8 is above to 4"),
        ({"space": {"lanes": {"from": 5, "to": 7}}}, "space.lanes: lanes has no value from 5 to 7"),
        (
            {"space": {"lanes": {"from": True, "to": 7}}},
            "space.lanes: lanes: the bound True is not",
        ),
        ({"space": {"lanes": {"from": 1, "to": 4, "count": 1}}}, "space.lanes: count 1"),
        ({"space": {"lanes": {"from": 1, "to": 4, "count": 2, "log": 1}}}, "space.lanes: log 1"),
        (
            {"space": {"lanes": {"from": -1, "to": 4, "count": 2, "log": True}}},
            "space.lanes: a logarithmic range from -1",
        ),
        ({"space": {"style": {"from": 0, "to": 1}}}, "space.style: style has no range"),
        ({"fixed": {"style": "fst"}}, "model.fixed.style: style = 'fst' is not an option. Did you"),
        ({"fixed": {"styl": "fast"}}, "model.fixed.styl: unknown parameter 'styl'. Did you mean"),
        ({"fixed": {"lanes": [1, 2]}}, "model.fixed.lanes: lanes = [1, 2] is not a value"),
        (
            {"fixed": {"lanes": 1}, "space": {"lanes": [1]}},
            "space.lanes: lanes is both fixed and explored",
        ),
        ({"objectives": {"energy": "min"}}, "objectives.energy: unknown metric 'energy'. Did you"),
        ({"objectives": {"energy_j": "less"}}, "objectives.energy_j: objective energy_j: directi"),
        ({"objectives": {}}, "objectives: no objective"),
        ({"constraints": ["area < = 5"]}, "constraints[0]: 'area < = 5' is not a constraint"),
        ({"constraints": ["style <= 1"]}, "constraints[0]: 'style <= 1': the values of style are"),
        ({"constraints": ["area <= 5"]}, "constraints[0]: 'area <= 5': unknown name 'area'."),
    ],
)
def test_a_mistake_is_named_with_its_key_path(arguments, text):
    found = message(**arguments)
    assert found.startswith(text)
    assert len(found.splitlines()) <= 3


def test_independent_mistakes_are_reported_together():
    text = message(space={"lane": 1}, objectives={"x": "min"}, constraints=["1"])
    assert len([line for line in text.splitlines() if not line.startswith(" ")]) == 3


def test_a_model_without_default_workload_asks_for_one(monkeypatch):
    monkeypatch.setattr(Toy, "default_workload", "")
    with pytest.raises(WorkloadError, match="the model 'toy' needs a workload"):
        build_problem(model="toy")


def test_a_model_that_raises_when_made_is_blamed(monkeypatch):
    def broken(self, workload, options=None):
        raise KeyError("lut")

    monkeypatch.setattr(Toy, "__init__", broken)
    with pytest.raises(PluginError, match=r"model: the model 'toy' failed: KeyError: 'lut'"):
        build_problem(model="toy")


def test_bounds_that_are_not_numbers_are_refused(monkeypatch):
    monkeypatch.setattr(Toy, "space", DesignSpace((Choice("lanes", (1.0, float("nan"))),)))
    with pytest.raises(PluginError, match="lanes has bounds that are not numbers"):
        build_problem(model="toy")
