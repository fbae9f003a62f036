"""Plain aligned text for people."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["aligned", "prose", "section"]

_SECTION = re.compile(r"^(Args|Attributes|Returns|Raises|Yields):$", re.MULTILINE)


def aligned(rows: Sequence[Sequence[str]], indent: int = 2) -> str:
    """Rows of cells as columns; the last column is as wide as it likes.

    Args:
        rows: All of one length.
        indent: Spaces in front.
    """
    if not rows:
        return ""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = ("  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)) for row in rows)
    return "\n".join((" " * indent + line).rstrip() for line in lines)


def section(title: str, rows: Sequence[Sequence[str]]) -> str:
    """A heading with aligned rows below it."""
    return f"{title}\n{aligned(rows) or '  none'}"


def prose(doc: str | None) -> str:
    """A doc string up to its first section of arguments or attributes."""
    return _SECTION.split(doc or "")[0].strip()
