"""Exhaustive evaluation on open grids.

Designs are numbered row-major over the space. A block is a contiguous range of indices: the first
parameters fixed, the last ones as short broadcastable axes. On such a grid most sub-expressions
depend on few parameters and are computed once, which makes enumeration an order of magnitude
faster than flat batches.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import reduce
from typing import TYPE_CHECKING, Any

import numpy as np

from dse._model import FEASIBLE
from dse._pareto import RunningFront

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dse._problem import Problem
    from dse._space import DesignSpace

BLOCK = 100_000
"""Elements per block: small enough for the cache, large enough to hide NumPy's call overhead."""
_SCOUTS = 4096
_WORTH_SCOUTING = 16 * _SCOUTS
_GOLDEN = (5**0.5 - 1) / 2
"""Multiples of it, modulo 1, fill the unit interval evenly without a period that meets an axis."""


@dataclass(frozen=True)
class GridBlock:
    """A contiguous range of designs as an open grid.

    Attributes:
        start: Index of the first design.
        stop: One past the index of the last.
        columns: One array per parameter; all have as many axes as there are parameters.
    """

    start: int
    stop: int
    columns: dict[str, Any]


def block_starts(space: DesignSpace, largest: int = BLOCK) -> Iterator[int]:
    """Index of the first design of every block, ascending."""
    split = _split_axis(space, largest)
    inner = math.prod(space.shape[split + 1 :])
    row = space.shape[split] * inner
    slab = _slab(space, split, largest) * inner
    for first in range(0, space.size, row):
        yield from range(first, first + row, slab)


def grid_blocks(
    space: DesignSpace, start: int = 0, stop: int | None = None, largest: int = BLOCK
) -> Iterator[GridBlock]:
    """Cut the designs with index in [start, stop) into open-grid blocks.

    Args:
        space: The space.
        start: First index; must be the start of a block of the whole space.
        stop: One past the last index; the size of the space if None. Blocks are not cut, so it
            must be the end of a block.
        largest: Upper bound for the elements of a block.
    """
    space.require_index()
    stop = space.size if stop is None else stop
    split = _split_axis(space, largest)
    inner = math.prod(space.shape[split + 1 :])
    slab = _slab(space, split, largest)
    ndim = len(space.shape)
    inner_axes = {
        p.name: _axis(p.levels, j, ndim) for j, p in enumerate(space.parameters) if j > split
    }
    position = start
    while position < stop:
        outer = np.unravel_index(position // inner, space.shape[: split + 1])
        first = int(outer[split])
        last = min(first + slab, space.shape[split])
        columns = {
            p.name: _axis(p.levels[int(outer[j])][None], j, ndim)
            for j, p in enumerate(space.parameters[:split])
        }
        cut = space.parameters[split]
        columns[cut.name] = _axis(cut.levels[first:last], split, ndim)
        end = position + (last - first) * inner
        yield GridBlock(position, end, {**columns, **inner_axes})
        position = end


def _axis(values: Any, axis: int, ndim: int) -> Any:
    shape = [1] * ndim
    shape[axis] = len(values)
    return values.reshape(shape)


def _split_axis(space: DesignSpace, largest: int) -> int:
    """The axis that blocks cut into slabs: everything behind it is whole."""
    split, inner = len(space.shape) - 1, 1
    while split > 0 and inner * space.shape[split] <= largest:
        inner *= space.shape[split]
        split -= 1
    return split


def _slab(space: DesignSpace, split: int, largest: int) -> int:
    """How many levels of the cut axis one block takes."""
    return max(1, largest // math.prod(space.shape[split + 1 :]))


@dataclass(frozen=True)
class EnumeratedRange:
    """The front of one range of designs.

    Attributes:
        start: First index of the range.
        stop: One past its last index.
        front: Its admissible, non-dominated designs.
        infeasible: How many designs cannot work.
        admissible: How many designs work and satisfy every constraint.
    """

    start: int
    stop: int
    front: RunningFront
    infeasible: int
    admissible: int


def enumerate_range(
    problem: Problem, start: int, stop: int, largest: int = BLOCK
) -> EnumeratedRange:
    """Evaluate every design of a range and keep the front.

    Args:
        problem: The problem; its space numbers the designs.
        start: First index, at a block boundary.
        stop: One past the last index, at a block boundary.
        largest: Upper bound for the elements of a block.
    """
    front = _scouted(problem, start, stop)
    infeasible = admissible = 0
    for block in grid_blocks(problem.space, start, stop, largest):
        metrics = problem.model.compute(block.columns, problem.wanted)
        size = block.stop - block.start
        infeasible += size - _count(metrics[FEASIBLE])
        columns = _admissible_objectives(problem, block, metrics)
        finite = reduce(np.logical_and, [np.isfinite(column) for column in columns])
        admissible += _count(np.broadcast_to(finite, metrics[FEASIBLE].shape))
        front.update_columns(columns, metrics[FEASIBLE].shape, block.start)
    return EnumeratedRange(start, stop, front, infeasible, admissible)


def _scouted(problem: Problem, start: int, stop: int) -> RunningFront:
    """The front of designs scattered over the range, so that the first blocks meet good ones."""
    front = RunningFront.empty(len(problem.objectives))
    size = stop - start
    if size < _WORTH_SCOUTING:
        return front
    spread = np.arange(1, _SCOUTS + 1) * _GOLDEN % 1.0
    ids = start + (spread * size).astype(np.int64)
    designs = problem.space.at(ids)
    scores = problem.score(designs, problem.model.compute(designs, problem.wanted))
    kept = scores.admissible
    front.update(scores.objectives[kept], ids[kept])
    return front


def _count(holds: Any) -> int:
    """How many elements are true; each repeated one is looked at once."""
    small = _unbroadcast(holds)
    return int(np.count_nonzero(small) * (holds.size // small.size))


def _unbroadcast(column: Any) -> Any:
    """The column with length 1 along the axes where broadcasting repeats it."""
    return column[tuple(slice(None) if stride else slice(0, 1) for stride in column.strides)]


def _admissible_objectives(
    problem: Problem, block: GridBlock, metrics: dict[str, Any]
) -> list[Any]:
    """One column per objective in its smallest shape, NaN where a constraint is violated."""
    small = {name: _unbroadcast(metrics[name]) for name in problem.wanted}
    columns = [o.sign * small[o.metric] for o in problem.objectives]
    for constraint in problem.constraints:
        with np.errstate(all="ignore"):
            holds = constraint.violation({**block.columns, **small}) == 0
        columns = [np.where(holds, column, np.nan) for column in columns]
    return columns
