"""Refusing descriptions that no pipeline can have."""

from __future__ import annotations

from dse.errors import WorkloadError


def require(holds: bool, what: str, allowed: str) -> None:
    """Raise an error that says what was found and what is allowed, unless the check holds.

    Raises:
        WorkloadError: It does not.
    """
    if not holds:
        raise WorkloadError(what, allowed=allowed)
