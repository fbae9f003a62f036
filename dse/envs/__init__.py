"""Cost models as Gymnasium environments: one at a time, batched, and for Stable-Baselines3.

Importing this package registers every installed cost model with Gymnasium:

    import gymnasium
    import dse.envs

    env = gymnasium.make("mylab/MyModel-v0", reward="improvement", action="discrete")
    envs = gymnasium.make_vec("mylab/MyModel-v0", num_envs=4096)

`dse.envs.sb3.make(num_envs=4096, model="mylab/mymodel")` makes a `VecEnv` of
Stable-Baselines3.
"""

from __future__ import annotations

from dse.envs.registration import register_envs

__all__ = ["register_envs"]

register_envs()
