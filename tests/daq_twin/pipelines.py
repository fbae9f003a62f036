"""Pipelines that the twin's tests size and simulate."""

import numpy as np

from workloads.pipelines.reader import from_str
from workloads.pipelines.schema import (
    Gaussian,
    LinkTechnology,
    Node,
    Pipeline,
    Service,
)

SMALL = """
name: small
crossing_rate: 40 MHz
links: {wire: {energy: 10 pJ/bit}}
detectors:
  Tracker: {to: L1, sends: 1 MB, link: wire}
  Muons: {to: L1, sends: 0.25 MB, link: wire}
triggers:
  L1:
    to: Farm
    link: wire
    reduction_ratio: 400
    classifier: {gaussian: {skill: 3, sd: 1}}
    rules: [{accepts: 1, crossings: 3}]
  Farm:
    to: Tape
    link: wire
    reduction_ratio: 20
    classifier: {gaussian: {skill: 4, sd: 1}}
    service: {law: exponential, time: 0.1 ms}
    unit_price: 1000
storage:
  Tape: {}
"""


def small(**replaced):
    """The pipeline above; keywords replace pieces of its text."""
    text = SMALL
    for old, new in replaced.items():
        assert PIECES[old] in text
        text = text.replace(PIECES[old], new)
    return from_str(text, "small.yaml")


PIECES = {
    "l1_rules": "    rules: [{accepts: 1, crossings: 3}]\n",
    "farm_service": "    service: {law: exponential, time: 0.1 ms}\n",
    "rate": "crossing_rate: 40 MHz\n",
    "tape": "  Tape: {}\n",
}


def random_pipeline(seed):
    """A tree with one to three branches, a first trigger without rules, and one to three more."""
    rng = np.random.default_rng(seed)
    wire = LinkTechnology(name="wire", bit_energy_j=rng.uniform(1, 30) * 1e-12)
    nodes = []
    for b in range(rng.integers(1, 4)):
        branch = Node(name=f"branch {b}", kind="processor", target="trigger 0", stage="read-out",
                      link=wire, operations=(0.0, rng.uniform(0, 1e-6)),
                      op_energy_j=rng.uniform(0, 1e-3))  # fmt: skip
        nodes += [
            branch,
            *(_detector(rng, branch.name, i, wire) for i in range(rng.integers(1, 4))),
        ]
    triggers = int(rng.integers(2, 5))
    for t in range(triggers):
        following = "store" if t == triggers - 1 else f"trigger {t + 1}"
        nodes.append(_trigger(rng, t, following, wire))
    nodes.append(Node(name="store", kind="storage", target=None, stage="storage"))
    return Pipeline(name=f"random {seed}", nodes=tuple(nodes), technologies=(wire,))


def _detector(rng, target, number, wire):
    return Node(
        name=f"{target} detector {number}", kind="detector", target=target, stage="front end",
        payload_bytes=((0.0, rng.uniform(1e3, 1e6)),), sample_rate_hz=40e6, link=wire,
    )  # fmt: skip


def _trigger(rng, number, following, wire):
    law = str(rng.choice(["deterministic", "exponential", "lognormal"]))
    return Node(
        name=f"trigger {number}", kind="trigger", target=following, stage=f"level {number}",
        reduction_ratio=float(rng.uniform(20, 200) if number == 0 else rng.uniform(2, 8)),
        classifier=Gaussian(skill=float(rng.uniform(1, 4)), sd=float(rng.uniform(0.5, 1.5))),
        operations=(rng.uniform(0, 2), rng.uniform(0, 1e-6)),
        op_energy_j=float(rng.uniform(0.1, 1.0)), link=wire,
        service=Service(law=law, time_s=float(rng.uniform(0, 1e-4)), time_per_op_s=1e-5),
        payload_bytes=((0.0, rng.uniform(0, 1e5)),),
    )  # fmt: skip
