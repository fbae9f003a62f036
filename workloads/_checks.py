"""Checks that every description of a transformer layer shares, whatever it was read from."""

from __future__ import annotations

import reprlib
from typing import TYPE_CHECKING

from dse.errors import WorkloadError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

_LARGEST_SIZE = 2**20
_LONGEST_SEQUENCE = 2**24

SIZES: dict[str, tuple[int, int]] = {
    "batch": (1, _LARGEST_SIZE),
    "heads": (1, _LARGEST_SIZE),
    "kv_heads": (1, _LARGEST_SIZE),
    "head_dim": (1, _LARGEST_SIZE),
    "value_dim": (1, _LARGEST_SIZE),
    "d_model": (1, _LARGEST_SIZE),
    "d_ff": (1, _LARGEST_SIZE),
    "seq_len": (1, _LONGEST_SEQUENCE),
    "ffn_matrices": (2, 3),
}
"""Size of a layer -> smallest and largest value. The limits catch slips of the keyboard; no
network comes near them."""


def nowhere(_field: str) -> None:
    """The place of a value that no file holds."""


def size_faults(
    values: Mapping[str, object], where: Callable[[str], str | None] = nowhere
) -> list[WorkloadError]:
    """Everything that is wrong with the given sizes of a layer, in reading order.

    Args:
        values: Field -> value; fields that are no sizes are passed over.
        where: Field -> the place it was read from, if any.
    """
    faults = [
        WorkloadError(
            f"{field} = {reprlib.repr(value)} {complaint}",
            where=where(field),
            allowed="a whole number from {:,} to {:,}, without point or exponent".format(
                *SIZES[field]
            ),
        )
        for field, value in values.items()
        if field in SIZES and (complaint := _complaint(value, *SIZES[field]))
    ]
    return faults or _grouping_faults(values, where)


def raise_faults(faults: Sequence[WorkloadError]) -> None:
    """Raise all faults as one error; return if there are none.

    Raises:
        WorkloadError: There is at least one fault.
    """
    if len(faults) == 1:
        raise faults[0]
    if faults:
        raise WorkloadError("\n".join(str(fault) for fault in faults))


def _complaint(value: object, low: int, high: int) -> str:
    if not isinstance(value, int) or isinstance(value, bool):
        return "is not a whole number"
    return "" if low <= value <= high else "is out of range"


def _grouping_faults(
    values: Mapping[str, object], where: Callable[[str], str | None]
) -> list[WorkloadError]:
    """Query heads share key-value heads in groups of equal size."""
    heads, kv_heads = values.get("heads"), values.get("kv_heads")
    if not isinstance(heads, int) or not isinstance(kv_heads, int) or heads % kv_heads == 0:
        return []
    return [
        WorkloadError(
            f"kv_heads = {kv_heads} does not divide heads = {heads}",
            where=where("kv_heads"),
            allowed=f"a divisor of {heads}",
        )
    ]
