"""The search loop: budgets, duplicates, ends, and going on after a cut at any step."""

import json
from dataclasses import replace
from itertools import islice

import numpy as np
import pytest
from support.studies import resolved_job

from dse import _search
from dse._outcomes import State, join
from dse._plugins import distribution_name, entry_points
from dse._steps import Known
from dse._tasks import SearchTask

SEARCHERS = [
    name
    for name, point in entry_points("searchers").items()
    if distribution_name(point) == "accel-dse"
]


@pytest.fixture
def fine_steps(monkeypatch):
    """Steps of one design each, and a checkpoint after every batch."""
    monkeypatch.setattr(_search, "_SLICE_S", 0.0)
    monkeypatch.setattr(_search, "_FIRST_SLICE", 1)
    monkeypatch.setattr(_search, "_CHECKPOINT_S", -1.0)


def task_of(folder, searcher, budget=40, seed=5, **changes):
    entry = {"searcher": searcher, "budget": budget, "seeds": [seed]}
    if searcher == "genetic":
        changes["objectives"] = {"latency_s": "min"}
    return SearchTask(0, resolved_job(folder, entry, **changes), 0, seed)


def known_from(steps):
    """What a ledger that recorded these steps knows."""
    states = [step.checkpoint for step in steps if step.checkpoint is not None]
    checkpoint = json.loads(json.dumps(states[-1])) if states else None
    codes = np.concatenate([step.codes for step in steps])
    return Known(codes, join([step.outcome for step in steps]), checkpoint)


def assert_same(steps, expected):
    found, wanted = known_from(steps), known_from(expected)
    np.testing.assert_array_equal(found.codes, wanted.codes)
    np.testing.assert_array_equal(found.outcome.state, wanted.outcome.state)
    for name, column in wanted.outcome.metrics.items():
        np.testing.assert_array_equal(found.outcome.metrics[name], column)
    assert found.checkpoint == wanted.checkpoint
    assert steps[-1].finished == expected[-1].finished


@pytest.mark.parametrize("searcher", SEARCHERS)
def test_cut_after_any_step_gives_the_same_search(tmp_path, fine_steps, searcher):
    task = task_of(tmp_path, searcher, budget=20)
    whole = list(task.steps())
    for k in (1, 2, 3, 5, 8, 12, 17, len(whole) - 1):
        before = list(islice(task.steps(), k))
        after = list(replace(task, known=known_from(before)).steps())
        assert_same(before + after, whole)


def test_cut_twice_gives_the_same_search(tmp_path, fine_steps):
    task = task_of(tmp_path, "nsga2", budget=60)
    first = list(islice(task.steps(), 17))
    second = list(islice(replace(task, known=known_from(first)).steps(), 9))
    third = list(replace(task, known=known_from(first + second)).steps())
    assert_same(first + second + third, list(task.steps()))


@pytest.mark.parametrize("searcher", SEARCHERS)
def test_slices_do_not_change_a_search(tmp_path, monkeypatch, searcher):
    coarse = list(task_of(tmp_path, searcher).steps())
    monkeypatch.setattr(_search, "_SLICE_S", 0.0)
    monkeypatch.setattr(_search, "_FIRST_SLICE", 3)
    assert_same(list(task_of(tmp_path, searcher).steps()), coarse)


@pytest.mark.parametrize("searcher", SEARCHERS)
def test_budget_counts_distinct_designs(tmp_path, searcher):
    known = known_from(list(task_of(tmp_path, searcher, budget=50).steps()))
    assert len(known.codes) == 50
    assert len(np.unique(known.codes, axis=0)) == 50


def test_positions_are_consecutive(tmp_path, fine_steps):
    steps = [step for step in task_of(tmp_path, "nsga2").steps() if len(step.codes)]
    assert [step.position for step in steps] == list(range(40))


def test_end_when_the_budget_is_spent(tmp_path):
    assert list(task_of(tmp_path, "random").steps())[-1].finished == "budget spent"


def test_end_when_the_space_is_exhausted(tmp_path):
    steps = list(task_of(tmp_path, "random", budget=1000, space={"a": [1], "b": [1]}).steps())
    assert len(known_from(steps).codes) == 16
    assert steps[-1].finished == "budget spent"


def test_end_when_nothing_new_comes(tmp_path, monkeypatch):
    """A searcher that repeats itself is not asked for ever."""
    task = task_of(tmp_path, "random")

    class Parrot(_search.load("searchers", "random")):
        def ask(self, n):
            return self.problem.space.at(np.array([7, 7, 7]))

    monkeypatch.setattr(_search, "load", lambda kind, name: Parrot)
    steps = list(task.steps())
    assert len(known_from(steps).codes) == 1
    assert steps[-1].finished == "no new design in 100 proposals in a row"


def test_duplicates_are_told_from_the_ledger(tmp_path, monkeypatch):
    task = task_of(tmp_path, "random", budget=2)
    told = []

    class Repeater(_search.load("searchers", "random")):
        def ask(self, n):
            return self.problem.space.at(np.array([100, 100] if not told else [100, 200]))

        def tell(self, designs, metrics):
            told.append(metrics["latency_s"])

    monkeypatch.setattr(_search, "load", lambda kind, name: Repeater)
    list(task.steps())
    assert told[0][0] == told[0][1] == told[1][0]


def test_generator_depends_on_name_and_seed_only():
    draw = _search.search_rng("random", 1).random()
    assert _search.search_rng("random", 1).random() == draw
    assert _search.search_rng("sobol", 1).random() != draw
    assert _search.search_rng("random", 2).random() != draw


def test_failed_designs_count_and_are_never_told_as_good(tmp_path):
    task = task_of(tmp_path, "exhaustive", budget=256, work={"fault": "nan"})
    outcome = known_from(list(task.steps())).outcome
    assert np.count_nonzero(outcome.state == State.FAILED) == 16
    told = outcome.told()
    assert not told["feasible"][outcome.state == State.FAILED].any()


def test_ledger_grows_beyond_its_first_room(tmp_path, monkeypatch, fine_steps):
    monkeypatch.setattr(_search, "_ROOM", 2)
    assert len(known_from(list(task_of(tmp_path, "nsga2").steps())).codes) == 40
