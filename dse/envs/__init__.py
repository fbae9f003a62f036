"""Cost models as environments: one at a time, batched, for Stable-Baselines3, and for teams.

Importing this package registers every installed cost model with Gymnasium:

    import gymnasium
    import dse.envs

    env = gymnasium.make("mylab/MyModel-v0", reward="improvement", action="discrete")
    envs = gymnasium.make_vec("mylab/MyModel-v0", num_envs=4096)

`dse.envs.sb3.make(num_envs=4096, model="mylab/mymodel")` makes a `VecEnv` of
Stable-Baselines3, `dse.envs.parallel.make(model="mylab/mymodel", agents="group")` a PettingZoo
environment with one agent per group of parameters.
"""

from __future__ import annotations

from dse.envs.registration import register_envs

__all__ = ["register_envs"]

register_envs()
