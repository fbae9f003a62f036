"""Executing a cascade on small NumPy arrays, to see that it computes what it should.

Every Einsum is evaluated at all its points at once, by broadcasting; only recurrences loop. Memory
grows with the points of the largest Einsum.
"""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np

from accel_models.attention.cascades.dependences import groups
from accel_models.attention.cascades.einsums import Access, Number, Opaque, Operation, Size
from accel_models.attention.cascades.operators import MAPS, REDUCTIONS
from dse.errors import WorkloadError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from accel_models.attention.cascades.cascade import Cascade
    from accel_models.attention.cascades.einsums import Einsum, Expression, Prefix
    from dse._columns import FloatArray

__all__ = ["execute", "shape"]

_MOST_POINTS = 2**26


def shape(cascade: Cascade, access: Access) -> tuple[int, ...]:
    """Shape of a tensor for people: split ranks whole, iterative ranks with their first value.

    Args:
        cascade: Its cascade.
        access: The tensor as it is defined.
    """
    extents: list[int] = []
    indices = list(access.indices)
    while indices:
        whole = cascade.ranks.whole(indices[0].variable)
        parts = cascade.ranks.parts(whole)
        joined = tuple(map(str, indices[: len(parts)])) == parts
        name = whole if joined else indices[0].variable
        extents.append(cascade.ranks.size(name) + indices[0].offset)
        del indices[: len(parts) if joined else 1]
    return tuple(extents)


def execute(cascade: Cascade, inputs: Mapping[str, Any]) -> dict[str, FloatArray]:
    """Compute every tensor of a cascade.

    Args:
        cascade: With sizes.
        inputs: Input -> array of its `shape`, or with split ranks as one axis per part.

    Returns:
        Every defined tensor, in its `shape`; an iterative one holds all its values, the initial
        one first. Numbers that overflow become inf or NaN.

    Raises:
        WorkloadError: An input is missing, unknown or of another shape; an Einsum does not say
            how it combines its operands, or has too many points to execute.
    """
    return _Run(cascade, inputs).results()


