"""What every cost model must do, as a class of tests that a plug-in's tests inherit.

    class TestMyModel(ModelContract):
        def model(self):
            return MyModel(MyWorkload())

The tests are plain pytest methods with assertions; nothing here needs pytest to be imported.
"""

from __future__ import annotations

import math
import pickle
import re
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from dse import Problem
from dse._columns import batch_length
from dse._model import FEASIBLE, REASON
from dse._ops import ARRAYS
from dse.errors import DesignError, WorkloadError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dse import Columns, CostModel, DesignSpace, Metric, Parameter

__all__ = ["ModelContract"]

_ENV_ID = re.compile(r"[\w.-]+/[A-Za-z0-9_.-]+-v\d+")
_QUANTITIES = {
    "time", "latency", "delay", "energy", "power", "area", "bandwidth", "frequency", "traffic",
    "capacity", "voltage", "throughput",
}  # fmt: skip
_NOT_SI = re.compile(r".*_(ns|us|ms|pj|nj|uj|mj|mw|kw|khz|mhz|ghz|kb|mb|gb|kib|mib|gib|um2|cm2)")
_LARGEST_GRID = 3000
_ABSENT = "no such thing"


class ModelContract:
    """Inherit this class, return your model, and pytest runs the contract.

    Attributes:
        samples: How many random designs most tests evaluate, of the default problem and of the
            whole space each.
        part_tolerance: Relative difference allowed between a metric and the sum of its parts.
    """

    samples: ClassVar[int] = 60
    part_tolerance: ClassVar[float] = 1e-9

    def model(self) -> CostModel:
        """The model under test, bound to a workload."""
        raise NotImplementedError

    def problem(self) -> Problem:
        """The model's default problem."""
        model = self.model()
        return Problem.of(model, space=model.space.narrowed(model.default_space))

    def designs(self) -> dict[str, Any]:
        """A flat batch: random designs of the default problem and of the whole space."""
        rng = np.random.default_rng(0)
        problem = self.problem()
        parts = [s.sample(self.samples, rng) for s in (problem.space, problem.model.space)]
        return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}

    def outside(self, parameter: Parameter) -> Any:
        """A value that the parameter must refuse."""
        return float(np.max(parameter.levels)) + 1e30 if parameter.is_ordered else _ABSENT

    # -- what it declares ----------------------------------------------------------------------

    def test_env_id_names_a_version(self) -> None:
        """`namespace/Name-vN`, as Gymnasium wants it."""
        assert _ENV_ID.fullmatch(self.model().env_id)

    def test_version_is_given(self) -> None:
        """Studies record it."""
        assert str(self.model().version).strip()

    def test_options_are_a_frozen_dataclass_with_defaults(self) -> None:
        """So that they can be listed, checked, recorded and shared."""
        options = type(self.model()).Options
        declared = getattr(options, "__dataclass_params__", None)
        assert declared is not None, "no dataclass"
        assert declared.frozen
        assert isinstance(options(), options)

    def test_quantities_carry_their_si_unit(self) -> None:
        """A name that speaks of time, energy or area ends with the unit."""
        model = self.model()
        named: list[Metric | Parameter] = [*model.metrics, *model.space.parameters]
        for declared in named:
            speaks_of_quantity = _QUANTITIES & set(declared.name.split("_"))
            assert declared.unit or not speaks_of_quantity, f"{declared.name} has no unit"
            assert not _NOT_SI.fullmatch(declared.name), f"{declared.name} is not in SI units"

    def test_everything_is_described(self) -> None:
        """Each parameter, metric, rule and infeasibility has a line for people."""
        model = self.model()
        named: list[Metric | Parameter] = [*model.metrics, *model.space.parameters]
        assert all(described.doc.strip() for described in named)
        assert all(rule.doc.strip() for rule in model.space.rules)
        assert all(reason.strip() for reason in model.infeasibilities)

    def test_metrics_have_distinct_names_and_a_range(self) -> None:
        """A range that holds at least one value."""
        model = self.model()
        assert len(set(model.metric_names)) == len(model.metric_names)
        assert all(metric.low <= metric.high for metric in model.metrics)

    def test_default_problem_can_be_posed(self) -> None:
        """Default objectives are metrics; `default_space` narrows parameters of the space."""
        problem = self.problem()
        assert problem.objectives
        for name, values in problem.model.default_space.items():
            assert problem.space[name].cardinality == len(values)

    def test_parameters_have_distinct_levels_and_a_default_among_their_values(self) -> None:
        """So that codes are exact and a design without values given is a design."""
        for parameter in self.model().space.parameters:
            assert len(np.unique(parameter.levels)) == parameter.cardinality
            assert np.all(parameter.contains(parameter.default_number))

    # -- what it returns -----------------------------------------------------------------------

    def test_returned_metrics_are_the_declared_ones(self) -> None:
        """Neither more nor less, and one flag per declared infeasibility."""
        model = self.model()
        wanted = frozenset(model.metric_names)
        found = model.equations(self.designs(), ARRAYS, wanted)
        assert set(found.metrics) == wanted
        assert len(found.infeasible) == len(model.infeasibilities)
        assert set(model.evaluate(self.designs())) == {*wanted, FEASIBLE, REASON}

    def test_default_design_works(self) -> None:
        """What `dse evaluate` prints when no value is given."""
        model = self.model()
        assert model.evaluate(model.space.parse({}))[FEASIBLE]

    def test_single_design_gives_plain_numbers(self) -> None:
        """No arrays, so that a step of an environment stays fast."""
        model = self.model()
        columns = model.evaluate(model.space.parse({}), breakdown=True)
        assert all(np.ndim(value) == 0 for value in columns.values())
        assert not any(isinstance(value, np.ndarray) for value in columns.values())

    def test_feasible_designs_have_possible_metrics(self) -> None:
        """Finite, and within the metric's own limits; some designs are feasible."""
        model = self.model()
        found = model.evaluate(self.designs())
        assert found[FEASIBLE].any()
        for metric in model.metrics:
            _assert_possible(metric, found[metric.name][found[FEASIBLE]])

    def test_infeasible_designs_have_a_reason_and_no_metrics(self) -> None:
        """NaN throughout; the reason's code has a text."""
        model = self.model()
        found = model.evaluate(self.designs())
        assert np.array_equal(found[FEASIBLE], found[REASON] == 0)
        assert found[REASON].max() < len(model.reasons)
        for name in model.metric_names:
            assert np.isnan(found[name][~found[FEASIBLE]]).all(), name

    def test_parts_sum_to_their_metric(self) -> None:
        """For every metric with a breakdown, on every feasible design."""
        model = self.model()
        found = model.evaluate(self.designs(), breakdown=True)
        assert {name for name in found if "." in name} == set(model.part_names)
        works = found[FEASIBLE]
        for metric in model.metrics:
            if metric.parts:
                parts = [found[f"{metric.name}.{part}"][works] for part in metric.parts]
                total = found[metric.name][works]
                error = np.abs(np.sum(parts, axis=0) - total)
                assert np.all(error <= self.part_tolerance * np.abs(total)), metric.name

    # -- one model, three paths ----------------------------------------------------------------

    def test_single_designs_equal_the_flat_batch(self) -> None:
        """Bit by bit."""
        model, designs = self.model(), self.designs()
        flat = model.evaluate(designs, breakdown=True)
        for row in range(batch_length(designs)):
            design = {name: float(column[row]) for name, column in designs.items()}
            _assert_same(model.evaluate(design, breakdown=True), _at(flat, row))

    def test_chunks_equal_the_flat_batch(self) -> None:
        """Bit by bit, also where the last chunk is short."""
        model, designs = self.model(), self.designs()
        flat = model.evaluate(designs, breakdown=True)
        length = model.chunk + 3
        long = {name: np.resize(column, length) for name, column in designs.items()}
        expected = {name: np.resize(column, length) for name, column in flat.items()}
        _assert_same(model.evaluate(long, breakdown=True), expected)

    def test_open_grid_equals_the_flat_batch(self) -> None:
        """Bit by bit, for several random grids."""
        model = self.model()
        rng = np.random.default_rng(1)
        for _ in range(3):
            grid = _random_grid(model.space, rng)
            columns = [c.ravel() for c in np.broadcast_arrays(*grid.values())]
            flat = model.evaluate(dict(zip(grid, columns, strict=True)), breakdown=True)
            found = model.evaluate(grid, breakdown=True)
            _assert_same({name: column.ravel() for name, column in found.items()}, flat)

    def test_empty_batch_gives_empty_columns(self) -> None:
        """A search may have nothing left to ask."""
        model = self.model()
        found = model.evaluate({name: np.empty(0) for name in model.space.names})
        assert all(column.shape == (0,) for column in found.values())

    def test_fewer_metrics_wanted_same_numbers(self) -> None:
        """Leaving out what is not wanted changes nothing else."""
        model, designs = self.model(), self.designs()
        everything = model.compute(designs)
        for name in model.metric_names:
            found = model.compute(designs, frozenset({name}))
            _assert_same(found, {key: everything[key] for key in (name, FEASIBLE, REASON)})

    # -- purity --------------------------------------------------------------------------------

    def test_same_designs_same_bits(self) -> None:
        """The second call, and a second model of the same workload."""
        model, designs = self.model(), self.designs()
        first = model.evaluate(designs, breakdown=True)
        _assert_same(model.evaluate(designs, breakdown=True), first)
        _assert_same(self.model().evaluate(designs, breakdown=True), first)

    def test_rows_do_not_depend_on_each_other(self) -> None:
        """Reversing the batch reverses the results."""
        model, designs = self.model(), self.designs()
        backwards = {name: column[::-1] for name, column in designs.items()}
        expected = {name: column[::-1] for name, column in model.evaluate(designs).items()}
        _assert_same(model.evaluate(backwards), expected)

    def test_inputs_are_left_alone(self) -> None:
        """Read-only columns are enough."""
        designs = self.designs()
        before = {name: column.copy() for name, column in designs.items()}
        for column in designs.values():
            column.setflags(write=False)
        self.model().evaluate(designs, breakdown=True)
        _assert_same(designs, before)

    def test_workload_and_options_survive_the_trip_to_another_process(self) -> None:
        """A model rebuilt from their pickled copies computes the same bits."""
        model, designs = self.model(), self.designs()
        workload, options = pickle.loads(  # noqa: S301 - made right here
            pickle.dumps((model.workload, model.options))
        )
        rebuilt = type(model)(workload, options)
        _assert_same(rebuilt.evaluate(designs), model.evaluate(designs))

    # -- what it refuses -----------------------------------------------------------------------

    def test_unknown_parameter_is_refused(self) -> None:
        """And named."""
        model = self.model()
        error = _refusal(model, {**model.space.parse({}), "no_such_parameter": 1.0})
        assert "no_such_parameter" in str(error)

    def test_missing_parameter_is_refused(self) -> None:
        """Each one by name."""
        model = self.model()
        for name in model.space.names:
            design: dict[str, Any] = model.space.parse({})
            del design[name]
            assert name in str(_refusal(model, design))

    def test_value_outside_is_refused(self) -> None:
        """Alone and as one row of many; the message names the parameter and what is allowed."""
        model = self.model()
        for parameter in model.space.parameters:
            bad = self.outside(parameter)
            for column in (bad, [parameter.plain(parameter.levels[0]), bad]):
                error = _refusal(model, {**model.space.parse({}), parameter.name: column})
                assert parameter.name in str(error)
                assert error.allowed

    def test_value_of_the_wrong_type_is_refused(self) -> None:
        """None, truth values, complex numbers, NaN and infinities are no levels."""
        model = self.model()
        for parameter in model.space.parameters:
            for bad in (None, True, 1j, math.nan, math.inf):
                for column in (bad, np.array([bad])):
                    error = _refusal(model, {**model.space.parse({}), parameter.name: column})
                    assert parameter.name in str(error)

    def test_workload_of_another_kind_is_refused(self) -> None:
        """Before anything is computed."""
        try:
            type(self.model())(object())
        except WorkloadError:
            return
        raise AssertionError("accepts any object as its workload")


