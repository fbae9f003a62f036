"""Every reinforcement-learning searcher keeps the contract of searchers."""

from agents.rl.a2c import A2C, A2CSettings
from agents.rl.dqn import DQN, DQNSettings
from agents.rl.ippo import IndependentPPO, TeamSettings
from agents.rl.mappo import MAPPO, MAPPOSettings
from agents.rl.ppo import PPO, PPOSettings
from agents.rl.sac import SAC, SACSettings
from agents.rl.shared_ppo import SharedPPO
from dse.testing.searcher_contract import SearcherContract

QUICK = {"num_envs": 24, "n_epochs": 2}


class TestPPO(SearcherContract):
    searcher_type = PPO
    settings = PPOSettings(**QUICK)


class TestSequentialPPO(SearcherContract):
    searcher_type = PPO
    settings = PPOSettings(formulation="sequential", **QUICK)


class TestA2COnTheBox(SearcherContract):
    searcher_type = A2C
    settings = A2CSettings(encoding="box", num_envs=24)


class TestSAC(SearcherContract):
    searcher_type = SAC
    settings = SACSettings(num_envs=24, gradient_steps=0.1)


class TestDQN(SearcherContract):
    searcher_type = DQN
    settings = DQNSettings(num_envs=24, gradient_steps=0.1)


class TestIndependentPPO(SearcherContract):
    searcher_type = IndependentPPO
    settings = TeamSettings(n_steps=2, **QUICK)


class TestSharedPPO(SearcherContract):
    searcher_type = SharedPPO
    settings = TeamSettings(agents="group", **QUICK)


class TestMAPPO(SearcherContract):
    searcher_type = MAPPO
    settings = MAPPOSettings(**QUICK)
