"""Teams of agents for RLlib's new API stack: an optional back end, `pip install accel-dse[rllib]`.

    from agents.rl.rllib import ppo_config

    algorithm = ppo_config(model="attention/fusemax").build_algo()
    algorithm.train()

RLlib brings its own learners, and a fleet of runners on a Ray cluster. One step of it costs far
more than one of the searchers `ippo` and `mappo`, and it knows neither budgets nor studies.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Unpack

from dse.errors import EnvironmentRefusal

if TYPE_CHECKING:
    from dse.envs._team_task import TeamArguments

ENVIRONMENT = "dse-team"


def ppo_config(**arguments: Unpack[TeamArguments]) -> Any:
    """Independent PPO with a policy for each agent of a team, as RLlib's `PPOConfig`.

    Args:
        arguments: Of `dse.envs.parallel.make`, for example `model="attention/fusemax"`.

    Raises:
        EnvironmentRefusal: RLlib is not installed.
    """
    try:
        from ray.rllib.algorithms.ppo import PPOConfig
        from ray.rllib.env.wrappers.pettingzoo_env import ParallelPettingZooEnv
    except ImportError as error:
        raise EnvironmentRefusal(
            f"RLlib is not installed: {error}", next_step="pip install 'accel-dse[rllib]'"
        ) from None
    from ray.tune.registry import register_env

    from dse.envs import parallel

    agents = parallel.make(**arguments).possible_agents
    register_env(ENVIRONMENT, lambda config: ParallelPettingZooEnv(parallel.make(**config)))
    return (
        PPOConfig()
        .environment(ENVIRONMENT, env_config=dict(arguments))
        .multi_agent(policies=set(agents), policy_mapping_fn=_own_policy)
    )


def _own_policy(agent: str, *_: Any, **__: Any) -> str:
    """Every agent has the policy of its own name."""
    return agent
