"""The bindings that come with the package, one YAML file each: the configurations of FuseMax."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from accel_models.attention.cascade_cost.reading import binding_from_text

if TYPE_CHECKING:
    from accel_models.attention.cascade_cost.binding import Binding

__all__ = ["CONFIGURATIONS", "built_in"]

CONFIGURATIONS = ("unfused", "flat", "cascade", "architecture", "binding")
"""In the order of FuseMax (Nayak et al., MICRO 2024, arXiv 2406.10491)."""


@cache
def built_in(name: str) -> Binding:
    """The binding of a published configuration."""
    text = (files(__name__) / f"{name}.yaml").read_text(encoding="utf-8")
    return binding_from_text(text, f"{name}.yaml", name=name)
