"""What holds for every pipeline: random trees of detectors, branches and triggers."""

import numpy as np
import pytest
from daq_cases import SMALL

from accel_models.daq.outcome import Contingency
from accel_models.daq.pipeline import DAQPipeline
from dse._ops import FLOATS
from dse.errors import WorkloadError
from workloads.pipelines.reader import from_str
from workloads.pipelines.schema import FrontEnd, Gaussian, LinkTechnology, Node, Pipeline

WIRE = LinkTechnology(name="wire", bit_energy_j=1e-11)


def random_pipeline(seed, *, filters=False):
    """Detectors that send to hubs, hubs to a chain of triggers, and that to storage."""
    rng = np.random.default_rng(seed)
    hubs = [f"Hub {i}" for i in range(rng.integers(1, 4))]
    triggers = [f"Trigger {i}" for i in range(rng.integers(1, 4))]
    front_end = FrontEnd(reduction_ratio=2.0, classifier=Gaussian(skill=2.0), enabled=True)
    nodes = [
        Node(
            name=f"Detector {i}", kind="detector", stage="front end", link=WIRE,
            target=hubs[i % len(hubs)], payload_bytes=((0.0, float(rng.uniform(1e2, 1e5))),),
            front_end=front_end if filters and rng.random() < 0.5 else None,
        )
        for i in range(len(hubs) + rng.integers(0, 4))
    ]  # fmt: skip
    nodes += [
        Node(name=h, kind="processor", target=triggers[0], stage="hubs", link=WIRE) for h in hubs
    ]
    nodes += [
        Node(
            name=name, kind="trigger", target=target, stage="triggers", link=WIRE,
            reduction_ratio=float(rng.uniform(2, 30)),
            classifier=Gaussian(skill=float(rng.uniform(0.5, 5)), sd=float(rng.uniform(0.5, 2))),
            operations=tuple(rng.uniform(0, 1, 2)), op_energy_j=float(rng.uniform(1e-6, 1e-3)),
        )
        for name, target in zip(triggers, [*triggers[1:], "Disk"], strict=True)
    ]  # fmt: skip
    nodes.append(Node(name="Disk", kind="storage", target=None, stage="Disk"))
    order = rng.permutation(len(nodes))
    return Pipeline(name=f"random {seed}", nodes=tuple(nodes[i] for i in order))


def default_of(pipeline):
    model = DAQPipeline(pipeline)
    return model, model.space.parse({})


@pytest.mark.parametrize("seed", range(100))
def test_precision_is_recall_and_below_one(seed):
    model, x = default_of(random_pipeline(seed))
    found = model.evaluate(x)
    assert found["precision"] == pytest.approx(found["recall"], rel=1e-9)
    assert found["f1"] == pytest.approx(found["recall"], rel=1e-9)
    assert 0.0 < found["precision"] < 1.0


@pytest.mark.parametrize("seed", range(30))
def test_events_and_data_are_conserved_behind_filters(seed):
    model, x = default_of(random_pipeline(seed, filters=True))
    found = model.states(x, FLOATS)
    counts = Contingency.of(found)
    total = counts.TN + counts.FN + counts.FP + counts.TP
    assert total == pytest.approx(model.workload.crossing_rate_hz, rel=1e-9)
    for hub in (node for node in model.workload.nodes if node.kind == "processor"):
        sent = [found.states[n.name].output for n in model.workload.inputs(hub.name)]
        arriving = sum(s.message_bytes(FLOATS) * s.rate_hz for s in sent)
        state = found.states[hub.name]
        assert state.message_bytes * state.rate_hz == pytest.approx(arriving, rel=1e-9)


@pytest.mark.parametrize("seed", range(10))
def test_parts_sum_to_the_power(seed):
    model, x = default_of(random_pipeline(seed, filters=True))
    found = model.evaluate(x, breakdown=True)
    parts = sum(column for name, column in found.items() if name.startswith("power_w."))
    assert parts == pytest.approx(found["power_w"], rel=1e-9)


def test_a_trigger_needs_a_classifier():
    pipeline = from_str(SMALL)
    bare = Node(name="Gate", kind="trigger", target="Disk", stage="Gate", link=WIRE)
    nodes = tuple(bare if node.name == "Gate" else node for node in pipeline.nodes)
    with pytest.raises(WorkloadError, match="Gate has no classifier"):
        Pipeline(name="bare", nodes=nodes)
