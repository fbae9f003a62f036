"""Batches of episodes that reset by themselves, behind every batched environment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import gymnasium
import numpy as np
from gymnasium.vector import AutoresetMode

from dse.errors import InputError

if TYPE_CHECKING:
    from dse._columns import BoolArray, FloatArray, IntArray
    from dse.envs._core import DesignTask
    from dse.envs._states import State

_MODES = (AutoresetMode.NEXT_STEP, AutoresetMode.SAME_STEP)


@dataclass(frozen=True)
class Transition:
    """One step of N episodes.

    Attributes:
        acted: The state after the actions, before the evaluation.
        reached: The state that the actions led to.
        state: The state to go on from: `reached`, or a new start where an episode was reset.
        rewards: Reward of each episode (N).
        ended: Which episodes ended in this step (N).
        was_reset: Whose step was a reset, with its action ignored and no reward (N).
        was_replaced: Which episodes were reset in the step that ended them (N).
    """

    acted: State
    reached: State
    state: State
    rewards: FloatArray
    ended: BoolArray
    was_reset: BoolArray
    was_replaced: BoolArray


class Episodes:
    """N episodes of one task; every step is at most one call of the cost model.

    Under `NEXT_STEP`, the step after the end of an episode ignores its action and is the reset;
    under `SAME_STEP`, the step that ends an episode resets it too. Automatic resets start like the
    last `reset` did, at home or at random.

    Attributes:
        task: What they play.
        mode: When an episode that has ended is reset.

    Raises:
        InputError: The number is not a positive integer, or the mode is unknown.
    """

    def __init__(self, task: DesignTask, number: int, mode: AutoresetMode | str) -> None:
        self.task = task
        self.mode = _checked_mode(mode)
        self._number = _checked_count(number)
        self._is_random = False
        self._state: State | None = None

    def reset(self, rng: np.random.Generator, *, is_random: bool) -> State:
        """Start all episodes, at random designs or at home."""
        self._is_random = is_random
        self._state = self.task.begin(self.task.evaluate(self._starts(self._number, rng)))
        return self._state

    def step(self, actions: Any, rng: np.random.Generator) -> Transition:
        """Play one step of all episodes.

        Args:
            actions: N actions.
            rng: Draws the random starts.

        Raises:
            InputError: An action lies outside the action space.
            ResetNeeded: There was no `reset`.
        """
        if self._state is None:
            raise gymnasium.error.ResetNeeded("call reset() before step()")
        play = self._then_reset if self.mode is AutoresetMode.NEXT_STEP else self._and_reset
        transition = play(self._state, self.task.act(self._state, actions), rng)
        self._state = transition.state
        return transition

    def _then_reset(self, before: State, acted: State, rng: np.random.Generator) -> Transition:
        """`NEXT_STEP`: where an episode ended before, the row of the batch is the new start."""
        resetting = self.task.is_over(before)
        if not resetting.any():
            return self._undisturbed(acted)
        due = self.task.is_due(acted)
        codes = acted.draft.copy()
        codes[resetting] = self._starts(int(np.count_nonzero(resetting)), rng)
        asked = due | resetting
        found = self.task.evaluate(codes[asked])
        reached, rewards = self.task.advance(acted, found.take(due[asked]))
        fresh = self.task.begin(before.at.updated(asked, found))
        state = reached.updated(resetting, fresh)
        rewards = np.where(resetting, 0.0, rewards)
        ended = self.task.is_over(state)
        return Transition(
            acted, reached, state, rewards, ended, resetting, was_replaced=np.zeros_like(ended)
        )

    def _and_reset(self, before: State, acted: State, rng: np.random.Generator) -> Transition:
        """`SAME_STEP`: the starts of the episodes that follow join the same batch."""
        ending = self.task.is_over(acted)
        if not ending.any():
            return self._undisturbed(acted)
        designs = acted.draft[self.task.is_due(acted)]
        starts = self._starts(int(np.count_nonzero(ending)), rng)
        found = self.task.evaluate(np.concatenate([designs, starts]))
        reached, rewards = self.task.advance(acted, found.take(slice(len(designs))))
        begun = found.take(slice(len(designs), None))
        fresh = self.task.begin(before.at.updated(ending, begun))
        state = reached.updated(ending, fresh)
        return Transition(
            acted, reached, state, rewards, ending, np.zeros_like(ending), was_replaced=ending
        )

    def _undisturbed(self, acted: State) -> Transition:
        """A step in which no episode is reset."""
        due = self.task.is_due(acted)
        found = self.task.evaluate(acted.draft[due]) if due.any() else acted.at.take([])
        reached, rewards = self.task.advance(acted, found)
        ended = self.task.is_over(reached)
        never = np.zeros_like(ended)
        return Transition(acted, reached, reached, rewards, ended, never, never)

    def _starts(self, n: int, rng: np.random.Generator) -> IntArray:
        return self.task.starts(n, rng, is_random=self._is_random)


def transition_infos(task: DesignTask, found: Transition) -> dict[str, Any]:
    """Infos of N environments after a step, in Gymnasium's form.

    Where an episode was reset in the step that ended it, `final_info` tells of its last design.
    """
    infos = task.infos(found.state.at)
    if not found.was_replaced.any():
        return infos
    last = _restricted(task.infos(found.reached.at), found.was_replaced)
    return {**infos, "final_info": last, "_final_info": found.was_replaced}


def _restricted(infos: dict[str, Any], rows: BoolArray) -> dict[str, Any]:
    """The same infos with every mask narrowed to some rows."""
    narrowed: dict[str, Any] = {}
    for name, column in infos.items():
        if isinstance(column, dict):
            narrowed[name] = _restricted(column, rows)
        else:
            narrowed[name] = column & rows if name.startswith("_") else column
    return narrowed


def _checked_count(number: int) -> int:
    if isinstance(number, bool) or not isinstance(number, int) or number < 1:
        raise InputError(f"num_envs = {number!r}", allowed="a whole number, at least 1")
    return number


def _checked_mode(mode: AutoresetMode | str) -> AutoresetMode:
    found = next((known for known in _MODES if mode in (known, known.value)), None)
    if found is None:
        allowed = ", ".join(known.value for known in _MODES)
        raise InputError(f"autoreset_mode {mode!r}", allowed=allowed)
    return found
