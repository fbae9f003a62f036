"""Checking a user's values against the typed fields of a dataclass or a function.

Options of models, parameters of workloads and settings of searchers are all declared in plain
Python; this module reads the declarations, checks values against them and explains what is wrong.
"""

from __future__ import annotations

import dataclasses
import inspect
import os
import re
import reprlib
import sys
from dataclasses import MISSING, dataclass
from functools import partial
from pathlib import Path
from types import NoneType, SimpleNamespace, UnionType
from typing import (
    TYPE_CHECKING,
    Annotated,
    Any,
    Literal,
    Union,
    get_args,
    get_origin,
    get_type_hints,
)

from dse._faults import Faults, FaultsError
from dse.errors import InputError, PluginError, did_you_mean
from dse.units import parse_quantity, unit_of_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from dse._yaml import KeyPath

__all__ = [
    "Field",
    "check_keys",
    "explain",
    "fields_of",
    "file_values",
    "type_text",
    "unknown_key",
    "validate",
]

_WORDS = {
    int: "a whole number", float: "a number", str: "text", bool: "true or false",
    Path: "the path of a file", NoneType: "null",
}  # fmt: skip


@dataclass(frozen=True)
class Field:
    """One declared field or parameter.

    Attributes:
        name: Its name, with the unit.
        annotation: Its type.
        default: Its default; `dataclasses.MISSING` if it must be given.
        doc: Its sentence in the doc string.
    """

    name: str
    annotation: Any
    default: Any = MISSING
    doc: str = ""


# -- declarations --------------------------------------------------------------------------------


def fields_of(target: Any) -> dict[str, Field]:
    """Name -> field of a dataclass, or of a function that takes named parameters.

    Raises:
        PluginError: A type cannot be resolved at run time.
    """
    docs = _docs_of(target)
    declared = (
        _dataclass_fields(target) if dataclasses.is_dataclass(target) else _parameters(target)
    )
    return {
        name: Field(name, annotation, default, docs.get(name, ""))
        for name, (annotation, default) in declared.items()
    }


def _docs_of(target: Any) -> dict[str, str]:
    """Name -> text of what the doc string lists; a class inherits what its bases list."""
    if not isinstance(target, type):
        return _entry_docs(inspect.getdoc(target) or "")
    docs = (_entry_docs(inspect.cleandoc(base.__doc__ or "")) for base in reversed(target.__mro__))
    return {name: text for found in docs for name, text in found.items()}


def _dataclass_fields(target: Any) -> dict[str, tuple[Any, Any]]:
    hints = _resolved(target, lambda: get_type_hints(target, include_extras=True))
    return {
        f.name: (hints[f.name], f.default if f.default_factory is MISSING else f.default_factory())
        for f in dataclasses.fields(target)
        if f.init
    }


def _parameters(target: Any) -> dict[str, tuple[Any, Any]]:
    parameters = inspect.signature(target).parameters.values()
    written = SimpleNamespace(__annotations__={p.name: p.annotation for p in parameters})
    names = _namespace(target)
    hints = _resolved(target, lambda: get_type_hints(written, names, include_extras=True))
    return {
        p.name: (hints[p.name], MISSING if p.default is p.empty else p.default) for p in parameters
    }


def _namespace(target: Any) -> dict[str, Any]:
    """The names that the annotations of a function or class may use."""
    inner = inspect.unwrap(target.func if isinstance(target, partial) else target)
    module = sys.modules.get(getattr(inner, "__module__", ""))
    return getattr(inner, "__globals__", None) or dict(vars(module) if module else {})


