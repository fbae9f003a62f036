"""Thousands of environments in one batch, for Stable-Baselines3."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Unpack

import numpy as np
from gymnasium.vector import AutoresetMode
from stable_baselines3.common.vec_env import VecEnv

from dse.envs._task import TaskArguments, build_task
from dse.envs.vector import DesignVectorEnv

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from dse.envs._core import DesignTask


class DesignVecEnv(VecEnv):
    """N environments over one cost model as an SB3 `VecEnv`; a step is at most one evaluation.

    A dictionary per environment and step would cost more than the evaluation, so the list of infos
    is filled only where an episode ends: the metrics of its last design, `terminal_observation`
    and `TimeLimit.truncated`. `batch_infos` holds those of every environment as columns.

    Attributes:
        batch_infos: The infos of the last step or reset in Gymnasium's vector form. Where an
            episode ended, the columns describe the new start and `final_info` the last design.
    """

    def __init__(self, task: DesignTask, num_envs: int = 1) -> None:
        self._env = DesignVectorEnv(task, num_envs, AutoresetMode.SAME_STEP)
        self._actions: Any = None
        self.batch_infos: dict[str, Any] = {}
        super().__init__(
            num_envs, self._env.single_observation_space, self._env.single_action_space
        )

    @property
    def task(self) -> DesignTask:
        """Problem, action encoding, reward and episode length."""
        return self._env.task

    def reset(self) -> Any:
        """Start an episode in every environment.

        The first of the seeds and options set before serves the whole batch.
        """
        options = self._options[0] or None
        observations, self.batch_infos = self._env.reset(seed=self._seeds[0], options=options)
        self._reset_seeds()
        self._reset_options()
        return observations

    def step_async(self, actions: Any) -> None:
        """Take note of the actions (N)."""
        self._actions = actions

    def step_wait(self) -> tuple[Any, Any, Any, list[dict[str, Any]]]:
        """Evaluate the designs in one batch.

        Returns:
            Observations, rewards (N, float32), dones (N), infos; where an episode ended, the
            observation is already that of the next one.
        """
        observations, rewards, _, dones, self.batch_infos = self._env.step(self._actions)
        infos = self._terminal_infos(dones)
        return observations, rewards.astype(np.float32), dones, infos

    def _terminal_infos(self, dones: Any) -> list[dict[str, Any]]:
        infos: list[dict[str, Any]] = [{} for _ in range(self.num_envs)]
        if not dones.any():
            return infos
        final = self.batch_infos["final_info"]
        names = [*self.task.problem.model.metric_names, "feasible", "reason", "violation"]
        columns = [final[name].tolist() for name in names]
        for row in np.flatnonzero(dones).tolist():
            infos[row] = {name: column[row] for name, column in zip(names, columns, strict=True)}
            infos[row]["terminal_observation"] = self.batch_infos["final_obs"][row]
            infos[row]["TimeLimit.truncated"] = True
        return infos

    def close(self) -> None:
        """Nothing is held open."""
        self._env.close()

    def get_attr(self, attr_name: str, indices: Any = None) -> list[Any]:
        """The attribute of the batch, once per environment asked for."""
        value = getattr(self._env, attr_name)
        return [value for _ in self._rows(indices)]

    def set_attr(self, attr_name: str, value: Any, indices: Any = None) -> None:
        """Set an attribute of the batch; single environments have none of their own."""
        del indices
        setattr(self._env, attr_name, value)

    def env_method(
        self, method_name: str, *method_args: Any, indices: Any = None, **method_kwargs: Any
    ) -> list[Any]:
        """Call a method of the batch once; its result for each environment asked for."""
        result = getattr(self._env, method_name)(*method_args, **method_kwargs)
        return [result for _ in self._rows(indices)]

    def env_is_wrapped(self, wrapper_class: type, indices: Any = None) -> list[bool]:
        """Never: there are no sub-environments to wrap."""
        del wrapper_class
        return [False for _ in self._rows(indices)]

    def get_images(self) -> Sequence[Any]:
        """There is nothing to render."""
        return [None] * self.num_envs

    def _rows(self, indices: Any) -> Iterable[int]:
        found: Iterable[int] = self._get_indices(indices)
        return found


def make(num_envs: int = 1, **arguments: Unpack[TaskArguments]) -> DesignVecEnv:
    """An SB3 `VecEnv` over a cost model.

    Args:
        num_envs: Number of environments, evaluated in one batch.
        arguments: See `TaskArguments`, for example `model="mylab/mymodel"`.
    """
    return DesignVecEnv(build_task(**arguments), num_envs)
