"""The cascades that come with the package, one YAML file each."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from accel_models.attention.cascades.reading import cascade_from_text
from dse.errors import WorkloadError, did_you_mean

if TYPE_CHECKING:
    from accel_models.attention.cascades.cascade import Cascade

__all__ = ["built_in", "names"]

_SUFFIX = ".yaml"


@cache
def names() -> tuple[str, ...]:
    """Names of the cascades, sorted."""
    found = (entry.name for entry in files(__name__).iterdir())
    return tuple(sorted(name.removesuffix(_SUFFIX) for name in found if name.endswith(_SUFFIX)))


@cache
def built_in(name: str) -> Cascade:
    """A cascade of the catalogue.

    Args:
        name: One of `names()`.

    Raises:
        WorkloadError: There is none of this name.
    """
    if name not in names():
        raise WorkloadError(
            f"unknown cascade {name!r}.{did_you_mean(name, names())}",
            allowed=", ".join(names()),
            next_step="choose one of them, or give a YAML file",
        )
    text = (files(__name__) / f"{name}{_SUFFIX}").read_text(encoding="utf-8")
    return cascade_from_text(text, f"{name}{_SUFFIX}", name=name)
