"""Teams: shares of the design, options, policies, and the critic's credit."""

import numpy as np
import pytest
import torch
from additive import additive_problem, additive_search
from hypothesis import given
from hypothesis import strategies as st
from support.toy import toy_problem

from agents.rl._credit import Critic, drawn_options, factors_of
from agents.rl._team import Team
from agents.rl._team_policy import OwnLayer
from agents.rl.ippo import IndependentPPO
from agents.rl.shared_ppo import SharedPPO
from dse import Choice, DesignSpace
from dse.errors import InputError

TOY = toy_problem().space  # 2 x 8 | 4 | 4 levels


def team(agents="group"):
    return Team.of(TOY, agents)


# -- shares ------------------------------------------------------------------------------------


def test_one_agent_per_group():
    assert team().names == ("compute", "memory", "clock")
    assert team().options == (16, 4, 4)


def test_one_agent_per_parameter():
    assert team("parameter").names == TOY.names
    assert team("parameter").options == (2, 8, 4, 4)


def test_option_of_a_group_numbers_its_designs_row_by_row():
    assert team().options_of(np.array([[1, 3, 2, 0]])).tolist() == [[11, 2, 0]]


@given(st.integers(0, 255), st.sampled_from(["group", "parameter"]))
def test_options_and_codes_are_inverse(index, agents):
    codes = TOY.codes_of_index(np.array([index]))
    assert np.array_equal(team(agents).codes_of(team(agents).options_of(codes)), codes)


def test_group_with_too_many_options_is_refused():
    space = DesignSpace(tuple(Choice(f"p{i}", tuple(range(100)), group="all") for i in range(3)))
    with pytest.raises(InputError) as caught:
        Team.of(space, "group")
    assert "'all' has 1,000,000 options" in caught.value.what
    assert "agents: parameter" in caught.value.next_step


# -- policies ----------------------------------------------------------------------------------


@pytest.mark.parametrize("searcher_type", [IndependentPPO, SharedPPO])
def test_agents_never_draw_what_is_no_option(searcher_type):
    problem = toy_problem()
    searcher = searcher_type(problem, np.random.default_rng(0), 100)
    probabilities = searcher._learner.probabilities()
    mask = Team.of(problem.space, "parameter").mask
    assert (probabilities[~mask] == 0.0).all()
    assert probabilities.sum(axis=1) == pytest.approx(np.ones(4))


def test_new_policies_are_nearly_uniform():
    probabilities = additive_search(IndependentPPO)._learner.probabilities()
    assert probabilities == pytest.approx(np.full((6, 6), 1 / 6), abs=0.01)


def test_layers_of_agents_are_independent():
    layer = OwnLayer(3, 2, 4, gain=1.0)
    layer(torch.ones(1, 2), torch.tensor([1])).sum().backward()
    assert layer.weight.grad[1].abs().sum() > 0.0
    assert layer.weight.grad[[0, 2]].abs().sum() == 0.0


def test_layer_gives_each_row_to_its_agent():
    layer = OwnLayer(2, 3, 1, gain=1.0)
    rows, member = torch.randn(5, 3), torch.tensor([0, 1, 1, 0, 1])
    expected = [rows[i] @ layer.weight[m] + layer.bias[m] for i, m in enumerate(member)]
    assert torch.allclose(layer(rows, member), torch.stack(expected))


# -- credit ------------------------------------------------------------------------------------


def additive_critic(draws=500, noise=1e-4):
    problem = additive_problem()
    members = Team.of(problem.space, "parameter")
    factors = factors_of(members, problem.space, interaction=0.1, length=2.0)
    rng = np.random.default_rng(0)
    return Critic(factors, noise, 0.0, 512, draws, rng), members


def test_likeness_of_options_by_hand():
    space = DesignSpace((Choice("number", (1, 2, 4)), Choice("name", ("a", "b"))))
    number, name = factors_of(Team.of(space, "parameter"), space, interaction=0.5, length=2.0)
    # 1 + s exp(-levels apart / length); names have nothing in common
    assert number[0] == pytest.approx([1.5, 1 + 0.5 * np.exp(-0.5), 1 + 0.5 * np.exp(-1.0)])
    assert name == pytest.approx(np.array([[1.5, 1.0], [1.0, 1.5]]))


