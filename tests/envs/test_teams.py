"""Teams on the toy: groups compute (style, lanes), memory (banks) and clock (frequency_hz)."""

import gymnasium
import numpy as np
import pytest
from support.toy import toy_problem

from dse import Choice, DesignSpace
from dse.envs._formulations import TEAM, choose
from dse.envs._team_task import build_team
from dse.envs._teams import TeamActions, split
from dse.errors import InputError

SPACE = toy_problem().space
HOME = np.zeros((1, 4), dtype=np.int64)
FIRST = np.zeros(1, dtype=np.int64)
PARAMETERS = ["style", "lanes", "banks", "frequency_hz"]


def team_of(**arguments):
    return build_team(problem=toy_problem(), **arguments)


def codes(team, actions, start=HOME, turn=FIRST):
    return team.encoding.codes(actions, start, turn).tolist()


# -- who the agents are --------------------------------------------------------------------------


def test_one_agent_per_group():
    assert split(SPACE, "group") == {"compute": (0, 1), "memory": (2,), "clock": (3,)}


def test_one_agent_per_parameter():
    assert list(split(SPACE, "parameter")) == PARAMETERS


def test_parameters_without_a_group_are_their_own():
    space = DesignSpace((Choice("a", ("x", "y")), Choice("b", ("x", "y"))))
    assert split(space, "group") == {"a": (0,), "b": (1,)}


def test_agents_decide_only_what_has_a_choice():
    space = SPACE.narrowed({"lanes": [8], "banks": [2]})
    assert split(space, "group") == {"compute": (0,), "clock": (3,)}


def test_a_space_of_one_design_has_one_agent():
    space = DesignSpace((Choice("a", ("x",)), Choice("b", ("y",))))
    assert split(space, "parameter") == {"a": (0,)}


def test_groups_are_the_default():
    assert team_of().agents == ("compute", "memory", "clock")


# -- what they do --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "compute", "memory"),
    [
        ({}, gymnasium.spaces.MultiDiscrete([2, 8]), gymnasium.spaces.Discrete(4)),
        (
            {"action": "box"},
            gymnasium.spaces.Box(-1.0, 1.0, (2,)),
            gymnasium.spaces.Box(-1.0, 1.0, (1,)),
        ),
        ({"formulation": "local"}, gymnasium.spaces.Discrete(5), gymnasium.spaces.Discrete(3)),
        (
            {"formulation": "sequential"},
            gymnasium.spaces.MultiDiscrete([2, 8]),
            gymnasium.spaces.Discrete(4),
        ),
    ],
)
def test_action_spaces(arguments, compute, memory):
    spaces = team_of(**arguments).encoding.spaces
    assert (spaces["compute"], spaces["memory"]) == (compute, memory)


def test_each_agent_decides_its_own_parameters():
    actions = {"compute": [[1, 5]], "memory": [2], "clock": [3]}
    assert codes(team_of(), actions) == [[1, 5, 2, 3]]


def test_agents_move_at_the_same_time():
    # compute: its fourth move is lanes up; memory: 0 keeps; clock up: 1 GHz to 2 GHz (code 2)
    actions = {"compute": [4], "memory": [0], "clock": [2]}
    assert codes(team_of(formulation="local"), actions) == [[0, 1, 0, 2]]


def test_only_the_agent_whose_turn_it_is_decides():
    team = team_of(formulation="sequential")
    actions = {"compute": [[1, 5]], "memory": [2], "clock": [3]}
    assert codes(team, actions, turn=np.array([1])) == [[0, 0, 2, 0]]


def test_the_others_may_be_left_out():
    team = team_of(formulation="sequential")
    assert codes(team, {"clock": [3]}, turn=np.array([2])) == [[0, 0, 0, 3]]


def test_teams_may_be_at_different_turns():
    team = team_of(formulation="sequential")
    actions = {"compute": [[1, 5], [1, 6]], "memory": [2, 3]}
    found = codes(team, actions, np.repeat(HOME, 2, axis=0), np.array([0, 1]))
    assert found == [[1, 5, 0, 0], [0, 0, 3, 0]]


def test_the_drafts_are_not_changed_in_place():
    start = HOME.copy()
    codes(team_of(), {"compute": [[1, 5]], "memory": [2], "clock": [3]}, start)
    np.testing.assert_array_equal(start, HOME)


@pytest.mark.parametrize(
    ("actions", "message"),
    [
        ({"compute": [[0, 0]], "memory": [0]}, "no action of agent 'clock'"),
        ({"clok": [0]}, "unknown agent 'clok'. Did you mean 'clock'"),
        ({"compute": [[0, 8]], "memory": [0], "clock": [0]}, "an action is outside the space"),
        ([[0, 0]], "actions of type list"),
    ],
)
def test_wrong_actions(actions, message):
    with pytest.raises(InputError, match=message):
        codes(team_of(), actions)


@pytest.mark.parametrize(
    ("arguments", "horizon"),
    [
        ({}, 16),
        ({"formulation": "sequential"}, 16 * 3),
        ({"formulation": "sequential", "agents": "parameter"}, 16 * 4),
        ({"formulation": "local"}, 16),
    ],
)
def test_episodes_hold_sixteen_designs(arguments, horizon):
    assert team_of(**arguments).task.horizon == horizon


