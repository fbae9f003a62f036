"""A genetic algorithm for one objective."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from agents._evolution import Evolution, EvolutionSettings
from dse.errors import InputError

if TYPE_CHECKING:
    from agents._ranking import Pool
    from dse import Problem


class Genetic(Evolution):
    """A steady-state genetic algorithm for one objective (for several there is nsga2).

    The same operators as NSGA-II; the best designs survive, feasible before infeasible and
    those before the ones with a larger violation. A design is never proposed twice.

    Attributes:
        Settings: See `EvolutionSettings`.

    Raises:
        InputError: The problem has several objectives.
    """

    def __init__(
        self,
        problem: Problem,
        rng: np.random.Generator,
        budget: int,
        settings: EvolutionSettings | None = None,
    ) -> None:
        if len(problem.objectives) > 1:
            raise InputError(
                f"searcher genetic with {len(problem.objectives)} objectives "
                f"({', '.join(problem.objective_names)})",
                allowed="one objective",
                next_step="use the searcher nsga2, or name one objective",
            )
        super().__init__(problem, rng, budget, settings)

    def survivors(self, pool: Pool) -> Pool:
        """The `population` best by violation and then by the objective."""
        order = np.lexsort((pool.scores.objectives[:, 0], pool.scores.violation))
        return pool.take(order[: self.settings.population])
