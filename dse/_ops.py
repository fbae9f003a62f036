"""The small namespace that model equations compute with.

The same equation runs on plain floats, on flat batches and on open grids, with bit-identical
results: both implementations offer only operations that IEEE 754 rounds correctly, or that look
a value up. Data never steers Python control flow; `where`, `table` and `by_case` do.
"""

from __future__ import annotations

import math
from itertools import zip_longest
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from dse._columns import Columns

_MANY = 512
_SLOT_BITS = 13
_MIXER = np.uint64(0x9E3779B97F4A7C15)


class Ops(Protocol):
    """What an equation may use besides `+ - * /` and comparisons."""

    def where(self, condition: Any, yes: Any, no: Any) -> Any:
        """`yes` where the condition holds, else `no`; both are computed."""

    def minimum(self, a: Any, b: Any) -> Any:
        """The smaller of two values."""

    def maximum(self, a: Any, b: Any) -> Any:
        """The larger of two values."""

    def ceil(self, a: Any) -> Any:
        """Round up to a whole number (kept as a float)."""

    def floor(self, a: Any) -> Any:
        """Round down to a whole number (kept as a float)."""

    def either(self, a: Any, b: Any) -> Any:
        """Logical or."""

    def table(self, function: Callable[..., tuple[float, ...]], *keys: Any) -> tuple[Any, ...]:
        """A scalar function, evaluated once per distinct combination of the keys and gathered.

        Use it for what cannot be written as arithmetic (divisors, mapping searches) and depends
        on few values. The function should be memoised. It returns a tuple of floats and one
        column per entry comes back; on arrays, shorter tuples are filled up with +inf.
        """

    def by_case(
        self, selector: Any, cases: Sequence[Callable[[Columns], Mapping[str, Any]]], x: Columns
    ) -> dict[str, Any]:
        """Evaluate `cases[i]` on the designs whose selector equals `i`, and only on those.

        All cases return the same keys. The selector must vary along one axis at most.
        """


class _FloatOps:
    """Plain Python numbers: one design."""

    where = staticmethod(lambda condition, yes, no: yes if condition else no)
    minimum = staticmethod(lambda a, b: a if a <= b else b)  # noqa: FURB136 - faster
    maximum = staticmethod(lambda a, b: a if a >= b else b)  # noqa: FURB136
    ceil = staticmethod(lambda a: float(math.ceil(a)))
    floor = staticmethod(lambda a: float(math.floor(a)))
    either = staticmethod(lambda a, b: a or b)

    @staticmethod
    def table(function: Callable[..., tuple[float, ...]], *keys: Any) -> tuple[Any, ...]:
        return function(*keys)

    @staticmethod
    def by_case(
        selector: Any, cases: Sequence[Callable[[Columns], Mapping[str, Any]]], x: Columns
    ) -> dict[str, Any]:
        return dict(cases[int(selector)](x))


class _ArrayOps:
    """NumPy arrays that broadcast against each other: flat batches and open grids."""

    where = staticmethod(np.where)
    minimum = staticmethod(np.minimum)
    maximum = staticmethod(np.maximum)
    ceil = staticmethod(np.ceil)
    floor = staticmethod(np.floor)
    either = staticmethod(np.logical_or)

    @staticmethod
    def table(function: Callable[..., tuple[float, ...]], *keys: Any) -> tuple[Any, ...]:
        code: Any = np.zeros((), dtype=np.int64)
        distinct: list[Any] = []
        for key in keys:
            values, position = _distinct_values(np.asarray(key))
            distinct.append(values)
            code = code * len(values) + position
        shape = np.shape(code)
        present, position = _distinct_codes(code, [len(values) for values in distinct])
        where = np.unravel_index(present, [len(values) for values in distinct])
        arguments = zip(*(v[i].tolist() for v, i in zip(distinct, where, strict=True)), strict=True)
        rows = zip_longest(*(function(*argument) for argument in arguments), fillvalue=math.inf)
        return tuple(np.array(column).take(position).reshape(shape) for column in rows)

    @staticmethod
    def by_case(
        selector: Any, cases: Sequence[Callable[[Columns], Mapping[str, Any]]], x: Columns
    ) -> dict[str, Any]:
        codes = np.ravel(selector).astype(np.int64)
        if len(codes) == 1 or (codes == codes[0]).all():
            return dict(cases[int(codes[0])](x))
        axis = int(np.argmax(np.shape(selector)))
        return _scatter_cases(codes, axis, np.ndim(selector), cases, x)


