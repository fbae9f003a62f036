"""The design task: what all environments share, as pure functions on batches.

One step is one design: an action names (or moves to) a design, the cost model evaluates it, and a
reward says how good it is. An episode has a fixed number of steps and ends by truncation only.

The observation is a vector of float32 in [-1, 1]; `DesignTask.observation_names` labels it:

================  ======  =====================================================================
part              length  meaning
================  ======  =====================================================================
`design.*`        P       the current design: the centre of its cell in the unit cube, as -1 ... 1
`objective.*`     m       log10(value / reference) / 6, positive is worse; 1 where it has none
`best`            1       the best scalar of the episode / 6 (see `rewards`); -1 before there is one
`feasible`        1       1 if the design has usable metrics, else 0
`violation`       1       v / (1 + v) of the total constraint violation v; 1 without metrics
`workload.*`      F       sign(f) log10(1 + |f|) / 20 of each of the workload's features
`elapsed`         1       share of the episode that is over
================  ======  =====================================================================

Each episode starts at the *home* design: the default of the design space or, if that is not
admissible, the first admissible one (or the least violating one) among a fixed sample. Its
objectives are the reference of all log-ratios.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import gymnasium
import numpy as np

from dse._columns import Columns, FloatArray, IntArray, take
from dse._model import FEASIBLE, REASON
from dse.envs.rewards import DECADES, Outcome, Reward, log_ratios, scalar, share
from dse.errors import InputError

if TYPE_CHECKING:
    from dse._problem import Problem
    from dse.envs._actions import ActionEncoding

_FEATURE_DECADES = 20.0
_HOME_SAMPLES = 4096


@dataclass(frozen=True)
class Evaluated:
    """A flat batch of N evaluated designs.

    Attributes:
        codes: Their codes (N x P).
        metrics: What the cost model returned, N rows.
        values: The objectives in their own units (N x m); NaN without usable metrics.
        log_ratios: Decades worse than the reference (N x m).
        violation: Total constraint violation (N); +inf without usable metrics.
    """

    codes: IntArray
    metrics: Columns
    values: FloatArray
    log_ratios: FloatArray
    violation: FloatArray

    def take(self, rows: Any) -> Evaluated:
        """The given rows (indices, slice or mask)."""
        return Evaluated(
            self.codes[rows],
            take(self.metrics, rows),
            self.values[rows],
            self.log_ratios[rows],
            self.violation[rows],
        )


@dataclass(frozen=True)
class State:
    """Where N environments stand.

    Attributes:
        at: The designs they stand at.
        best: The best scalar of each episode so far (N).
        steps: Steps taken in each episode (N).
    """

    at: Evaluated
    best: FloatArray
    steps: IntArray


@dataclass(frozen=True)
class DesignTask:
    """A problem, told to a learning agent.

    Attributes:
        problem: What to optimise.
        encoding: How actions name designs.
        reward: How good a design is.
        home: Codes of the starting design (P).
        reference: Its objectives (m).
        weights: Weight of each objective (m), summing to 1.
        targets: Wanted value of each objective (m); NaN where the reward needs none.
        horizon: Steps per episode.
    """

    problem: Problem
    encoding: ActionEncoding
    reward: Reward
    home: IntArray
    reference: FloatArray
    weights: FloatArray
    targets: FloatArray
    horizon: int

    # -- evaluation --------------------------------------------------------------------------

    def evaluate(self, codes: IntArray) -> Evaluated:
        """Evaluate N designs (N x P codes) in one call of the cost model."""
        designs = self.problem.space.decode(codes)
        return self._assess(codes, designs, self.problem.model.compute(designs))

    def evaluate_one(self, codes: IntArray) -> Evaluated:
        """Evaluate one design (1 x P codes) with plain floats: NumPy on scalars is slow."""
        parameters = self.problem.space.parameters
        design = {p.name: float(p.levels[c]) for p, c in zip(parameters, codes[0], strict=True)}
        metrics = self.problem.model.compute(design)
        return self._assess(codes, _as_batch(design), _as_batch(metrics))

    def _assess(self, codes: IntArray, designs: Columns, metrics: Columns) -> Evaluated:
        scores = self.problem.score(designs, metrics)
        usable = np.isfinite(scores.violation)
        values = np.where(usable[:, None], self.problem.signs * scores.objectives, np.nan)
        ratios = log_ratios(values, self.reference, self.problem.signs)
        return Evaluated(codes, metrics, values, ratios, scores.violation)

    # -- episodes ----------------------------------------------------------------------------

    def starts(self, n: int, rng: np.random.Generator, *, is_random: bool) -> IntArray:
        """Codes (n x P) of starting designs: random valid ones, or the home design."""
        if is_random and n:
            return self.problem.space.sample_codes(n, rng)
        return np.tile(self.home, (n, 1))

    def begin(self, start: Evaluated) -> State:
        """The state after a reset to these designs."""
        best = np.maximum(self._scalar(start), -DECADES)
        return State(start, best, np.zeros(len(best), dtype=np.int64))

    def advance(self, state: State, reached: Evaluated) -> tuple[State, FloatArray]:
        """The state after one step to these designs, and the rewards (N)."""
        outcome = Outcome(
            reached.values,
            reached.log_ratios,
            reached.violation,
            state.best,
            self.weights,
            self.targets,
        )
        best = np.maximum(self._scalar(reached), state.best)
        return State(reached, best, state.steps + 1), self.reward(outcome)

    def _scalar(self, found: Evaluated) -> FloatArray:
        return scalar(found.log_ratios, self.weights, found.violation)

    # -- what the agent sees -----------------------------------------------------------------

    @cached_property
    def observation_names(self) -> tuple[str, ...]:
        """A label for each entry of the observation."""
        return (
            *(f"design.{name}" for name in self.problem.space.names),
            *(f"objective.{name}" for name in self.problem.objective_names),
            "best",
            "feasible",
            "violation",
            *(f"workload.{name}" for name in self._features),
            "elapsed",
        )

    @cached_property
    def observation_space(self) -> gymnasium.spaces.Box:
        """The box of one observation."""
        return gymnasium.spaces.Box(-1.0, 1.0, (len(self.observation_names),), np.float32)

    def observe(self, state: State) -> Any:
        """Observations of N environments: float32, N x `len(observation_names)`."""
        unit = self.problem.space.unit_of_codes(state.at.codes)
        tail = [
            state.best / DECADES,
            np.isfinite(state.at.violation),
            share(state.at.violation),
            *(np.full(len(state.best), feature) for feature in self._features.values()),
            state.steps / self.horizon,
        ]
        parts = [2.0 * unit - 1.0, state.at.log_ratios / DECADES, np.stack(tail, axis=1)]
        return np.concatenate(parts, axis=1, dtype=np.float32, casting="same_kind")

    @cached_property
    def _features(self) -> dict[str, float]:
        """The workload's features, squashed into [-1, 1]."""
        describe = getattr(self.problem.model.workload, "features", None)
        features = {} if describe is None else describe()
        return {name: _squashed(float(value)) for name, value in features.items()}

    # -- infos -------------------------------------------------------------------------------

    def infos(self, found: Evaluated) -> dict[str, Any]:
        """Infos of N environments in Gymnasium's form: a column and a mask `_name` for each name.

        Every metric under its own name, which carries the unit, masked where the design has none;
        `feasible`, `reason` (a sentence, "" where feasible), `violation`, and the `design` as
        numbers (`problem.space.plain` turns them into what people read).
        """
        columns = {n: np.asarray(c, dtype=np.float64) for n, c in self._metrics(found).items()}
        infos: dict[str, Any] = {**columns, **{f"_{n}": ~np.isnan(c) for n, c in columns.items()}}
        everywhere = {
            FEASIBLE: np.asarray(found.metrics[FEASIBLE], dtype=bool),
            REASON: self._reasons[np.asarray(found.metrics[REASON], dtype=np.int64)],
            "violation": found.violation,
            "design": _masked(self.problem.space.decode(found.codes), len(found.codes)),
        }
        return {**infos, **_masked(everywhere, len(found.codes))}

    def info(self, found: Evaluated) -> dict[str, Any]:
        """Info of one environment: as `infos`, with plain values and without what is masked."""
        metrics = {n: float(c[0]) for n, c in self._metrics(found).items()}
        design = self.problem.space.decode(found.codes)
        return {
            **{name: value for name, value in metrics.items() if not np.isnan(value)},
            FEASIBLE: bool(found.metrics[FEASIBLE][0]),
            REASON: self._reasons[int(found.metrics[REASON][0])],
            "violation": float(found.violation[0]),
            "design": {name: float(column[0]) for name, column in design.items()},
        }

    def _metrics(self, found: Evaluated) -> dict[str, Any]:
        return {name: found.metrics[name] for name in self.problem.model.metric_names}

    @cached_property
    def _reasons(self) -> Any:
        return np.array(self.problem.model.reasons, dtype=object)


