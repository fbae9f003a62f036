"""The design task: what all environments share, as pure functions on batches.

A step has two halves. `act` applies the actions to the designs in the making, the *drafts*; where
a draft is then complete (`is_due`), it is evaluated, and `advance` takes it over and says how good
it is. In the one-shot and the local formulation every step completes a design; in the sequential
one a design takes as many steps as the action encoding has turns, and the steps in between
evaluate nothing and earn 0. An episode has a fixed number of steps and ends by truncation only.

The observation is a vector of float32 in [-1, 1]; `DesignTask.observation_names` labels it:

================  ======  =====================================================================
part              length  meaning
================  ======  =====================================================================
`design.*`        P       the design evaluated last: its cell's centre in the unit cube, as -1 ... 1
`objective.*`     m       log10(value / reference) / 6, positive is worse; 1 where it has none
`best`            1       the best scalar of the episode / 6 (see `rewards`); -1 before there is one
`feasible`        1       1 if the design has usable metrics, else 0
`violation`       1       v / (1 + v) of the total constraint violation v; 1 without metrics
`workload.*`      F       sign(f) log10(1 + |f|) / 20 of each of the workload's features
`elapsed`         1       share of the episode that is over
`draft.*`         P       sequential only: the parameters of the draft, 0 where still undecided
`turn.*`          T       sequential only: 1 for whose turn it is, else 0
================  ======  =====================================================================

Each episode starts at the *home* design: the default of the design space or, if that is not
admissible, the first admissible one (or the least violating one) among a fixed sample. Its
objectives are the reference of all log-ratios.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import gymnasium
import numpy as np

from dse._model import FEASIBLE, REASON
from dse.envs._states import Evaluated, State
from dse.envs.rewards import DECADES, Outcome, log_ratios, scalar, share

if TYPE_CHECKING:
    from dse._columns import BoolArray, Columns, FloatArray, IntArray
    from dse._problem import Problem
    from dse.envs._actions import ActionEncoding
    from dse.envs.rewards import Reward

_FEATURE_DECADES = 20.0


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

    def assess(self, codes: IntArray, metrics: Columns) -> Evaluated:
        """Designs (N x P codes) that were evaluated elsewhere, with their metrics (N rows)."""
        return self._assess(codes, self.problem.space.decode(codes), metrics)

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
        return State(start, start.codes, best, np.zeros(len(best), dtype=np.int64))

    def act(self, state: State, actions: Any) -> State:
        """The first half of a step: the drafts that N actions lead to, not yet evaluated.

        Raises:
            InputError: An action lies outside the action space.
        """
        codes = self.encoding.codes(actions, state.draft, self._turn(state))
        return replace(state, draft=codes, steps=state.steps + 1)

    def is_due(self, acted: State) -> BoolArray:
        """Which drafts are complete designs after `act` (N), to be evaluated now."""
        return np.asarray(self._turn(acted) == 0)

    def advance(self, acted: State, reached: Evaluated) -> tuple[State, FloatArray]:
        """The second half of a step.

        Args:
            acted: The state after `act`.
            reached: The complete drafts, `acted.draft[is_due(acted)]`, evaluated.

        Returns:
            The state after the step, and the rewards (N): 0 where no design was complete.
        """
        due = self.is_due(acted)
        at = acted.at.updated(due, reached)
        best = np.maximum(self._scalar(at), acted.best)
        rewards = np.where(due, self.reward(self.outcome(acted, at)), 0.0)
        return replace(acted, at=at, best=best), rewards

    def outcome(self, acted: State, at: Evaluated) -> Outcome:
        """What a reward may look at, for the designs (N) reached from a state."""
        return Outcome(
            at.values, at.log_ratios, at.violation, acted.best, self.weights, self.targets
        )

    def step_one(self, state: State, action: Any) -> tuple[State, State, FloatArray]:
        """A whole step of one environment.

        Returns:
            The state after `act`, the state after `advance`, and the reward (1).
        """
        acted = self.act(state, self.encoding.batch_of_one(action))
        reached = self.evaluate_one(acted.draft) if self.is_due(acted)[0] else acted.at.take([])
        return acted, *self.advance(acted, reached)

    def is_over(self, state: State) -> BoolArray:
        """Which episodes have ended (N)."""
        return np.asarray(state.steps >= self.horizon)

    def _turn(self, state: State) -> IntArray:
        return state.steps % len(self.encoding.turns)

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
            *(self._sequential_names if self.is_sequential else ()),
        )

    @property
    def is_sequential(self) -> bool:
        """Whether a design takes several steps."""
        return len(self.encoding.turns) > 1

    @property
    def _sequential_names(self) -> tuple[str, ...]:
        drafts = (f"draft.{name}" for name in self.problem.space.names)
        return (*drafts, *(f"turn.{label}" for label in self.encoding.turns))

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
        if self.is_sequential:
            parts += self._observe_draft(state)
        return np.concatenate(parts, axis=1, dtype=np.float32, casting="same_kind")

    def _observe_draft(self, state: State) -> list[FloatArray]:
        """The parameters decided so far (N x P), and whose turn it is (N x T)."""
        turn = self._turn(state)
        unit = self.problem.space.unit_of_codes(state.draft)
        decided = self._decided_in < turn[:, None]
        return [np.where(decided, 2.0 * unit - 1.0, 0.0), np.eye(len(self.encoding.turns))[turn]]

    @cached_property
    def _decided_in(self) -> IntArray:
        """The turn that decides each parameter (P); any where there is nothing to decide."""
        turn_of = np.zeros(len(self.problem.space.shape), dtype=np.int64)
        for turn, positions in enumerate(self.encoding.turns.values()):
            turn_of[list(positions)] = turn
        return turn_of

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


def _as_batch(values: Columns) -> dict[str, Any]:
    """One design's plain numbers as a batch of length 1."""
    return {name: np.array([value]) for name, value in values.items()}


def _masked(columns: Columns, n: int) -> dict[str, Any]:
    """The columns, each with a mask that is true throughout."""
    return {**columns, **{f"_{name}": np.ones(n, dtype=bool) for name in columns}}


def _squashed(feature: float) -> float:
    decades = np.log10(1.0 + abs(feature)) / _FEATURE_DECADES
    return float(np.copysign(min(decades, 1.0), feature))
