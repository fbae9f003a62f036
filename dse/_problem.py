"""A problem: cost model + workload + design space + objectives + constraints."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from dse._model import FEASIBLE
from dse._objectives import Constraint, Objective
from dse.errors import InputError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from dse._columns import BoolArray, Columns, FloatArray
    from dse._model import CostModel
    from dse._space import DesignSpace


@dataclass(frozen=True)
class Scores:
    """What a searcher needs to know of evaluated designs.

    Attributes:
        objectives: N x m, all to be minimised; +inf where the design has no usable metrics.
        violation: Sum of relative constraint violations (N); +inf where there are no metrics.
    """

    objectives: FloatArray
    violation: FloatArray

    @property
    def admissible(self) -> BoolArray:
        """Designs that work and satisfy every constraint: the only ones a front may hold."""
        return np.equal(self.violation, 0.0)


@dataclass(frozen=True)
class Problem:
    """What a search optimises.

    Attributes:
        model: The cost model, bound to its workload.
        space: The model's space, or a part of it.
        objectives: One or more.
        constraints: Any number.
    """

    model: CostModel
    space: DesignSpace
    objectives: tuple[Objective, ...]
    constraints: tuple[Constraint, ...] = ()

    @classmethod
    def of(
        cls,
        model: CostModel,
        objectives: Mapping[str, str] | None = None,
        constraints: Sequence[str] = (),
        space: DesignSpace | None = None,
    ) -> Problem:
        """Build a problem from names.

        Args:
            model: A bound cost model.
            objectives: Metric -> "min" or "max"; the model's default objectives if None.
            constraints: For example ["area_mm2 <= 400"].
            space: A narrowed space; the model's own if None.

        Raises:
            InputError: Unknown metric or direction, or a malformed constraint.
        """
        directions = model.default_objectives if objectives is None else objectives
        if not directions:
            names = ", ".join(model.metric_names)
            raise InputError("no objective", allowed=f"at least one of {names}")
        parsed = tuple(_objective(model, name, d) for name, d in directions.items())
        space = model.space if space is None else space
        known = (*model.metric_names, *space.names)
        named = [p.name for p in space.parameters if not p.is_ordered]
        limits = tuple(Constraint.parse(text, known, named) for text in constraints)
        return cls(model, space, parsed, limits)

    @cached_property
    def wanted(self) -> frozenset[str]:
        """The metrics that objectives and constraints read."""
        read = {o.metric for o in self.objectives}.union(*(c.names for c in self.constraints))
        return frozenset(read & set(self.model.metric_names))

    @property
    def objective_names(self) -> tuple[str, ...]:
        """Metric of each objective."""
        return tuple(o.metric for o in self.objectives)

    @cached_property
    def signs(self) -> FloatArray:
        """+1 for each minimised objective, -1 for each maximised one."""
        return np.array([o.sign for o in self.objectives])

    def score(self, designs: Columns, metrics: Columns) -> Scores:
        """Objectives in minimisation form and total violation of a flat batch.

        A row without finite objectives (infeasible or failed) scores +inf throughout, so that no
        searcher can mistake it for a good one.
        """
        columns = {**designs, **metrics}
        values = [o.sign * np.asarray(metrics[o.metric], dtype=np.float64) for o in self.objectives]
        matrix = np.stack(np.broadcast_arrays(*values), axis=-1)
        violation = np.zeros(len(matrix))
        for constraint in self.constraints:
            violation = violation + constraint.violation(columns)
        usable = np.isfinite(matrix).all(axis=1) & np.isfinite(violation)
        usable &= np.asarray(metrics.get(FEASIBLE, True), dtype=bool)
        return Scores(
            np.where(usable[:, None], matrix, np.inf), np.where(usable, violation, np.inf)
        )


def _objective(model: CostModel, name: str, direction: str) -> Objective:
    if name not in model.metric_names:
        hint = did_you_mean(name, model.metric_names)
        raise InputError(f"unknown metric {name!r}.{hint}", allowed=", ".join(model.metric_names))
    if direction not in ("min", "max"):
        raise InputError(f"objective {name}: direction {direction!r}", allowed="min, max")
    return Objective(name, direction)
