"""Every cost model is a Gymnasium environment under the id it declares.

Gymnasium (since 1.0) loads no plug-ins by itself: `import dse.envs` registers the ids, and so does
the module prefix of `gymnasium.make("dse.envs:mylab/MyModel-v0")`, which also works in workers.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import gymnasium

from dse import _plugins
from dse.errors import PluginError

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

__all__ = ["SINGLE", "VECTOR", "register_envs"]

_LOG = logging.getLogger(__name__)

SINGLE = "dse.envs.single:make"
"""Entry point of every registered environment."""

VECTOR = "dse.envs.vector:make"
"""Entry point of every registered vector environment."""


def register_envs() -> None:
    """Register each cost model that is installed; call it again after installing one.

    The ids are read from the plug-ins' source text, so no model is imported before
    `gymnasium.make` asks for it. A plug-in that is broken is skipped with one logged warning.
    """
    for name, entry_point in _plugins.entry_points("models").items():
        try:
            _register(name, entry_point)
        except Exception as error:  # noqa: BLE001 - a stranger's plug-in must not break the import
            _LOG.warning("cost model %r is not registered with Gymnasium: %s", name, error)


def _register(name: str, entry_point: EntryPoint) -> None:
    env_id = _plugins.static_attribute(entry_point, "env_id")
    if env_id is None:
        raise PluginError(f"{entry_point.value} has no class attribute env_id = '...'")
    known = gymnasium.registry.get(env_id)
    if known is None:
        arguments = {"model": name}
        gymnasium.register(env_id, entry_point=SINGLE, vector_entry_point=VECTOR, kwargs=arguments)
    elif known.kwargs.get("model") != name:
        raise PluginError(f"the id {env_id!r} is already taken")
