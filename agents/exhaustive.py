"""Every design of the space, in index order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from agents._settings import check_whole
from dse import Problem, Searcher

if TYPE_CHECKING:
    from dse._columns import Columns


@dataclass(frozen=True)
class ExhaustiveSettings:
    """Settings of `Exhaustive`.

    Attributes:
        batch: Designs per batch, where the framework asks in place of enumerating grids.
    """

    batch: int = 8192

    def __post_init__(self) -> None:
        check_whole("batch", self.batch, 1)


class Exhaustive(Searcher):
    """Every design of the space in index order: the true Pareto front.

    Attributes:
        Settings: See `ExhaustiveSettings`.
        uses_seed: False: there is nothing to draw.
        covers_space: True: the framework may enumerate the space itself, on open grids.

    Raises:
        DesignError: The space is too large to number (2^62 designs).
    """

    Settings = ExhaustiveSettings
    settings: ExhaustiveSettings
    uses_seed: ClassVar[bool] = False
    covers_space: ClassVar[bool] = True

    def __init__(
        self,
        problem: Problem,
        rng: np.random.Generator,
        budget: int,
        settings: ExhaustiveSettings | None = None,
    ) -> None:
        super().__init__(problem, rng, budget, settings)
        problem.space.require_index()
        self._position = 0

    @property
    def batch_size(self) -> int:
        """The `batch` setting, bounded by the budget."""
        return min(self.settings.batch, self.budget)

    def ask(self, n: int) -> dict[str, Any]:
        """The next n designs by index; those that break a rule of the space are left out."""
        space = self.problem.space
        codes = np.empty((0, len(space.shape)), dtype=np.int64)
        while not len(codes) and self._position < space.size:
            stop = min(self._position + n, space.size)
            codes = space.codes_of_index(np.arange(self._position, stop))
            codes = codes[space.satisfied(codes)]
            self._position = stop
        return space.decode(codes)

    def tell(self, designs: Columns, metrics: Columns) -> None:
        """Nothing to learn: the order is fixed."""

    def state_dict(self) -> dict[str, Any]:
        """The index of the next design."""
        return {"position": self._position}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from that index."""
        self._position = state["position"]
