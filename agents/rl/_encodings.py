"""From the codes of designs to the actions of one-shot agents, and back.

The encodings are those of the environments of the same name; here they can also be inverted. An
action is always told to a learner as the centre of all that name the same design, so a search need
remember designs only.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import gymnasium
import numpy as np

if TYPE_CHECKING:
    from dse import DesignSpace
    from dse._columns import IntArray


@dataclass(frozen=True)
class LevelActions:
    """Encoding multi_discrete: the code of each parameter."""

    designs: DesignSpace

    @property
    def space(self) -> gymnasium.spaces.MultiDiscrete:
        """The space of one action."""
        return gymnasium.spaces.MultiDiscrete(self.designs.shape)

    def codes(self, actions: Any) -> IntArray:
        """Codes (N x F) of the designs that N actions name."""
        return np.asarray(actions, dtype=np.int64)

    def actions(self, codes: IntArray) -> Any:
        """Actions (N x F) that name the designs with these codes."""
        return codes


@dataclass(frozen=True)
class BoxActions:
    """Encoding box: a point of the cube [-1, 1]^F; every level owns an equal share of its axis."""

    designs: DesignSpace

    @property
    def space(self) -> gymnasium.spaces.Box:
        """The space of one action."""
        return gymnasium.spaces.Box(-1.0, 1.0, (len(self.designs.shape),), np.float32)

    def codes(self, actions: Any) -> IntArray:
        """Codes (N x F) of the designs that N actions name; points outside are moved to the box."""
        return self.designs.codes_of_unit((np.asarray(actions, dtype=np.float64) + 1.0) / 2.0)

    def actions(self, codes: IntArray) -> Any:
        """Actions (N x F) that name the designs with these codes."""
        return (2.0 * self.designs.unit_of_codes(codes) - 1.0).astype(np.float32)


def one_shot_encoding(name: str, space: DesignSpace) -> LevelActions | BoxActions:
    """The encoding of this name, "multi_discrete" or "box"."""
    return BoxActions(space) if name == "box" else LevelActions(space)
