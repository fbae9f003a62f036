"""`dse list`: what is installed. Imports no plug-in."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from dse._plugins import (
    distribution_name,
    entry_points,
    missing_module,
    static_attribute,
    static_summary,
)
from dse.cli._text import section

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

__all__ = ["catalogue"]

_KINDS = ("models", "workloads", "searchers", "envs", "formats")


@click.command(
    "list",
    epilog="Examples: `dse list`, `dse list workloads`, `dse list models --json`.",
)
@click.argument("kind", required=False, type=click.Choice(_KINDS))
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def catalogue(kind: str | None, as_json: bool) -> None:
    """List models, workloads, searchers, environments and trace formats.

    KIND restricts the list to one of them.
    """
    found = {name: _entries(name) for name in ([kind] if kind else _KINDS)}
    if as_json:
        click.echo(json.dumps(found, indent=2))
        return
    click.echo("\n\n".join(section(name, _rows(entries)) for name, entries in found.items()))


def _entries(kind: str) -> list[dict[str, str]]:
    """Name, summary and distribution of each plug-in of a kind."""
    entries = []
    for name, point in entry_points("models" if kind == "envs" else kind).items():
        shown = static_attribute(point, "env_id") if kind == "envs" else name
        summary = f"the model {name}" if kind == "envs" else _summary(point)
        if shown:
            distribution = distribution_name(point)
            entries.append({"name": shown, "summary": summary, "distribution": distribution})
    return entries


def _summary(point: EntryPoint) -> str:
    module = missing_module(point)
    return f"cannot be imported: no module named {module!r}" if module else static_summary(point)


def _rows(entries: list[dict[str, str]]) -> list[tuple[str, str, str]]:
    return [(entry["name"], entry["distribution"], entry["summary"]) for entry in entries]
