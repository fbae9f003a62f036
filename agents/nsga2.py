"""NSGA-II for several objectives, on integer codes."""

from __future__ import annotations

from agents._evolution import Evolution
from agents._ranking import Pool, survivors


class NSGA2(Evolution):
    """NSGA-II whose parents include the whole front found so far; for one objective or several.

    Deb et al., IEEE Trans. Evol. Comput. 6 (2002): rank by non-dominated sorting (pymoo), then by
    crowding; feasible before infeasible; binary tournaments. Three changes suit small budgets on
    discrete spaces: a design is never proposed twice; the first front is never truncated; and
    crowding is measured on logarithmic axes. Most children are a parent with one parameter a
    level up or down, so the front is also searched locally.

    Attributes:
        Settings: See `EvolutionSettings`.
    """

    def survivors(self, pool: Pool) -> Pool:
        """The `population` best by rank and crowding, and in any case the whole first front."""
        return survivors(pool, self.settings.population)
