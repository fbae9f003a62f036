"""A centralised critic that tells every agent what it contributed.

The critic sees the options of all agents and learns from every design so far. Its prior is a
decomposition of the reward over the agents: a constant, a term for each agent, a smaller one for
each pair, and so on,

    r(a) = c + sum_i q_i(a_i) + sum_ij q_ij(a_i, a_j) + ...

(value decomposition, Sunehag et al., arXiv 1706.05296, with its interactions). Terms of m agents
have the prior variance s^m, and similar levels of a number have similar terms. All of this is one
kernel, k(a, b) = prod_i (1 + s k_i(a_i, b_i)), and fitting it is kernel ridge regression. An agent
that names several parameters is taken apart in the same way.

The advantage of agent i is counterfactual: the value of what all agents did, minus what agent i may
expect of its own options while the others do the same (Foerster et al., arXiv 1705.08926, eq. 4):

    A_i(a) = Q(a) - sum_b pi_i(b) Q(a_1, ..., b, ..., a_A)

What the others try is thus not noise in an agent's credit. Q is optimistic: the estimate plus a
share of its standard deviation, so what nobody has tried keeps its appeal (Srinivas et al., arXiv
0912.3995).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.linalg import cho_factor, cho_solve, solve_triangular

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from agents.rl._team import Team
    from dse import DesignSpace
    from dse._columns import FloatArray, IntArray


@dataclass(frozen=True)
class Credit:
    """What the agents of a team learn from.

    Attributes:
        options: Joint actions (M x A).
        advantages: Of each agent in each of them (M x A).
        error: Mean squared error of the critic on the designs it has learned from.
    """

    options: IntArray
    advantages: FloatArray
    error: float


@dataclass(frozen=True)
class _Fit:
    """A kernel ridge regression.

    Attributes:
        triangle: Cholesky factor of the kernel matrix of the known designs plus the ridge (N x N).
        weights: Q(a) = sum_n w_n k(a, a_n), up to a constant (N).
        scale: Standard deviation of the rewards per unit of that of the prior.
    """

    triangle: FloatArray
    weights: FloatArray
    scale: float

    def optimistic(self, kernel: FloatArray, variance: float, optimism: float) -> FloatArray:
        """Estimates plus `optimism` standard deviations (M x L).

        Args:
            kernel: Between M x L designs and the known ones (M x L x N).
            variance: Of the prior.
            optimism: Standard deviations.
        """
        rows = kernel.reshape(-1, kernel.shape[-1])
        explained = solve_triangular(self.triangle, rows.T, lower=True)
        left = np.maximum(variance - np.square(explained).sum(axis=0), 0.0)
        values = rows @ self.weights + optimism * self.scale * np.sqrt(left)
        return np.asarray(values.reshape(kernel.shape[:2]))


class Critic:
    """Learns what every option of every agent is worth, in the company of the others.

    Args:
        factors: How alike the options of each agent are, see `factors_of`.
        noise: Variance of what the decomposition does not explain, relative to what it does.
        optimism: Standard deviations that are added to an estimate.
        window: It learns from the latest so many designs.
        draws: Joint actions that the agents learn from in one update.
        rng: Draws them.
    """

    def __init__(
        self,
        factors: Sequence[FloatArray],
        noise: float,
        optimism: float,
        window: int,
        draws: int,
        rng: np.random.Generator,
    ) -> None:
        self._factors = factors
        self._variance = float(np.prod([factor[0, 0] for factor in factors]))
        self._ridge = noise * self._variance
        self._optimism = optimism
        self._window = window
        self._draws = draws
        self._rng = rng

    def credit(self, options: IntArray, rewards: FloatArray, probabilities: FloatArray) -> Credit:
        """Joint actions of the present policies, and each agent's advantage in them.

        Args:
            options: All designs so far (N x A).
            rewards: Their rewards (N).
            probabilities: Of each option under the present policies (A x L).
        """
        known, rewards = options[-self._window :], rewards[-self._window :]
        fit = self._fitted(known, rewards)
        drawn = drawn_options(probabilities, self._draws, self._rng)
        advantages = np.empty(drawn.shape)
        for agent, options_alike in enumerate(self._alternatives(known, drawn)):
            values = fit.optimistic(options_alike, self._variance, self._optimism)
            expected = values @ probabilities[agent, : values.shape[1]]
            advantages[:, agent] = values[np.arange(len(drawn)), drawn[:, agent]] - expected
        error = float(np.mean((self._ridge * fit.weights) ** 2))
        return Credit(drawn, advantages, error)

    def _fitted(self, known: IntArray, rewards: FloatArray) -> _Fit:
        kernel = self._kernel(known, known) + self._ridge * np.eye(len(known))
        factor = cho_factor(kernel, lower=True)
        weights = cho_solve(factor, rewards - rewards.mean())
        scale = float(rewards.std() / np.sqrt(self._variance))
        return _Fit(factor[0], weights, scale)

    def _alternatives(self, known: IntArray, drawn: IntArray) -> Iterator[FloatArray]:
        """For each agent, k of its options in what was drawn and of known designs (M x L_i x N)."""
        whole = self._kernel(drawn, known)
        for agent, factor in enumerate(self._factors):
            others = whole / factor[np.ix_(drawn[:, agent], known[:, agent])]
            yield others[:, None, :] * factor[:, known[:, agent]]

    def _kernel(self, first: IntArray, second: IntArray) -> FloatArray:
        """k(a, b) of all pairs (M x N)."""
        kernel = np.ones((len(first), len(second)))
        for agent, factor in enumerate(self._factors):
            kernel *= factor[np.ix_(first[:, agent], second[:, agent])]
        return kernel


def factors_of(
    team: Team, space: DesignSpace, interaction: float, length: float
) -> list[FloatArray]:
    """How alike the options of each agent are (A matrices, L_i x L_i).

    The product of 1 + s k over the agent's parameters; k = exp(-distance in levels / length) for
    two levels of a number, and 0 for two names.

    Args:
        team: The agents.
        space: Their parameters.
        interaction: s.
        length: In levels.
    """
    factors = []
    for share, count in zip(team.shares, team.options, strict=True):
        levels = np.unravel_index(np.arange(count), tuple(team.levels[j] for j in share))
        factor = np.ones((count, count))
        for codes, j in zip(levels, share, strict=True):
            parameter = space.parameters[j]
            ranks = np.argsort(np.argsort(parameter.levels))[codes]
            distance = np.abs(ranks[:, None] - ranks[None, :])
            alike = np.exp(-distance / length) if parameter.is_ordered else distance == 0
            factor *= 1.0 + interaction * alike
        factors.append(factor)
    return factors


def drawn_options(probabilities: FloatArray, n: int, rng: np.random.Generator) -> IntArray:
    """Options (n x A) drawn from each agent's probabilities (A x L)."""
    steps = np.cumsum(probabilities, axis=1)
    steps /= steps[:, -1:]
    chance = rng.random((n, len(steps), 1))
    return np.asarray((chance >= steps).sum(axis=2), dtype=np.int64)
