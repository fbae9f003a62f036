"""`dse cascade`: passes, operations, footprint and traffic of a cascade of Einsums."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from dse.errors import InputError

if TYPE_CHECKING:
    from accel_models.attention.cascades.cascade import Cascade

__all__ = ["cascade"]

_EPILOG = """\b
Examples:
  dse cascade --list
  dse cascade attn_3pass_stable
  dse cascade attn_1pass_fusemax --rank m=65536 --rank p=65536
  dse cascade my_attention.yaml --json
"""
_SUFFIXES = (".yaml", ".yml")


@click.command(epilog=_EPILOG)
@click.argument("file", metavar="FILE|NAME", required=False)
@click.option("--list", "wants_list", is_flag=True, help="List the cascades of the catalogue.")
@click.option(
    "--rank",
    "sizes",
    metavar="NAME=SIZE",
    multiple=True,
    help="Size of a rank, in place of the file's; of split ranks, the parts that are not named "
    "keep theirs.",
)
@click.option(
    "--word-bits", type=click.IntRange(1, 1024), default=16, show_default=True, help="Bits a word."
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def cascade(
    file: str | None, wants_list: bool, sizes: tuple[str, ...], word_bits: int, as_json: bool
) -> None:
    """Say how many passes a cascade of Einsums takes, why, and what they cost.

    FILE is a YAML file, NAME a cascade of the catalogue. The number of passes over a rank is a
    lower bound for the cascade as it is written: its fibers must be traversed that often unless
    whole ones stay on chip.
    """
    if wants_list:
        _print_list(as_json)
        return
    if file is None:
        raise click.UsageError("name a FILE or a NAME; `--list` shows the catalogue")
    from accel_models.attention.cascades.report import facts, text

    found = facts(_resized(_cascade(file), sizes), word_bits)
    click.echo(json.dumps(found, indent=2) if as_json else text(found))


def _cascade(file: str) -> Cascade:
    from pathlib import Path

    from accel_models.attention.cascades.catalogue import built_in, names
    from accel_models.attention.cascades.reading import cascade_from_file

    if file.endswith(_SUFFIXES) or (file not in names() and Path(file).exists()):
        return cascade_from_file(Path(file))
    return built_in(file)


def _resized(found: Cascade, sizes: tuple[str, ...]) -> Cascade:
    from dse.cli._arguments import assignments

    try:
        return found.resized(assignments(sizes, "--rank"))
    except InputError as error:
        if error.where:
            raise
        raise type(error)(
            error.what, where="--rank", allowed=error.allowed, next_step=error.next_step
        ) from None


def _print_list(as_json: bool) -> None:
    from accel_models.attention.cascades.catalogue import built_in, names
    from dse.cli._text import section

    summaries = {name: built_in(name).summary for name in names()}
    if as_json:
        click.echo(json.dumps(summaries, indent=2))
    else:
        click.echo(section("cascades", list(summaries.items())))
