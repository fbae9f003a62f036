"""Continuous batching: against a simulator that takes every decode step by itself."""

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
    machine,
    random_trace,
    serving,
    tiny,
    trace,
)

from accel_models.attention.serving.continuous import series
from accel_models.attention.serving.decode import step_lines
from accel_models.attention.serving.groups import GroupedTrace
from accel_models.attention.serving.options import ServingOptions
from accel_models.attention.serving.passes import DecodeStep, prefill
from accel_models.attention.serving.timeline import continuous_batching
from dse.errors import InputError

numbers = st.floats(0, 1e3, allow_subnormal=False)


def test_the_largest_line_changes_along_the_steps():
    # max(10, 2j) over j = 0..8: 6 times 10, then 12 14 16
    assert series(np.array([10.0, 0.0]), np.array([0.0, 2.0]), 9.0) == 102


@settings(deadline=None)
@given(st.lists(st.tuples(numbers, numbers), min_size=1, max_size=5), st.integers(0, 200))
def test_series_equals_the_loop(lines, steps):
    intercept, slope = (np.array(column) for column in zip(*lines, strict=True))
    expected = math.fsum(max(a + b * j for a, b in lines) for j in range(steps))
    found = series(intercept, slope, float(steps))
    assert found == pytest.approx(expected, rel=1e-12, abs=1e-300)


def step_by_step(step, requests, prefill_s, room):
    """Iteration-level scheduling, one decode step at a time."""
    constant = np.broadcast_to(step.constant.latency_s, (1, room))[0]
    kinds = [
        (layers, window, step_lines(h, step.machine))
        for (h, window), layers in step.attention.items()
    ]
    now, waiting, batch = requests.arrival_s[0], list(range(len(requests))), []
    first_token, decoding, steps_by_size = {}, {}, np.zeros(room)
    while waiting or batch:
        if not batch:
            now = max(now, requests.arrival_s[waiting[0]])
        if waiting and len(batch) < room and requests.arrival_s[waiting[0]] <= now:
            request = waiting.pop(0)
            now += prefill_s[request]
            first_token[request], decoding[request] = now - requests.arrival_s[request], 0.0
            if requests.generated_tokens[request] > 1:
                batch.append([request, requests.context_tokens[request] + 1, now])
            continue
        now += constant[len(batch) - 1]
        for layers, window, lines in kinds:
            seen = sum(min(t, window or t) for _, t, _ in batch)
            now += layers * max(
                len(batch) * line.intercept.item() + line.slope.item() * seen for line in lines
            )
        steps_by_size[len(batch) - 1] += 1
        for member in batch:
            member[1] += 1
        ended = [
            m for m in batch
            if m[1] == requests.context_tokens[m[0]] + requests.generated_tokens[m[0]]
        ]  # fmt: skip
        decoding |= {request: now - since for request, _, since in ended}
        batch = [m for m in batch if m not in ended]
    order = range(len(requests))
    return [first_token[i] for i in order], [decoding[i] for i in order], steps_by_size


MODELS = {
    "grouped": tiny(GROUPED),
    "windowed": tiny(WINDOWED),
    "latent": tiny(LATENT, MIXTURE),
    "alternating": alternating(),
}


@pytest.mark.parametrize("network", MODELS.values(), ids=MODELS)
@pytest.mark.parametrize("room", [1, 3, 16])
@pytest.mark.parametrize("seed", [0, 1])
def test_equals_the_simulator_step_by_step(network, room, seed):
    requests, on = random_trace(40, seed), machine()
    grouped = GroupedTrace.of(requests)
    prefill_s = grouped.per_request(
        prefill(network, grouped.prompts, on).latency_s, grouped.prompt_of
    )
    step = DecodeStep.of(network, on, np.arange(1.0, room + 1)[np.newaxis])
    found, steps_by_size = continuous_batching(prefill_s, step, room, grouped)
    first_token, decoding, sizes = step_by_step(step, requests, prefill_s[0], room)
    assert found.first_token_s[0] == pytest.approx(first_token, rel=1e-9)
    assert found.decoding_s[0] == pytest.approx(decoding, rel=1e-9)
    assert steps_by_size[0].tolist() == sizes.tolist()


def both(requests, room, **options):
    models = [
        serving(requests=requests, rule=rule, max_batch=room, **options)
        for rule in ("fcfs", "continuous")
    ]
    design = models[0].space.parse({"pe_dim": 64, "global_buffer_bytes": 2**22})
    return [model.evaluate(design, breakdown=True) for model in models]


def test_a_batch_of_one_is_first_come_first_served():
    queue, batch = both(random_trace(60), 1)
    for name, value in queue.items():
        assert batch[name] == pytest.approx(value, rel=1e-9), name


def test_requests_far_apart_do_not_meet():
    requests = trace([100, 200, 300], [5, 6, 7], [0.0, 100.0, 200.0])
    queue, batch = both(requests, 8)
    for name, value in queue.items():
        assert batch[name] == pytest.approx(value, rel=1e-9), name


def test_a_single_token_never_joins_the_batch():
    queue, batch = both(trace([64] * 4, [1, 3, 1, 3]), 8)
    assert batch["busy_s.prefill"] == pytest.approx(queue["busy_s.prefill"], rel=1e-9)
    assert batch["busy_s.decode"] < queue["busy_s.decode"]


def test_a_batch_reads_the_weights_once():
    # 8 requests at once: all prompts first, then 9 steps of 8 together in place of 72
    queue, batch = both(trace([64] * 8, [10] * 8), 8)
    assert batch["busy_s.prefill"] == pytest.approx(queue["busy_s.prefill"], rel=1e-9)
    assert batch["busy_s.decode"] < 0.3 * queue["busy_s.decode"]
    assert batch["energy_per_token_j.macc"] == pytest.approx(queue["energy_per_token_j.macc"])
    assert batch["energy_per_token_j.dram"] < 0.5 * queue["energy_per_token_j.dram"]


def test_a_wider_batch_shortens_the_wait_of_a_burst():
    requests = trace([64] * 20, [30] * 20)
    waits = [both(requests, room)[1]["time_to_first_token_p99_s"] for room in (1, 2, 8)]
    assert waits == sorted(waits, reverse=True)


def test_flash_is_refused_in_batches():
    with pytest.raises(InputError, match="with the rule 'continuous'") as caught:
        ServingOptions(rule="continuous", flash="cache")
    assert "isolated or fcfs" in str(caught.value)


@pytest.mark.parametrize("value", [0, -3, 5000])
def test_the_batch_has_a_range(value):
    with pytest.raises(InputError, match=f"option max_batch = {value}") as caught:
        ServingOptions(max_batch=value)
    assert "from 1 to 4,096" in str(caught.value)