def choose_home(problem: Problem) -> tuple[IntArray, FloatArray]:
    """The starting design (P codes) and its objectives (m), the same in every run.

    Raises:
        InputError: Neither the default design nor any of a fixed sample can work.
    """
    space = problem.space
    default = space.encode(space.parse({}))
    codes, objectives, violation = _least_violating(problem, default)
    if violation > 0.0:
        sample = space.sample_codes(_HOME_SAMPLES, np.random.default_rng(0))
        codes, objectives, violation = _least_violating(problem, np.concatenate([default, sample]))
    if not np.isfinite(violation):
        raise InputError(
            f"no feasible design among the default and {_HOME_SAMPLES:,} samples",
            where=type(problem.model).__name__,
            next_step="loosen `space` or `fixed`, or choose another workload",
        )
    return codes, objectives


def _least_violating(problem: Problem, codes: IntArray) -> tuple[IntArray, FloatArray, float]:
    """The first design of least violation, its objectives and its violation."""
    designs = problem.space.decode(codes)
    scores = problem.score(designs, problem.model.compute(designs, problem.wanted))
    row = int(np.argmin(scores.violation))
    return codes[row], problem.signs * scores.objectives[row], float(scores.violation[row])


def _as_batch(values: Columns) -> dict[str, Any]:
    """One design's plain numbers as a batch of length 1."""
    return {name: np.array([value]) for name, value in values.items()}


def _masked(columns: Columns, n: int) -> dict[str, Any]:
    """The columns, each with a mask that is true throughout."""
    return {**columns, **{f"_{name}": np.ones(n, dtype=bool) for name in columns}}


def _squashed(feature: float) -> float:
    decades = np.log10(1.0 + abs(feature)) / _FEATURE_DECADES
    return float(np.copysign(min(decades, 1.0), feature))
