"""Quasi-random search: a scrambled Sobol sequence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from agents._proposals import Proposals
from agents._settings import check_whole
from dse import Problem, Searcher

if TYPE_CHECKING:
    from dse._columns import Columns, FloatArray, IntArray

_BARREN_BLOCKS = 8  # blocks without a new design, before random designs take over


@dataclass(frozen=True)
class SobolSettings:
    """Settings of `Sobol`.

    Attributes:
        batch: Designs per batch; a power of two keeps every batch balanced.
    """

    batch: int = 1024

    def __post_init__(self) -> None:
        check_whole("batch", self.batch, 1)


class Sobol(Searcher):
    """A scrambled Sobol sequence: covers the space more evenly than random designs.

    Points that fall on a design proposed before are skipped; once the sequence finds little
    new in a small space, random designs that are left complete the batch. Sequence and scramble:
    Owen, "Scrambling Sobol' and Niederreiter-Xing points", J. Complexity 14 (1998); SciPy.

    Attributes:
        Settings: See `SobolSettings`.
    """

    Settings = SobolSettings
    settings: SobolSettings

    def __init__(
        self,
        problem: Problem,
        rng: np.random.Generator,
        budget: int,
        settings: SobolSettings | None = None,
    ) -> None:
        super().__init__(problem, rng, budget, settings)
        self._proposals = Proposals(problem.space)
        self._seed: int | None = None
        self._drawn = 0

    @property
    def batch_size(self) -> int:
        """The `batch` setting, bounded by the budget."""
        return min(self.settings.batch, self.budget)

    def ask(self, n: int) -> dict[str, Any]:
        """The designs of the next points of the sequence."""
        if self._seed is None:
            self._seed = int(self.rng.integers(2**63))
        space = self.problem.space
        chosen = np.empty((0, len(space.shape)), dtype=np.int64)
        for _ in range(_BARREN_BLOCKS):
            codes = self._next_codes(n - len(chosen), self._seed)
            chosen = self._proposals.fresh(np.concatenate([chosen, codes]))
            if len(chosen) == n:
                break
        return self._proposals.propose(chosen, n, self.rng)

    def tell(self, designs: Columns, metrics: Columns) -> None:
        """Nothing to learn: the sequence is fixed."""

    def state_dict(self) -> dict[str, Any]:
        """Seed of the scramble, points drawn, designs proposed."""
        return {
            "seed": self._seed,
            "drawn": self._drawn,
            "proposals": self._proposals.state_dict(),
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from a saved state."""
        self._seed, self._drawn = state["seed"], state["drawn"]
        self._proposals.load_state_dict(state["proposals"])

    def _next_codes(self, n: int, seed: int) -> IntArray:
        space = self.problem.space
        points = sobol_points(self._drawn, n, len(space.shape), seed)
        self._drawn += n
        return space.codes_of_unit(points)


def sobol_points(start: int, n: int, dimensions: int, seed: int) -> FloatArray:
    """Points start .. start + n - 1 of a scrambled Sobol sequence (n x dimensions).

    Args:
        start: Number of points to skip.
        n: How many points.
        dimensions: Dimensions of the unit cube.
        seed: Of the scramble.
    """
    from scipy.stats import qmc

    engine = qmc.Sobol(dimensions, seed=np.random.default_rng(seed))
    if start:
        engine.fast_forward(start)
    # SciPy warns unless the first draw is a power of two.
    points = engine.random(1 << (n - 1).bit_length())
    return np.asarray(points[:n], dtype=np.float64)
