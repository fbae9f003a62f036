"""What the environment contracts share: stubborn play, counted evaluations, equal answers."""

from __future__ import annotations

import warnings
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import gymnasium
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pytest

    from dse._columns import IntArray
    from dse.envs._core import DesignTask

_DESIGNS = 3


def shortened(task: DesignTask) -> DesignTask:
    """The same task with three designs per episode, for quick tests."""
    return replace(task, horizon=_DESIGNS * len(task.encoding.turns))


def scan(space: gymnasium.Space[Any], widest: int) -> Any:
    """Actions that name every option of every parameter, of at most `widest` levels each."""
    if isinstance(space, gymnasium.spaces.Discrete):
        return np.arange(space.n)
    if isinstance(space, gymnasium.spaces.MultiDiscrete):
        return np.minimum(np.arange(widest)[:, None], space.nvec - 1)
    axis = np.linspace(space.low, space.high, 2 * widest + 1)
    return axis.astype(space.dtype)


def codes_met(task: DesignTask, actions: Any, number: int) -> IntArray:
    """Codes of the drafts met from home while each row repeats its action; nothing is evaluated.

    Args:
        task: The task.
        actions: As many actions as `number` says.
        number: Rows of the batch.
    """
    state = task.begin(task.evaluate(np.tile(task.home, (number, 1))))
    met = [state.draft]
    for _ in range(max(task.problem.space.shape) * len(task.encoding.turns)):
        state = task.act(state, actions)
        met.append(state.draft)
    return np.concatenate(met)


def assert_every_level(task: DesignTask, met: IntArray) -> None:
    """Each parameter was met at each of its levels."""
    space = task.problem.space
    for j, cardinality in enumerate(space.shape):
        assert set(met[:, j]) == {*range(cardinality)} or cardinality == 1, space.names[j]


@contextmanager
def warnings_are_errors() -> Iterator[None]:
    """Turn every warning into an exception."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


def count_calls(task: DesignTask, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """A list that grows by one entry per call of `compute`: the number of designs."""
    calls: list[int] = []
    compute = task.problem.model.compute

    def counted(designs: Any, *args: Any, **kwargs: Any) -> dict[str, Any]:
        calls.append(max(np.size(column) for column in designs.values()))
        return compute(designs, *args, **kwargs)

    monkeypatch.setattr(task.problem.model, "compute", counted)
    return calls


def assert_same(expected: tuple[Any, ...], found: tuple[Any, ...]) -> None:
    """Two answers of vector environments: arrays, and infos with masks at the end."""
    for one, other in zip(expected[:-1], found[:-1], strict=True):
        np.testing.assert_array_equal(one, other)
    _assert_same_infos(expected[-1], found[-1])


def _assert_same_infos(expected: dict[str, Any], found: dict[str, Any]) -> None:
    for name in (name for name in found if not name.startswith("_")):
        mask = found[f"_{name}"]
        if not mask.any():
            assert name not in expected
            continue
        np.testing.assert_array_equal(expected[f"_{name}"], mask)
        if isinstance(found[name], dict):
            _assert_same_infos(expected[name], found[name])
        else:
            np.testing.assert_array_equal(expected[name][mask], found[name][mask])
