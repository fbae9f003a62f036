"""What a search has proposed so far, so that it spends no evaluation twice."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from agents._packing import code_dtype, pack_codes, unpack_codes
from agents._random_order import RandomOrder

if TYPE_CHECKING:
    from dse import DesignSpace
    from dse._columns import BoolArray, IntArray


class Proposals:
    """The designs proposed so far, and an supply of random new ones.

    Args:
        space: The space that is searched.
    """

    def __init__(self, space: DesignSpace) -> None:
        self.space = space
        self._seen: dict[bytes, None] = {}  # a set that keeps the order, for a stable state
        self._random = RandomOrder(space)

    def __len__(self) -> int:
        return len(self._seen)

    def fresh(self, codes: IntArray) -> IntArray:
        """The valid and distinct ones among these designs that were never proposed, in order.

        Args:
            codes: N x P.
        """
        codes = codes[self.space.satisfied(codes)]
        return codes[self._is_new(codes)]

    def propose(self, candidates: IntArray, n: int, rng: np.random.Generator) -> dict[str, Any]:
        """Record and decode a batch: the first fresh candidates, then random new designs.

        Args:
            candidates: Preferred designs (N x P), best first.
            n: Length of the batch; it is shorter only when the space has no new design left.
            rng: For the random designs.
        """
        chosen = self.fresh(candidates)[:n]
        self.record(chosen)
        if len(chosen) < n:
            chosen = np.concatenate([chosen, self.random(n - len(chosen), rng)])
        return self.space.decode(chosen)

    def random(self, n: int, rng: np.random.Generator) -> IntArray:
        """Up to n random designs never proposed before, which are recorded."""
        new = self._random.take(n, rng, self._is_new)
        self.record(new)
        return new

    def record(self, codes: IntArray) -> None:
        """Remember designs as proposed."""
        self._seen.update(dict.fromkeys(self._keys(codes)))

    def state_dict(self) -> dict[str, Any]:
        """All designs in a few bytes each, and where the supply of random ones stands."""
        dtype = code_dtype(self.space)
        flat = np.frombuffer(b"".join(self._seen), dtype=dtype)
        codes = flat.reshape(-1, len(self.space.shape)).astype(np.int64)
        return {"seen": pack_codes(codes, self.space), "random": self._random.state_dict()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore a saved state."""
        self._seen = {}
        self.record(unpack_codes(state["seen"], self.space))
        self._random.load_state_dict(state["random"])

    def _is_new(self, codes: IntArray) -> BoolArray:
        """Which rows were never proposed and do not repeat an earlier row."""
        keys = self._keys(codes)
        first = {key: row for row, key in reversed(list(enumerate(keys)))}
        new = (key not in self._seen and first[key] == row for row, key in enumerate(keys))
        return np.fromiter(new, dtype=bool, count=len(keys))

    def _keys(self, codes: IntArray) -> list[bytes]:
        small = np.ascontiguousarray(codes.astype(code_dtype(self.space)))
        row = np.dtype((np.void, small.dtype.itemsize * small.shape[1]))
        return [bytes(key) for key in small.view(row).ravel().tolist()]
