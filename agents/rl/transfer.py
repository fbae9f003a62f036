"""Carrying a learned policy from one search to another.

    from agents.rl import transfer

    transfer.save("studies/bert", run=0, path="bert.policy.json")

A search with the setting `warm_start: bert.policy.json` (or the study folder itself) begins with
that policy, as far as the two workloads are alike: with delta the cosine distance of their
features, the policy pi becomes pi^a with

    a = 1 - 1 / (1 + exp(-s (delta - th)))

(retrieval-guided search of ABC-RL, arXiv 2401.12205; th = 0.007 and s = 100 in its code). The most
likely design of the policy stays the most likely one; a foreign workload is explored anew.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from agents.rl._context import workload_features
from dse.errors import EnvironmentRefusal, InputError, StudyError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from agents.rl._searcher import Learner, OneShotSearcher
    from dse import DesignSpace
    from dse._study import Study

__all__ = ["SavedPolicy", "begin_with", "cosine_distance", "retrieval_exponent", "save"]

_FORMAT = "accel-dse policy 1"


@dataclass(frozen=True)
class SavedPolicy:
    """A policy and where it comes from.

    Attributes:
        searcher: Name of the searcher that learned it.
        parameters: Name -> number of levels, of the parameters that it names.
        features: The workload's features, as a policy sees them.
        settings: The searcher's settings.
        learner: Networks, as text.
    """

    searcher: str
    parameters: dict[str, int]
    features: list[float]
    settings: dict[str, Any]
    learner: str

    @classmethod
    def of(cls, study: Study, run: int) -> SavedPolicy:
        """The policy of a search of a study, as of its last checkpoint.

        Raises:
            StudyError: There is no such search, or it has no policy.
        """
        where = str(study.folder)
        runs = study.store.runs()
        if not 0 <= run < len(runs):
            raise StudyError(f"no search {run}", where=where, allowed=f"0 to {len(runs) - 1}")
        checkpoint = study.store.checkpoint(run)
        state = checkpoint["searcher"] if checkpoint else {}
        if "learner" not in state:
            what = f"search {run} ({runs[run].searcher}) has no policy"
            raise StudyError(what, where=where, allowed="a reinforcement-learning search that ran")
        settings = study.resolved["search"][runs[run].entry]["settings"]
        features = workload_features(study.problem).tolist()
        names = _choices(study.problem.space)
        return cls(runs[run].searcher, names, features, settings, state["learner"])

    @classmethod
    def read(cls, path: Path, searcher: type) -> SavedPolicy:
        """From a file, or from a study folder: of its first search with this searcher.

        Raises:
            InputError: It is neither, or damaged.
        """
        return _of_folder(path, searcher) if path.is_dir() else _of_file(path)


def save(study: str | Path, run: int, path: str | Path) -> None:
    """Write the policy that a search has learned to a file.

    Args:
        study: The study folder.
        run: Number of the search within the study.
        path: The file.

    Raises:
        StudyError: Not a study, no such search, or one that has no policy.
        EnvironmentRefusal: The file cannot be written.
    """
    from dse._study import Study

    policy = SavedPolicy.of(Study(Path(study)), run)
    text = json.dumps({"format": _FORMAT, **asdict(policy)}, indent=1)
    try:
        Path(path).write_text(text + "\n", encoding="utf-8")
    except OSError as error:
        what = f"the policy cannot be written: {error.strerror}"
        raise EnvironmentRefusal(what, where=str(path)) from None


def begin_with(searcher: OneShotSearcher, learner: Learner, space: DesignSpace) -> float:
    """Let a searcher begin with the policy that its settings name.

    Args:
        searcher: Whose settings name it.
        learner: Of the searcher.
        space: Its parameters that have a choice.

    Returns:
        The exponent: how far the policy is trusted.

    Raises:
        InputError: The policy cannot be read, or is about something else.
    """
    from agents.rl._torch import unpack_tensors

    path, s = searcher.settings.warm_start, searcher.settings
    assert path is not None
    policy = SavedPolicy.read(path, type(searcher))
    _demand_same(policy, path, type(searcher), space)
    features = workload_features(searcher.problem).tolist()
    distance = cosine_distance(policy.features, features)
    trust = retrieval_exponent(distance, s.retrieval_threshold, s.retrieval_sharpness)
    try:
        learner.start_from(unpack_tensors(policy.learner), trust)
    except (RuntimeError, KeyError, ValueError, EOFError):
        raise InputError(
            "the policy's networks are of another shape than those of the settings",
            where=str(path),
            allowed=f"the settings it was trained with: {policy.settings}",
        ) from None
    return trust


def cosine_distance(first: Sequence[float], second: Sequence[float]) -> float:
    """1 - cosine of the angle between two feature vectors, in [0, 2]; 0 where there are none.

    Vectors of different length have nothing in common: distance 1.
    """
    a, b = np.array(first), np.array(second)
    if a.shape != b.shape:
        return 1.0
    length = float(np.linalg.norm(a) * np.linalg.norm(b))
    return max(0.0, 1.0 - float(a @ b) / length) if length else float(a.any() != b.any())


def retrieval_exponent(
    distance: float, threshold: float = 0.007, sharpness: float = 100.0
) -> float:
    """How far a policy is trusted, in (0, 1): 1 - 1 / (1 + exp(-s (delta - th))).

    With the constants that the code of ABC-RL has, 0.668 for the same workload, 0.5 at the
    threshold and 0.013 at a distance of 0.05.

    ABC-RL, arXiv 2401.12205, section on retrieval-guided search.

    Args:
        distance: delta, of the workloads.
        threshold: th; the exponent is one half there.
        sharpness: s.
    """
    from scipy.special import expit

    return float(expit(-sharpness * (distance - threshold)))


def _choices(space: DesignSpace) -> dict[str, int]:
    """Name -> number of levels, of the parameters with a choice."""
    return {p.name: p.cardinality for p in space.parameters if p.cardinality > 1}


def _of_file(path: Path) -> SavedPolicy:
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        what = f"the policy cannot be read: {error.strerror}"
        raise InputError(what, where=str(path), next_step="name a policy file or a study") from None
    except ValueError as error:
        raise _no_policy(path, str(error)) from None
    if not isinstance(data, dict) or data.pop("format", None) != _FORMAT:
        raise _no_policy(path, f"its format is not {_FORMAT!r}")
    try:
        return SavedPolicy(**data)
    except TypeError:
        raise _no_policy(path, "keys are missing or unknown") from None


def _of_folder(folder: Path, searcher: type) -> SavedPolicy:
    from dse._plugins import load
    from dse._study import Study

    study = Study(folder)
    for info in study.store.runs():
        if load("searchers", info.searcher) is searcher:
            return SavedPolicy.of(study, info.run)
    found = ", ".join(dict.fromkeys(info.searcher for info in study.store.runs()))
    raise StudyError(
        "no search of the study has used this searcher", where=str(folder), allowed=f"here: {found}"
    )


def _no_policy(path: Path, why: str) -> InputError:
    next_step = "write one with agents.rl.transfer.save"
    return InputError(f"not a policy file: {why}", where=str(path), next_step=next_step)


def _demand_same(policy: SavedPolicy, path: Path, searcher: type, space: DesignSpace) -> None:
    """Demand a policy of the same searcher over the same parameters."""
    from dse._plugins import load

    if load("searchers", policy.searcher) is not searcher:
        what = f"the policy was learned by {policy.searcher!r}"
        raise InputError(what, where=str(path), allowed="a policy of the searcher that uses it")
    expected = _choices(space)
    if policy.parameters != expected:
        differing = dict(policy.parameters.items() ^ expected.items())
        raise InputError(
            f"the policy is about other parameters: {', '.join(sorted(differing))}",
            where=str(path),
            allowed=", ".join(f"{name} ({count} levels)" for name, count in expected.items()),
        )