def _distinct_values(key: Any) -> tuple[Any, Any]:
    """Distinct values in any order, and the position of each element among them."""
    flat = key.ravel()
    if (flat == flat[0]).all():
        return flat[:1], np.zeros((), dtype=np.int64)
    found = _distinct_by_hash(flat) if flat.size > _MANY else None
    values, position = found or np.unique(flat, return_inverse=True)
    return values, position.reshape(key.shape)


def _distinct_by_hash(flat: Any) -> tuple[Any, Any] | None:
    """The same for keys that repeat, several times faster than sorting; None if slots collide.

    Every element writes itself into the slot of its hash. If all then read themselves back, no
    two different values share a slot.
    """
    bits = flat.astype(np.float64, copy=False).view(np.uint64)
    slot = ((bits * _MIXER) >> np.uint64(64 - _SLOT_BITS)).view(np.int64)
    held = np.full(2**_SLOT_BITS, np.nan)
    held[slot] = flat
    if not (held[slot] == flat).all():
        return None
    present = np.flatnonzero(held == held)  # noqa: PLR0124 - NaN marks a free slot
    rank = np.empty(2**_SLOT_BITS, dtype=np.int64)
    rank[present] = np.arange(len(present))
    return held[present], rank[slot]


def _distinct_codes(code: Any, sizes: list[int]) -> tuple[Any, Any]:
    """The codes that occur, ascending, and for each element its position among them.

    Counting beats sorting here: the keys come from few distinct values each.
    """
    flat = np.ravel(code)
    total = math.prod(sizes)
    if total > 4 * flat.size + 1024:
        return np.unique(flat, return_inverse=True)
    seen = np.zeros(total, dtype=bool)
    seen[flat] = True
    present = np.flatnonzero(seen)
    rank = np.empty(total, dtype=np.int64)
    rank[present] = np.arange(len(present))
    return present, rank[flat]


def _scatter_cases(
    codes: Any,
    axis: int,
    ndim: int,
    cases: Sequence[Callable[[Columns], Mapping[str, Any]]],
    x: Columns,
) -> dict[str, Any]:
    """Run each case on its slice of the selector's axis and put the slices back in place."""
    pieces: list[tuple[Any, Mapping[str, Any]]] = []
    for case in np.flatnonzero(np.bincount(codes)):
        rows = np.flatnonzero(codes == case)
        part = {name: _select(column, rows, axis, len(codes), ndim) for name, column in x.items()}
        pieces.append((rows, cases[int(case)](part)))
    return {
        key: _assemble([(rows, columns[key]) for rows, columns in pieces], axis, len(codes), ndim)
        for key in pieces[0][1]
    }


def _select(column: Any, rows: Any, axis: int, length: int, ndim: int) -> Any:
    if np.ndim(column) == ndim and np.shape(column)[axis] == length:
        return np.take(column, rows, axis=axis)
    return column


def _assemble(pieces: list[tuple[Any, Any]], axis: int, length: int, ndim: int) -> Any:
    """Merge the cases' columns, as wide as the widest of them; constants vary along the axis."""
    full = [1] * ndim
    for _, value in pieces:
        full = [max(a, b) for a, b in zip(full, np.shape(value) or (1,) * ndim, strict=True)]
    full[axis] = length
    dtype = np.result_type(*(np.asarray(value).dtype for _, value in pieces))
    merged = np.empty(full, dtype=dtype)
    index: list[Any] = [slice(None)] * ndim
    for rows, value in pieces:
        index[axis] = rows
        merged[tuple(index)] = value
    return merged


FLOATS: Ops = _FloatOps()
"""Operations on one design held as plain Python numbers."""

ARRAYS: Ops = _ArrayOps()
"""Operations on broadcastable NumPy arrays."""
