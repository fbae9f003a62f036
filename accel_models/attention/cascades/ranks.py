"""Sizes of ranks: split ranks are the product of their parts, aliases share one rank."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING

from dse.errors import WorkloadError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["LARGEST", "Ranks", "checked_size", "completed"]

LARGEST = 2**40
"""Largest size of a rank; nothing real comes near it."""

_MOST_POINTS = 10**200  # what is counted from it still fits in a float


@dataclass(frozen=True)
class Ranks:
    """The ranks of a cascade.

    Attributes:
        sizes: Rank or part of a split rank -> number of coordinates; empty if no sizes are known.
        splits: Split rank -> its parts, outer to inner. Coordinate m of the rank is
            m1 * size(m0) + m0.
        aliases: Second variable over a rank -> the first.
    """

    sizes: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    splits: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: MappingProxyType({}))
    aliases: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    def size(self, variable: str) -> int:
        """Number of coordinates of a rank, a part of one, or an alias.

        Raises:
            WorkloadError: The size is not known.
        """
        name = self.rank_of(variable)
        if name in self.sizes:
            return self.sizes[name]
        raise WorkloadError(
            f"rank {name} has no size.{did_you_mean(name, self.sizes)}",
            allowed=", ".join(self.sizes) or "a cascade with sizes",
            next_step=f"give {name} a size",
        )

    def count(self, variables: Iterable[str]) -> int:
        """Number of points that these variables span.

        Raises:
            WorkloadError: A size is not known, or there are more points than a float can count.
        """
        names = tuple(variables)
        points = math.prod(self.size(name) for name in names)
        if points > _MOST_POINTS:
            raise WorkloadError(
                f"the ranks {', '.join(sorted(names))} span more than 1e200 points",
                allowed="smaller sizes",
            )
        return points

    def rank_of(self, variable: str) -> str:
        """The rank that a variable runs over; itself unless it is an alias."""
        return self.aliases.get(variable, variable)

    def parts(self, rank: str) -> tuple[str, ...]:
        """The variables that a rank is written with, outer to inner."""
        return self.splits.get(rank, (rank,))

    def whole(self, variable: str) -> str:
        """The split rank that a variable is a part of; itself if it is none."""
        name = self.rank_of(variable)
        return next((whole for whole, parts in self.splits.items() if name in parts), name)

    def resized(self, sizes: Mapping[str, int]) -> Ranks:
        """The same ranks with other sizes.

        Of a split rank that is partly given, what is not given keeps its size, except the outer
        part, or the whole rank if the outer part is given.

        Raises:
            WorkloadError: An unknown rank, a size out of range, or sizes that do not fit together.
        """
        for name in sizes:
            if name not in self.sizes:
                raise WorkloadError(
                    f"unknown rank {name!r}.{did_you_mean(name, self.sizes)}",
                    allowed=", ".join(self.sizes),
                )
        kept = dict(self.sizes)
        for whole, (outer, *inner) in self.splits.items():
            given = [name for name in (outer, whole, *inner) if name in sizes]
            free = [name for name in (outer, whole, *inner) if name not in sizes]
            if given and free:
                kept.pop(free[0])
        return Ranks(completed({**kept, **sizes}, self.splits), self.splits, self.aliases)


def completed(sizes: Mapping[str, int], splits: Mapping[str, tuple[str, ...]]) -> Mapping[str, int]:
    """The sizes, with those that follow from the others.

    Args:
        sizes: As given: of a split rank and its parts, one may be missing.
        splits: Split rank -> its parts.

    Raises:
        WorkloadError: A size is missing, no whole number, or not the product of the parts.
    """
    found = dict(sizes)
    for name, size in found.items():
        checked_size(name, size)
    for whole, parts in splits.items():
        missing = [name for name in (whole, *parts) if name not in found]
        if len(missing) > 1:
            names = " and ".join(missing)
            raise WorkloadError(
                f"rank {whole} = {' * '.join(parts)}: {names} have no size",
                allowed="sizes of all of them but one",
            )
        if missing == [whole]:
            found[whole] = math.prod(found[part] for part in parts)
        elif missing:
            found[missing[0]] = found[whole] // math.prod(found[p] for p in parts if p in found)
        if found[whole] != math.prod(found[part] for part in parts):
            given = " * ".join(f"{p} ({found[p]:,})" for p in parts if p not in missing)
            relation = "a multiple of " if missing else ""
            raise WorkloadError(
                f"rank {whole} ({found[whole]:,}) is not {relation}{given}",
                allowed="whole tiles only",
            )
    return MappingProxyType(found)


def checked_size(name: str, size: object) -> int:
    """The size of a rank, if it is one.

    Raises:
        WorkloadError: It is no whole number from 1 to `LARGEST`.
    """
    if not isinstance(size, int) or isinstance(size, bool) or not 1 <= size <= LARGEST:
        raise WorkloadError(
            f"rank {name} = {str(size)[:40]} is not a size",
            allowed=f"a whole number from 1 to {LARGEST:,}",
        )
    return size
