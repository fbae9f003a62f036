"""The trace formats that are installed, and which of them a file is in."""

from __future__ import annotations

import logging
from importlib.metadata import entry_points
from typing import TYPE_CHECKING

from dse.errors import InputError, PluginError, did_you_mean
from workloads.traces.format import TraceFormat
from workloads.traces.source import TraceSource
from workloads.traces.text_format import shown_lines

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from workloads.traces.block import TraceBlock

__all__ = ["AUTO", "Recogniser", "format_named"]

AUTO = "auto"
"""Stands for whichever format a file is in."""

_GROUP = "dse.trace_formats"
_ENOUGH = 0.5
_HEAD_BYTES = 1 << 14
_SHOWN = 3

_log = logging.getLogger(__name__)


def format_named(name: str) -> TraceFormat:
    """The installed trace format of this name, or the recogniser for `AUTO`.

    Raises:
        PluginError: There is none, or it cannot be imported.
    """
    points = entry_points(group=_GROUP)
    if name == AUTO:
        return Recogniser(list(_working(points.names)))
    if name not in points.names:
        raise PluginError(
            f"unknown trace format {name!r}.{did_you_mean(name, points.names)}",
            allowed=", ".join([AUTO, *sorted(points.names)]),
        )
    try:
        found: TraceFormat = points[name].load()()
    except Exception as error:
        raise PluginError(
            f"the trace format {name!r} cannot be used: {type(error).__name__}: {error}",
            next_step="repair or reinstall the package that it comes from",
        ) from error
    return found


def _working(names: set[str]) -> Iterator[TraceFormat]:
    """All formats but broken ones, which are logged."""
    for name in sorted(names):
        try:
            yield format_named(name)
        except PluginError as error:
            _log.warning("skipped: %s", error.what)


class Recogniser(TraceFormat):
    """Whichever format the beginning of the file fits best.

    Args:
        formats: Those to choose from.
    """

    name = AUTO
    example = "31:\tread\t0x400140"
    time_unit = "none"

    def __init__(self, formats: Sequence[TraceFormat]) -> None:
        self._formats = formats

    def score(self, source: TraceSource) -> float:
        """Never the answer itself."""
        del source
        return 0.0

    def chosen(self, source: TraceSource) -> TraceFormat:
        """The format that fits best.

        Raises:
            InputError: None fits at least half of the beginning.
        """
        # The second try finds the format whose reader explains that commands are in lower case.
        lowered = TraceSource(source.name, iter((source.peek(_HEAD_BYTES).lower(),)))
        for beginning in (source, lowered):
            scores = [candidate.score(beginning) for candidate in self._formats]
            highest = max(scores, default=0.0)
            if highest >= _ENOUGH:
                return self._formats[scores.index(highest)]
        raise self._unrecognised(source)

    def accesses(self, source: TraceSource) -> Iterator[TraceBlock]:
        """Read with the format that fits best; see `TraceFormat.accesses`."""
        return self.chosen(source).accesses(source)

    def _unrecognised(self, source: TraceSource) -> InputError:
        names = ", ".join(candidate.name for candidate in self._formats)
        allowed = f"a trace in one of the formats {names}"
        if not source.is_text:
            return InputError("no format fits this file", where=source.name, allowed=allowed)
        lines = enumerate(source.peek(_HEAD_BYTES).splitlines(), start=1)
        content = [(i, line) for i, line in lines if line.strip() and line[:1] != b"#"]
        if not content:
            return InputError(
                "there is no request in it, only comments", where=source.name, allowed=allowed
            )
        shown = ((i, line.decode("utf-8", "backslashreplace")) for i, line in content[:_SHOWN])
        return InputError(
            f"no format fits the beginning of this file{shown_lines(shown)}",
            where=f"{source.name}:{content[0][0]}",
            allowed=allowed,
            next_step="name its format to see what is wrong with it",
        )
