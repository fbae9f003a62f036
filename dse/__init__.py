"""accel-dse: design-space exploration for hardware accelerators.

The root imports nothing until a name is used, so that the command line starts fast.
"""

from __future__ import annotations

from importlib import import_module
from importlib.metadata import version as _version
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dse._build import build_problem
    from dse._columns import Columns
    from dse._model import CostModel, Evaluation, Metric
    from dse._objectives import Constraint, Objective
    from dse._ops import Ops
    from dse._parameters import Choice, Integer, Parameter, PowerOfTwo, Real
    from dse._pareto import RunningFront, hypervolume, nondominated
    from dse._problem import Problem, Scores
    from dse._searcher import Searcher
    from dse._space import DesignSpace, Rule

_HOME = {
    "Choice": "dse._parameters",
    "Columns": "dse._columns",
    "Constraint": "dse._objectives",
    "CostModel": "dse._model",
    "DesignSpace": "dse._space",
    "Evaluation": "dse._model",
    "Integer": "dse._parameters",
    "Metric": "dse._model",
    "Objective": "dse._objectives",
    "Ops": "dse._ops",
    "Parameter": "dse._parameters",
    "PowerOfTwo": "dse._parameters",
    "Problem": "dse._problem",
    "Real": "dse._parameters",
    "Rule": "dse._space",
    "RunningFront": "dse._pareto",
    "Scores": "dse._problem",
    "Searcher": "dse._searcher",
    "build_problem": "dse._build",
    "hypervolume": "dse._pareto",
    "nondominated": "dse._pareto",
}

__all__ = [
    "Choice",
    "Columns",
    "Constraint",
    "CostModel",
    "DesignSpace",
    "Evaluation",
    "Integer",
    "Metric",
    "Objective",
    "Ops",
    "Parameter",
    "PowerOfTwo",
    "Problem",
    "Real",
    "Rule",
    "RunningFront",
    "Scores",
    "Searcher",
    "build_problem",
    "hypervolume",
    "nondominated",
]


def __getattr__(name: str) -> Any:
    if name == "__version__":
        return _version("accel-dse")
    if name in _HOME:
        return getattr(import_module(_HOME[name]), name)
    raise AttributeError(f"module 'dse' has no attribute {name!r}")
