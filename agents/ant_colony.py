"""Ant colony optimisation: a pheromone table over the levels of each parameter."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from agents._packing import pack_floats, unpack_floats
from agents._proposals import Proposals
from agents._ranking import Pool, log_scaled, penalised, survivors
from agents._settings import check_between, check_whole
from dse import Problem, Searcher

if TYPE_CHECKING:
    from dse._columns import Columns, FloatArray, IntArray

_CHECKPOINTS = 500  # a search with a large budget sends more ants, not more batches
_TRIES = 8  # rounds of ants, before random designs complete a batch


@dataclass(frozen=True)
class AntColonySettings:
    """Settings of `AntColony`.

    Attributes:
        ants: Designs per batch; more are sent for budgets above 500 times this.
        elite: How many of the best designs deposit pheromone after each batch.
        evaporation: Share of the pheromone that is replaced after each batch.
        floor: Share of the pheromone spread evenly over all levels, so that none is ever lost.
    """

    ants: int = 16
    elite: int = 6
    evaporation: float = 0.5
    floor: float = 0.1

    def __post_init__(self) -> None:
        check_whole("ants", self.ants, 1)
        check_whole("elite", self.elite, 1)
        check_between("evaporation", self.evaporation, 0.0, 1.0)
        check_between("floor", self.floor, 0.0, 1.0)


class AntColony(Searcher):
    """Ant colony (MAX-MIN): draws levels that good designs used, and evaporates old habits.

    Stützle and Hoos, Future Gener. Comput. Syst. 16 (2000), with one table per parameter in
    place of a graph. With several objectives each batch follows another random weighting of the
    front found so far, so the trail wanders along the front. A design is never proposed twice.

    Attributes:
        Settings: See `AntColonySettings`.
    """

    Settings = AntColonySettings
    settings: AntColonySettings

    def __init__(
        self,
        problem: Problem,
        rng: np.random.Generator,
        budget: int,
        settings: AntColonySettings | None = None,
    ) -> None:
        super().__init__(problem, rng, budget, settings)
        self._proposals = Proposals(problem.space)
        self._pool = Pool.empty(len(problem.space.shape), len(problem.objectives))
        self._trails = [np.full(n, 1.0 / n) for n in problem.space.shape]

    @property
    def batch_size(self) -> int:
        """One design per ant."""
        return min(max(self.settings.ants, self.budget // _CHECKPOINTS), self.budget)

    def ask(self, n: int) -> dict[str, Any]:
        """Designs that follow the trails and were never proposed before."""
        walks = np.empty((0, len(self.problem.space.shape)), dtype=np.int64)
        for _ in range(_TRIES):
            walks = self._proposals.fresh(np.concatenate([walks, self._walks(n)]))
            if len(walks) >= n:
                break
        return self._proposals.propose(walks, n, self.rng)

    def tell(self, designs: Columns, metrics: Columns) -> None:
        """Update the best designs, evaporate, and let the elite deposit."""
        scores = self.problem.score(designs, metrics)
        codes = self.problem.space.encode(designs)
        pool = survivors(self._pool.joined(codes, scores), self.settings.elite)
        self._pool = pool.take(np.flatnonzero(np.isfinite(pool.scores.violation)))
        if len(self._pool):
            elite = self._elite()
            self._trails = [self._renewed(t, elite[:, j]) for j, t in enumerate(self._trails)]

    def state_dict(self) -> dict[str, Any]:
        """Trails, best designs, and the designs proposed."""
        return {
            "trails": pack_floats(np.concatenate(self._trails)),
            "pool": self._pool.state_dict(self.problem.space),
            "proposals": self._proposals.state_dict(),
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from a saved state."""
        ends = np.cumsum(self.problem.space.shape)
        self._trails = np.split(unpack_floats(state["trails"], (-1,)), ends[:-1])
        self._pool = self._pool.restored(state["pool"], self.problem.space)
        self._proposals.load_state_dict(state["proposals"])

    def _walks(self, n: int) -> IntArray:
        columns = [self.rng.choice(len(trail), size=n, p=trail) for trail in self._trails]
        return np.stack(columns, axis=1).astype(np.int64)

    def _elite(self) -> IntArray:
        """Codes of the designs that deposit: the best for a random weighting."""
        weights = self.rng.dirichlet(np.ones(len(self.problem.objectives)))
        scaled = log_scaled(self._pool.scores.objectives)
        cost = penalised(scaled, self._pool.scores.violation, weights)
        return self._pool.codes[np.argsort(cost, kind="stable")[: self.settings.elite]]

    def _renewed(self, trail: FloatArray, levels: IntArray) -> FloatArray:
        """Evaporate, deposit where the elite stands, and keep every level above the floor."""
        deposit = np.bincount(levels, minlength=len(trail)) / len(levels)
        followed = (1.0 - self.settings.floor) * deposit + self.settings.floor / len(trail)
        renewed = (1.0 - self.settings.evaporation) * trail + self.settings.evaporation * followed
        return np.asarray(renewed / renewed.sum(), dtype=np.float64)
