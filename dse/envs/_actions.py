"""Action encodings: from what an agent says to the codes of a design.

=================  ==========================  ==================================================
name               action                      meaning
=================  ==========================  ==================================================
`multi_discrete`   P integers                  the code of each parameter
`box`              P numbers in [-1, 1]        each axis is cut into equal shares, one per level
`discrete`         one integer                 0 keeps the design; 2j + 1 and 2j + 2 move the j-th
                                               parameter with a choice one level down or up
`sequential`       one integer                 the code of the parameter whose turn it is
`sequential_box`   one number in [-1, 1]       the same, the axis cut into equal shares
=================  ==========================  ==================================================

Moves follow the size of the values. They stop at the ends of numbers and wrap around for names,
so every option of every parameter can be reached in every encoding. In the sequential encodings
the parameters that have a choice take turns, in the order of the design space.
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

    from dse._columns import FloatArray, IntArray
    from dse._parameters import Parameter
    from dse._space import DesignSpace

DEFAULT_DESIGNS = 16


class ActionEncoding(ABC):
    """One way to say a design.

    Attributes:
        space: The Gymnasium space of one action.
        turns: The steps that make one design: a label, and the positions of the parameters that
            are decided in it. There is one, "design", unless the encoding is sequential.
    """

    space: gymnasium.Space[Any]
    turns: Mapping[str, tuple[int, ...]]

    def __init__(self, space: DesignSpace) -> None:
        self.turns = {"design": tuple(range(len(space.shape)))}

    @abstractmethod
    def codes(self, actions: Any, current: IntArray, turn: IntArray) -> IntArray:
        """Codes (N x P) of the designs that N actions lead to.

        Args:
            actions: N actions.
            current: Codes of the designs that the N environments are making.
            turn: Which of the turns it is in each of them (N).

        Raises:
            InputError: An action lies outside the action space.
        """

    def horizon(self, start: IntArray) -> int:
        """Steps per episode if the user names none.

        Args:
            start: Codes of the starting design (P).
        """
        del start
        return DEFAULT_DESIGNS * len(self.turns)

    def batch_of_one(self, action: Any) -> Any:
        """One action as a batch of length 1."""
        return np.asarray(action)[None]


class MultiDiscreteActions(ActionEncoding):
    """The code of each parameter."""

    def __init__(self, space: DesignSpace) -> None:
        super().__init__(space)
        self.space = gymnasium.spaces.MultiDiscrete(space.shape)
        self._shape = np.array(space.shape)

    def codes(self, actions: Any, current: IntArray, turn: IntArray) -> IntArray:
        del turn
        return _integers(actions, current.shape, below=self._shape)


class LevelActions(ActionEncoding):
    """The code of the only parameter, as one integer."""

    def __init__(self, space: DesignSpace) -> None:
        super().__init__(space)
        [self._levels] = space.shape
        self.space = gymnasium.spaces.Discrete(self._levels)

    def codes(self, actions: Any, current: IntArray, turn: IntArray) -> IntArray:
        del turn
        return _integers(actions, (len(current),), below=self._levels)[:, None]


class BoxActions(ActionEncoding):
    """A point of the cube [-1, 1]^P; every level owns an equal share of its axis."""

    def __init__(self, space: DesignSpace) -> None:
        super().__init__(space)
        self.space = gymnasium.spaces.Box(-1.0, 1.0, (len(space.shape),), np.float32)
        self._designs = space

    def codes(self, actions: Any, current: IntArray, turn: IntArray) -> IntArray:
        del turn
        return self._designs.codes_of_unit(_points(actions, current.shape))


class MoveActions(ActionEncoding):
    """Change one parameter by one level, or keep the design."""

    def __init__(self, space: DesignSpace) -> None:
        super().__init__(space)
        movable = [j for j, n in enumerate(space.shape) if n > 1]
        self._which = np.array([0, *np.repeat(movable, 2)], dtype=np.int64)
        self._next = np.zeros((len(self._which), max(space.shape)), dtype=np.int64)
        self._next[0] = np.arange(max(space.shape))
        for row, j in enumerate(movable):
            for action, shift in ((2 * row + 1, -1), (2 * row + 2, +1)):
                self._next[action, : space.shape[j]] = _moved(space.parameters[j], shift)
        self.space = gymnasium.spaces.Discrete(len(self._which))
        self._parameters = space.parameters

    def codes(self, actions: Any, current: IntArray, turn: IntArray) -> IntArray:
        del turn
        moves = _integers(actions, (len(current),), below=len(self._which))
        rows, which = np.arange(len(current)), self._which[moves]
        codes = current.copy()
        codes[rows, which] = self._next[moves, current[rows, which]]
        return codes

    def horizon(self, start: IntArray) -> int:
        """Enough steps to reach every design from the starting one."""
        farthest = sum(_farthest(p, int(c)) for p, c in zip(self._parameters, start, strict=True))
        return max(DEFAULT_DESIGNS, farthest)


class SequentialActions(ActionEncoding):
    """The code of one parameter after the other.

    The levels of parameters with fewer than most share the integers in equal parts, in order.
    """

    def __init__(self, space: DesignSpace) -> None:
        super().__init__(space)
        movable = movable_parameters(space)
        self.turns = {space.names[j]: (j,) for j in movable}
        self._which = np.array(movable)
        self._levels = np.array(space.shape)[movable]
        self._widest = int(self._levels.max())
        self.space = gymnasium.spaces.Discrete(self._widest)

    def codes(self, actions: Any, current: IntArray, turn: IntArray) -> IntArray:
        numbers = _integers(actions, (len(current),), below=self._widest)
        return self._decided(current, turn, numbers * self._levels[turn] // self._widest)

    def _decided(self, current: IntArray, turn: IntArray, chosen: IntArray) -> IntArray:
        codes = current.copy()
        codes[np.arange(len(current)), self._which[turn]] = chosen
        return codes


class SequentialBoxActions(SequentialActions):
    """One parameter after the other, each a number cut into equal shares, one per level."""

    def __init__(self, space: DesignSpace) -> None:
        super().__init__(space)
        self.space = gymnasium.spaces.Box(-1.0, 1.0, (1,), np.float32)

    def codes(self, actions: Any, current: IntArray, turn: IntArray) -> IntArray:
        """Codes (N x P) with the parameter decided that has the turn."""
        unit = _points(actions, (len(current), 1))[:, 0]
        levels = self._levels[turn]
        chosen = np.minimum(np.floor(unit * levels), levels - 1).astype(np.int64)
        return self._decided(current, turn, chosen)


ENCODINGS: Mapping[str, Callable[[DesignSpace], ActionEncoding]] = MappingProxyType(
    {
        "multi_discrete": MultiDiscreteActions,
        "box": BoxActions,
        "discrete": MoveActions,
        "sequential": SequentialActions,
        "sequential_box": SequentialBoxActions,
    }
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


def movable_parameters(space: DesignSpace) -> list[int]:
    """Positions of the parameters that have a choice; the first one if none has."""
    return [j for j, n in enumerate(space.shape) if n > 1] or [0]


def _points(actions: Any, shape: tuple[int, ...]) -> FloatArray:
    """Points of the box [-1, 1] as points of the unit cube."""
    points = np.asarray(actions, dtype=np.float64)
    if points.shape != shape or np.isnan(points).any():
        raise InputError("an action is not a point of the box", allowed=f"numbers in shape {shape}")
    return np.clip((points + 1.0) / 2.0, 0.0, 1.0)


def _integers(actions: Any, shape: tuple[int, ...], below: Any) -> IntArray:
    array = np.asarray(actions)
    if array.shape != shape or array.dtype.kind not in "iu":
        raise InputError(
            f"actions of type {array.dtype} in shape {array.shape}",
            allowed=f"whole numbers in shape {shape}",
        )
    numbers = array.astype(np.int64)
    if (numbers < 0).any() or (numbers >= below).any():
        raise InputError("an action is outside the space", allowed=f"0 or more, below {below}")
    return numbers


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
