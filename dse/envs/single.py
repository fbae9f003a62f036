"""One design at a time: a Gymnasium environment over any cost model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Unpack

import gymnasium

from dse.envs._options import wants_random_start
from dse.envs._task import TaskArguments, build_task

if TYPE_CHECKING:
    from dse.envs._core import DesignTask
    from dse.envs._states import State


class DesignEnv(gymnasium.Env[Any, Any]):
    """Search a design space step by step: one step evaluates one design, or prepares one.

    The layout of the observation is documented in `dse.envs._core`, actions in
    `dse.envs._actions`, rewards in `dse.envs.rewards`. `info` carries the metrics of the design.

    Attributes:
        task: Problem, action encoding, reward and episode length.
    """

    metadata: ClassVar[dict[str, Any]] = {"render_modes": []}

    def __init__(self, task: DesignTask) -> None:
        self.task = task
        self.action_space = task.encoding.space
        self.observation_space = task.observation_space
        self._state: State | None = None

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Any, dict[str, Any]]:
        """Start an episode.

        Args:
            seed: Seeds `np_random`, which draws random starts only.
            options: {"random_start": True} starts at a random valid design instead of home.
        """
        super().reset(seed=seed)
        is_random = wants_random_start(options)
        start = self.task.starts(1, self.np_random, is_random=is_random)
        self._state = self.task.begin(self.task.evaluate_one(start))
        return self._observation(self._state), self.task.info(self._state.at)

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        """Act, and evaluate the design if the action completes one."""
        if self._state is None:
            raise gymnasium.error.ResetNeeded("call reset() before step()")
        _, self._state, rewards = self.task.step_one(self._state, action)
        is_over = bool(self.task.is_over(self._state)[0])
        info = self.task.info(self._state.at)
        return self._observation(self._state), float(rewards[0]), False, is_over, info

    def _observation(self, state: State) -> Any:
        return self.task.observe(state)[0]


def make(**arguments: Unpack[TaskArguments]) -> DesignEnv:
    """The environment behind every registered id.

    Args:
        arguments: See `TaskArguments`; `gymnasium.make` passes them on.
    """
    return DesignEnv(build_task(**arguments))
