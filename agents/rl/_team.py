"""A team of agents over one design: who names which parameters.

A member names all parameters of its share of the design at once, with one number: its *option*.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from dse.errors import InputError

if TYPE_CHECKING:
    from dse import DesignSpace
    from dse._columns import BoolArray, IntArray

MOST_OPTIONS = 4096
"""A member has one output per option; groups with more need one agent per parameter."""


@dataclass(frozen=True)
class Team:
    """The members, and between options and codes.

    Attributes:
        names: Name of each member (A).
        shares: Positions of the parameters that each member names (A).
        levels: Number of levels of every parameter (F).
    """

    names: tuple[str, ...]
    shares: tuple[tuple[int, ...], ...]
    levels: tuple[int, ...]

    @classmethod
    def of(cls, space: DesignSpace, agents: str) -> Team:
        """One agent per parameter, or one per parameter group.

        Args:
            space: The parameters that have a choice.
            agents: "parameter" or "group".

        Raises:
            InputError: A group has too many options for one agent.
        """
        groups = space.groups if agents == "group" else {name: (name,) for name in space.names}
        shares = tuple(tuple(map(space.names.index, names)) for names in groups.values())
        team = cls(tuple(groups), shares, space.shape)
        for name, count in zip(team.names, team.options, strict=True):
            if count > MOST_OPTIONS:
                raise InputError(
                    f"setting agents = {agents!r}: the agent {name!r} has {count:,} options",
                    allowed=f"at most {MOST_OPTIONS:,} options for one agent",
                    next_step="set agents: parameter, or narrow `space`",
                )
        return team

    def __len__(self) -> int:
        return len(self.names)

    @cached_property
    def options(self) -> tuple[int, ...]:
        """How many options each member has (A)."""
        return tuple(int(np.prod([self.levels[j] for j in share])) for share in self.shares)

    @cached_property
    def mask(self) -> BoolArray:
        """A x L: which of the L numbers are options of the member; L is the largest number."""
        return np.arange(max(self.options)) < np.array(self.options)[:, None]

    def options_of(self, codes: IntArray) -> IntArray:
        """The members' options (N x A) that together name the designs with these codes (N x F)."""
        columns = [
            np.ravel_multi_index(
                tuple(codes[:, list(share)].T), tuple(self.levels[j] for j in share)
            )
            for share in self.shares
        ]
        return np.stack(columns, axis=1).astype(np.int64)

    def codes_of(self, options: IntArray) -> IntArray:
        """The inverse of `options_of`."""
        codes = np.empty((len(options), len(self.levels)), dtype=np.int64)
        for member, share in enumerate(self.shares):
            levels = tuple(self.levels[j] for j in share)
            codes[:, list(share)] = np.stack(np.unravel_index(options[:, member], levels), axis=1)
        return codes
