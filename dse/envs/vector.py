"""Thousands of environments in one batch: a native Gymnasium vector environment."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Unpack

import gymnasium
import numpy as np
from gymnasium.vector import AutoresetMode
from gymnasium.vector.utils import batch_space

from dse.envs._episodes import Episodes, transition_infos
from dse.envs._options import wants_random_start
from dse.envs._task import TaskArguments, build_task

if TYPE_CHECKING:
    from dse._columns import BoolArray, FloatArray
    from dse.envs._core import DesignTask
    from dse.envs._episodes import Transition


class DesignVectorEnv(gymnasium.vector.VectorEnv[Any, Any, Any]):
    """N environments over one cost model; every step is at most one batch evaluation.

    There are no sub-environments. An environment whose episode has ended resets by itself: under
    `NEXT_STEP` (Gymnasium's default) the following step ignores its action and returns the reset
    observation with reward 0; under `SAME_STEP` the same step returns the reset observation, and
    the infos hold `final_obs` and `final_info`. Automatic resets start like the last `reset` did,
    at home or at random.

    Attributes:
        task: Problem, action encoding, reward and episode length.
    """

    def __init__(
        self,
        task: DesignTask,
        num_envs: int = 1,
        autoreset_mode: AutoresetMode | str = AutoresetMode.NEXT_STEP,
    ) -> None:
        self.task = task
        self._episodes = Episodes(task, num_envs, autoreset_mode)
        self.num_envs = num_envs
        self.metadata = {"render_modes": [], "autoreset_mode": self._episodes.mode}
        self.single_action_space = task.encoding.space
        self.single_observation_space = task.observation_space
        self.action_space = batch_space(self.single_action_space, num_envs)
        self.observation_space = batch_space(self.single_observation_space, num_envs)

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Any, dict[str, Any]]:
        """Start an episode in every environment.

        Args:
            seed: Seeds the one generator that draws the random starts of all environments.
            options: {"random_start": True} starts at random valid designs instead of home, also
                at the automatic resets that follow.
        """
        super().reset(seed=seed)
        state = self._episodes.reset(self.np_random, is_random=wants_random_start(options))
        return self.task.observe(state), self.task.infos(state.at)

    def step(self, actions: Any) -> tuple[Any, FloatArray, BoolArray, BoolArray, dict[str, Any]]:
        """Evaluate the designs that the N actions complete, in one batch.

        Returns:
            Observations, rewards (N), terminations (N, never), truncations (N), infos.
        """
        found = self._episodes.step(actions, self.np_random)
        infos = {
            **transition_infos(self.task, found),
            **_final_observations(self.task, found),
        }
        never = np.zeros_like(found.ended)
        return self.task.observe(found.state), found.rewards, never, found.ended, infos


def make(
    num_envs: int = 1,
    autoreset_mode: AutoresetMode | str = AutoresetMode.NEXT_STEP,
    **arguments: Unpack[TaskArguments],
) -> DesignVectorEnv:
    """The vector environment behind every registered id.

    Args:
        num_envs: Number of environments, evaluated in one batch.
        autoreset_mode: `NEXT_STEP` or `SAME_STEP`.
        arguments: See `TaskArguments`; `gymnasium.make_vec` passes them on.
    """
    return DesignVectorEnv(build_task(**arguments), num_envs, autoreset_mode)


def _final_observations(task: DesignTask, found: Transition) -> dict[str, Any]:
    """What the episodes saw last that were reset in the step that ended them."""
    rows = found.was_replaced
    if not rows.any():
        return {}
    final = np.full(len(rows), None, dtype=object)
    observations = task.observe(found.reached)
    for row in np.flatnonzero(rows):
        final[row] = observations[row]
    return {"final_obs": final, "_final_obs": rows}
