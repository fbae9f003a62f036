"""What every searcher must do, as a class of tests that a plug-in's tests inherit.

    class TestMySearcher(SearcherContract):
        searcher_type = MySearcher

The tests are plain pytest methods with assertions; nothing here needs pytest to be imported.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from dse import (
    Choice,
    CostModel,
    DesignSpace,
    Evaluation,
    Integer,
    Metric,
    Ops,
    PowerOfTwo,
    Problem,
    Rule,
    Searcher,
)
from dse._columns import Columns, FloatArray, IntArray, batch_length

_BARREN_BATCHES = 50  # in a row without a new design, after which a search has ended


@dataclass(frozen=True)
class History:
    """What a search did.

    Attributes:
        codes: Distinct designs in the order of their evaluation (N x P).
        objectives: Their objectives, minimised (N x m); +inf where unusable.
        violation: Their constraint violations (N).
        ended: Whether the searcher had nothing left before the budget was spent.
    """

    codes: IntArray
    objectives: FloatArray
    violation: FloatArray
    ended: bool


def drive(searcher: Searcher, budget: int) -> History:
    """Ask and tell until `budget` distinct designs were evaluated, or nothing new comes.

    Args:
        searcher: A new one, or one that was restored.
        budget: Distinct designs to evaluate in this call.
    """
    problem = searcher.problem
    seen: dict[tuple[int, ...], tuple[FloatArray, float]] = {}
    barren, ended = 0, False
    while len(seen) < budget and not ended:
        designs = searcher.ask(min(searcher.batch_size, budget - len(seen)))
        before = len(seen)
        if batch_length(designs):
            metrics = problem.model.compute(designs)
            searcher.tell(designs, metrics)
            scores = problem.score(designs, metrics)
            codes = map(tuple, problem.space.encode(designs).tolist())
            rows = zip(codes, scores.objectives, scores.violation.tolist(), strict=True)
            for code, objectives, violation in rows:
                seen.setdefault(code, (objectives, violation))
        barren = 0 if len(seen) > before else barren + 1
        ended = not batch_length(designs) or barren >= _BARREN_BATCHES
    return _history(problem, seen, ended)


def _history(
    problem: Problem, seen: dict[tuple[int, ...], tuple[FloatArray, float]], ended: bool
) -> History:
    codes = np.array(list(seen), dtype=np.int64).reshape(-1, len(problem.space.shape))
    objectives = np.array([found for found, _ in seen.values()])
    violation = np.array([amount for _, amount in seen.values()])
    return History(codes, objectives.reshape(-1, len(problem.objectives)), violation, ended)


@dataclass(frozen=True)
class SampleWork:
    """A workload without content."""


class SampleModel(CostModel):
    """A small accelerator with two objectives, a rule, and designs that cannot work."""

    env_id = "dse-testing/Sample-v0"
    version = "1"
    workload_type = SampleWork
    metrics = (Metric("latency_s", "Time"), Metric("area_mm2", "Area"))
    default_objectives: ClassVar[dict[str, str]] = {"latency_s": "min", "area_mm2": "min"}
    infeasibilities = ("the narrow style needs a single bank",)

    @property
    def space(self) -> DesignSpace:
        """400 designs, of which the rule leaves 370."""
        parameters = (
            Choice("style", ("wide", "narrow"), doc="Style of the lanes"),
            PowerOfTwo("lanes", 1, 128, doc="Lanes"),
            Integer("banks", 1, 5, doc="Banks"),
            Choice("fixed", (7,), doc="One level only"),
            Choice("frequency_hz", (1e9, 5e8, 2e9, 2.5e8, 4e9), doc="Clock"),
        )
        rule = Rule("banks <= 2 * lanes", lambda x: x["banks"] <= 2 * x["lanes"])
        return DesignSpace(parameters, (rule,))

    def equations(self, x: Columns, ops: Ops, wanted: frozenset[str]) -> Evaluation:  # noqa: ARG002
        """More lanes are faster and larger, up to what the banks can feed."""
        used = ops.minimum(x["lanes"], 16.0 * x["banks"])
        latency = 1e3 / used / x["frequency_hz"]
        area = x["lanes"] + 4.0 * x["banks"] + x["frequency_hz"] * 1e-9
        infeasible = (x["style"] == 1) & (x["banks"] > 1)
        return Evaluation({"latency_s": latency, "area_mm2": area}, (infeasible,))


class BrokenModel(SampleModel):
    """No design works."""

    def equations(self, x: Columns, ops: Ops, wanted: frozenset[str]) -> Evaluation:
        """The sample's metrics, every design infeasible."""
        found = super().equations(x, ops, wanted)
        return Evaluation(found.metrics, (x["lanes"] > 0,))


