"""Episodes of one team and of many."""

import gymnasium
import numpy as np
import pytest
from gymnasium.vector import AutoresetMode
from pettingzoo.utils import parallel_to_aec
from support.toy import toy_problem

from dse.envs import parallel, single
from dse.errors import InputError
from dse.testing._environments import count_calls

HORIZON = 3
STAY = {"compute": np.array([0, 0]), "memory": 0, "clock": 0}
AGENTS = ["compute", "memory", "clock"]


def make(**arguments):
    return parallel.make(problem=toy_problem(), **{"horizon": HORIZON, **arguments})


def make_vec(n=2, mode=AutoresetMode.NEXT_STEP, **arguments):
    return parallel.make_vec(n, mode, problem=toy_problem(), **{"horizon": HORIZON, **arguments})


def many(n=2, lanes=0):
    """The same actions in n teams."""
    zero = np.zeros(n, dtype=np.int64)
    return {"compute": np.tile([0, lanes], (n, 1)), "memory": zero, "clock": zero}


def test_an_episode_ends_for_everybody_at_the_horizon():
    env = make()
    env.reset(seed=0)
    ends = [env.step(STAY)[2:4] for _ in range(HORIZON)]
    assert ends[-2] == (dict.fromkeys(AGENTS, False), dict.fromkeys(AGENTS, False))
    assert ends[-1] == (dict.fromkeys(AGENTS, False), dict.fromkeys(AGENTS, True))
    assert env.agents == []


def test_everybody_gets_the_metrics():
    env = make()
    env.reset(seed=0)
    infos = env.step({**STAY, "compute": np.array([0, 3])})[4]
    assert [infos[agent]["area_mm2"] for agent in AGENTS] == [13.0] * 3


def test_infos_are_not_shared_between_agents():
    env = make()
    infos = env.reset(seed=0)[1]
    infos["compute"]["mine"] = 1
    assert "mine" not in infos["memory"]


def test_the_team_earns_what_a_single_agent_earns():
    env, alone = make(), single.make(problem=toy_problem())
    env.reset(seed=0)
    alone.reset(seed=0)
    rewards = env.step({"compute": np.array([1, 5]), "memory": 2, "clock": 3})[1]
    expected = alone.step(np.array([1, 5, 2, 3]))[1]
    assert rewards == dict.fromkeys(AGENTS, expected)


def test_only_complete_designs_of_a_team_are_evaluated(monkeypatch):
    env = make(formulation="sequential")
    calls = count_calls(env.team.task, monkeypatch)
    env.reset(seed=0)
    env.step({"compute": np.array([0, 3])})
    env.step({"memory": 0})
    assert len(calls) == 1
    assert env.step({"clock": 0})[4]["memory"]["area_mm2"] == 13.0
    assert len(calls) == 2


def test_the_state_is_what_a_single_agent_would_see():
    env, alone = make(), single.make(problem=toy_problem(), horizon=HORIZON)
    env.reset(seed=0)
    np.testing.assert_array_equal(env.state(), alone.reset(seed=0)[0])


def test_random_starts_come_from_the_seed():
    env = make()
    options = {"random_start": True}
    starts = [env.reset(seed=seed, options=options)[1]["clock"]["design"] for seed in (1, 1, 2)]
    assert starts[0] == starts[1] != starts[2]


def test_a_reset_without_a_seed_goes_on_drawing():
    env = make()
    env.reset(seed=1)
    drawn = [
        tuple(env.reset(options={"random_start": True})[1]["clock"]["design"].values())
        for _ in range(9)
    ]
    assert len(set(drawn)) > 3


def test_two_environments_over_one_team_draw_apart():
    team = make().team
    spaces = [parallel.TeamEnv(team).action_space("clock") for _ in range(2)]
    for space in spaces:
        space.seed(3)
    first, second = ([int(space.sample()) for _ in range(9)] for space in spaces)
    assert first == second


def test_the_environment_is_named_after_the_model():
    assert make().metadata["name"] == "dse-test/Toy-v0"


def test_pettingzoo_lets_options_of_others_pass():
    make().reset(seed=0, options={"curriculum": 1})


def test_pettingzoo_turns_it_into_turns():
    env = parallel_to_aec(make())
    env.reset(seed=0)
    assert env.agent_selection == "compute"
    for agent in AGENTS:
        env.step(STAY[agent])
    assert env.last()[1] == 0.0


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"random_strat": True}, "Did you mean 'random_start'"),
        ({"random_start": 1}, "reset option random_start = 1"),
    ],
)
def test_wrong_reset_option(options, message):
    with pytest.raises(InputError, match=message):
        make().reset(options=options)


