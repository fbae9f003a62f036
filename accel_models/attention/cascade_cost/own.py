"""The cascade and the binding that a user asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from accel_models.attention.cascade_cost.bindings import CONFIGURATIONS
from accel_models.attention.cascade_cost.default import default_binding
from accel_models.attention.cascade_cost.reading import binding_from_file
from accel_models.attention.cascades.catalogue import built_in
from accel_models.attention.cascades.reading import cascade_from_file
from dse.errors import WorkloadError

if TYPE_CHECKING:
    from accel_models.attention.cascade_cost.binding import Binding
    from accel_models.attention.cascade_cost.options import CascadeOptions
    from accel_models.attention.cascades.cascade import Cascade

__all__ = ["own_binding"]


def own_binding(options: CascadeOptions) -> Binding | None:
    """The user's binding; None if neither a cascade nor a binding is asked for.

    Args:
        options: The options of the model.

    Raises:
        WorkloadError: A file is wrong, or the name is one of a published configuration.
        InputError: A file cannot be read or is not YAML.
    """
    cascade = _own_cascade(options)
    if options.binding_file is not None:
        binding = binding_from_file(options.binding_file, cascade)
    elif cascade is not None:
        binding = default_binding(cascade)
    else:
        return None
    if binding.name in CONFIGURATIONS:
        raise WorkloadError(
            f"the binding is called {binding.name!r}, as a published configuration is",
            where=str(options.binding_file or options.cascade_file),
            allowed="another name: `binding: NAME` in the file of a binding",
        )
    return binding


def _own_cascade(options: CascadeOptions) -> Cascade | None:
    if options.cascade is not None:
        return built_in(options.cascade)
    if options.cascade_file is not None:
        return cascade_from_file(options.cascade_file)
    return None
