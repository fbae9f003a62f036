"""Finding plug-ins: models, workloads, searchers, trace formats and subcommands, by name.

Built-ins register through the same entry points as a stranger's package. Listing them imports
nothing; a broken plug-in does no harm until somebody asks for it.
"""

from __future__ import annotations

import ast
import inspect
import logging
import re
from functools import cache, lru_cache
from importlib.metadata import Distribution, EntryPoint
from importlib.metadata import entry_points as _installed
from importlib.util import find_spec
from pathlib import Path
from types import MappingProxyType
from typing import Any

from dse.errors import PluginError, did_you_mean

__all__ = [
    "KINDS",
    "distribution_name",
    "entry_points",
    "load",
    "load_all",
    "missing_module",
    "static_attribute",
    "static_summary",
    "workload_reading",
]

_FILES = "dse.workload_files"
KINDS = MappingProxyType(
    {
        "models": "dse.models",
        "workloads": "dse.workloads",
        "searchers": "dse.searchers",
        "formats": "dse.trace_formats",
    }
)
"""Kind of plug-in that `dse list` shows -> the entry-point group it registers in."""

_GROUPS = MappingProxyType({**KINDS, "commands": "dse.commands"})

_OWN = "accel-dse"
_SINGULAR = {
    "models": "model", "workloads": "workload", "searchers": "searcher",
    "formats": "trace format", "commands": "command",
}  # fmt: skip
_MODEL_ATTRIBUTES = ("env_id", "version", "workload_type", "metrics", "default_objectives")
_HOPS = 4

_log = logging.getLogger(__name__)


def entry_points(kind: str) -> dict[str, EntryPoint]:
    """Name -> entry point of every plug-in of a kind, sorted by name; nothing is imported.

    Of several with one name the built-in wins, else the first by distribution name; the clash is
    logged once.

    Args:
        kind: A key of `KINDS`, or "commands".
    """
    claims: dict[str, list[EntryPoint]] = {}
    for point in sorted(_installed(group=_GROUPS[kind]), key=_precedence):
        claims.setdefault(point.name, []).append(point)
    for name, (winner, *losers) in claims.items():
        for loser in losers:
            _log_clash(kind, name, distribution_name(winner), distribution_name(loser))
    return {name: points[0] for name, points in claims.items()}


def workload_reading(file: Path) -> str | None:
    """Name of the workload plug-in that reads this file, if there is one.

    A package says so in the group `dse.workload_files`: suffix = the function of the plug-in, or
    "suffix/key" for files that have this key at the start of a line.

    Args:
        file: It need not exist; then its suffix alone decides.
    """
    suffix = file.suffix.lower().removeprefix(".")
    claims = [(point.name.partition("/"), point.value) for point in _installed(group=_FILES)]
    general = {value for (kind, _, key), value in claims if kind == suffix and not key}
    special = {
        value for (kind, _, key), value in claims if kind == suffix and key and _has_key(file, key)
    }
    values = special or general
    readers = (name for name, point in entry_points("workloads").items() if point.value in values)
    return next(readers, None)


def _has_key(file: Path, key: str) -> bool:
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return False
    return re.search(rf"^{re.escape(key)}\s*:", text, re.MULTILINE) is not None


def distribution_name(point: EntryPoint) -> str:
    """Name of the installed package that a plug-in comes from."""
    return _name(point.dist) if point.dist is not None else "unknown"


@lru_cache(maxsize=256)
def _name(distribution: Distribution) -> str:
    """A distribution parses its metadata whenever it is asked; its plug-ins share one answer."""
    return distribution.name


def _precedence(point: EntryPoint) -> tuple[str, bool, str, str]:
    distribution = distribution_name(point)
    return point.name, distribution != _OWN, distribution, point.value