def _refusal(model: CostModel, designs: Columns) -> DesignError:
    """The error that evaluating these designs raises."""
    try:
        model.evaluate(designs)
    except DesignError as error:
        return error
    raise AssertionError(f"accepts {dict(designs)}")


def _at(columns: Columns, row: int) -> dict[str, Any]:
    return {name: column[row] for name, column in columns.items()}


def _assert_same(found: Columns, expected: Mapping[str, Any]) -> None:
    """Same columns with the same bits, NaN where NaN is."""
    assert set(found) == set(expected)
    for name, column in found.items():
        assert np.array_equal(column, expected[name], equal_nan=True), name


def _assert_possible(metric: Metric, values: Any) -> None:
    assert np.isfinite(values).all(), metric.name
    assert np.all((values >= metric.low) & (values <= metric.high)), metric.name


def _random_grid(space: DesignSpace, rng: np.random.Generator) -> dict[str, Any]:
    """One axis per parameter, a few random levels each, few enough designs in all."""
    lengths = np.ones(len(space.shape), dtype=np.int64)
    for j in rng.permutation(len(lengths)):
        room = _LARGEST_GRID // int(np.prod(lengths))
        lengths[j] = max(1, min(space.shape[j], int(rng.integers(2, 4)), room))
    levels = [
        rng.choice(p.levels, n, replace=False)
        for p, n in zip(space.parameters, lengths, strict=True)
    ]
    return dict(zip(space.names, np.ix_(*levels), strict=True))
