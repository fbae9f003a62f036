"""Evaluation that no model can break: values that are no numbers, impossible ones, exceptions.

Faults 9, 10 and 11 of the reliability suite.
"""

import numpy as np
import pytest
from support.toy import ToyAccelerator, ToyWork

from dse import Evaluation, Metric
from dse._outcomes import GaveUpError, SafeEvaluator, State, join, no_outcome

NEVER = 10**9
METRICS = ("latency_s", "energy_j", "area_mm2", "busy_share", "misses")


class Scripted(ToyAccelerator):
    """The toy, with one metric's value or an exception chosen by the test for some lanes."""

    metrics = (
        *ToyAccelerator.metrics,
        Metric("busy_share", "Utilisation", high=1.0),
        Metric("misses", "Count", high=2.0**32),
    )

    def __init__(self, metric=None, value=None, at_lanes=4.0, error=None):
        super().__init__(ToyWork())
        self.metric, self.value, self.at_lanes, self.error = metric, value, at_lanes, error
        self.calls = 0

    def equations(self, x, ops, wanted):
        self.calls += 1
        hit = x["lanes"] == self.at_lanes
        if self.error is not None and np.any(hit):
            raise self.error
        found = super().equations(x, ops, wanted)
        good = {**found.metrics, "busy_share": 0.5 + 0.0 * x["lanes"], "misses": x["lanes"]}
        if self.metric is not None:
            column = good[self.metric].astype(object)
            column[hit] = self.value
            is_number = isinstance(self.value, (int, float))
            good[self.metric] = column.astype(np.float64) if is_number else column
        return Evaluation(good, found.infeasible, found.parts)


def designs(lanes=(1, 2, 4, 8), style=0.0):
    n = len(lanes)
    return {
        "style": np.full(n, style),
        "lanes": np.array(lanes, dtype=np.float64),
        "banks": np.ones(n),
        "frequency_hz": np.full(n, 1e9),
    }


def evaluate(model, batch=None, limit=NEVER):
    return SafeEvaluator(model, limit)(designs() if batch is None else batch)


def test_good_designs_are_done():
    outcome = evaluate(Scripted())
    assert outcome.state.tolist() == [State.DONE] * 4
    assert outcome.reason == [""] * 4
    assert outcome.metrics["area_mm2"].tolist() == [6.0, 7.0, 9.0, 13.0]


def test_infeasible_designs_have_their_reason():
    outcome = evaluate(Scripted(), designs((1, 2), style=1.0))
    assert outcome.state.tolist() == [State.INFEASIBLE, State.DONE]
    assert outcome.reason == ["the fast style needs at least two lanes", ""]


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        # fault 9: what is no number
        (np.nan, "latency_s is nan, not a finite number"),
        (np.inf, "latency_s is inf, not a finite number"),
        (-np.inf, "latency_s is -inf, not a finite number"),
        (None, "latency_s is None (NoneType), not a number"),
        ("fast", "latency_s is 'fast' (str), not a number"),
        (1 + 2j, "latency_s is (1+2j) (complex), not a number"),
    ],
)
def test_a_value_that_is_no_number_fails_its_design_only(value, reason):
    assert_only_third_failed(evaluate(Scripted("latency_s", value)), reason)


@pytest.mark.parametrize(
    ("metric", "value", "reason"),
    [
        # fault 10: numbers that cannot be
        ("energy_j", -1e-9, "energy_j = -1e-09 is outside [0, inf]"),
        ("misses", 2.0**64 - 2048, "misses = 1.84467e+19 is outside [0, 4.29497e+09]"),
        ("misses", 2**64 - 16, "misses = 1.84467e+19 is outside [0, 4.29497e+09]"),
        ("busy_share", 1.3, "busy_share = 1.3 is outside [0, 1]"),
    ],
)
def test_an_impossible_value_fails_its_design_only(metric, value, reason):
    assert_only_third_failed(evaluate(Scripted(metric, value)), reason)


def assert_only_third_failed(outcome, reason):
    assert outcome.state.tolist() == [State.DONE, State.DONE, State.FAILED, State.DONE]
    assert outcome.reason == ["", "", reason, ""]
    for name in METRICS:
        assert np.isnan(outcome.metrics[name]).tolist() == [False, False, True, False]


def test_whole_columns_of_the_wrong_type_fail_every_design():
    outcome = evaluate(Complex())
    assert set(outcome.state.tolist()) == {State.FAILED}
    assert outcome.reason[0] == "area_mm2 is (6+0j) (complex), not a number"


class Complex(ToyAccelerator):
    """Area with an imaginary part."""

    def __init__(self):
        super().__init__(ToyWork())

    def equations(self, x, ops, wanted):
        found = super().equations(x, ops, wanted)
        return Evaluation({**found.metrics, "area_mm2": found.metrics["area_mm2"] * (1 + 0j)})


# -- fault 11: exceptions


def test_one_of_ten_raises_and_nine_survive():
    lanes = [1, 2, 8, 16, 4, 32, 64, 128, 1, 2]
    outcome = evaluate(Scripted(error=ZeroDivisionError("by zero")), designs(lanes))
    assert (outcome.state == State.DONE).sum() == 9
    assert outcome.state[4] == State.FAILED
    assert outcome.reason[4] == "ZeroDivisionError: by zero"
    assert np.isnan(outcome.metrics["area_mm2"][4])


