"""The contract of a trace format, and what all of them share.

Subclass `TraceFormat` (or `TextFormat`, for one access or more per line) and register the class
in the entry-point group `dse.trace_formats` under its `name`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

from dse.errors import InputError, WorkloadError
from workloads.traces import preparation as _preparation
from workloads.traces.source import TraceSource

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from workloads.traces.block import TraceBlock

__all__ = ["Reading", "TimeUnit", "TraceFormat"]

TimeUnit = Literal["cycles", "delays", "picoseconds", "instructions", "none"]
"""What the times of a format count: memory clock cycles from the start, cycles after acceptance
of the previous request, picoseconds, instructions executed before, or nothing."""


@dataclass(frozen=True)
class Reading:
    """A trace that is being read.

    Attributes:
        format: Name of its format.
        blocks: Its accesses, as they come.
        is_relative: Whether their times are delays after the previous request.
    """

    format: str
    blocks: Iterable[TraceBlock]
    is_relative: bool = False


class TraceFormat(ABC):
    """How to recognise, read and perhaps write one format of memory traces.

    Attributes:
        name: As on the command line and in job files.
        example: A line, or how the file is made, for messages.
        time_unit: What its times count.
        is_cpu_level: Whether it records what a program does: virtual addresses, before any cache.
        Preparation: The options of what happens between reading and simulating.
    """

    name: ClassVar[str]
    example: ClassVar[str]
    time_unit: ClassVar[TimeUnit]
    is_cpu_level: ClassVar[bool] = False
    Preparation: ClassVar[type[_preparation.Preparation]] = _preparation.Preparation

    @abstractmethod
    def score(self, source: TraceSource) -> float:
        """How well the beginning of a trace fits this format, from 0 (not at all) to 1.

        Args:
            source: To be looked at with `peek` only.
        """

    @abstractmethod
    def accesses(self, source: TraceSource) -> Iterator[TraceBlock]:
        """Read a trace block by block, in bounded memory.

        Args:
            source: At its beginning.

        Raises:
            InputError: Names the file, the line or record, and what is wrong.
        """

    @staticmethod
    def recognising(formats: Sequence[TraceFormat]) -> TraceFormat:
        """A stand-in that reads each file in whichever of these formats it is.

        Args:
            formats: Those to choose from.
        """
        from workloads.traces.auto import Recogniser

        return Recogniser(formats)

    def chosen(self, source: TraceSource) -> TraceFormat:
        """The format to read this trace with; another one only for a recogniser."""
        del source
        return self

    @contextmanager
    def open(
        self, file: Path, preparation: _preparation.Preparation | None = None
    ) -> Iterator[Reading]:
        """Read a file within a `with` block.

        Args:
            file: The trace, plain, gzip or xz.
            preparation: How to make requests to a memory of its accesses; None reads them as they
                are.

        Raises:
            InputError: On opening and while the blocks are read.
        """
        with TraceSource.open(file) as source:
            chosen = self.chosen(source)
            blocks = chosen.nonempty(source)
            delays = chosen.time_unit == "delays"
            if preparation is None:
                yield Reading(chosen.name, blocks, delays)
            else:
                preparation.check(chosen.name, chosen.time_unit, chosen.is_cpu_level)
                blocks = preparation.apply(blocks, chosen.time_unit)
                relative = delays and preparation.issue_gap_cycles is None
                yield Reading(chosen.name, blocks, relative)

    def nonempty(self, source: TraceSource) -> Iterator[TraceBlock]:
        """`accesses`, of which there must be one."""
        found = False
        for block in self.accesses(source):
            found = found or len(block) > 0
            yield block
        if not found:
            raise InputError(
                "there is no request in it",
                where=source.name,
                allowed=f"at least one, for example: {self.example}",
            )

    def write(self, reading: Reading) -> Iterator[bytes]:
        """Pieces of a file that holds these requests.

        Args:
            reading: Requests with times in memory clock cycles.

        Raises:
            WorkloadError: This format cannot be written, or cannot hold these requests.
        """
        raise WorkloadError(
            f"traces cannot be written as {self.name}; this is a {reading.format} trace",
            next_step="choose a text format: `dse list formats`",
        )
