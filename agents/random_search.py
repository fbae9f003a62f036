"""Uniform random search without repeats."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from agents._random_order import RandomOrder
from agents._settings import check_whole
from dse import Problem, Searcher

if TYPE_CHECKING:
    import numpy as np

    from dse._columns import Columns


@dataclass(frozen=True)
class RandomSettings:
    """Settings of `RandomSearch`.

    Attributes:
        batch: Designs per batch; a larger batch means fewer, larger evaluations.
    """

    batch: int = 1024

    def __post_init__(self) -> None:
        check_whole("batch", self.batch, 1)


class RandomSearch(Searcher):
    """Uniformly random designs, none twice: the baseline that a searcher has to beat.

    A pseudo-random permutation of the space is walked through, so memory and state stay small
    whatever the budget. It ends when every valid design was proposed.

    Attributes:
        Settings: See `RandomSettings`.
    """

    Settings = RandomSettings
    settings: RandomSettings

    def __init__(
        self,
        problem: Problem,
        rng: np.random.Generator,
        budget: int,
        settings: RandomSettings | None = None,
    ) -> None:
        super().__init__(problem, rng, budget, settings)
        self._order = RandomOrder(problem.space)

    @property
    def batch_size(self) -> int:
        """The `batch` setting, bounded by the budget."""
        return min(self.settings.batch, self.budget)

    def ask(self, n: int) -> dict[str, Any]:
        """The next n designs of the random order."""
        return self.problem.space.decode(self._order.take(n, self.rng))

    def tell(self, designs: Columns, metrics: Columns) -> None:
        """Random search learns nothing."""

    def state_dict(self) -> dict[str, Any]:
        """Where the random order stands."""
        return self._order.state_dict()

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from there."""
        self._order.load_state_dict(state)
