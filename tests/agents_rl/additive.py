"""A toy whose subsystems do not depend on each other: the optimum is known, and rare."""

from types import MappingProxyType

import numpy as np
from support.toy import ToyWork

from dse import Choice, CostModel, DesignSpace, Evaluation, Metric, Problem
from dse.testing.searcher_contract import drive

BEST = (1, 4, 2, 0, 3, 5)
LEVELS = 6


class Additive(CostModel):
    """Latency 2 ** (sum of the distances of all knobs to their best levels)."""

    env_id = "dse-test/Additive-v0"
    version = "1"
    workload_type = ToyWork
    metrics = (Metric("latency_s", "Time"),)
    default_objectives = MappingProxyType({"latency_s": "min"})

    @property
    def space(self):
        return DesignSpace(
            tuple(
                Choice(f"knob_{i}", tuple(range(LEVELS)), group=f"pair_{i // 2}")
                for i in range(len(BEST))
            )
        )

    def equations(self, x, ops, wanted):
        distance = sum(abs(x[f"knob_{i}"] - best) for i, best in enumerate(BEST))
        return Evaluation({"latency_s": 2.0**distance})


def additive_problem(operations=1024.0):
    return Problem.of(Additive(ToyWork(operations)))


def additive_search(searcher_type, seed=0, budget=160, **settings):
    """A searcher on the toy."""
    chosen = searcher_type.Settings(**settings)
    return searcher_type(additive_problem(), np.random.default_rng(seed), budget, chosen)


def distances(searcher, budget=160):
    """Distance from the optimum of every design that a search evaluates, in order."""
    return np.log2(drive(searcher, budget).objectives[:, 0])
