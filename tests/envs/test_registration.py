"""Registration with Gymnasium, without importing a model."""

import subprocess
import sys
from importlib.metadata import EntryPoint

import gymnasium
import pytest
from stable_baselines3.common.env_util import make_vec_env
from support.toy import ToyAccelerator, toy_problem

import dse._plugins
from dse.envs.registration import SINGLE, VECTOR, register_envs
from dse.envs.single import DesignEnv
from dse.envs.vector import DesignVectorEnv
from dse.errors import InputError

TOY = EntryPoint("lab/toy", "support.toy:ToyAccelerator", "dse.models")


@pytest.fixture
def install(monkeypatch):
    """Pretend that these entry points are all the installed models; forget them afterwards."""
    known = dict(gymnasium.registry)

    def pretend(*points):
        found = {point.name: point for point in points}
        monkeypatch.setattr(dse._plugins, "entry_points", lambda kind: found)

    yield pretend
    gymnasium.registry.clear()
    gymnasium.registry.update(known)


def test_a_model_is_registered_in_both_forms(install):
    install(TOY)
    register_envs()
    spec = gymnasium.spec(ToyAccelerator.env_id)
    assert (spec.entry_point, spec.vector_entry_point) == (SINGLE, VECTOR)
    assert spec.kwargs == {"model": "lab/toy"}


def test_registering_twice_is_silent(install, caplog):
    install(TOY)
    register_envs()
    register_envs()
    assert not caplog.records


def test_make_by_id(install):
    install(TOY)
    register_envs()
    env = gymnasium.make("dse-test/Toy-v0", problem=toy_problem(), action="box")
    assert isinstance(env.unwrapped, DesignEnv)
    env.reset(seed=0)


def test_make_vec_by_id(install):
    install(TOY)
    register_envs()
    envs = gymnasium.make_vec("dse-test/Toy-v0", num_envs=8, problem=toy_problem())
    assert isinstance(envs, DesignVectorEnv)
    assert envs.num_envs == 8


def test_an_id_refuses_the_problem_of_another_model(install, monkeypatch):
    class Other(ToyAccelerator):
        env_id = "lab/Other-v0"

    install(TOY)
    register_envs()
    monkeypatch.setattr("dse.envs._task.load", lambda kind, name: Other)
    with pytest.raises(InputError, match="about ToyAccelerator, but the id stands for 'lab/toy'"):
        gymnasium.make("dse-test/Toy-v0", problem=toy_problem())


def test_sb3_makes_an_id_by_its_name(install):
    # SB3 first tries render_mode="rgb_array" and takes the TypeError for an answer
    install(TOY)
    register_envs()
    envs = make_vec_env("dse-test/Toy-v0", 2, env_kwargs={"problem": toy_problem()})
    assert envs.num_envs == 2


@pytest.mark.parametrize("name", sorted(dse._plugins.entry_points("models")))
def test_every_installed_model_is_registered(name):
    register_envs()
    ids = [s.id for s in gymnasium.registry.values() if s.kwargs.get("model") == name]
    assert len(ids) == 1
    gymnasium.make(f"dse.envs:{ids[0]}").reset(seed=0)
    gymnasium.make_vec(ids[0], num_envs=2).reset(seed=0)


def test_a_broken_plugin_is_skipped_with_one_warning(install, caplog):
    install(EntryPoint("lab/broken", "no_such_module:Model", "dse.models"), TOY)
    register_envs()
    assert ToyAccelerator.env_id in gymnasium.registry
    [record] = caplog.records
    assert "'lab/broken' is not registered with Gymnasium" in record.getMessage()


def test_a_taken_id_is_skipped_with_a_warning(install, caplog):
    install(TOY, EntryPoint("lab/copy", TOY.value, "dse.models"))
    register_envs()
    assert gymnasium.registry[ToyAccelerator.env_id].kwargs == {"model": "lab/toy"}
    assert "the id 'dse-test/Toy-v0' is already taken" in caplog.text


def test_importing_the_package_registers_and_imports_no_model():
    code = (
        "import sys, dse.envs\n"
        "heavy = {'torch', 'stable_baselines3', 'accel_models', 'pandas'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