@cache
def _log_clash(kind: str, name: str, winner: str, loser: str) -> None:
    """Log a clash; the cache makes it once per process."""
    what = f"the {_SINGULAR[kind]} {name!r} is registered by both {winner!r} and {loser!r}"
    _log.warning("%s; the one of %r is used", what, winner)


# -- loading -------------------------------------------------------------------------------------


def load(kind: str, name: str) -> Any:
    """Import a plug-in.

    Args:
        kind: A key of `KINDS`, or "commands".
        name: As `dse list` shows it.

    Returns:
        A `CostModel` subclass, a `Searcher` subclass, the workload's or format's callable, or a
        click command.

    Raises:
        PluginError: Unknown name, or a plug-in that fails to import or is of the wrong kind.
    """
    points = entry_points(kind)
    if name not in points:
        raise PluginError(
            f"unknown {_SINGULAR[kind]} {name!r}.{did_you_mean(name, points)}",
            allowed=", ".join(points) or f"none is installed: no package offers {_GROUPS[kind]!r}",
        )
    return _loaded(kind, points[name])


def load_all(kind: str) -> dict[str, Any]:
    """Name -> plug-in, of all that work; one warning for each that does not.

    Args:
        kind: A key of `KINDS`.
    """
    loaded: dict[str, Any] = {}
    for name, point in entry_points(kind).items():
        try:
            loaded[name] = _loaded(kind, point)
        except PluginError as error:
            _log.warning("skipped: %s", error.what)
    return loaded


def _loaded(kind: str, point: EntryPoint) -> Any:
    title = f"the {_SINGULAR[kind]} {point.name!r} of {distribution_name(point)!r}"
    try:
        plugin = point.load()
    except (Exception, SystemExit) as error:
        raise PluginError(
            f"{title} cannot be imported: {type(error).__name__}: {error}",
            next_step=f"repair or reinstall {distribution_name(point)}, or name another",
        ) from error
    fault = _CHECKS[kind](plugin)
    if fault:
        raise PluginError(f"{title} ({point.value}) {fault[0]}", allowed=fault[1])
    return plugin


_Fault = tuple[str, str] | None


def _model_fault(plugin: Any) -> _Fault:
    from dse._model import CostModel

    fault = _class_fault(plugin, CostModel)
    if fault:
        return fault
    missing = [name for name in _MODEL_ATTRIBUTES if not hasattr(plugin, name)]
    allowed = "a model that declares " + ", ".join(_MODEL_ATTRIBUTES)
    return (f"does not declare {', '.join(missing)}", allowed) if missing else None


def _searcher_fault(plugin: Any) -> _Fault:
    from dse._searcher import Searcher

    return _class_fault(plugin, Searcher)


def _class_fault(plugin: Any, base: type) -> _Fault:
    if not (isinstance(plugin, type) and issubclass(plugin, base)):
        return f"is no {base.__name__}", f"a subclass of dse.{base.__name__}"
    if inspect.isabstract(plugin):
        abstract: frozenset[str] = vars(plugin)["__abstractmethods__"]
        missing = ", ".join(sorted(abstract))
        return f"lacks {missing}", f"a subclass of dse.{base.__name__} with all its methods"
    return None


def _callable_fault(plugin: Any) -> _Fault:
    return None if callable(plugin) else ("cannot be called", "a function or a class")


def _command_fault(plugin: Any) -> _Fault:
    import click

    allowed = "a function decorated with @click.command()"
    return None if isinstance(plugin, click.Command) else ("is no click command", allowed)


def _workload_fault(plugin: Any) -> _Fault:
    allowed = "a function with named, annotated parameters"
    fault = _callable_fault(plugin)
    if fault:
        return fault
    try:
        parameters = inspect.signature(plugin).parameters.values()
    except (TypeError, ValueError):
        return "has no readable signature", allowed
    for parameter in parameters:
        if parameter.kind not in (parameter.KEYWORD_ONLY, parameter.POSITIONAL_OR_KEYWORD):
            return f"has the parameter {str(parameter)!r}", allowed
        if parameter.annotation is parameter.empty:
            return f"has the parameter {parameter.name!r} without a type", allowed
        if parameter.name == "name":
            return "has the parameter 'name', which names the plug-in in a job file", allowed
    return None