class SilentModel(SampleModel):
    """Every second number of lanes gives metrics that are not numbers."""

    def equations(self, x: Columns, ops: Ops, wanted: frozenset[str]) -> Evaluation:
        """The sample's metrics with holes in them."""
        found = super().equations(x, ops, wanted)
        hole = (x["lanes"] == 2) | (x["lanes"] == 8) | (x["lanes"] == 32)
        latency = ops.where(hole, float("nan"), found.metrics["latency_s"])
        return Evaluation({**found.metrics, "latency_s": latency}, found.infeasible)


class SearcherContract:
    """Inherit this class, name your searcher, and pytest runs the contract.

    Attributes:
        searcher_type: The searcher under test.
        settings: Its settings; the defaults if None.
        one_objective: Whether it solves problems with one objective.
        several_objectives: Whether it solves problems with several.
    """

    searcher_type: ClassVar[type[Searcher]]
    settings: ClassVar[Any] = None
    one_objective: ClassVar[bool] = True
    several_objectives: ClassVar[bool] = True

    def problem(
        self,
        model_type: type[CostModel] = SampleModel,
        constraints: tuple[str, ...] = (),
        narrow: dict[str, list[Any]] | None = None,
    ) -> Problem:
        """A problem with as many objectives as the searcher supports."""
        model = model_type(SampleWork())
        names = ("latency_s", "area_mm2") if self.several_objectives else ("latency_s",)
        space = model.space.narrowed(narrow or {})
        return Problem.of(model, dict.fromkeys(names, "min"), constraints, space)

    def searcher(self, problem: Problem, seed: int = 0, budget: int = 120) -> Searcher:
        """A new searcher."""
        return self.searcher_type(problem, np.random.default_rng(seed), budget, self.settings)

    # -- what it proposes ----------------------------------------------------------------------

    def test_proposals_lie_in_the_space(self) -> None:
        """Every column, only levels of the parameter, and no rule is broken."""
        problem = self.problem()
        searcher = self.searcher(problem)
        for _ in range(4):
            designs = searcher.ask(searcher.batch_size)
            assert set(designs) == set(problem.space.names)
            for parameter in problem.space.parameters:
                assert np.isin(designs[parameter.name], parameter.levels).all()
            assert np.all(problem.space.holds(designs))
            searcher.tell(designs, problem.model.compute(designs))

    def test_batches_are_never_longer_than_asked(self) -> None:
        """`ask(n)` gives at most n designs, for n down to 1."""
        problem = self.problem()
        searcher = self.searcher(problem)
        for n in (5, 1, 2, 7, 1):
            asked = min(n, searcher.batch_size)
            designs = searcher.ask(asked)
            assert 0 < batch_length(designs) <= asked
            searcher.tell(designs, problem.model.compute(designs))

    def test_batch_size_is_at_least_one_and_within_the_budget(self) -> None:
        """Also where the budget is tiny."""
        for budget in (1, 3, 100):
            assert 1 <= self.searcher(self.problem(), budget=budget).batch_size <= budget

    def test_budget_is_spent_on_distinct_designs(self) -> None:
        """A space with enough designs never runs dry, and never stalls on repeats."""
        assert len(drive(self.searcher(self.problem()), 120).codes) == 120

    # -- reproducibility -----------------------------------------------------------------------

    def test_same_seed_same_search(self) -> None:
        """Randomness comes from the generator only."""
        first, second = (drive(self.searcher(self.problem(), seed=3), 100) for _ in range(2))
        assert np.array_equal(first.codes, second.codes)

    def test_different_seeds_differ_if_the_seed_is_used(self) -> None:
        """`uses_seed` tells the truth."""
        first, second = (drive(self.searcher(self.problem(), seed=s), 100) for s in (1, 2))
        assert np.array_equal(first.codes, second.codes) != self.searcher_type.uses_seed

    def test_resumed_search_goes_on_identically(self) -> None:
        """State as JSON plus the generator's state are all there is, after any batch."""
        for batches in (0, 1, 2, 5):
            searcher = self.searcher(self.problem())
            for _ in range(batches):
                designs = searcher.ask(searcher.batch_size)
                searcher.tell(designs, searcher.problem.model.compute(designs))
            resumed = self.resumed(searcher)
            expected, found = drive(searcher, 60), drive(resumed, 60)
            assert np.array_equal(expected.codes, found.codes)
            assert resumed.diagnostics() == searcher.diagnostics()

    def test_diagnostics_are_columns_of_numbers_over_evaluations(self) -> None:
        """Of equal length, JSON-able, and `evaluations` never falls; or there are none."""
        searcher = self.searcher(self.problem())
        drive(searcher, 120)
        columns = json.loads(json.dumps(searcher.diagnostics(), allow_nan=False))
        if columns:
            axis = np.array(columns["evaluations"])
            assert (np.diff(axis) >= 0).all()
            for values in columns.values():
                assert np.array(values, dtype=np.float64).shape == axis.shape

    def resumed(self, searcher: Searcher) -> Searcher:
        """The same search, in what might be another process."""
        state = json.loads(json.dumps(searcher.state_dict()))
        rng = np.random.default_rng(999)
        rng.bit_generator.state = searcher.rng.bit_generator.state
        copy = self.searcher_type(searcher.problem, rng, searcher.budget, self.settings)
        rng.bit_generator.state = searcher.rng.bit_generator.state
        copy.load_state_dict(state)
        return copy

    # -- hard cases ----------------------------------------------------------------------------

    def test_survives_a_space_without_feasible_designs(self) -> None:
        """All objectives are +inf then."""
        history = drive(self.searcher(self.problem(BrokenModel)), 120)
        assert len(history.codes) == 120
        assert np.isinf(history.objectives).all()

    def test_survives_metrics_that_are_not_numbers(self) -> None:
        """A failed design is one result among others."""
        history = drive(self.searcher(self.problem(SilentModel)), 120)
        assert np.isinf(history.violation).any()
        assert np.isfinite(history.objectives).any()

    def test_ends_in_a_space_of_one_design(self) -> None:
        """It proposes the design, and then nothing new."""
        narrow = {
            p.name: [p.plain(p.levels[-1])] for p in SampleModel(SampleWork()).space.parameters
        }
        history = drive(self.searcher(self.problem(narrow=narrow)), 120)
        assert len(history.codes) == 1
        assert history.ended

    def test_ends_in_a_space_smaller_than_the_budget(self) -> None:
        """And every design of it has been proposed."""
        problem = self.problem(narrow={"lanes": [4, 8], "frequency_hz": [1e9, 2e9]})
        history = drive(self.searcher(problem), 120)
        assert len(history.codes) == problem.space.size == 40
        assert history.ended

    def test_finds_an_admissible_design_under_a_constraint(self) -> None:
        """A third of the designs satisfy it, so half the space is more than enough."""
        problem = self.problem(constraints=("area_mm2 <= 20",))
        history = drive(self.searcher(problem, budget=200), 200)
        assert (history.violation == 0.0).any()

    # -- objectives ----------------------------------------------------------------------------

    def test_solves_one_objective(self) -> None:
        """If it claims to."""
        if self.one_objective:
            problem = Problem.of(SampleModel(SampleWork()), {"area_mm2": "min"})
            assert len(drive(self.searcher(problem), 120).codes) == 120

    def test_solves_several_objectives_in_both_directions(self) -> None:
        """If it claims to."""
        if self.several_objectives:
            directions = {"latency_s": "min", "area_mm2": "max"}
            problem = Problem.of(SampleModel(SampleWork()), directions)
            assert len(drive(self.searcher(problem), 120).codes) == 120
