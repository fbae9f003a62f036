"""A trace served by a batch of designs: times request by request, and counts of the whole trace."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from accel_models.attention.hardware import Activity
from accel_models.attention.serving.passes import DecodeStep, prefill
from accel_models.attention.serving.storage import Storage
from accel_models.attention.serving.timeline import (
    Timeline,
    continuous_batching,
    first_come_first_served,
    isolated,
)

if TYPE_CHECKING:
    from accel_models.attention.serving.gemm import Machine, Work
    from accel_models.attention.serving.groups import GroupedTrace
    from accel_models.attention.serving.options import ServingOptions
    from dse._columns import FloatArray
    from workloads.language.model import LanguageModel


@dataclass(frozen=True)
class Service:
    """What a trace takes on D designs.

    Attributes:
        timeline: When each request gets its tokens.
        work: D x 1, counts of the whole trace.
        flash_bytes: Bytes that the whole trace reads from flash.
    """

    timeline: Timeline
    work: Work
    flash_bytes: float


def serve(
    model: LanguageModel, trace: GroupedTrace, machine: Machine, options: ServingOptions
) -> Service:
    """Serve every request of a trace.

    Args:
        model: The language model.
        trace: The requests.
        machine: D x 1 designs.
        options: The batching rule, and what lives in flash.
    """
    storage = Storage(model, options)
    prompts, prompt_reading = prefill(model, trace.prompts, machine), storage.prompt(trace.prompts)
    prefill_s = trace.per_request(prompts.latency_s + prompt_reading.seconds, trace.prompt_of)
    answers = Answers.of(model, trace, machine, storage)
    if options.rule == "continuous":
        sizes = np.arange(1.0, options.max_batch + 1.0)[np.newaxis]
        step = DecodeStep.of(model, machine, sizes)
        timeline, by_size = continuous_batching(prefill_s, step, options.max_batch, trace)
        steps_work = (step.constant * by_size).summed()
    else:
        decode_s = trace.per_request(answers.seconds, trace.answer_of)
        timeline = (
            isolated(prefill_s, decode_s)
            if options.rule == "isolated"
            else first_come_first_served(prefill_s, decode_s, trace.arrival_s)
        )
        steps_work = answers.steps_work
    return Service(
        timeline=timeline,
        work=(prompts * trace.prompt_counts).summed() + answers.attention_work + steps_work,
        flash_bytes=trace.total_over_prompts(prompt_reading.bytes_read) + answers.flash_bytes,
    )


@dataclass(frozen=True)
class Answers:
    """All decode steps, each answer on its own.

    Attributes:
        seconds: D x V, time of all steps of each distinct answer.
        steps_work: D x 1, counts of all steps of the trace without attention.
        attention_work: D x 1, counts of attention in all steps.
        flash_bytes: Bytes read from flash in all steps.
    """

    seconds: FloatArray
    steps_work: Work
    attention_work: Work
    flash_bytes: float

    @classmethod
    def of(
        cls, model: LanguageModel, trace: GroupedTrace, machine: Machine, storage: Storage
    ) -> Answers:
        """Work out the answers of a trace."""
        step = DecodeStep.of(model, machine)
        steps = trace.total_over_answers(trace.steps)
        contexts = {window: trace.contexts(window) for _, window in step.attention}
        totals = {window: trace.total_over_answers(sums) for window, sums in contexts.items()}
        reading = storage.step() * trace.steps
        for window, sums in contexts.items():
            reading = reading + storage.cache_per_token(window) * sums
        return cls(
            seconds=step.total_time_s(trace.first, trace.last) + reading.seconds,
            steps_work=step.constant * steps,
            attention_work=step.attention_work(steps, totals),
            flash_bytes=trace.total_over_answers(np.asarray(reading.bytes_read)),
        )


def as_activity(work: Work) -> Activity:
    """The counts as FuseMax's equations of energy take them."""
    return Activity(
        compute_s=0.0,
        phases=(),
        busy_1d_s=0.0,
        busy_2d_s={},
        query_bytes=0.0,
        key_value_bytes=0.0,
        output_bytes=0.0,
        score_bytes=work.dram_bytes,
        macc=work.macc,
        add=work.add,
        max=work.max,
        exp=0.0,
        divide=work.divide,
        buffer_read_words=work.buffer_reads,
        buffer_write_words=work.buffer_writes,
        register_reads=work.register_reads,
        register_writes=work.register_writes,
        too_small=False,
    )
