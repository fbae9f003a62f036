"""From the keyword arguments of `gymnasium.make` to a design task."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypedDict, Unpack

import numpy as np

from dse._build import build_problem
from dse._plugins import load
from dse.envs._actions import find_encoding
from dse.envs._core import DesignTask
from dse.envs._formulations import SINGLE_AGENT, choose
from dse.envs._home import choose_home
from dse.envs.rewards import REWARDS, TARGETED, find_reward
from dse.errors import InputError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from dse._columns import FloatArray
    from dse._problem import Problem
    from dse.envs._actions import ActionEncoding


class TaskArguments(TypedDict, total=False):
    """What `gymnasium.make(id, ...)` takes; everything is optional.

    Attributes:
        model: Name of the cost model; the id brings it.
        model_options: The model's switches.
        workload: Name of the workload; the model's default one if None.
        workload_options: Its arguments.
        objectives: Metric -> "min" or "max"; the model's default objectives if None.
        constraints: For example ["area_mm2 <= 400"].
        space: Parameter -> values to explore: a list, one value, or a range as in a job file.
        fixed: Parameter -> the only value it may have.
        problem: A complete problem, in place of all of the above.
        reward: One of `dse.envs.rewards.REWARDS`; "log_sum" by default.
        weights: Metric -> weight of the objective; equal weights if None. They are normalised.
        targets: Metric -> wanted value; rewards "target" and "archgym" need one for each
            objective.
        formulation: "one-shot" (default), "local" or "sequential"; see
            `dse.envs._formulations`.
        action: An action encoding of the formulation; its first one if None. Naming the encoding
            alone is enough: each belongs to one formulation.
        horizon: Steps per episode; by default enough for 16 designs, and in the local
            formulation for every design. A multiple of the steps that one design takes.
    """

    model: str | None
    model_options: Mapping[str, Any]
    workload: str | None
    workload_options: Mapping[str, Any]
    objectives: Mapping[str, str] | None
    constraints: Sequence[str]
    space: Mapping[str, Any]
    fixed: Mapping[str, Any]
    problem: Problem | None
    reward: str
    weights: Mapping[str, float] | None
    targets: Mapping[str, float] | None
    formulation: str | None
    action: str | None
    horizon: int | None


def build_task(**arguments: Unpack[TaskArguments]) -> DesignTask:
    """Build a design task.

    Args:
        arguments: See `TaskArguments`.

    Raises:
        InputError: An argument has a wrong value; the message says which.
        TypeError: There is no such argument. SB3 tries `render_mode` and expects this answer.
    """
    require_known(arguments, TaskArguments)
    problem = build_task_problem(arguments)
    asked = arguments.get("formulation"), arguments.get("action")
    _, action = choose(SINGLE_AGENT, *asked)
    return complete_task(arguments, problem, find_encoding(action, problem.space))


def complete_task(
    arguments: TaskArguments, problem: Problem, encoding: ActionEncoding
) -> DesignTask:
    """The task over a problem, with the reward and the episodes that the arguments ask for."""
    reward = find_reward(arguments.get("reward", "log_sum"))
    weights = _weights(problem, arguments.get("weights"))
    targets = _targets(problem, arguments.get("targets"), is_needed=reward in TARGETED)
    horizon = _checked_horizon(arguments.get("horizon"), len(encoding.turns))
    home, reference = choose_home(problem)
    steps = encoding.horizon(home) if horizon is None else horizon
    return DesignTask(problem, encoding, reward, home, reference, weights, targets, steps)


def require_known(names: Iterable[str], arguments: type) -> None:
    """Refuse an argument that a typed dictionary of arguments does not have.

    Raises:
        TypeError: There is no such argument.
    """
    known = arguments.__annotations__
    for name in names:
        if name not in known:
            hint = did_you_mean(name, known)
            raise TypeError(f"unexpected argument {name!r}.{hint} Allowed: {', '.join(known)}.")


OF_PROBLEM = (
    "model_options",
    "workload",
    "workload_options",
    "objectives",
    "constraints",
    "space",
    "fixed",
)
"""The arguments that a complete `problem` replaces, beside `model`."""


def build_task_problem(arguments: TaskArguments) -> Problem:
    """The problem that the arguments name, or bring.

    Raises:
        InputError: There is none, or too much is given.
    """
    problem = arguments.get("problem")
    model = arguments.get("model")
    of_problem: dict[str, Any] = {k: v for k, v in arguments.items() if k in OF_PROBLEM}
    if problem is None:
        if model is None:
            raise InputError("neither `model` nor `problem`", allowed="one of them")
        return build_problem(model=model, **of_problem)
    if of_problem:
        raise InputError(
            f"`problem` together with {', '.join(sorted(of_problem))}",
            allowed="either a complete `problem`, or the arguments that build one",
        )
    if model is not None:
        _require_model(problem, model)
    return problem


def _require_model(problem: Problem, name: str) -> None:
    """An id stands for one model: it must not run another one's problem."""
    if not isinstance(problem.model, load("models", name)):
        raise InputError(
            f"`problem` is about {type(problem.model).__name__}, but the id stands for {name!r}",
            next_step=f"use the id {type(problem.model).env_id!r}, or `dse.envs.single.make`",
        )


