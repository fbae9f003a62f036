"""Selection, crossover and mutation over integer codes, shared by the evolutionary searchers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from dse import DesignSpace
    from dse._columns import BoolArray, IntArray

_STOP = 0.7  # of the geometric step length: mostly one level, seldom more


def tournament(n_members: int, n: int, rng: np.random.Generator) -> IntArray:
    """Pairs of parents (n x 2) by binary tournament, as positions in a best-first order."""
    from pymoo.operators.selection.tournament import TournamentSelection

    selection = TournamentSelection(func_comp=_earlier)
    members = range(n_members)
    pairs = selection.do(None, members, n, 2, to_pop=False, random_state=rng)
    return np.asarray(pairs, dtype=np.int64)


def crossed(first: IntArray, second: IntArray, rng: np.random.Generator) -> IntArray:
    """Children that take each parameter from either parent with equal chance (all N x P)."""
    return np.where(rng.random(first.shape) < 0.5, first, second)


def mutated(codes: IntArray, space: DesignSpace, rate: float, rng: np.random.Generator) -> IntArray:
    """Change each parameter with probability `rate`, and at least one per design.

    Ordered parameters move up or down by a geometrically distributed number of levels, reflected
    at the ends; names are drawn anew.

    Args:
        codes: N x P.
        space: Where they come from.
        rate: Probability per parameter.
        rng: Draws everything.
    """
    movable = np.array(space.shape) > 1
    if not movable.any():
        return codes.copy()
    chosen = (rng.random(codes.shape) < rate) & movable
    forced = rng.choice(np.flatnonzero(movable), size=len(codes))
    idle = np.flatnonzero(~chosen.any(axis=1))
    chosen[idle, forced[idle]] = True
    return np.where(chosen, _moved(codes, space, rng), codes)


def _moved(codes: IntArray, space: DesignSpace, rng: np.random.Generator) -> IntArray:
    """Every parameter of every design moved (a step that is reflected may end where it began)."""
    shape = np.array(space.shape)
    steps = rng.geometric(_STOP, codes.shape) * rng.choice([-1, 1], codes.shape)
    stepped = _reflected(codes + steps, shape)
    jumps = rng.integers(1, np.maximum(shape, 2), codes.shape)
    return np.where(_ordered(space), stepped, (codes + jumps) % shape)


def _reflected(codes: IntArray, shape: IntArray) -> IntArray:
    """Codes folded back into 0 .. shape - 1."""
    period = np.maximum(2 * (shape - 1), 1)
    folded = np.abs(codes) % period
    return np.asarray(np.minimum(folded, period - folded), dtype=np.int64)


def _ordered(space: DesignSpace) -> BoolArray:
    return np.array([parameter.is_ordered for parameter in space.parameters])


def _earlier(_: Any, contenders: IntArray, **_unused: Any) -> IntArray:
    return np.asarray(contenders.min(axis=1, keepdims=True), dtype=np.int64)
