"""Carrying policies from search to search."""

import json

import numpy as np
import pytest
import torch
from additive import Additive, additive_problem, distances
from hypothesis import given
from hypothesis import strategies as st
from support.toy import ToyWork

from agents.rl import transfer
from agents.rl._torch import pack_tensors
from agents.rl.a2c import A2C
from agents.rl.dqn import DQN
from agents.rl.mappo import MAPPO
from agents.rl.ppo import PPO
from agents.rl.sac import SAC
from dse import Problem
from dse._study import Study
from dse.errors import EnvironmentRefusal, InputError, StudyError
from dse.job import Job

TRUSTING = {"retrieval_threshold": 1.0}


def rl_study(folder, *searches):
    """A finished study of FuseMax with a few designs."""
    from dse.executors.local import LocalExecutor

    job = Job.from_resolved(
        {
            "study": "policies",
            "model": "attention/fusemax",
            "workload": {"name": "bert", "seq_len": 1024},
            "objectives": {"latency_s": "min"},
            "search": [{"searcher": s, "budget": 16} for s in searches],
        }
    )
    study = Study.create(folder, job)
    study.execute(LocalExecutor(), lambda: False, lambda _: None)
    return study


def trained(searcher_type, **settings):
    """A searcher that knows the toy's optimum."""
    searcher = begun(searcher_type, **settings)
    found = distances(searcher, 160)
    assert found.min() <= 1.0
    return searcher


def begun(searcher_type, problem=None, **settings):
    chosen = searcher_type.Settings(num_envs=16, **settings)
    problem = problem or additive_problem()
    return searcher_type(problem, np.random.default_rng(0), 160, chosen)


def written(searcher, name, path, features=None):
    """The policy of a searcher as a file."""
    space = searcher.problem.space
    policy = transfer.SavedPolicy(
        name,
        {p.name: p.cardinality for p in space.parameters},
        transfer.workload_features(searcher.problem).tolist() if features is None else features,
        {},
        pack_tensors(searcher._learner.state_dict()),
    )
    data = {"format": "accel-dse policy 1", **vars(policy)}
    path.write_text(json.dumps(data), encoding="utf-8")
    return path


# -- how far a policy is trusted -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("distance", "exponent"), [(0.0, 0.668), (0.007, 0.5), (0.05, 0.0134), (0.5, 0.0)]
)
def test_exponent_of_abc_rl(distance, exponent):
    assert transfer.retrieval_exponent(distance) == pytest.approx(exponent, abs=5e-4)


@given(st.floats(0, 2), st.floats(0, 2), st.floats(0, 1), st.floats(0, 1e4))
def test_exponent_falls_with_the_distance_and_stays_in_the_unit_interval(a, b, threshold, sharp):
    low, high = sorted((a, b))
    near = transfer.retrieval_exponent(low, threshold, sharp)
    far = transfer.retrieval_exponent(high, threshold, sharp)
    assert 0.0 <= far <= near <= 1.0


@pytest.mark.parametrize(
    ("first", "second", "distance"),
    [
        ([1.0, 2.0], [2.0, 4.0], 0.0),
        ([1.0, 0.0], [0.0, 3.0], 1.0),
        ([1.0], [-1.0], 2.0),
        ([3.0, 4.0], [4.0, 3.0], 1.0 - 24.0 / 25.0),
        ([], [], 0.0),
        ([0.0], [0.0], 0.0),
        ([0.0], [1.0], 1.0),
        ([1.0], [1.0, 0.0], 1.0),
    ],
)
def test_cosine_distance(first, second, distance):
    assert transfer.cosine_distance(first, second) == pytest.approx(distance, abs=1e-12)


# -- warm starts ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("searcher_type", "name", "settings"),
    [
        (PPO, "ppo", {}),
        (PPO, "ppo", {"encoding": "box"}),
        (A2C, "a2c", {"formulation": "sequential"}),
        (SAC, "sac", {}),
        (DQN, "dqn", {}),
        (MAPPO, "mappo", {}),
    ],
)
def test_warm_start_keeps_the_greedy_design(tmp_path, searcher_type, name, settings):
    teacher = begun(searcher_type, **settings)
    distances(teacher, 48)
    path = written(teacher, name, tmp_path / "policy.json")
    pupil = begun(searcher_type, warm_start=path, **settings)
    assert np.array_equal(pupil._learner.greedy(), teacher._learner.greedy())


def test_policy_to_a_power_has_scaled_logits(tmp_path):
    teacher = begun(MAPPO)
    distances(teacher, 48)
    path = written(teacher, "mappo", tmp_path / "policy.json")
    pupil = begun(MAPPO, warm_start=path)
    before, after = teacher._learner.probabilities(), pupil._learner.probabilities()
    power = before**0.668188
    assert after == pytest.approx(power / power.sum(axis=1, keepdims=True), abs=1e-4)


