"""The design that episodes start from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dse.errors import InputError

if TYPE_CHECKING:
    from dse._columns import FloatArray, IntArray
    from dse._problem import Problem

_SAMPLES = 4096


def choose_home(problem: Problem) -> tuple[IntArray, FloatArray]:
    """The starting design (P codes) and its objectives (m), the same in every run.

    Raises:
        InputError: Neither the default design nor any of a fixed sample can work.
    """
    space = problem.space
    default = space.encode(space.parse({}))
    codes, objectives, violation = _least_violating(problem, default)
    if violation > 0.0:
        sample = space.sample_codes(_SAMPLES, np.random.default_rng(0))
        codes, objectives, violation = _least_violating(problem, np.concatenate([default, sample]))
    if not np.isfinite(violation):
        raise InputError(
            f"no feasible design among the default and {_SAMPLES:,} samples",
            where=type(problem.model).__name__,
            next_step="loosen `space` or `fixed`, or choose another workload",
        )
    return codes, objectives


def _least_violating(problem: Problem, codes: IntArray) -> tuple[IntArray, FloatArray, float]:
    """The first design of least violation, its objectives and its violation."""
    designs = problem.space.decode(codes)
    scores = problem.score(designs, problem.model.compute(designs, problem.wanted))
    row = int(np.argmin(scores.violation))
    return codes[row], problem.signs * scores.objectives[row], float(scores.violation[row])
