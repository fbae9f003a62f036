"""The loop that the genetic searchers share; they differ in who survives."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from agents._proposals import Proposals
from agents._ranking import Pool
from agents._settings import check_between, check_whole
from agents._variation import crossed, mutated, tournament
from dse import Problem, Searcher

if TYPE_CHECKING:
    from dse._columns import Columns, IntArray

_CHECKPOINTS = 500  # a search with a large budget takes larger steps, not more of them
_TRIES = 8  # rounds of offspring, before random designs complete a batch


@dataclass(frozen=True)
class EvolutionSettings:
    """Settings of the genetic searchers.

    Attributes:
        population: Designs that survive a generation.
        offspring: Designs per generation; larger ones are used for budgets above 500 times this.
        initial: Random designs to start from, as a share of the budget; bounded by the population.
        crossover: Probability that a child has two parents.
        mutation: Probability that a parameter of a child changes; at least one always does.
    """

    population: int = 32
    offspring: int = 16
    initial: float = 0.1
    crossover: float = 0.3
    mutation: float = 0.05

    def __post_init__(self) -> None:
        check_whole("population", self.population, 2)
        check_whole("offspring", self.offspring, 1)
        for name in ("initial", "crossover", "mutation"):
            check_between(name, getattr(self, name), 0.0, 1.0)


class Evolution(Searcher):
    """A steady supply of offspring of the fittest designs found so far.

    Attributes:
        Settings: See `EvolutionSettings`.
    """

    Settings = EvolutionSettings
    settings: EvolutionSettings

    def __init__(
        self,
        problem: Problem,
        rng: np.random.Generator,
        budget: int,
        settings: EvolutionSettings | None = None,
    ) -> None:
        super().__init__(problem, rng, budget, settings)
        self._proposals = Proposals(problem.space)
        self._pool = Pool.empty(len(problem.space.shape), len(problem.objectives))

    @abstractmethod
    def survivors(self, pool: Pool) -> Pool:
        """The members that may become parents, best first."""

    @property
    def batch_size(self) -> int:
        """One generation; the first one is the random start."""
        generation = max(self.settings.offspring, self.budget // _CHECKPOINTS)
        return min(generation if len(self._pool) else self._n_initial, self.budget)

    @property
    def _n_initial(self) -> int:
        share = int(self.settings.initial * self.budget)
        return max(2, min(self.settings.population, share))

    def ask(self, n: int) -> dict[str, Any]:
        """Offspring that were never proposed before; random designs where there are too few."""
        candidates = np.empty((0, len(self.problem.space.shape)), dtype=np.int64)
        for _ in range(_TRIES if len(self._pool) else 0):
            children = self._children(n)
            candidates = self._proposals.fresh(np.concatenate([candidates, children]))
            if len(candidates) >= n:
                break
        return self._proposals.propose(candidates, n, self.rng)

    def tell(self, designs: Columns, metrics: Columns) -> None:
        """Let the new designs compete with the population."""
        scores = self.problem.score(designs, metrics)
        codes = self.problem.space.encode(designs)
        self._pool = self.survivors(self._pool.joined(codes, scores))

    def state_dict(self) -> dict[str, Any]:
        """Population and the designs proposed."""
        return {
            "pool": self._pool.state_dict(self.problem.space),
            "proposals": self._proposals.state_dict(),
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from a saved state."""
        self._pool = self._pool.restored(state["pool"], self.problem.space)
        self._proposals.load_state_dict(state["proposals"])

    def _children(self, n: int) -> IntArray:
        space, settings, rng = self.problem.space, self.settings, self.rng
        pairs = tournament(len(self._pool), n, rng)
        first, second = self._pool.codes[pairs[:, 0]], self._pool.codes[pairs[:, 1]]
        has_two = rng.random((n, 1)) < settings.crossover
        children = np.where(has_two, crossed(first, second, rng), first)
        return mutated(children, space, settings.mutation, rng)