def _weights(problem: Problem, weights: Mapping[str, float] | None) -> FloatArray:
    """The weight of each objective, summing to 1."""
    given = dict.fromkeys(problem.objective_names, 1.0) if weights is None else weights
    values = np.array(_by_objective(problem, given, "weights"))
    if not np.isfinite(values).all() or (values < 0.0).any() or values.sum() == 0.0:
        raise InputError(
            f"weights {dict(given)}", allowed="finite numbers, none negative, not all zero"
        )
    return np.asarray(values / values.sum(), dtype=np.float64)


def _targets(
    problem: Problem, targets: Mapping[str, float] | None, *, is_needed: bool
) -> FloatArray:
    """The target of each objective; NaN where none is needed."""
    if not is_needed:
        if targets:
            with_targets = [name for name, reward in REWARDS.items() if reward in TARGETED]
            others = [name for name in REWARDS if name not in with_targets]
            raise InputError(
                "targets without the reward that uses them",
                allowed=f"reward {' or '.join(with_targets)}; no targets for {', '.join(others)}",
            )
        return np.full(len(problem.objectives), np.nan)
    values = np.array(_by_objective(problem, targets or {}, "targets"))
    if not (np.isfinite(values) & (values > 0.0)).all():
        raise InputError(f"targets {dict(targets or {})}", allowed="finite numbers above zero")
    return values


def _by_objective(problem: Problem, given: Mapping[str, float], what: str) -> list[float]:
    """The values in the order of the objectives, one for each."""
    names = problem.objective_names
    for name in given:
        if name not in names:
            hint = did_you_mean(name, names)
            raise InputError(f"{what}: {name!r} is no objective.{hint}", allowed=", ".join(names))
    missing = [name for name in names if name not in given]
    if missing:
        raise InputError(f"{what}: none for {', '.join(missing)}", allowed="one for each objective")
    return [_number(what, name, given[name]) for name in names]


def _number(what: str, name: str, value: Any) -> float:
    try:
        return float(value)
    except (TypeError, ValueError):
        raise InputError(f"{what}: {name} = {value!r}", allowed="a number") from None


def _checked_horizon(horizon: int | None, turns: int) -> int | None:
    if horizon is None:
        return None
    if not isinstance(horizon, int) or isinstance(horizon, bool) or horizon < 1:
        raise InputError(f"horizon {horizon!r}", allowed="a whole number of steps, at least 1")
    if horizon % turns:
        raise InputError(
            f"horizon {horizon}, but each design takes {turns} steps",
            allowed=f"a multiple of {turns}",
            next_step=f"for {horizon} designs per episode, horizon={horizon * turns}",
        )
    return horizon