def test_likeness_follows_the_size_of_numbers_not_their_order():
    space = DesignSpace((Choice("number", (4, 1, 2)),))
    (number,) = factors_of(Team.of(space, "parameter"), space, interaction=0.5, length=2.0)
    assert number[1, 2] > number[1, 0]


def test_options_of_a_group_are_as_alike_as_their_parameters_together():
    apart = factors_of(team("parameter"), TOY, 0.5, 2.0)
    together = factors_of(team(), TOY, 0.5, 2.0)
    assert together[0] == pytest.approx(np.kron(apart[0], apart[1]))


def test_credit_is_what_the_agent_itself_contributed():
    critic, members = additive_critic()
    rng = np.random.default_rng(1)
    options = rng.integers(0, 6, size=(400, 6))
    worth = rng.normal(size=(6, 6))
    rewards = worth[np.arange(6), options].sum(axis=1)
    uniform = members.mask / 6.0
    credit = critic.credit(options, rewards, uniform)
    expected = (worth - worth.mean(axis=1, keepdims=True))[np.arange(6), credit.options]
    assert credit.advantages == pytest.approx(expected, abs=0.15)
    assert credit.error < 0.01


def test_credit_is_zero_on_average_over_an_agents_own_options():
    critic, members = additive_critic(draws=20_000, noise=0.1)
    rng = np.random.default_rng(2)
    options, rewards = rng.integers(0, 6, size=(30, 6)), rng.normal(size=30)
    credit = critic.credit(options, rewards, members.mask / 6.0)
    assert credit.advantages.mean(axis=0) == pytest.approx(np.zeros(6), abs=0.02)


def test_credit_without_any_difference_is_zero():
    critic, members = additive_critic(draws=10)
    credit = critic.credit(np.zeros((4, 6), dtype=np.int64), np.ones(4), members.mask / 6.0)
    assert (credit.advantages == 0.0).all()


def test_interactions_are_learned_too():
    problem = additive_problem()
    members = Team.of(problem.space, "parameter")
    factors = factors_of(members, problem.space, interaction=1.0, length=0.5)
    critic = Critic(factors, 1e-3, 0.0, 5000, 50, np.random.default_rng(0))
    rng = np.random.default_rng(1)
    options = rng.integers(0, 6, size=(1000, 6))
    same = (options[:, 0] == options[:, 1]).astype(float)  # the first two agents have to agree
    credit = critic.credit(options, same, members.mask / 6.0)
    agree = credit.options[:, 0] == credit.options[:, 1]
    assert credit.advantages[agree, 0].mean() > 0.3
    assert abs(credit.advantages[:, 5]).mean() < 0.1


def test_optimism_pays_for_what_nobody_has_tried():
    problem = additive_problem()
    members = Team.of(problem.space, "parameter")
    factors = factors_of(members, problem.space, interaction=0.3, length=0.1)
    critic = Critic(factors, 0.01, 1.0, 512, 100, np.random.default_rng(0))
    options = np.random.default_rng(1).integers(0, 6, size=(60, 6))
    options[:, 2] %= 3  # nobody knows the upper half of the third agent's options
    rewards = np.random.default_rng(2).choice([-1.0, 1.0], size=60)
    credit = critic.credit(options, rewards, members.mask / 6.0)
    unknown = credit.options[:, 2] >= 3
    assert credit.advantages[unknown, 2].mean() > credit.advantages[~unknown, 2].mean()


def test_options_are_drawn_as_often_as_they_are_likely():
    probabilities = np.array([[0.7, 0.3, 0.0], [0.0, 0.0, 1.0]])
    drawn = drawn_options(probabilities, 20_000, np.random.default_rng(0))
    assert (drawn[:, 0] == 0).mean() == pytest.approx(0.7, abs=0.02)
    assert drawn[:, 0].max() == 1
    assert (drawn[:, 1] == 2).all()
