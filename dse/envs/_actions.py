"""Action encodings: from what an agent says to the codes of a design.

=================  ==========================  ==================================================
name               action                      meaning
=================  ==========================  ==================================================
`multi_discrete`   P integers                  the code of each parameter
`box`              P numbers in [-1, 1]        each axis is cut into equal shares, one per level
`discrete`         one integer                 0 keeps the design; 2j + 1 and 2j + 2 move the j-th
                                               parameter with a choice one level down or up
=================  ==========================  ==================================================

Moves follow the size of the values. They stop at the ends of numbers and wrap around for names,
so every option of every parameter can be reached in every encoding.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import gymnasium
import numpy as np

from dse.errors import InputError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from dse._columns import IntArray
    from dse._parameters import Parameter
    from dse._space import DesignSpace

DEFAULT_HORIZON = 16


class ActionEncoding(ABC):
    """One way to say a design.

    Attributes:
        space: The Gymnasium space of one action.
    """

    space: gymnasium.Space[Any]

    @abstractmethod
    def codes(self, actions: Any, current: IntArray) -> IntArray:
        """Codes (N x P) of the designs that N actions lead to.

        Args:
            actions: N actions.
            current: Codes of the designs the N environments stand at.

        Raises:
            InputError: An action lies outside the action space.
        """

    def horizon(self, start: IntArray) -> int:
        """Steps per episode if the user names none.

        Args:
            start: Codes of the starting design (P).
        """
        del start
        return DEFAULT_HORIZON


class MultiDiscreteActions(ActionEncoding):
    """The code of each parameter."""

    def __init__(self, space: DesignSpace) -> None:
        self.space = gymnasium.spaces.MultiDiscrete(space.shape)
        self._shape = np.array(space.shape)

    def codes(self, actions: Any, current: IntArray) -> IntArray:
        codes = _integers(actions, current.shape)
        if (codes < 0).any() or (codes >= self._shape).any():
            raise InputError("an action is outside the space", allowed=str(self.space))
        return codes


class BoxActions(ActionEncoding):
    """A point of the cube [-1, 1]^P; every level owns an equal share of its axis."""

    def __init__(self, space: DesignSpace) -> None:
        self.space = gymnasium.spaces.Box(-1.0, 1.0, (len(space.shape),), np.float32)
        self._designs = space

    def codes(self, actions: Any, current: IntArray) -> IntArray:
        points = np.asarray(actions, dtype=np.float64)
        if points.shape != current.shape or np.isnan(points).any():
            raise InputError(
                "an action is not a point of the box", allowed=f"numbers in shape {current.shape}"
            )
        return self._designs.codes_of_unit((points + 1.0) / 2.0)


class MoveActions(ActionEncoding):
    """Change one parameter by one level, or keep the design."""

    def __init__(self, space: DesignSpace) -> None:
        movable = [j for j, n in enumerate(space.shape) if n > 1]
        self._which = np.array([0, *np.repeat(movable, 2)], dtype=np.int64)
        self._next = np.zeros((len(self._which), max(space.shape)), dtype=np.int64)
        self._next[0] = np.arange(max(space.shape))
        for row, j in enumerate(movable):
            for action, shift in ((2 * row + 1, -1), (2 * row + 2, +1)):
                self._next[action, : space.shape[j]] = _moved(space.parameters[j], shift)
        self.space = gymnasium.spaces.Discrete(len(self._which))
        self._parameters = space.parameters

    def codes(self, actions: Any, current: IntArray) -> IntArray:
        moves = _integers(actions, (len(current),))
        if (moves < 0).any() or (moves >= len(self._which)).any():
            raise InputError("an action is outside the space", allowed=str(self.space))
        rows, which = np.arange(len(current)), self._which[moves]
        codes = current.copy()
        codes[rows, which] = self._next[moves, current[rows, which]]
        return codes

    def horizon(self, start: IntArray) -> int:
        """Enough steps to reach every design from the starting one."""
        farthest = sum(_farthest(p, int(c)) for p, c in zip(self._parameters, start, strict=True))
        return max(DEFAULT_HORIZON, farthest)


ENCODINGS: Mapping[str, Callable[[DesignSpace], ActionEncoding]] = MappingProxyType(
    {"multi_discrete": MultiDiscreteActions, "box": BoxActions, "discrete": MoveActions}
)
"""Every action encoding by name."""


def find_encoding(name: str, space: DesignSpace) -> ActionEncoding:
    """The action encoding of this name, over a design space.

    Raises:
        InputError: There is none.
    """
    if name not in ENCODINGS:
        hint = did_you_mean(name, ENCODINGS)
        raise InputError(f"unknown action encoding {name!r}.{hint}", allowed=", ".join(ENCODINGS))
    return ENCODINGS[name](space)


def _integers(actions: Any, shape: tuple[int, ...]) -> IntArray:
    array = np.asarray(actions)
    if array.shape != shape or array.dtype.kind not in "iu":
        raise InputError(
            f"actions of type {array.dtype} in shape {array.shape}",
            allowed=f"whole numbers in shape {shape}",
        )
    return array.astype(np.int64)


def _moved(parameter: Parameter, shift: int) -> IntArray:
    """For each code, the code one level up (shift = 1) or down (-1)."""
    ascending = np.argsort(parameter.levels, kind="stable")
    last = parameter.cardinality - 1
    ranks = np.argsort(ascending) + shift
    ranks = np.clip(ranks, 0, last) if parameter.is_ordered else ranks % (last + 1)
    return np.asarray(ascending[ranks], dtype=np.int64)


def _farthest(parameter: Parameter, code: int) -> int:
    """Moves from a level to the one that is farthest away."""
    last = parameter.cardinality - 1
    if not parameter.is_ordered:
        return (last + 1) // 2
    rank = int(np.count_nonzero(parameter.levels < parameter.levels[code]))
    return max(rank, last - rank)
