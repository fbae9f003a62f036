"""The `dse` command: its subcommands, and the one place that turns errors into exit codes.

Subcommands are imported when they are called, so that `dse --help` imports nothing else. Packages
add their own through the entry-point group `dse.commands`; none replaces a built-in one.

Exit codes: 0 done; 1 too many failed evaluations, or an internal error; 2 bad input; 3 the
environment refuses; 130 interrupted. A subcommand returns its exit code, or None for 0.
"""

from __future__ import annotations

import os
import sys
import traceback
from importlib import import_module
from importlib.metadata import version
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

import click

from dse._plugins import entry_points, load, static_summary
from dse.errors import DSEError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Sequence
    from importlib.metadata import EntryPoint

__all__ = ["cli", "invoke", "main"]

_INTERRUPTED = 130
_DEBUG = "--debug"


class _Command(NamedTuple):
    """Where a built-in subcommand lives, and its line in `dse --help`."""

    target: str
    summary: str


_COMMANDS = MappingProxyType(
    {
        "run": _Command("dse.cli.run:run", "Search what a job file describes."),
        "resume": _Command("dse.cli.resume:resume", "Go on with an interrupted study."),
        "show": _Command("dse.cli.show:show", "Show the state and the results of a study."),
        "report": _Command("dse.cli.report:report", "Write a study's report as one HTML file."),
        "pareto": _Command("dse.cli.pareto:pareto", "Print or plot the front of studies."),
        "compare": _Command("dse.cli.compare:compare", "Compare the searchers of studies."),
        "export": _Command("dse.cli.export:export", "Write a study's evaluations to a file."),
        "list": _Command("dse.cli.catalogue:catalogue", "List models, workloads, searchers, ..."),
        "describe": _Command(
            "dse.cli.describe:describe", "Explain a model, workload, searcher, ..."
        ),
        "trace": _Command("dse.cli.trace:trace", "Check, convert or describe memory traces."),
        "evaluate": _Command("dse.cli.evaluate:evaluate", "Evaluate designs of a model."),
    }
)


class _LazyGroup(click.Group):
    """Subcommands by name, imported on demand."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        del ctx
        return [*_COMMANDS, *_added()]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        del ctx
        if cmd_name in _COMMANDS:
            module, _, attribute = _COMMANDS[cmd_name].target.partition(":")
            command: click.Command = getattr(import_module(module), attribute)
            return command
        return load("commands", cmd_name) if cmd_name in _added() else None

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0]
        known = self.list_commands(ctx)
        if name not in known and not name.startswith("-"):
            hint = did_you_mean(name, known)
            raise click.UsageError(f"there is no command {name!r}.{hint}", ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        del ctx
        own = [(name, entry.summary) for name, entry in _COMMANDS.items()]
        added = [(name, static_summary(point)) for name, point in _added().items()]
        with formatter.section("Commands"):
            formatter.write_dl(own + added)


def _added() -> dict[str, EntryPoint]:
    """Subcommands of installed packages, without those that a built-in one hides."""
    found = entry_points("commands")
    return {name: point for name, point in found.items() if name not in _COMMANDS}


def _print_version(ctx: click.Context, parameter: click.Parameter, value: bool) -> None:
    del parameter
    if value:
        click.echo(f"dse {version('accel-dse')}")
        ctx.exit()


@click.group(
    cls=_LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Start with `dse list models`, then `dse describe MODEL`, then `dse run JOB.yaml`.",
)
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_print_version,
    help="Print the version.",
)
@click.option(_DEBUG, is_flag=True, expose_value=False, help="Print a traceback with every error.")
def cli() -> None:
    """Explore the design spaces of hardware accelerators."""


def main() -> None:
    """Entry point of the `dse` command."""
    sys.exit(invoke(sys.argv[1:]))


def invoke(arguments: Sequence[str]) -> int:
    """Run one command line.

    Args:
        arguments: Without the program's name; `--debug` may stand anywhere.

    Returns:
        The exit code.
    """
    remaining = [argument for argument in arguments if argument != _DEBUG]
    try:
        code = cli.main(remaining, prog_name="dse", standalone_mode=False)
        sys.stdout.flush()
    except BrokenPipeError:
        return _without_reader()
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - the last line of defence
        if _DEBUG in arguments:
            traceback.print_exception(error)
        return _report(error)
    return int(code or 0)


def _report(error: BaseException) -> int:
    """Say on stderr what went wrong; the exit code."""
    if isinstance(error, (click.Abort, KeyboardInterrupt)):
        click.echo("interrupted", err=True)
        return _INTERRUPTED
    if isinstance(error, click.ClickException):
        error.show()
        return error.exit_code
    if isinstance(error, DSEError):
        click.echo(f"Error: {error}", err=True)
        return error.exit_code
    text = f"{type(error).__name__}: {error}".splitlines()[0]
    click.echo(f"internal error: {text}; please report what `{_DEBUG}` prints", err=True)
    return 1


def _without_reader() -> int:
    """The reader of our output has gone, as in `dse list | head -1`: be quiet about it."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 1


if __name__ == "__main__":
    main()
