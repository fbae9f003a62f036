"""Reading NAME=VALUE arguments and workloads from the command line."""

from __future__ import annotations

from dataclasses import MISSING
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dse._fields import fields_of, type_text
from dse._plugins import entry_points, load, workload_reading
from dse._yaml import scalar
from dse.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

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
        InputError: A parameter that is no assignment, or one that must be given and is not.
    """
    name, colon, written = text.rpartition(":")
    if colon and "=" not in written and _plugin_of(name):
        raise InputError(
            f"the workload {text!r} has no value after {written or ':'!r}",
            next_step=f"write {name}:{written or 'NAME'}=VALUE",
        )
    if not colon or "=" not in written:
        name, written = text, ""
    parameters = assignments(written.split(",") if written else (), f"workload {text}")
    reader = _reader_of(name)
    if reader:
        parameters = {"file": name, **parameters}
    _check_complete(text, reader or name, parameters)
    return reader or name, parameters


def _reader_of(name: str) -> str | None:
    """The plug-in that reads files of this name's suffix."""
    file = Path(name)
    return workload_reading(file) if file.suffix else None


def _plugin_of(name: str) -> str | None:
    """The plug-in that a workload's name or file stands for, if there is one."""
    return name if name in entry_points("workloads") else _reader_of(name)


def _check_complete(text: str, plugin: str, parameters: Mapping[str, Any]) -> None:
    """Say on the command line's terms which parameters are missing.

    An unknown plug-in and a file that does not exist are left to those who load them.
    """
    if plugin not in entry_points("workloads"):
        return
    fields = fields_of(load("workloads", plugin)).values()
    required = {
        field.name: type_text(field.annotation) for field in fields if field.default is MISSING
    }
    missing = [name for name in required if name not in parameters]
    if missing and ("file" not in parameters or Path(str(parameters["file"])).exists()):
        separator = "," if ":" in text else ":"
        wanted = ",".join(f"{name}=VALUE" for name in missing)
        raise InputError(
            f"the workload {text!r} lacks {', '.join(missing)}",
            allowed=", ".join(f"{name}: {required[name]}" for name in missing),
            next_step=f"write {text}{separator}{wanted}",
        )
