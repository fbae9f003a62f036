"""A whole trace: grouped against one request after the other, waiting, percentiles, limits."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from serving_cases import (
    GROUPED,
    LATENT,
    MIXTURE,
    WINDOWED,
    alternating,
    random_trace,
    serving,
    tiny,
    trace,
)

from accel_models.attention.serving.groups import GroupedTrace
from accel_models.attention.serving.waiting import percentiles, waiting_times_s
from dse.errors import WorkloadError
from workloads.language.catalogue import language_model
from workloads.requests.served import ServedRequests

MODELS = {
    "grouped": tiny(GROUPED),
    "windowed": tiny(WINDOWED),
    "latent-experts": tiny(LATENT, MIXTURE),
    "alternating": alternating(),
}


def designs(model, count=4, seed=1):
    space = model.space.narrowed({"pe_dim": [32, 64], "global_buffer_bytes": [2**20, 2**22]})
    return space.sample(count, np.random.default_rng(seed))


def one_by_one(model, network, requests, x):
    """Each request as a trace of its own on an idle machine: prefill, decode, energy; R x D."""
    found = []
    for context, generated in zip(requests.context_tokens, requests.generated_tokens, strict=True):
        alone = serving(network, trace([context], [generated]), rule="isolated")
        found.append(alone.evaluate(x, breakdown=True))
    return {
        name: np.array([row[name] for row in found])
        for name in ("busy_s.prefill", "busy_s.decode", "energy_j")
    }


@pytest.mark.parametrize("network", MODELS.values(), ids=MODELS)
def test_grouping_changes_nothing(network):
    requests = random_trace(60)
    model = serving(network, requests, rule="isolated")
    x = designs(model)
    found, alone = model.evaluate(x, breakdown=True), one_by_one(model, network, requests, x)
    service = alone["busy_s.prefill"] + alone["busy_s.decode"]
    stepping = requests.generated_tokens > 1
    steps = requests.generated_tokens[stepping, np.newaxis] - 1
    expected = {
        "energy_j": alone["energy_j"].sum(axis=0),
        "busy_s": service.sum(axis=0),
        "time_to_first_token_mean_s": alone["busy_s.prefill"].mean(axis=0),
        "time_to_first_token_p99_s": np.sort(alone["busy_s.prefill"], axis=0)[59],
        "request_latency_p50_s": np.sort(service, axis=0)[29],
        "time_per_output_token_mean_s": alone["busy_s.decode"].sum(axis=0) / steps.sum(),
        "time_per_output_token_p99_s": np.sort(
            alone["busy_s.decode"][stepping] / steps, axis=0
        )[math.ceil(0.99 * len(steps)) - 1],
    }  # fmt: skip
    for name, column in expected.items():
        assert found[name] == pytest.approx(column, rel=1e-12), name


@pytest.mark.parametrize("network", MODELS.values(), ids=MODELS)
def test_waiting_requests_follow_one_another(network):
    requests = random_trace(60)
    model = serving(network, requests, rule="fcfs")
    x = designs(model)
    found, alone = model.evaluate(x), one_by_one(model, network, requests, x)
    service = alone["busy_s.prefill"] + alone["busy_s.decode"]
    free = np.zeros(service.shape[1])
    first_token, latency = np.empty_like(service), np.empty_like(service)
    for request, arrival in enumerate(requests.arrival_s):
        start = np.maximum(arrival, free)
        free = start + service[request]
        first_token[request] = start + alone["busy_s.prefill"][request] - arrival
        latency[request] = free - arrival
    assert found["time_to_first_token_p50_s"] == pytest.approx(
        np.sort(first_token, axis=0)[29], rel=1e-9
    )
    assert found["request_latency_p99_s"] == pytest.approx(np.sort(latency, axis=0)[59], rel=1e-9)
    span = free - requests.arrival_s[0]
    assert found["tokens_per_s"] == pytest.approx(requests.total_generated_tokens / span, rel=1e-9)
    assert found["utilisation"] == pytest.approx(service.sum(axis=0) / span, rel=1e-9)


def test_blocks_of_designs_change_nothing(monkeypatch):
    model = serving()
    x = designs(model, 20)
    whole = model.evaluate(x)
    monkeypatch.setattr("accel_models.attention.serving.model._ELEMENTS", 100)
    for name, column in model.evaluate(x).items():
        assert np.array_equal(column, whole[name])


def test_waiting_by_hand():
    # service 3, 3, 1; arrivals 0, 1, 10: the second waits 2, the third meets an idle machine
    waits = waiting_times_s(np.array([[3.0, 3.0, 1.0]]), np.array([0.0, 1.0, 10.0]))
    assert waits.tolist() == [[0.0, 2.0, 0.0]]


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(st.floats(0, 10), st.floats(0, 10), st.floats(0, 10)), min_size=1, max_size=40
    )
)
def test_waiting_is_lindleys_recursion(requests):
    gaps, *services = (np.array(column) for column in zip(*requests, strict=True))
    arrival = np.cumsum(gaps)
    waits = waiting_times_s(np.stack(services), arrival)
    for service, found in zip(services, waits, strict=True):
        free = arrival[0]
        for time, duration, wait in zip(arrival, service, found, strict=True):
            start = max(time, free)
            assert wait == pytest.approx(start - time, abs=1e-9)
            free = start + duration


def test_percentiles_are_values_that_occur():
    values = np.arange(1.0, 11.0)[np.newaxis]
    assert [p.item() for p in percentiles(values, (0.5, 0.99, 1.0))] == [5.0, 10.0, 10.0]


def test_groups_hold_every_request():
    requests = random_trace(200)
    grouped = GroupedTrace.of(requests)
    assert (grouped.prompts[0, grouped.prompt_of] == requests.context_tokens).all()
    assert (grouped.steps[0, grouped.answer_of] == requests.generated_tokens - 1).all()
    assert grouped.prompt_counts.sum() == grouped.answer_counts.sum() == 200


@settings(deadline=None)
@given(st.integers(1, 300), st.integers(1, 60), st.one_of(st.none(), st.integers(1, 400)))
def test_contexts_of_an_answer_add_up(context, generated, window):
    grouped = GroupedTrace.of(trace([context], [generated]))
    steps = range(context + 1, context + generated)
    assert grouped.contexts(window).item() == sum(min(t, window or t) for t in steps)


def test_isolated_requests_never_wait():
    model = serving(rule="isolated")
    found = model.evaluate(designs(model))
    assert (found["waiting_mean_s"] == 0).all()
    assert found["utilisation"] == pytest.approx(1, rel=1e-12)


def test_a_single_token_needs_no_step():
    model = serving(requests=trace([100, 200], [1, 1]))
    found = model.evaluate(model.space.parse({}), breakdown=True)
    assert found["busy_s.decode"] == found["time_per_output_token_p99_s"] == 0


def test_an_idle_machine_leaks():
    late = serving(requests=trace([100, 100], [5, 5], [0.0, 1000.0]))
    soon = serving(requests=trace([100, 100], [5, 5]))
    found = [m.evaluate(m.space.parse({}), breakdown=True) for m in (late, soon)]
    ratio = found[0]["energy_per_token_j.leakage"] / found[1]["energy_per_token_j.leakage"]
    assert ratio == pytest.approx(found[1]["tokens_per_s"] / found[0]["tokens_per_s"], rel=1e-9)
    assert found[0]["busy_s"] == pytest.approx(found[1]["busy_s"], rel=1e-12)


@pytest.mark.parametrize(
    "parameter", ["dram_bandwidth_bytes_per_s", "frequency_hz", "buffer_ports", "pe_1d_ratio"]
)
@pytest.mark.parametrize("metric", ["busy_s", "time_to_first_token_p99_s", "request_latency_p99_s"])
def test_more_of_a_resource_is_never_slower(parameter, metric):
    model = serving()
    levels = np.sort(model.space[parameter].levels)
    for base in range(5):
        design = {name: c[base] for name, c in designs(model, 5).items()}
        column = {name: np.full(len(levels), value) for name, value in design.items()}
        times = model.evaluate({**column, parameter: levels})[metric]
        assert (np.diff(times) <= times[:-1] * 1e-12).all()


@settings(max_examples=20, deadline=None)
@given(st.integers(1, 800), st.integers(2, 50))
def test_a_longer_request_takes_longer(context, generated):
    model = serving(requests=trace([context], [generated]))
    longer = serving(requests=trace([context + 100], [generated + 1]))
    design = model.space.parse({"pe_dim": 64})
    assert model.evaluate(design)["busy_s"] < longer.evaluate(design)["busy_s"]


def test_a_small_buffer_is_a_reason():
    model = serving()
    found = model.evaluate(model.space.parse({"pe_dim": 1024, "global_buffer_bytes": 2**18}))
    assert not found["feasible"]
    assert model.reasons[found["reason"]].startswith("the global buffer is too small")


@pytest.mark.parametrize("name", ["bert-base", "t5-small"])
def test_a_network_with_an_encoder_is_refused(name):
    with pytest.raises(WorkloadError, match="has an encoder") as caught:
        ServedRequests(language_model(name), random_trace(3))
    assert "decoder-only" in str(caught.value)