class _Run:
    """One execution: the values of all tensors, one axis per index variable."""

    def __init__(self, cascade: Cascade, inputs: Mapping[str, Any]) -> None:
        self._cascade = cascade
        self._size = cascade.ranks.size
        self._values: dict[str, FloatArray] = {}
        for einsum in cascade.einsums:
            self._check(einsum)
        self._take(inputs)
        for einsum in cascade.einsums:
            extents = [self._size(i.variable) + i.offset for i in einsum.output.indices]
            first = cascade.initial.get(einsum.name, np.nan)
            self._values[einsum.name] = np.full(extents, first)

    def results(self) -> dict[str, FloatArray]:
        einsums = self._cascade.einsums
        with np.errstate(all="ignore"):
            for group in groups(einsums):
                for steps in product(*(range(self._size(v)) for v in group.loops)):
                    at = dict(zip(group.loops, steps, strict=True))
                    for position in group.members:
                        self._evaluate(einsums[position], at)
        return {
            einsum.name: self._values[einsum.name].reshape(shape(self._cascade, einsum.output))
            for einsum in einsums
        }

    def _check(self, einsum: Einsum) -> None:
        if isinstance(einsum.expression, Opaque):
            raise WorkloadError(
                f"`{einsum.text}` does not say how its operands are combined",
                allowed="operators between the operands",
                next_step="analyse its passes, which needs no operators",
            )
        points = self._cascade.ranks.count(einsum.points)
        if points > _MOST_POINTS:
            raise WorkloadError(
                f"`{einsum.text}` has {points:,} points",
                allowed=f"at most {_MOST_POINTS:,} to execute",
                next_step="make the ranks smaller",
            )

    def _take(self, inputs: Mapping[str, Any]) -> None:
        known = {access.tensor: access for access in self._cascade.inputs}
        wrong = sorted({*known} ^ {*inputs})
        if wrong:
            fault = "is missing" if wrong[0] in known else "is unknown"
            raise WorkloadError(f"input {wrong[0]} {fault}", allowed=", ".join(known))
        for name, access in known.items():
            array = np.asarray(inputs[name], dtype=np.float64)
            parts = tuple(self._size(index.variable) for index in access.indices)
            whole = shape(self._cascade, access)
            if array.shape not in {parts, whole}:
                raise WorkloadError(
                    f"input {access} has the shape {array.shape}", allowed=f"{whole}"
                )
            self._values[name] = array.reshape(parts)

    # -- one Einsum ------------------------------------------------------------------------------

    def _evaluate(self, einsum: Einsum, at: Mapping[str, int]) -> None:
        """Compute an Einsum at the coordinates `at`, and at all points of its other variables."""
        free = [v for v in einsum.points if v not in at]
        axes = {variable: axis for axis, variable in enumerate(free)}
        value = np.asarray(self._value(einsum.expression, at, axes))
        value = np.broadcast_to(value, [self._size(v) for v in free])
        if einsum.reduce:
            value = self._reduced(einsum, value, at, axes)
        target = tuple(
            at[i.variable] + i.offset if i.variable in at else slice(i.offset, None)
            for i in einsum.output.indices
        )
        self._values[einsum.name][target] = value

    def _reduced(
        self, einsum: Einsum, value: FloatArray, at: Mapping[str, int], axes: Mapping[str, int]
    ) -> FloatArray:
        assert einsum.reduce is not None
        reduction = REDUCTIONS[einsum.reduce.operator]
        for prefix in einsum.reduce.prefixes:
            value = np.where(self._mask(prefix, at, axes), value, reduction.identity)
        along = tuple(axes[v] for v in einsum.reduce.variables)
        reduced: FloatArray = reduction.combine.reduce(value, axis=along)
        return reduced

    def _mask(self, prefix: Prefix, at: Mapping[str, int], axes: Mapping[str, int]) -> Any:
        inner = self._coordinate(prefix.inner, at, axes)
        outer = self._coordinate(prefix.outer, at, axes)
        return inner < outer if prefix.is_strict else inner <= outer

    def _coordinate(
        self, parts: tuple[str, ...], at: Mapping[str, int], axes: Mapping[str, int]
    ) -> Any:
        """Coordinate of a rank from those of its parts."""
        coordinate: Any = 0
        for part in parts:
            step: Any = at.get(part)
            if step is None:
                extent = [1] * len(axes)
                extent[axes[part]] = self._size(part)
                step = np.arange(self._size(part)).reshape(extent)
            coordinate = coordinate * self._size(part) + step
        return coordinate

    # -- expressions -----------------------------------------------------------------------------

    def _value(self, expression: Expression, at: Mapping[str, int], axes: Mapping[str, int]) -> Any:
        if isinstance(expression, Number):
            return expression.value
        if isinstance(expression, Size):
            return float(self._size(expression.variable))
        if isinstance(expression, Access):
            return self._read(expression, at, axes)
        assert isinstance(expression, Operation)
        operands = (self._value(operand, at, axes) for operand in expression.operands)
        return MAPS[expression.operator].apply(*operands)

    def _read(self, access: Access, at: Mapping[str, int], axes: Mapping[str, int]) -> FloatArray:
        """The values of a tensor with one axis per free variable of the Einsum."""
        selection: list[Any] = []
        kept: list[int] = []
        for index in access.indices:
            if index.is_last:
                selection.append(self._size(index.variable))
            elif index.variable in at:
                selection.append(at[index.variable] + index.offset)
            else:
                selection.append(slice(index.offset, index.offset + self._size(index.variable)))
                kept.append(axes[index.variable])
        value: FloatArray = self._values[access.tensor][tuple(selection)]
        extents = [1] * len(axes)
        for axis, extent in zip(kept, value.shape, strict=True):
            extents[axis] = extent
        return value.transpose(np.argsort(kept)).reshape(extents)
