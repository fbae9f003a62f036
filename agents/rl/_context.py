"""What a one-shot policy sees: the workload, the same in every step of a search."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from dse import Problem
    from dse._columns import FloatArray

_FEATURE_DECADES = 20.0


def workload_features(problem: Problem) -> FloatArray:
    """The workload's features (D), each as sign(f) log10(1 + |f|) / 20, as environments show them.

    Empty for a workload that describes none.
    """
    describe = getattr(problem.model.workload, "features", None)
    values = np.array(list(describe().values()) if describe else [], dtype=np.float64)
    decades = np.log10(1.0 + np.abs(values)) / _FEATURE_DECADES
    return np.asarray(np.copysign(np.minimum(decades, 1.0), values))


def context_of(problem: Problem) -> FloatArray:
    """The observation of a one-shot episode: a constant 1, then the workload's features."""
    return np.concatenate([[1.0], workload_features(problem)])
