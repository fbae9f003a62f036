"""Simulated annealing: parallel chains, each with its own weighting of the objectives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from agents._packing import pack_floats, unpack_floats
from agents._proposals import Proposals
from agents._ranking import Pool, log_scaled, penalised
from agents._settings import check_between, check_whole
from dse import Problem, Scores, Searcher
from dse.errors import InputError

if TYPE_CHECKING:
    from dse._columns import BoolArray, Columns, FloatArray, IntArray

_HOPS = 4  # how far a chain looks for a new design before it jumps
_MOVES_PER_CHAIN = 20  # a chain with fewer moves cannot cool


@dataclass(frozen=True)
class AnnealingSettings:
    """Settings of `SimulatedAnnealing`. Temperatures are shares of the objectives' log range.

    Attributes:
        chains: Parallel chains; fewer are used for budgets below 20 times this.
        hot: Temperature at the start.
        cold: Temperature at the end of the budget.
        scouting: Share of the budget for random designs, from which each chain takes its start.
    """

    chains: int = 32
    hot: float = 0.02
    cold: float = 0.001
    scouting: float = 0.1

    def __post_init__(self) -> None:
        check_whole("chains", self.chains, 1)
        check_between("hot", self.hot, 0.0, 100.0)
        check_between("cold", self.cold, 0.0, 100.0)
        check_between("scouting", self.scouting, 0.0, 1.0)
        if self.cold > self.hot:
            raise InputError(f"setting cold = {self.cold!r}", allowed=f"at most hot = {self.hot!r}")


class SimulatedAnnealing(Searcher):
    """Simulated annealing: chains of single moves, downhill always and uphill while hot.

    Kirkpatrick, Gelatt and Vecchi, Science 220 (1983). Each chain minimises its own random
    weighting of the objectives on logarithmic axes, so together they spread over the front;
    the temperature falls geometrically over the budget. Every chain starts from the best, by its
    own weighting, of the random designs that come first. A violated constraint costs more than
    any gain in the objectives. Chains that stand on a design without metrics jump anywhere.

    Attributes:
        Settings: See `AnnealingSettings`.
    """

    Settings = AnnealingSettings
    settings: AnnealingSettings

    def __init__(
        self,
        problem: Problem,
        rng: np.random.Generator,
        budget: int,
        settings: AnnealingSettings | None = None,
    ) -> None:
        super().__init__(problem, rng, budget, settings)
        n_objectives = len(problem.objectives)
        self._proposals = Proposals(problem.space)
        self._n_chains = max(1, min(self.settings.chains, budget // _MOVES_PER_CHAIN))
        self._chains = _nowhere(self._n_chains, len(problem.space.shape), n_objectives)
        self._weights: FloatArray | None = None
        self._bounds = np.array([[np.inf], [-np.inf]]) * np.ones(n_objectives)
        self._told = 0
        self._next = 0
        self._movers = np.empty(0, dtype=np.int64)

    @property
    def batch_size(self) -> int:
        """One move of every chain."""
        return min(self._n_chains, self.budget)

    @property
    def temperature(self) -> float:
        """Geometric from `hot` to `cold` over the budget."""
        spent = min(self._told / self.budget, 1.0)
        return float(self.settings.hot * (self.settings.cold / self.settings.hot) ** spent)

    def ask(self, n: int) -> dict[str, Any]:
        """One move of the next n chains."""
        turn = (self._next + np.arange(min(n, self._n_chains))) % self._n_chains
        moves = [self._move(chain) for chain in turn.tolist()]
        made = [row for row, move in enumerate(moves) if len(move)]
        self._movers = turn[made]
        self._next = int(turn[-1] + 1) % self._n_chains
        return self.problem.space.decode(np.concatenate(moves))

    def tell(self, designs: Columns, metrics: Columns) -> None:
        """Accept or refuse the moves, by the Metropolis rule."""
        scores = self.problem.score(designs, metrics)
        if not len(scores.violation):
            return
        was_scouting = self._is_scouting
        self._told += len(scores.violation)
        self._widen_bounds(scores.objectives)
        found = Pool(self.problem.space.encode(designs), scores)
        if was_scouting:
            self._settle(found)
        else:
            rows = np.flatnonzero(self._accepted(scores))
            self._place(self._movers[rows], found.take(rows))

    def state_dict(self) -> dict[str, Any]:
        """Where every chain stands, its weights, and the designs proposed."""
        return {
            "chains": self._chains.state_dict(self.problem.space),
            "weights": None if self._weights is None else pack_floats(self._weights),
            "bounds": pack_floats(self._bounds),
            "told": self._told,
            "next": self._next,
            "proposals": self._proposals.state_dict(),
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from a saved state."""
        shape = (-1, len(self.problem.objectives))
        self._chains = self._chains.restored(state["chains"], self.problem.space)
        self._weights = state["weights"] and unpack_floats(state["weights"], shape)
        self._bounds = unpack_floats(state["bounds"], shape)
        self._told, self._next = state["told"], state["next"]
        self._proposals.load_state_dict(state["proposals"])

    @property
    def _is_scouting(self) -> bool:
        return self._told < self.settings.scouting * self.budget

    def _move(self, chain: int) -> IntArray:
        """A design near the chain's own that was never proposed (1 x P); empty if none is left."""
        if self._is_scouting or np.isinf(self._chains.scores.violation[chain]):
            return self._proposals.random(1, self.rng)
        code = self._chains.codes[chain]
        for _ in range(_HOPS):
            around = self.problem.space.neighbours(code)
            new = self._proposals.fresh(around)
            if len(new):
                chosen = new[self.rng.integers(len(new), size=1)]
                self._proposals.record(chosen)
                return chosen
            code = around[self.rng.integers(len(around))] if len(around) else code
        return self._proposals.random(1, self.rng)

    def _settle(self, found: Pool) -> None:
        """Put every chain on the best design known to any, by its own weighting."""
        known = self._chains.joined(found.codes, found.scores)
        scaled = self._scaled(known.scores.objectives)
        costs = [penalised(scaled, known.scores.violation, w) for w in self._chain_weights()]
        best = np.argmin(costs, axis=1)
        self._place(np.arange(self._n_chains), known.take(best))

    def _place(self, chains: IntArray, designs: Pool) -> None:
        self._chains.codes[chains] = designs.codes
        self._chains.scores.objectives[chains] = designs.scores.objectives
        self._chains.scores.violation[chains] = designs.scores.violation

    def _scaled(self, objectives: FloatArray) -> FloatArray:
        """Objectives on [0, 1] between the extremes seen so far."""
        return log_scaled(np.concatenate([self._bounds, objectives]))[len(self._bounds) :]

    def _accepted(self, scores: Scores) -> BoolArray:
        """Metropolis: always downhill, uphill with probability exp(-rise / temperature)."""
        before = self._chains.take(self._movers).scores
        n = len(self._movers)
        scaled = self._scaled(np.concatenate([before.objectives, scores.objectives]))
        weights = self._chain_weights()[self._movers]
        cost_before = penalised(scaled[:n], before.violation, weights)
        with np.errstate(invalid="ignore"):  # inf - inf: from one useless design to another
            rise = penalised(scaled[n:], scores.violation, weights) - cost_before
        chance = np.exp(-np.maximum(rise, 0.0) / self.temperature)
        return np.isnan(rise) | (self.rng.random(n) < chance)

    def _chain_weights(self) -> FloatArray:
        if self._weights is None:
            ones = np.ones(len(self.problem.objectives))
            self._weights = self.rng.dirichlet(ones, size=self._n_chains)
        return self._weights

    def _widen_bounds(self, objectives: FloatArray) -> None:
        """Keep the smallest and the largest value of each objective seen so far."""
        finite = objectives[np.isfinite(objectives).all(axis=1)]
        if len(finite):
            low = np.minimum(self._bounds[0], finite.min(axis=0))
            self._bounds = np.stack([low, np.maximum(self._bounds[1], finite.max(axis=0))])


def _nowhere(n_chains: int, n_parameters: int, n_objectives: int) -> Pool:
    """Chains that have no design yet."""
    unusable = Scores(np.full((n_chains, n_objectives), np.inf), np.full(n_chains, np.inf))
    return Pool(np.zeros((n_chains, n_parameters), dtype=np.int64), unusable)