def test_batched_teams_refuse_unknown_options():
    with pytest.raises(InputError, match="unknown reset option 'curriculum'"):
        make_vec().reset(options={"curriculum": 1})


@pytest.mark.parametrize("env", [make(), make_vec()])
def test_step_and_state_need_a_reset(env):
    with pytest.raises(gymnasium.error.ResetNeeded, match=r"call reset\(\) before step"):
        env.step(many())
    with pytest.raises(gymnasium.error.ResetNeeded, match=r"call reset\(\) before state"):
        env.state()


def test_step_after_the_end():
    env = make(horizon=1)
    env.reset(seed=0)
    env.step(STAY)
    with pytest.raises(gymnasium.error.ResetNeeded):
        env.step(STAY)


@pytest.mark.parametrize("count", [0, 2.0, True])
def test_wrong_number_of_teams(count):
    with pytest.raises(InputError, match="allowed: a whole number, at least 1"):
        make_vec(n=count)


# -- many teams ----------------------------------------------------------------------------------


def test_everything_has_a_row_per_team():
    teams = make_vec(5)
    observations, _ = teams.reset(seed=0)
    assert observations["clock"].shape == (5, len(teams.team.observation_names))
    answer = teams.step(many(5))
    assert [part["clock"].shape for part in answer[1:4]] == [(5,)] * 3
    assert answer[4]["area_mm2"].shape == (5,)
    assert teams.state().shape == (5, len(teams.team.task.observation_names))


def test_teams_do_not_mix():
    teams = make_vec(2)
    teams.reset(seed=0)
    actions = many(2)
    actions["compute"] = np.array([[0, 3], [0, 0]])
    assert teams.step(actions)[4]["area_mm2"].tolist() == [13.0, 6.0]


def test_samples_of_the_batched_spaces_are_actions():
    teams = make_vec(4, agents="parameter", action="box")
    teams.reset(seed=0)
    teams.step({agent: space.sample() for agent, space in teams.action_spaces.items()})


@pytest.mark.parametrize("decomposition", ["shared", "per_objective"])
def test_next_step_autoreset_ignores_the_actions_and_gives_no_reward(decomposition):
    teams = make_vec(decomposition=decomposition, reward="inverse")  # above zero for any design
    start = teams.reset(seed=0)[0]
    for _ in range(HORIZON):
        last = teams.step(many(lanes=3))
    reset = teams.step(many(lanes=3))
    assert last[3]["clock"].tolist() == [True, True]
    assert last[1]["clock"].tolist() != [0.0, 0.0]
    np.testing.assert_array_equal(reset[0]["clock"], start["clock"])
    assert all(reset[1][agent].tolist() == [0.0, 0.0] for agent in AGENTS)
    assert reset[3]["clock"].tolist() == [False, False]


def test_same_step_autoreset_returns_the_start_and_what_was_seen_last():
    teams, slower = make_vec(mode="SameStep"), make_vec()
    start = teams.reset(seed=0)[0]
    slower.reset(seed=0)
    for _ in range(HORIZON):
        found, expected = teams.step(many(lanes=3)), slower.step(many(lanes=3))
    np.testing.assert_array_equal(found[0]["memory"], start["memory"])
    np.testing.assert_array_equal(found[4]["final_obs"]["memory"], expected[0]["memory"])
    np.testing.assert_array_equal(found[1]["memory"], expected[1]["memory"])
    assert found[4]["_final_obs"].tolist() == [True, True]
    assert found[4]["final_info"]["area_mm2"].tolist() == [13.0, 13.0]
    assert found[4]["area_mm2"].tolist() == [6.0, 6.0]


def test_same_step_autoreset_costs_no_further_evaluation(monkeypatch):
    teams = make_vec(mode="SameStep", formulation="sequential")
    calls = count_calls(teams.team.task, monkeypatch)
    teams.reset(seed=0)
    for _ in range(HORIZON):
        teams.step(many(lanes=3))
    assert calls == [2, 4]  # the reset, and the designs together with the next starts


def test_automatic_resets_of_teams_start_at_random_too():
    teams = make_vec(32)
    teams.reset(seed=0, options={"random_start": True})
    for _ in range(HORIZON + 1):
        infos = teams.step(many(32))[4]
    assert len(set(infos["design"]["lanes"].tolist())) > 2


def test_same_seed_gives_the_same_random_teams():
    starts = [make_vec(8).reset(seed=5, options={"random_start": True})[0] for _ in range(2)]
    np.testing.assert_array_equal(starts[0]["clock"], starts[1]["clock"])


def test_other_seeds_give_other_teams():
    starts = [make_vec(8).reset(seed=s, options={"random_start": True})[0] for s in (5, 6)]
    assert (starts[0]["clock"] != starts[1]["clock"]).any()
