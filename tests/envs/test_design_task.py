"""The design task: home, observations, infos and arguments."""

import numpy as np
import pytest
from support.toy import ToyAccelerator, ToyWork, toy_problem

from dse import Problem
from dse.envs._task import build_task
from dse.errors import InputError


def names_and_values(task, codes):
    state = task.begin(task.evaluate(np.array([codes])))
    return dict(zip(task.observation_names, task.observe(state)[0].tolist(), strict=True))


def test_home_is_the_default_design():
    task = build_task(problem=toy_problem())
    assert task.home.tolist() == [0, 0, 0, 0]
    # 1024 / 1 / 1e9 s; 1 + 4 + 1 mm2
    np.testing.assert_allclose(task.reference, [1.024e-6, 6.0])


def test_home_is_admissible_where_the_default_is_not():
    problem = toy_problem(["latency_s <= 1e-7"])
    task = build_task(problem=problem)
    assert task.evaluate(task.home[None]).violation[0] == 0.0


def test_home_is_the_same_in_every_run():
    homes = [build_task(problem=toy_problem(["latency_s <= 1e-7"])).home for _ in range(2)]
    np.testing.assert_array_equal(*homes)


def test_home_is_the_least_violating_design_where_none_is_admissible():
    # no design is below 5.25 mm2 (slow, 1 lane, 1 bank, 0.25 GHz)
    task = build_task(problem=toy_problem(["area_mm2 <= 1"]))
    assert task.home.tolist() == [0, 0, 0, 3]


def test_a_space_without_feasible_designs_is_refused():
    space = toy_problem().space.narrowed({"style": ["fast"], "lanes": [1]})
    with pytest.raises(InputError, match="no feasible design among the default and 4,096 samples"):
        build_task(problem=toy_problem(space=space))


def test_observation_by_hand():
    # slow, 8 lanes (code 3 of 8), bank 1, 1 GHz: latency 1/8 of home's, area 8 + 4 + 1 = 13 mm2
    seen = names_and_values(build_task(problem=toy_problem()), [0, 3, 0, 0])
    latency, area = -np.log10(8.0) / 6, np.log10(13 / 6) / 6
    assert seen == pytest.approx(
        {
            "design.style": -0.5,
            "design.lanes": 2 * 3.5 / 8 - 1,
            "design.banks": -0.75,
            "design.frequency_hz": -0.75,
            "objective.latency_s": latency,
            "objective.area_mm2": area,
            "best": -(latency + area) / 2,
            "feasible": 1.0,
            "violation": 0.0,
            "workload.operations": np.log10(1025.0) / 20,
            "elapsed": 0.0,
        },
        abs=1e-7,
    )


def test_observation_of_an_infeasible_design():
    seen = names_and_values(build_task(problem=toy_problem()), [1, 0, 0, 0])
    picked = [seen[n] for n in ("objective.latency_s", "objective.area_mm2", "best")]
    assert [*picked, seen["feasible"], seen["violation"]] == [1.0, 1.0, -1.0, 0.0, 1.0]


def test_observation_of_a_violated_constraint():
    # 13 mm2 against 6.5: violation 1, share one half
    seen = names_and_values(build_task(problem=toy_problem(["area_mm2 <= 6.5"])), [0, 3, 0, 0])
    assert (seen["feasible"], seen["violation"], seen["best"]) == (1.0, 0.5, -1.0)


def test_workloads_without_features_are_fine():
    class Plain(ToyWork):
        features = None

    task = build_task(problem=Problem.of(ToyAccelerator(Plain())))
    assert task.observation_names[-2:] == ("violation", "elapsed")


def test_info_carries_the_metrics_under_their_names():
    task = build_task(problem=toy_problem())
    assert task.info(task.evaluate_one(np.array([[0, 3, 0, 0]]))) == {
        "latency_s": 1.28e-7,
        "energy_j": 3072.0,
        "area_mm2": 13.0,
        "feasible": True,
        "reason": "",
        "violation": 0.0,
        "design": {"style": 0.0, "lanes": 8.0, "banks": 1.0, "frequency_hz": 1e9},
    }


def test_info_of_an_infeasible_design_has_a_reason_and_no_metrics():
    task = build_task(problem=toy_problem())
    info = task.info(task.evaluate_one(np.array([[1, 0, 0, 0]])))
    assert "latency_s" not in info
    assert info["reason"] == "the fast style needs at least two lanes"


def test_weights_are_normalised():
    task = build_task(problem=toy_problem(), weights={"latency_s": 3, "area_mm2": 1})
    np.testing.assert_array_equal(task.weights, [0.75, 0.25])


def test_targets_follow_the_order_of_the_objectives():
    targets = {"area_mm2": 20, "latency_s": 1e-7}
    task = build_task(problem=toy_problem(), reward="target", targets=targets)
    np.testing.assert_array_equal(task.targets, [1e-7, 20.0])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"horizon": 0}, "horizon 0"),
        ({"horizon": 2.5}, r"horizon 2\.5"),
        ({"horizon": True}, "horizon True"),
        (
            {"weights": {"latency": 1}},
            r"weights: 'latency' is no objective. Did you mean 'latency_s'",
        ),
        ({"weights": {"latency_s": 1}}, "weights: none for area_mm2"),
        ({"weights": {"latency_s": -1, "area_mm2": 2}}, "none negative, not all zero"),
        ({"weights": {"latency_s": 0, "area_mm2": 0}}, "none negative, not all zero"),
        ({"weights": {"latency_s": "much", "area_mm2": 0}}, "weights: latency_s = 'much'"),
        ({"reward": "target"}, "targets: none for latency_s, area_mm2"),
        (
            {"reward": "target", "targets": {"latency_s": 0, "area_mm2": 1}},
            "finite numbers above zero",
        ),
        ({"targets": {"latency_s": 1e-7}}, "targets without the reward that uses them"),
        ({"reward": "logsum"}, "unknown reward 'logsum'"),
        ({"action": "boxes"}, "unknown action encoding 'boxes'"),
        ({"space": {}, "workload": "bert"}, "`problem` together with space, workload"),
        ({"problem": None}, "neither `model` nor `problem`"),
    ],
)
def test_wrong_argument(arguments, message):
    with pytest.raises(InputError, match=message):
        build_task(**{"problem": toy_problem(), **arguments})


def test_unknown_argument():
    with pytest.raises(TypeError, match=r"unexpected argument 'rewards'. Did you mean 'reward'\?"):
        build_task(problem=toy_problem(), rewards="log_sum")