def test_survivors_of_a_failed_batch_have_the_same_numbers():
    whole = evaluate(Scripted(), designs([1, 2, 8]))
    survivors = evaluate(Scripted(error=ValueError()), designs([1, 2, 8, 4])).rows(slice(3))
    for name in METRICS:
        assert np.array_equal(whole.metrics[name], survivors.metrics[name])


def test_the_traceback_is_kept_once_per_reason():
    outcome = evaluate(Scripted(error=ValueError("bad\nsecond line")), designs([4, 4, 1]))
    assert list(outcome.tracebacks) == ["ValueError: bad"]
    assert "in equations" in outcome.tracebacks["ValueError: bad"]


def test_an_exception_without_a_message_has_a_reason():
    assert evaluate(Scripted(error=KeyError()), designs([4])).reason == ["KeyError: no message"]


@pytest.mark.parametrize(
    "error", [SystemExit(3), KeyboardInterrupt(), MemoryError(), RecursionError()]
)
def test_no_exception_of_the_model_escapes(error):
    outcome = evaluate(Scripted(error=error))
    assert outcome.state.tolist() == [State.DONE, State.DONE, State.FAILED, State.DONE]
    assert outcome.reason[2].startswith(type(error).__name__)


def test_a_missing_metric_is_a_failure_as_well():
    outcome = evaluate(Silent(ToyWork()), designs([1, 2]))
    assert outcome.reason[0].startswith("ModelContractError: Silent did not return the metric")


class Silent(ToyAccelerator):
    """Returns nothing."""

    def equations(self, x, ops, wanted):
        return Evaluation({})


@pytest.mark.parametrize("limit", [1, 5])
def test_equal_exceptions_end_the_search_after_exactly_so_many(limit):
    model = Scripted(error=ValueError("broken"))
    with pytest.raises(GaveUpError, match=f"{limit} equal failures in a row: ValueError: broken"):
        evaluate(model, designs([4] * 20), limit)
    # the batch itself, then design by design
    assert model.calls == 1 + limit


def test_what_was_evaluated_before_giving_up_is_kept():
    with pytest.raises(GaveUpError) as caught:
        evaluate(Scripted(error=ValueError("broken")), designs([4] * 20), 5)
    outcome = caught.value.outcome
    assert outcome.state.tolist() == [State.FAILED] * 5
    assert list(outcome.tracebacks) == ["ValueError: broken"]


def test_a_model_that_has_worked_may_have_a_bad_corner_of_any_size():
    outcome = evaluate(Scripted(error=ValueError("broken")), designs([1, 2, *[4] * 20]), 5)
    assert outcome.state.tolist() == [State.DONE] * 2 + [State.FAILED] * 20


def test_the_count_goes_on_after_an_interruption():
    model = Scripted(error=ValueError("broken"))
    before = SafeEvaluator(model, 5)
    known = join([before(designs([4])) for _ in range(4)])
    resumed = SafeEvaluator(model, 5)
    resumed.learn(known)
    with pytest.raises(GaveUpError, match="5 equal failures"):
        resumed(designs([4]))


def test_equal_failures_are_counted_across_batches():
    evaluator = SafeEvaluator(Scripted(error=ValueError("broken")), 5)
    for _ in range(4):
        evaluator(designs([4]))
    with pytest.raises(GaveUpError, match="5 equal failures"):
        evaluator(designs([4]))


def test_a_success_in_between_starts_the_count_again():
    evaluator = SafeEvaluator(Scripted(error=ValueError("broken")), 3)
    for _ in range(5):
        evaluator(designs([4, 4, 1]))


def test_equal_values_that_are_no_numbers_end_the_search_too():
    with pytest.raises(GaveUpError, match="3 equal failures in a row: latency_s is nan"):
        evaluate(Scripted("latency_s", np.nan), designs([4, 4, 4, 4]), 3)


# -- handling outcomes


def test_searchers_are_told_what_they_can_trust():
    told = evaluate(Scripted("latency_s", np.nan)).told()
    assert told["feasible"].tolist() == [True, True, False, True]
    assert set(told) == {*METRICS, "feasible"}


def test_an_empty_outcome():
    outcome = no_outcome(("latency_s",))
    assert len(outcome) == 0
    assert outcome.told()["feasible"].tolist() == []


def test_outcomes_are_joined_in_order():
    first = evaluate(Scripted(), designs([1]))
    second = evaluate(Scripted(error=ValueError("bad")), designs([4]))
    joined = join([first, second])
    assert joined.state.tolist() == [State.DONE, State.FAILED]
    assert joined.reason == ["", "ValueError: bad"]
    assert list(joined.tracebacks) == ["ValueError: bad"]


def test_rows_are_selected():
    outcome = evaluate(Scripted("latency_s", np.nan)).rows([3, 2])
    assert outcome.metrics["area_mm2"][0] == 13.0
    assert outcome.state.tolist() == [State.DONE, State.FAILED]
