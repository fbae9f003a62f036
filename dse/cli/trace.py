"""`dse trace`: check, convert and describe memory traces."""

from __future__ import annotations

import gzip
import json
import os
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dse.errors import EnvironmentRefusal, InputError, PluginError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import IO

__all__ = ["trace"]

_BAD_INPUT = 2
_STDIN = Path("/dev/stdin")

_files = click.argument(
    "files", metavar="FILE...", nargs=-1, required=True, type=click.Path(path_type=Path)
)
_from = click.option(
    "--from",
    "source_format",
    metavar="FORMAT",
    help="Format of FILE; recognised by its content if not given. `dse list formats` shows what "
    "there is.",
)
_json = click.option("--json", "wants_json", is_flag=True, help="Print JSON.")
_set = click.option(
    "--set",
    "settings",
    metavar="NAME=VALUE",
    multiple=True,
    help="How requests are made of accesses, such as issue_gap_cycles=1, cache_bytes=1048576, "
    "remap=pages.",
)
_limit = click.option("--limit", type=click.IntRange(min=1), help="Stop after so many requests.")


@click.group(
    epilog="FILE may be plain, gzip or xz; `-` reads standard input. All commands read traces of "
    "any size in bounded memory. Exit codes: 0 done, 2 bad input."
)
def trace() -> None:
    """Check, convert or describe memory traces."""


@trace.command(
    epilog="""\b
Examples:
  dse trace check run.stl
  dse trace check *.trace.gz --json
  dse trace check old.trace --from ramulator
"""
)
@_files
@_from
@_json
def check(files: tuple[Path, ...], source_format: str | None, wants_json: bool) -> int:
    """Read traces to the end and say what is wrong with them."""
    plugin = _format(source_format)
    records = [_checked(plugin, file) for file in files]
    if wants_json:
        click.echo(json.dumps(records, indent=2))
    for record in records:
        if "error" in record:
            click.echo(f"Error: {record['error']}", err=True)
        elif not wants_json:
            click.echo(f"{record['file']}: {record['format']}, {record['accesses']:,} accesses, ok")
    return _BAD_INPUT if any("error" in record for record in records) else 0


def _checked(plugin: Any, file: Path) -> dict[str, Any]:
    try:
        with plugin.open(_input(file)) as reading:
            accesses = sum(len(block) for block in reading.blocks)
    except InputError as error:
        return {"file": str(file), "error": str(error)}
    return {"file": str(file), "format": reading.format, "accesses": accesses}


@trace.command(
    epilog="""\b
Examples:
  dse trace stats run.stl
  dse trace stats - --json < run.stl.gz
  dse trace stats lackey.txt --set cache_bytes=1048576 --set remap=pages
  dse describe trace-file    # explains what --set takes
"""
)
@_files
@_from
@_set
@_limit
@_json
def stats(
    files: tuple[Path, ...],
    source_format: str | None,
    settings: tuple[str, ...],
    limit: int | None,
    wants_json: bool,
) -> None:
    """Count reads, writes, footprint and locality of traces.

    Accesses are counted as recorded; with --set or --limit, the requests that are made of them.
    """
    plugin = _format(source_format)
    prepared = bool(settings or limit)
    preparation = _preparation(plugin, settings, limit) if prepared else None
    records = [_described(plugin, file, preparation) for file in files]
    click.echo(json.dumps(records, indent=2) if wants_json else "\n\n".join(map(_text, records)))


def _described(plugin: Any, file: Path, preparation: Any) -> dict[str, Any]:
    from dse.cli._trace_stats import counted

    with plugin.open(_input(file), preparation) as reading:
        return {"file": str(file), "format": reading.format, **counted(reading.blocks).record()}


