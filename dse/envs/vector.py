"""Thousands of environments in one batch: a native Gymnasium vector environment."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Unpack

import gymnasium
import numpy as np
from gymnasium.vector import AutoresetMode
from gymnasium.vector.utils import batch_space

from dse.envs._core import DesignTask, State
from dse.envs._options import wants_random_start
from dse.envs._task import TaskArguments, build_task
from dse.errors import InputError

if TYPE_CHECKING:
    from dse._columns import BoolArray, FloatArray, IntArray

_MODES = (AutoresetMode.NEXT_STEP, AutoresetMode.SAME_STEP)


class DesignVectorEnv(gymnasium.vector.VectorEnv[Any, Any, Any]):
    """N environments over one cost model; every step is one batch evaluation.

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
        self.num_envs = _checked_count(num_envs)
        self._mode = _checked_mode(autoreset_mode)
        self.metadata = {"render_modes": [], "autoreset_mode": self._mode}
        self.single_action_space = task.encoding.space
        self.single_observation_space = task.observation_space
        self.action_space = batch_space(self.single_action_space, num_envs)
        self.observation_space = batch_space(self.single_observation_space, num_envs)
        self._is_random = False
        self._state: State | None = None

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
        self._is_random = wants_random_start(options)
        self._state = self.task.begin(self.task.evaluate(self._starts(self.num_envs)))
        return self.task.observe(self._state), self.task.infos(self._state.at)

    def step(self, actions: Any) -> tuple[Any, FloatArray, BoolArray, BoolArray, dict[str, Any]]:
        """Evaluate the N designs that the actions lead to, in one batch.

        Returns:
            Observations, rewards (N), terminations (N, never), truncations (N), infos.
        """
        if self._state is None:
            raise gymnasium.error.ResetNeeded("call reset() before step()")
        codes = self.task.encoding.codes(actions, self._state.at.codes)
        if self._mode is AutoresetMode.NEXT_STEP:
            return self._step_then_reset(self._state, codes)
        return self._step_and_reset(self._state, codes)

    def _step_then_reset(self, before: State, codes: IntArray) -> tuple[Any, ...]:
        """`NEXT_STEP`: where an episode ended before, the row of the batch is the new start."""
        resetting = before.steps >= self.task.horizon
        codes[resetting] = self._starts(int(np.count_nonzero(resetting)))
        after, rewards = self.task.advance(before, self.task.evaluate(codes))
        fresh = self.task.begin(after.at)
        self._state = State(
            after.at,
            np.where(resetting, fresh.best, after.best),
            np.where(resetting, fresh.steps, after.steps),
        )
        rewards = np.where(resetting, 0.0, rewards)
        truncated = self._state.steps >= self.task.horizon
        infos = self.task.infos(after.at)
        return self.task.observe(self._state), rewards, _never(truncated), truncated, infos

    def _step_and_reset(self, before: State, codes: IntArray) -> tuple[Any, ...]:
        """`SAME_STEP`: the starts of the episodes that follow join the same batch."""
        n = self.num_envs
        ending = before.steps + 1 >= self.task.horizon
        starts = self._starts(int(np.count_nonzero(ending)))
        found = self.task.evaluate(np.concatenate([codes, starts]))
        after, rewards = self.task.advance(before, found.take(slice(n)))
        if not ending.any():
            self._state = after
            infos = self.task.infos(after.at)
            return self.task.observe(after), rewards, _never(ending), ending, infos
        rows = np.arange(n)
        rows[ending] = n + np.arange(len(starts))
        fresh = self.task.begin(found.take(rows))
        self._state = State(
            fresh.at,
            np.where(ending, fresh.best, after.best),
            np.where(ending, fresh.steps, after.steps),
        )
        infos = {**self.task.infos(fresh.at), **self._final_infos(after, ending)}
        return self.task.observe(self._state), rewards, _never(ending), ending, infos

    def _final_infos(self, after: State, ending: BoolArray) -> dict[str, Any]:
        """What the ended episodes saw last, in Gymnasium's form."""
        final = np.full(self.num_envs, None, dtype=object)
        observations = self.task.observe(after)
        for row in np.flatnonzero(ending):
            final[row] = observations[row]
        info = _restricted(self.task.infos(after.at), ending)
        return {"final_obs": final, "_final_obs": ending, "final_info": info, "_final_info": ending}

    def _starts(self, n: int) -> IntArray:
        return self.task.starts(n, self.np_random, is_random=self._is_random)


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


def _never(like: BoolArray) -> BoolArray:
    """Terminations: episodes end by truncation only."""
    return np.zeros_like(like)


def _restricted(infos: dict[str, Any], rows: BoolArray) -> dict[str, Any]:
    """The same infos with every mask narrowed to some rows."""
    narrowed: dict[str, Any] = {}
    for name, column in infos.items():
        if isinstance(column, dict):
            narrowed[name] = _restricted(column, rows)
        else:
            narrowed[name] = column & rows if name.startswith("_") else column
    return narrowed


def _checked_count(num_envs: int) -> int:
    if isinstance(num_envs, bool) or not isinstance(num_envs, int) or num_envs < 1:
        raise InputError(f"num_envs = {num_envs!r}", allowed="a whole number, at least 1")
    return num_envs


def _checked_mode(mode: AutoresetMode | str) -> AutoresetMode:
    found = next((known for known in _MODES if mode in (known, known.value)), None)
    if found is None:
        allowed = ", ".join(known.value for known in _MODES)
        raise InputError(f"autoreset_mode {mode!r}", allowed=allowed)
    return found
