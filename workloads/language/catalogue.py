"""Published language models by name, from the data files in `networks`."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dse._yaml import load_yaml, read_text
from dse.errors import WorkloadError, did_you_mean
from workloads.language.importer import from_mapping

if TYPE_CHECKING:
    from workloads.language.model import LanguageModel, Precision

_FOLDER = Path(__file__).with_name("networks")


def language_model(name: str, precision: Precision | None = None) -> LanguageModel:
    """A published language model.

    Args:
        name: For example "llama-3-8b"; `names` lists all.
        precision: Bits per element; 16 each if None.

    Raises:
        WorkloadError: No such name.
    """
    if name not in names():
        raise WorkloadError(
            f"unknown network {name!r}.{did_you_mean(name, names())}",
            allowed=", ".join(names()),
            next_step="or give the config.json of another model",
        )
    return from_mapping(entry(name)["config"], f"{name}.yaml", precision)


@cache
def names() -> tuple[str, ...]:
    """All names, sorted."""
    return tuple(sorted(path.stem for path in _FOLDER.glob("*.yaml")))


@cache
def entry(name: str) -> dict[str, Any]:
    """The data file of a network: its source, its published parameter count, its configuration."""
    path = _FOLDER / f"{name}.yaml"
    return load_yaml(read_text(path), path.name).mapping()