_CHECKS = MappingProxyType(
    {
        "models": _model_fault,
        "workloads": _workload_fault,
        "searchers": _searcher_fault,
        "formats": _callable_fault,
        "commands": _command_fault,
    }
)


# -- reading without importing -------------------------------------------------------------------


def static_summary(point: EntryPoint) -> str:
    """First line of a plug-in's doc string, read from its source; "" where there is none."""
    node = _definition(point.module, point.attr)
    text = ast.get_docstring(node) if node is not None else None
    return text.splitlines()[0] if text else ""


def missing_module(point: EntryPoint) -> str | None:
    """Name of the module that a plug-in needs and no file holds; None if there is one."""
    top, *rest = point.module.split(".")
    try:
        spec = find_spec(top)
    except (ImportError, ValueError):
        spec = None
    if spec is None:
        return top
    folders = [Path(folder, *rest) for folder in spec.submodule_search_locations or ()]
    found = not rest or any(
        base.is_dir() or any(base.parent.glob(f"{base.name}.*")) for base in folders
    )
    return None if found else point.module


def static_attribute(point: EntryPoint, name: str) -> str | None:
    """A text that a plug-in's class body assigns to `name`, read from its source.

    Args:
        point: The plug-in.
        name: For example "env_id".
    """
    node = _definition(point.module, point.attr)
    for statement in node.body if isinstance(node, ast.ClassDef) else ():
        if isinstance(statement, ast.Assign):
            targets, value = statement.targets, statement.value
        elif isinstance(statement, ast.AnnAssign) and statement.value is not None:
            targets, value = [statement.target], statement.value
        else:
            continue
        if any(isinstance(target, ast.Name) and target.id == name for target in targets):
            return value.value if _is_text(value) else None  # type: ignore[attr-defined]
    return None


def _is_text(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def _definition(
    module: str, attribute: str, hops: int = _HOPS
) -> ast.ClassDef | ast.FunctionDef | None:
    """The class or function of this name, followed through `from module import name`."""
    tree = _syntax_tree(module)
    for node in tree.body if tree is not None else ():
        if isinstance(node, (ast.ClassDef, ast.FunctionDef)) and node.name == attribute:
            return node
        if isinstance(node, ast.ImportFrom) and hops:
            for alias in node.names:
                if (alias.asname or alias.name) == attribute:
                    return _definition(_imported_module(module, node), alias.name, hops - 1)
    return None


def _imported_module(module: str, node: ast.ImportFrom) -> str:
    """Absolute name of the module that a `from ... import` in `module` reads."""
    if not node.level:
        return node.module or ""
    path = _source_path(module)
    is_package = path is not None and path.name == "__init__.py"
    segments = module.split(".")
    base = segments[: len(segments) - node.level + is_package]
    return ".".join([*base, *([node.module] if node.module else [])])


@cache
def _syntax_tree(module: str) -> ast.Module | None:
    path = _source_path(module)
    try:
        return ast.parse(path.read_bytes()) if path is not None else None
    except (OSError, SyntaxError, ValueError):
        return None


def _source_path(module: str) -> Path | None:
    """The source file of a module; only the finders of its top-level package are asked."""
    top, *rest = module.split(".")
    try:
        spec = find_spec(top)
    except (ImportError, ValueError):
        return None
    if spec is None:
        return None
    if not rest:
        return Path(spec.origin) if spec.origin and spec.origin.endswith(".py") else None
    for folder in spec.submodule_search_locations or ():
        base = Path(folder, *rest)
        for candidate in (base.with_name(base.name + ".py"), base / "__init__.py"):
            if candidate.is_file():
                return candidate
    return None
