"""The files of a study folder: made whole or not at all, and read with clear errors."""

from __future__ import annotations

import fcntl
import json
import os
import platform
import shutil
import sys
import time
from contextlib import contextmanager
from importlib import metadata
from typing import TYPE_CHECKING, Any

import yaml

from dse.errors import EnvironmentRefusal, StudyError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

JOB = "study.yaml"
ENVIRONMENT = "environment.json"
LEDGER = "study.db"
_LOCK = "study.lock"
_PACKAGES = (
    "accel-dse",
    "numpy",
    "moocore",
    "pymoo",
    "ray",
    "scipy",
    "gymnasium",
    "stable-baselines3",
)


def make_folder(folder: Path, fill: Callable[[Path], None]) -> None:
    """Make a study folder under another name, and give it its own once it is complete.

    Args:
        folder: The folder; must not exist, or be empty.
        fill: Writes the files into the folder it is given.

    Raises:
        StudyError: The folder is a file, or holds something.
        EnvironmentRefusal: It cannot be written.
    """
    try:
        _demand_free(folder)
        partial = (folder if folder.exists() else folder.parent) / f".{folder.name}.{os.getpid()}"
        partial.mkdir(parents=True)
        try:
            fill(partial)
            _move(partial, folder)
        finally:
            shutil.rmtree(partial, ignore_errors=True)
    except OSError as error:
        raise EnvironmentRefusal(
            f"the study cannot be written: {error.strerror or error}",
            where=str(folder.absolute()),
            next_step="make room, or give another folder with --study",
        ) from None


def _move(partial: Path, folder: Path) -> None:
    if not folder.exists():
        partial.rename(folder)
        return
    for file in sorted(partial.iterdir()):  # an empty folder stays: it may be a mounted disk
        file.rename(folder / file.name)


def _demand_free(folder: Path) -> None:
    if folder.exists() and not folder.is_dir():
        raise StudyError(
            "the study folder is a file", where=str(folder), next_step="give another with --study"
        )
    if folder.exists() and any(folder.iterdir()):
        raise StudyError(
            "the study folder exists already",
            where=str(folder),
            next_step=f"`dse resume {folder}` goes on with it; "
            "`--study DIR` or another `study:` name starts anew",
        )


def write_job(folder: Path, resolved: dict[str, Any]) -> None:
    """Write the resolved job."""
    text = yaml.safe_dump(resolved, sort_keys=False, allow_unicode=True)
    (folder / JOB).write_text(text, encoding="utf-8")


def write_environment(folder: Path, resolved: dict[str, Any], model_version: str) -> None:
    """Write versions, machine and seeds."""
    found = {
        "python": sys.version.split()[0],
        "machine": platform.machine(),
        "system": platform.system(),
        "processors": os.cpu_count(),
        "versions": {name: _version(name) for name in _PACKAGES},
        "model_version": model_version,
        "seeds": [entry["seeds"] for entry in resolved["search"]],
    }
    (folder / ENVIRONMENT).write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "not installed"


def read_job(folder: Path) -> dict[str, Any]:
    """The resolved job of a study.

    Raises:
        StudyError: Not a study folder, or its files are damaged.
    """
    if not ((folder / JOB).is_file() and (folder / LEDGER).is_file()):
        raise StudyError(
            f"not a study folder: {JOB} and {LEDGER} are not both there",
            where=str(folder.absolute()),
            next_step="`dse run JOB.yaml` makes one",
        )
    return _read_mapping(folder / JOB, yaml.safe_load, yaml.YAMLError)


def read_environment(folder: Path) -> dict[str, Any]:
    """Versions, machine and seeds at the start of a study.

    Raises:
        StudyError: The file is missing or damaged.
    """
    return _read_mapping(folder / ENVIRONMENT, json.loads, ValueError)


def _read_mapping(
    path: Path, parse: Callable[[str], Any], malformed: type[Exception]
) -> dict[str, Any]:
    try:
        found = parse(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, malformed) as error:
        raise damaged(path, str(error).splitlines()[0]) from None
    if not isinstance(found, dict):
        raise damaged(path, "not a mapping")
    return found


def damaged(path: Path, why: str) -> StudyError:
    """The error for a file of a study that was changed by someone else."""
    return StudyError(
        f"this file of the study is damaged: {why}",
        where=str(path),
        allowed="the file as `dse run` wrote it",
        next_step="restore it, or run the job again as a new study",
    )


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold a study's lock; the kernel frees it however the process ends.

    Raises:
        EnvironmentRefusal: Another process is running the study, or the folder is read-only.
    """
    try:
        file = (folder / _LOCK).open("a+", encoding="utf-8")
    except OSError as error:
        raise EnvironmentRefusal(
            f"the study cannot be written: {error.strerror}", where=str(folder.absolute())
        ) from None
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            raise EnvironmentRefusal(
                f"the study is being run by {file.read().strip() or 'another process'}",
                where=str(folder),
                next_step="wait for it, or end that process, then `dse resume`",
            ) from None
        file.truncate(0)
        started = time.strftime("%Y-%m-%d %H:%M:%S")
        file.write(f"process {os.getpid()} on {platform.node()} since {started}")
        file.flush()
        yield