def _text(record: dict[str, Any]) -> str:
    from dse.cli._text import section

    lowest, highest = record["lowest_address"], record["highest_address"]
    at_least = "" if record["distinct_8kib_is_exact"] else "more than "
    rows = [
        ("accesses", f"{record['accesses']:,}"),
        ("reads", f"{record['reads']:,}"),
        ("writes", f"{record['writes']:,}"),
        ("instruction fetches", f"{record['instruction_fetches']:,}"),
        ("times", f"{record['first_time']:,} to {record['last_time']:,}"),
        ("addresses", f"{lowest:#x} to {highest:#x}"),
        ("same 8 KiB as before", f"{record['same_8kib_share']:.1%}"),
        ("next 64 bytes", f"{record['sequential_share']:.1%}"),
        ("distinct 8 KiB", f"{at_least}{record['distinct_8kib']:,}"),
    ]
    return section(f"{record['file']} ({record['format']})", rows)


@trace.command(
    short_help="Write the requests that a trace makes, in another format.",
    epilog="""\b
Examples:
  dse trace convert run.dramsim3 run.stl
  dse trace convert lackey.txt out.stl --set cache_bytes=1048576 --set remap=pages
  dse trace convert accesses.txt - --to loadstore --set issue_gap_cycles=1 | head
  dse describe trace-file    # explains what --set takes
""",
)
@click.argument("file", metavar="FILE", type=click.Path(path_type=Path))
@click.argument("output", metavar="OUT", type=click.Path(path_type=Path))
@_from
@click.option("--to", "target_format", metavar="FORMAT", help="Format of OUT; else its suffix.")
@_set
@_limit
def convert(
    file: Path,
    output: Path,
    source_format: str | None,
    target_format: str | None,
    settings: tuple[str, ...],
    limit: int | None,
) -> None:
    """Make requests to a memory of the accesses in FILE, and write them to OUT.

    OUT is compressed if its name ends in .gz; `-` is standard output. Nothing is left behind if
    FILE turns out to be wrong.
    """
    plugin = _format(source_format)
    target = _format(target_format or output.name.removesuffix(".gz").rpartition(".")[2])
    preparation = _preparation(plugin, settings, limit)
    with plugin.open(_input(file), preparation) as reading, _writing(output) as sink:
        for piece in target.write(reading):
            sink.write(piece)


@contextmanager
def _writing(output: Path) -> Iterator[IO[bytes]]:
    """A file that becomes the file once everything is written."""
    if str(output) == "-":
        yield sys.stdout.buffer
        return
    draft = output.with_name(f".{output.name}.{os.getpid()}.part")
    try:
        with _opened(draft, output.suffix == ".gz") as sink:
            yield sink
        draft.replace(output)
    except OSError as error:
        raise EnvironmentRefusal(
            f"cannot be written: {error.strerror}",
            where=str(output.absolute()),
            next_step="choose another file, or make room",
        ) from None
    finally:
        draft.unlink(missing_ok=True)


def _opened(file: Path, compressed: bool) -> IO[bytes]:
    sink: Any = gzip.open(file, "wb") if compressed else file.open("wb")  # noqa: SIM115
    opened: IO[bytes] = sink
    return opened


def _input(file: Path) -> Path:
    return _STDIN if str(file) == "-" else file


def _format(name: str | None) -> Any:
    """The trace format of this name; if there is none, one that recognises what a file is in."""
    from dse._plugins import load, load_all

    if name:
        return load("formats", name)()
    formats = [plugin() for plugin in load_all("formats").values()]
    if not formats:
        raise PluginError("no trace format is installed", next_step="reinstall the package")
    return formats[0].recognising(formats)


def _preparation(plugin: Any, settings: tuple[str, ...], limit: int | None) -> Any:
    """The options that the user gave, checked."""
    from dse._faults import Faults
    from dse._fields import validate
    from dse.cli._arguments import assignments

    faults = Faults()
    values = assignments(settings, "--set")
    if limit is not None:
        values["limit"] = limit
    checked = faults.attempt((), validate, plugin.Preparation, values)
    faults.raise_if_any()
    return plugin.Preparation(**(checked or {}))
