"""Every valid design of a space once, in random order, without remembering any of them.

A Feistel network over the design index is a permutation whatever its round function is, so the
state of a walk through a space of any size is a key and a position (Black and Rogaway, "Ciphers
with arbitrary finite domains", CT-RSA 2002).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import numpy.typing as npt

from dse._columns import BoolArray, IntArray
from dse.errors import DesignError

if TYPE_CHECKING:
    from dse import DesignSpace

_ROUNDS = 6
_SMALLEST_BITS = 16  # narrower halves mix poorly; the surplus positions are skipped
_LARGEST_BITS = 62
_CHUNK = 2**13
_PATIENCE = 2**22  # positions looked at before a call gives up on finding a valid design

Accept: TypeAlias = Callable[[IntArray], BoolArray]


class RandomOrder:
    """A walk through the valid designs of a space.

    Spaces of more than 2^62 designs, which no integer numbers, are sampled with replacement.

    Args:
        space: The space to walk through.
    """

    def __init__(self, space: DesignSpace) -> None:
        self.space = space
        self._bits = _domain_bits(space.size)
        self._key: int | None = None
        self._position = 0

    def take(self, n: int, rng: np.random.Generator, accept: Accept | None = None) -> IntArray:
        """Codes of the next n designs; fewer when the space has no more.

        Args:
            n: How many.
            rng: Draws the key on the first call; and the designs, if the space is too large.
            accept: Codes -> which of them are wanted; the others are passed by. All if None.

        Raises:
            DesignError: The rules of the space leave (almost) nothing.
        """
        accept = accept or _anything
        if self._bits > _LARGEST_BITS:
            codes = self.space.sample_codes(n, rng)
            return codes[accept(codes)]
        if self._key is None:
            self._key = int(rng.integers(2**63))
        return self._walk(n, self._key, accept)

    def state_dict(self) -> dict[str, Any]:
        """Key and position."""
        return {"key": self._key, "position": self._position}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from a saved position."""
        self._key, self._position = state["key"], state["position"]

    def _walk(self, n: int, key: int, accept: Accept) -> IntArray:
        start, stop = self._position, min(self._position + _PATIENCE, 2**self._bits)
        found = [np.empty((0, len(self.space.shape)), dtype=np.int64)]
        missing, is_barren = n, start == 0
        while missing and self._position < stop:
            end = min(self._position + _CHUNK, stop)
            codes, positions = self._valid(np.arange(self._position, end), key)
            is_barren = is_barren and not len(codes)
            wanted = np.flatnonzero(accept(codes))[:missing]
            found.append(codes[wanted])
            missing -= len(wanted)
            # The walk halts right behind the last design it hands out.
            self._position = end if missing else int(positions[wanted[-1]]) + 1
        if is_barren and missing:
            raise self._nothing_valid()
        return np.concatenate(found)

    def _valid(self, positions: IntArray, key: int) -> tuple[IntArray, IntArray]:
        """Codes of the valid designs at these positions, and where they stand."""
        index = permuted(positions, self._bits, key)
        inside = np.flatnonzero(index < self.space.size)
        codes = self.space.codes_of_index(index[inside])
        valid = self.space.satisfied(codes)
        return codes[valid], positions[inside[valid]]

    def _nothing_valid(self) -> DesignError:
        return DesignError(
            f"no valid design among {self._position:,}",
            allowed="; ".join(rule.doc for rule in self.space.rules),
            next_step="loosen `space` or `fixed`",
        )


def permuted(numbers: IntArray, bits: int, key: int) -> IntArray:
    """A pseudo-random permutation of 0 .. 2^bits - 1, applied elementwise.

    Args:
        numbers: Numbers below 2^bits.
        bits: An even number, at most 62.
        key: Selects the permutation; below 2^63.
    """
    half = np.uint64(bits // 2)
    mask = np.uint64((1 << (bits // 2)) - 1)
    left, right = numbers.astype(np.uint64) >> half, numbers.astype(np.uint64) & mask
    round_keys = np.random.SeedSequence(key).generate_state(_ROUNDS, np.uint64)
    for round_key in round_keys:
        left, right = right, left ^ (_mixed(right ^ round_key) & mask)
    return ((left << half) | right).astype(np.int64)


def _mixed(x: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """The finaliser of SplitMix64 (Steele, Lea and Flood, OOPSLA 2014)."""
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))


def _domain_bits(size: int) -> int:
    """The smallest even number of bits that can number the space."""
    bits = max((size - 1).bit_length(), _SMALLEST_BITS)
    return bits + bits % 2


def _anything(codes: IntArray) -> BoolArray:
    return np.ones(len(codes), dtype=bool)
