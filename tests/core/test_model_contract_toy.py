"""The toy accelerator keeps the contract, and the contract catches models that do not."""

import numpy as np
import pytest
from support.toy import ToyAccelerator, ToyWork

from dse import Evaluation, Metric
from dse.testing.model_contract import ModelContract


class TestToy(ModelContract):
    def model(self):
        return ToyAccelerator(ToyWork())


class Impure(ToyAccelerator):
    """Every call is slower than the last."""

    def equations(self, x, ops, wanted):
        self.calls = getattr(self, "calls", 0) + 1
        found = super().equations(x, ops, wanted)
        return Evaluation(
            {**found.metrics, "latency_s": found.metrics["latency_s"] * self.calls},
            found.infeasible,
            found.parts,
        )


class Meddler(ToyAccelerator):
    """Writes into its input."""

    def equations(self, x, ops, wanted):
        if isinstance(x["lanes"], np.ndarray):
            x["lanes"][...] = 1.0
        return super().equations(x, ops, wanted)


class Batchwise(ToyAccelerator):
    """Compares a design with the rest of its batch."""

    def equations(self, x, ops, wanted):
        found = super().equations(x, ops, wanted)
        area = found.metrics["area_mm2"] + np.ravel(x["lanes"])[0]
        return Evaluation({**found.metrics, "area_mm2": area}, found.infeasible, found.parts)


class Leaky(ToyAccelerator):
    """A part of the energy is missing from the breakdown."""

    def equations(self, x, ops, wanted):
        found = super().equations(x, ops, wanted)
        parts = {**found.parts, "energy_j.memory": 0.0 * x["banks"]}
        return Evaluation(found.metrics, found.infeasible, parts)


class Negative(ToyAccelerator):
    """Gains energy."""

    def equations(self, x, ops, wanted):
        found = super().equations(x, ops, wanted)
        metrics = {**found.metrics, "energy_j": -found.metrics["energy_j"]}
        return Evaluation(metrics, found.infeasible, found.parts)


class Talkative(ToyAccelerator):
    """Returns a metric that it does not declare."""

    def equations(self, x, ops, wanted):
        found = super().equations(x, ops, wanted)
        metrics = {**found.metrics, "noise": x["lanes"]}
        return Evaluation(metrics, found.infeasible, found.parts)


class Unitless(ToyAccelerator):
    """Energy in who knows what."""

    metrics = (*ToyAccelerator.metrics, Metric("total_energy", "Energy"))


class Picojoule(ToyAccelerator):
    """Energy in a unit for people."""

    metrics = (*ToyAccelerator.metrics, Metric("refresh_pj", "Energy"))


class NoVersion(ToyAccelerator):
    env_id = "dse-test/Toy"


class Unpicklable(ToyAccelerator):
    def __init__(self, workload, options=None):
        super().__init__(workload, options)
        self.options = lambda: options


class ShapeMinded(ToyAccelerator):
    """Looks at how many axes its columns have."""

    def equations(self, x, ops, wanted):
        found = super().equations(x, ops, wanted)
        area = found.metrics["area_mm2"] + max(np.ndim(x["lanes"]), 1)
        return Evaluation({**found.metrics, "area_mm2": area}, found.infeasible, found.parts)


class LooseOptions(ToyAccelerator):
    class Options:
        """No dataclass."""


DETECTED_BY = [
    (Impure, "test_same_designs_same_bits"),
    (Meddler, "test_inputs_are_left_alone"),
    (Batchwise, "test_rows_do_not_depend_on_each_other"),
    (Batchwise, "test_single_designs_equal_the_flat_batch"),
    (Batchwise, "test_chunks_equal_the_flat_batch"),
    (ShapeMinded, "test_open_grid_equals_the_flat_batch"),
    (Leaky, "test_parts_sum_to_their_metric"),
    (Negative, "test_feasible_designs_have_possible_metrics"),
    (Talkative, "test_returned_metrics_are_the_declared_ones"),
    (Unitless, "test_quantities_carry_their_si_unit"),
    (Picojoule, "test_quantities_carry_their_si_unit"),
    (NoVersion, "test_env_id_names_a_version"),
    (Unpicklable, "test_workload_and_options_survive_the_trip_to_another_process"),
    (LooseOptions, "test_options_are_a_frozen_dataclass_with_defaults"),
]


@pytest.mark.parametrize(
    ("model_type", "test"), DETECTED_BY, ids=[f"{m.__name__}-{t}" for m, t in DETECTED_BY]
)
def test_a_broken_model_is_detected(model_type, test):
    suite = ModelContract()
    suite.model = lambda: model_type(ToyWork())
    with pytest.raises((AssertionError, ValueError, AttributeError, TypeError)):
        getattr(suite, test)()
