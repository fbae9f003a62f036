"""The searcher contract: ask for designs, tell their metrics."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    import numpy as np

    from dse._columns import Columns
    from dse._problem import Problem


@dataclass(frozen=True)
class NoSettings:
    """The settings of a searcher that has none."""


class Searcher(ABC):
    """Proposes batches of designs and learns from their metrics. Subclass it for a new searcher.

    Randomness comes only from the generator handed in, and the whole state is plain data, so
    that a search is reproducible and can be resumed after any interruption.

    Attributes:
        Settings: Frozen dataclass of the searcher's settings, with defaults.
        uses_seed: Whether different seeds give different searches.
        covers_space: Whether it proposes every design of the space in index order; the framework
            then enumerates open grids in place of asking.
    """

    Settings: ClassVar[type] = NoSettings
    uses_seed: ClassVar[bool] = True
    covers_space: ClassVar[bool] = False

    def __init__(
        self, problem: Problem, rng: np.random.Generator, budget: int, settings: Any = None
    ) -> None:
        self.problem = problem
        self.rng = rng
        self.budget = budget
        self.settings = self.Settings() if settings is None else settings

    @property
    @abstractmethod
    def batch_size(self) -> int:
        """How many designs it likes to be asked for at once."""

    @abstractmethod
    def ask(self, n: int) -> dict[str, Any]:
        """Propose at most n designs as a flat batch; an empty one when it has nothing left."""

    @abstractmethod
    def tell(self, designs: Columns, metrics: Columns) -> None:
        """Learn the metrics of the designs of the last `ask`, in the same order.

        Use `problem.score(designs, metrics)`: designs that are infeasible, or failed, or returned
        something that is not a number, score +inf there.
        """

    def diagnostics(self) -> dict[str, list[float | None]]:
        """How the learning went so far, for people: columns of equal length, empty if none.

        None stands where there is no figure (yet).

        The column `evaluations`, non-decreasing, is the axis of all others (`mean_reward`,
        `entropy`, ...). The study keeps them and the report draws them. They belong to the
        state: an interrupted search tells the same in the end.
        """
        return {}

    @abstractmethod
    def state_dict(self) -> dict[str, Any]:
        """Everything `load_state_dict` needs to go on, as JSON-able data.

        The generator's state need not be included: the search loop keeps it.
        """

    @abstractmethod
    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue from a state saved between `tell` and the next `ask`."""