def _resolved(target: Any, resolve: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    try:
        return resolve()
    except (NameError, TypeError) as error:
        name = getattr(target, "__qualname__", repr(target))
        raise PluginError(
            f"the types of {name} cannot be read: {error}",
            next_step="import them at run time, not under TYPE_CHECKING",
        ) from None


def _entry_docs(doc: str) -> dict[str, str]:
    """Name -> text of the entries of a Google doc string's "Args" or "Attributes"."""
    section = re.search(r"^(?:Args|Attributes):\n((?:[ ]+.*\n?|\n)+)", doc, re.MULTILINE)
    entries = (
        re.findall(r"^ {4}(\w+): ((?:.*\n?)(?: {5,}.*\n?)*)", section[1], re.MULTILINE)
        if section
        else []
    )
    return {name: " ".join(text.split()) for name, text in entries}


def type_text(annotation: Any) -> str:
    """The values that a type allows, for people."""
    if get_origin(annotation) is Literal:
        return ", ".join(str(value) for value in get_args(annotation))
    if get_origin(annotation) in (Union, UnionType):
        return " or ".join(type_text(part) for part in get_args(annotation))
    if get_origin(annotation) is Annotated:
        return type_text(get_args(annotation)[0])
    if get_origin(annotation) in (list, tuple):
        return f"a list, each {type_text(get_args(annotation)[0])}"
    if get_origin(annotation) is dict:
        return f"a mapping, each value {type_text(get_args(annotation)[1])}"
    return _WORDS.get(annotation) or str(getattr(annotation, "__name__", annotation))


# -- values --------------------------------------------------------------------------------------


def check_keys(
    values: Mapping[str, Any], known: Mapping[str, Any], required: Mapping[str, str]
) -> None:
    """Demand that all keys are known and none is missing.

    Args:
        values: The user's mapping.
        known: All keys there are.
        required: Each key that must be given, and what it holds.

    Raises:
        InputError: All unknown and missing keys together.
    """
    parts: list[tuple[KeyPath, InputError]] = [
        ((key,), unknown_key(key, known)) for key in values if key not in known
    ]
    parts += [
        ((), InputError(f"the key {key!r} is missing", allowed=f"{key}: {content}"))
        for key, content in required.items()
        if key not in values
    ]
    if parts:
        raise FaultsError(parts)


def unknown_key(key: Any, known: Mapping[str, Any]) -> InputError:
    """The error for a key that is not one of the known ones."""
    allowed = ", ".join(known) or "no key at all"
    return InputError(f"unknown key {key!r}.{did_you_mean(str(key), known)}", allowed=allowed)


def validate(
    target: Any, values: Mapping[str, Any], base_folder: Path | None = None
) -> dict[str, Any]:
    """Check values against the declared fields and fill in the defaults.

    Numbers may be text with a unit ("400 GiB/s"), in the unit that the field's name carries.

    Args:
        target: A dataclass or a function, see `fields_of`.
        values: Field name -> value.
        base_folder: Folder that relative paths start from; the working directory if None.

    Returns:
        Every field, in the order declared.

    Raises:
        InputError: All unknown and missing keys and all wrong values together.
    """
    fields = fields_of(target)
    faults = Faults()
    required = {f.name: type_text(f.annotation) for f in fields.values() if f.default is MISSING}
    faults.attempt((), check_keys, values, fields, required)
    checked = {
        name: faults.attempt((name,), _checked, field, values[name], base_folder)
        if name in values
        else field.default
        for name, field in fields.items()
    }
    if faults.found:
        raise FaultsError(faults.found)
    return checked


def file_values(
    target: Any, values: Mapping[str, Any], base_folder: Path | None = None
) -> dict[str, Path]:
    """Field name -> absolute path, of the values that name a file.

    Args:
        target: A dataclass or a function, see `fields_of`.
        values: Field name -> value.
        base_folder: Folder that relative paths start from; the working directory if None.
    """
    return {
        name: _absolute(values[name], base_folder)
        for name, field in fields_of(target).items()
        if isinstance(values.get(name), (str, Path)) and Path in _kinds(field.annotation)
    }


def _absolute(path: str | Path, base_folder: Path | None) -> Path:
    return Path(os.path.abspath((base_folder or Path()) / path))  # noqa: PTH100 - keeps links


def _checked(field: Field, value: Any, base_folder: Path | None) -> Any:
    from pydantic import ConfigDict, PydanticUserError, TypeAdapter, ValidationError

    if type(value) is type(field.default) and value == field.default:
        return value  # a default may be written out, even one outside its type
    try:
        adapter = TypeAdapter(field.annotation, config=ConfigDict(allow_inf_nan=False))
    except PydanticUserError as error:
        text = str(error).splitlines()[0]
        raise PluginError(f"{field.name} has a type that no file can give: {text}") from None
    prepared = _prepared(field, value, base_folder)
    try:
        return adapter.validate_python(prepared)
    except ValidationError as error:
        raise FaultsError(list(explain(error.errors(include_url=False), value))) from None


def _prepared(field: Field, value: Any, base_folder: Path | None) -> Any:
    """Turn quantities into numbers and relative paths into absolute ones."""
    kinds = _kinds(field.annotation)
    numeric = bool(kinds & {int, float})
    if isinstance(value, bool) and numeric and bool not in kinds:
        raise InputError(
            f"{str(value).lower()} is not a number", allowed=type_text(field.annotation)
        )
    if isinstance(value, str) and Path in kinds:
        return _absolute(value, base_folder)
    if isinstance(value, str) and numeric and str not in kinds:
        return parse_quantity(value, unit_of_name(field.name))
    return value


def _kinds(annotation: Any) -> set[Any]:
    """The plain types that a type is made of."""
    origin = get_origin(annotation)
    if origin is Literal:
        return {type(value) for value in get_args(annotation)}
    if origin in (Union, UnionType):
        return set().union(*(_kinds(part) for part in get_args(annotation)))
    if origin is Annotated:
        return _kinds(get_args(annotation)[0])
    return {origin or annotation}


def explain(items: list[Any], data: Any) -> Iterator[tuple[KeyPath, InputError]]:
    """Say what pydantic's complaints mean in our words, one fault per key path.

    Args:
        items: `ValidationError.errors()`, but for unknown and missing keys.
        data: What was validated.
    """
    by_path: dict[KeyPath, list[Any]] = {}
    for item in items:
        by_path.setdefault(_known_part(item["loc"], data), []).append(item)
    for path, complaints in by_path.items():
        yield path, _explained(complaints)


def _known_part(path: KeyPath, data: Any) -> KeyPath:
    """The part of pydantic's location that exists in the data: it adds the branch of a union."""
    known: KeyPath = ()
    for key in path:
        try:
            data = data[key]
        except (KeyError, IndexError, TypeError):
            break
        known = (*known, key)
    return known


def _explained(complaints: list[Any]) -> InputError:
    first = complaints[0]
    shown = reprlib.repr(first["input"])
    if first["type"] == "value_error":
        return InputError(f"{shown}: {first['ctx']['error']}")
    allowed = " or ".join(dict.fromkeys(_allowed(item) for item in complaints))
    if first["type"] == "literal_error":
        options = re.findall(r"'([^']*)'", first["ctx"]["expected"])
        hint = did_you_mean(str(first["input"]), options)
        return InputError(f"{shown} is not an option.{hint}", allowed=allowed)
    return InputError(f"{shown} does not fit", allowed=allowed)


_PLAIN = {
    "int_type": "a whole number", "int_parsing": "a whole number",
    "int_from_float": "a whole number", "float_type": "a number",
    "float_parsing": "a number", "finite_number": "a finite number",
    "string_type": "text", "bool_type": "true or false", "bool_parsing": "true or false",
    "list_type": "a list: [value, ...]", "tuple_type": "a list: [value, ...]",
    "dict_type": "keys with values",
    "model_type": "keys with values", "model_attributes_type": "keys with values",
    "none_required": "null", "path_type": "the path of a file",
    "int_parsing_size": "a smaller whole number",
}  # fmt: skip
_BOUNDS = {"ge": ">=", "gt": ">", "le": "<=", "lt": "<"}


def _allowed(item: Any) -> str:
    """What pydantic would have accepted."""
    if item["type"] == "literal_error":
        return str(item["ctx"]["expected"])
    limits = item.get("ctx", {})
    if item["type"] == "too_short":
        return f"at least {_entries(limits['min_length'])}"
    if item["type"] == "too_long":
        return f"at most {_entries(limits['max_length'])}"
    bounds = [f"{sign} {limits[key]}" for key, sign in _BOUNDS.items() if key in limits]
    if bounds:
        return f"a number {bounds[0]}"
    text = item["msg"].partition(" should ")[2] or item["msg"]
    return _PLAIN.get(item["type"]) or text.removeprefix("be ")


def _entries(count: int) -> str:
    return "one entry" if count == 1 else f"{count:,} entries"