def test_episodes_of_moves_are_long_enough_for_the_agent_with_the_longest_way():
    space = DesignSpace((Choice("a", tuple(range(50))), Choice("b", tuple(range(30)))))
    encoding = TeamActions(space, split(space, "parameter"), "local", "discrete")
    assert encoding.horizon(np.array([10, 0])) == 39


# -- what they see -------------------------------------------------------------------------------


def test_everybody_sees_the_same_and_who_it_is():
    team = team_of()
    state = team.task.begin(team.task.evaluate(HOME))
    seen = team.observe(state)
    shared = team.task.observe(state)[0].tolist()
    assert seen["compute"].tolist() == [[*shared, 1.0, 0.0, 0.0]]
    assert seen["clock"].tolist() == [[*shared, 0.0, 0.0, 1.0]]


def test_observations_are_labelled():
    names = team_of(formulation="sequential").observation_names
    assert names[-6:] == (
        "turn.compute", "turn.memory", "turn.clock", "agent.compute", "agent.memory", "agent.clock",
    )  # fmt: skip


def test_observations_lie_in_their_space():
    team = team_of()
    seen = team.observe(team.task.begin(team.task.evaluate(HOME)))
    assert all(team.observation_spaces[agent].contains(rows[0]) for agent, rows in seen.items())


# -- what they earn ------------------------------------------------------------------------------


def rewards_of(team, design):
    start = team.task.begin(team.task.evaluate(HOME))
    columns = team.encoding.columns
    actions = {agent: np.array([design])[:, list(owned)] for agent, owned in columns.items()}
    actions = {a: x[:, 0] if x.shape[1] == 1 else x for a, x in actions.items()}
    acted = team.task.act(start, actions)
    after, shared = team.task.advance(acted, team.task.evaluate(acted.draft))
    return {agent: float(r[0]) for agent, r in team.rewards(acted, after, shared).items()}


def test_a_shared_reward_is_that_of_the_design():
    # slow, 8 lanes, 1 bank, 1 GHz: latency 1/8 of home's, area 13 against 6 mm2
    expected = -(np.log10(1 / 8) + np.log10(13 / 6)) / 2
    found = rewards_of(team_of(), [0, 3, 0, 0])
    assert found == pytest.approx(dict.fromkeys(("compute", "memory", "clock"), expected))


def test_objectives_are_dealt_out_in_turn():
    # the third agent gets the first of the two objectives again
    latency, area = -np.log10(1 / 8), -np.log10(13 / 6)
    found = rewards_of(team_of(decomposition="per_objective"), [0, 3, 0, 0])
    assert found == pytest.approx({"compute": latency, "memory": area, "clock": latency})


def test_objectives_without_weight_are_nobodys():
    weights = {"latency_s": 0, "area_mm2": 1}
    found = rewards_of(team_of(decomposition="per_objective", weights=weights), [0, 3, 0, 0])
    assert found == pytest.approx(dict.fromkeys(found, -np.log10(13 / 6)))


def test_targets_follow_their_objective():
    # at the target of the area, latency 1.28e-7 s at twice its target
    team = team_of(
        decomposition="per_objective",
        reward="target",
        targets={"area_mm2": 13, "latency_s": 0.64e-7},
    )
    found = rewards_of(team, [0, 3, 0, 0])
    assert found == pytest.approx({"compute": 0.5, "memory": 1.0, "clock": 0.5})


def test_one_objective_per_objective_is_shared():
    problem = toy_problem(objectives={"area_mm2": "min"})
    teams = [build_team(problem=problem, decomposition=d) for d in ("shared", "per_objective")]
    assert rewards_of(teams[0], [0, 3, 0, 0]) == rewards_of(teams[1], [0, 3, 0, 0])


def test_everybody_pays_for_a_design_that_cannot_work():
    found = rewards_of(team_of(decomposition="per_objective"), [1, 0, 0, 0])
    assert set(found.values()) == {-7.0}


# -- arguments -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"agents": "groups"}, "agents 'groups'. Did you mean 'group'"),
        ({"decomposition": "per_objectives"}, "Did you mean 'per_objective'"),
        ({"action": "sequential"}, "unknown action encoding 'sequential'"),
        ({"formulation": "local", "action": "box"}, "action 'box' with the formulation 'local'"),
        (
            {"decomposition": "per_objective", "reward": "improvement"},
            "reward 'improvement' per objective",
        ),
        ({"formulation": "sequential", "horizon": 4}, "horizon 4, but each design takes 3 steps"),
    ],
)
def test_wrong_argument(arguments, message):
    with pytest.raises(InputError, match=message):
        team_of(**arguments)


def test_fewer_agents_than_objectives_per_objective():
    space = SPACE.narrowed({"banks": [1], "frequency_hz": [1e9]})
    with pytest.raises(InputError, match="2 objectives for 1 agents: some would be nobody's"):
        build_team(problem=toy_problem(space=space), decomposition="per_objective")


def test_unknown_argument():
    with pytest.raises(TypeError, match=r"unexpected argument 'agent'. Did you mean 'agents'"):
        team_of(agent="group")


def test_moves_alone_name_the_local_formulation():
    assert choose(TEAM, None, "discrete") == ("local", "discrete")
