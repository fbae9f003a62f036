"""Reading NAME=VALUE arguments and workloads from the command line."""

from __future__ import annotations

import os.path
from typing import TYPE_CHECKING, Any

from dse._plugins import workload_reading
from dse._yaml import scalar
from dse.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["assignments", "workload_of"]


def assignments(texts: Iterable[str], option: str) -> dict[str, Any]:
    """Name -> value of arguments such as "lanes=8" or "frequency_hz=1 GHz".

    Args:
        texts: As written.
        option: The option they belong to, for messages.

    Raises:
        InputError: No "=", or a name given twice.
    """
    values: dict[str, Any] = {}
    for text in texts:
        name, equals, value = (part.strip() for part in text.partition("="))
        if not (name and equals):
            raise InputError(f"{text!r} is no assignment", where=option, allowed="NAME=VALUE")
        if name in values:
            raise InputError(f"{name!r} is given twice", where=option, allowed="each name once")
        values[name] = scalar(value)
    return values


def workload_of(text: str) -> tuple[str, dict[str, Any]]:
    """Plug-in and parameters of a workload given on the command line.

    Args:
        text: NAME, or a FILE with a suffix that a plug-in reads (.yaml, .json); then perhaps ":"
            and parameters, such as "NAME:seq_len=4096,batch=1".

    Returns:
        The plug-in's name, and values for its parameters; a file is the parameter `file`.

    Raises:
        InputError: A parameter that is no assignment.
    """
    name, colon, written = text.rpartition(":")
    if not colon or "=" not in written:
        name, written = text, ""
    parameters = assignments(written.split(",") if written else (), f"workload {text}")
    suffix = os.path.splitext(name)[1].lower().removeprefix(".")  # noqa: PTH122 - no pathlib at start
    reader = workload_reading(suffix) if suffix else None
    return (reader, {"file": name, **parameters}) if reader else (name, parameters)