def test_box_policy_to_a_power_is_wider(tmp_path):
    teacher = begun(PPO, encoding="box")
    path = written(teacher, "ppo", tmp_path / "policy.json")
    pupil = begun(PPO, encoding="box", warm_start=path)
    ratio = (pupil._learner._policy.log_std - teacher._learner._policy.log_std).exp()
    assert torch.allclose(ratio, torch.tensor(0.668188**-0.5))


def test_known_workload_begins_where_the_teacher_ended(tmp_path):
    teacher = trained(MAPPO)
    path = written(teacher, "mappo", tmp_path / "policy.json")
    warm = distances(begun(MAPPO, warm_start=path, **TRUSTING), 16)
    cold = distances(begun(MAPPO), 16)
    assert warm.mean() < 0.5 * cold.mean()


def test_foreign_workload_is_explored_anew(tmp_path):
    teacher = trained(MAPPO)
    path = written(teacher, "mappo", tmp_path / "policy.json", features=[-1.0])
    probabilities = begun(MAPPO, warm_start=path)._learner.probabilities()
    assert probabilities == pytest.approx(np.full((6, 6), 1 / 6), abs=0.01)


def test_policy_of_a_study_as_a_file_and_as_a_folder(tmp_path):
    study = rl_study(tmp_path / "study", "random", "ppo")
    transfer.save(study.folder, 1, tmp_path / "policy.json")
    from_file = begun(PPO, study.problem, warm_start=tmp_path / "policy.json")
    from_folder = begun(PPO, study.problem, warm_start=study.folder)
    for state in (from_file, from_folder):
        assert np.array_equal(state._learner.greedy(), from_file._learner.greedy())
    assert from_file.state_dict()["learner"] == from_folder.state_dict()["learner"]


# -- errors --------------------------------------------------------------------------------------


def test_missing_file(tmp_path):
    with pytest.raises(InputError) as caught:
        begun(PPO, warm_start=tmp_path / "nothing.json")
    assert "cannot be read" in caught.value.what
    assert caught.value.where == str(tmp_path / "nothing.json")


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("{", "not a policy file: Expecting property name"),
        ("[]", "its format is not 'accel-dse policy 1'"),
        ('{"format": "another"}', "its format is not"),
        ('{"format": "accel-dse policy 1", "searcher": "ppo"}', "keys are missing or unknown"),
    ],
)
def test_file_that_is_no_policy(tmp_path, text, what):
    path = tmp_path / "policy.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as caught:
        begun(PPO, warm_start=path)
    assert what in caught.value.what
    assert "transfer.save" in caught.value.next_step


def test_policy_of_another_searcher(tmp_path):
    path = written(begun(PPO), "ppo", tmp_path / "policy.json")
    with pytest.raises(InputError, match="learned by 'ppo'"):
        begun(MAPPO, warm_start=path)


def test_policy_about_other_parameters(tmp_path):
    path = written(begun(PPO), "ppo", tmp_path / "policy.json")
    model = Additive(ToyWork())
    narrow = Problem.of(model, space=model.space.narrowed({"knob_2": [0, 1]}))
    with pytest.raises(InputError) as caught:
        begun(PPO, narrow, warm_start=path)
    assert "other parameters: knob_2" in caught.value.what
    assert "knob_2 (2 levels)" in caught.value.allowed


def test_policy_with_other_networks(tmp_path):
    path = written(begun(PPO), "ppo", tmp_path / "policy.json")
    with pytest.raises(InputError) as caught:
        begun(PPO, net_arch=(7,), warm_start=path)
    assert "another shape" in caught.value.what
    assert "trained with" in caught.value.allowed


def test_study_without_a_policy_to_save(tmp_path):
    study = rl_study(tmp_path / "study", "random")
    with pytest.raises(StudyError, match=r"search 0 \(random\) has no policy"):
        transfer.save(study.folder, 0, tmp_path / "policy.json")
    with pytest.raises(StudyError, match="no search 1"):
        transfer.save(study.folder, 1, tmp_path / "policy.json")
    with pytest.raises(StudyError) as caught:
        begun(PPO, study.problem, warm_start=study.folder)
    assert "random" in caught.value.allowed


def test_policy_file_that_cannot_be_written(tmp_path):
    study = rl_study(tmp_path / "study", "a2c")
    with pytest.raises(EnvironmentRefusal, match="cannot be written"):
        transfer.save(study.folder, 0, tmp_path / "no" / "folder.json")
