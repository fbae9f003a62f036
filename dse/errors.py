"""Every error this framework raises on purpose.

DSEError                      exit code 1
├── InputError                exit code 2: the user's input is wrong; nothing was evaluated
│   ├── JobError                  a job file (several problems at once)
│   ├── DesignError               a design or a parameter value outside its space
│   ├── WorkloadError             a workload file or its fields
│   ├── PluginError               a plug-in that is unknown, broken or of the wrong kind
│   └── StudyError                a folder that is not a study, or already is one
├── EnvironmentRefusal        exit code 3: disk, lock or resources say no
└── ModelContractError        exit code 1: a cost model broke its own contract
"""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = [
    "DSEError",
    "DesignError",
    "EnvironmentRefusal",
    "InputError",
    "JobError",
    "ModelContractError",
    "PluginError",
    "StudyError",
    "WorkloadError",
    "did_you_mean",
]


class DSEError(Exception):
    """Base of all errors raised on purpose.

    Args:
        what: What was found.
        where: File, line and key path, as far as known.
        allowed: What would have been accepted.
        next_step: What the user can do now.
    """

    exit_code = 1

    def __init__(
        self,
        what: str,
        *,
        where: str | None = None,
        allowed: str | None = None,
        next_step: str | None = None,
    ) -> None:
        self.what = what
        self.where = where
        self.allowed = allowed
        self.next_step = next_step
        super().__init__(what)

    def __str__(self) -> str:
        lines = [f"{self.where}: {self.what}" if self.where else self.what]
        if self.allowed:
            lines.append(f"  allowed: {self.allowed}")
        if self.next_step:
            lines.append(f"  next:    {self.next_step}")
        return "\n".join(lines)

    def __reduce__(self) -> tuple[object, ...]:
        """Survive the trip between processes with every part."""
        return (_rebuild, (type(self), self.what, self.where, self.allowed, self.next_step))


class InputError(DSEError):
    """The user's input is wrong; nothing was evaluated and nothing written."""

    exit_code = 2


class JobError(InputError):
    """A job file has one or more problems; all of them are reported together."""

    @classmethod
    def collect(cls, problems: Sequence[InputError], path: str) -> JobError:
        """Join several problems of one file into one error.

        Args:
            problems: At least one problem, in reading order.
            path: The job file.
        """
        text = "\n".join(str(problem) for problem in problems)
        next_step = f"correct {path} and run again; nothing was evaluated or written"
        return cls(text, next_step=next_step)


class DesignError(InputError):
    """A design, or a value of a parameter, lies outside its space."""


class WorkloadError(InputError):
    """A workload file or one of its fields is wrong."""


class PluginError(InputError):
    """A plug-in is unknown, broken or not of the kind asked for."""


class StudyError(InputError):
    """A folder is not a study, or would be overwritten, or belongs to another job."""


class EnvironmentRefusal(DSEError):  # noqa: N818 - the machine refuses; the input was fine
    """Disk, permissions, a held lock or missing resources stop the work."""

    exit_code = 3


class ModelContractError(DSEError):
    """A cost model returned something its contract forbids."""


def _rebuild(
    cls: type[DSEError], what: str, where: str | None, allowed: str | None, next_step: str | None
) -> DSEError:
    return cls(what, where=where, allowed=allowed, next_step=next_step)


def did_you_mean(word: str, candidates: Iterable[str]) -> str:
    """A hint such as " Did you mean 'objectives'?", or nothing when no name is near."""
    names = list(candidates)
    same = [name for name in names if name.casefold() == word.casefold()]
    near = same or difflib.get_close_matches(word, names, n=1, cutoff=0.6)
    return f" Did you mean {near[0]!r}?" if near else ""
