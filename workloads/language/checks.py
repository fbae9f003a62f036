"""Checks that the parts of a language model share."""

from __future__ import annotations

import reprlib
from typing import Any

from dse.errors import WorkloadError

_LARGEST = 2**24


def count_fault(name: str, value: object, low: int = 1) -> str | None:
    """What is wrong with a count, if anything.

    Args:
        name: What is counted.
        value: The count.
        low: The smallest that makes sense.
    """
    if not isinstance(value, int) or isinstance(value, bool):
        return f"{name} = {reprlib.repr(value)} is not a whole number"
    return None if low <= value <= _LARGEST else f"{name} = {value} is out of range"


def allowed_counts(low: int = 1) -> str:
    """The counts that pass, for messages."""
    return f"a whole number from {low:,} to {_LARGEST:,}"


def check_counts(part: Any, *names: str) -> None:
    """Demand that the fields of a part are counts; None stands for a field that is not used.

    Raises:
        WorkloadError: Names the first that is not, or key-value heads that do not divide heads.
    """
    for name in names:
        value = getattr(part, name)
        fault = None if value is None else count_fault(name, value)
        if fault:
            raise WorkloadError(fault, where=type(part).__name__, allowed=allowed_counts())
    heads, kv_heads = getattr(part, "heads", 1), getattr(part, "kv_heads", 1)
    if heads % kv_heads:
        raise WorkloadError(
            f"kv_heads = {kv_heads} does not divide heads = {heads}",
            where=type(part).__name__,
            allowed=f"a divisor of {heads}",
        )
