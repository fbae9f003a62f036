"""A toy accelerator small enough to enumerate by hand: 256 designs, two objectives."""

from dataclasses import dataclass

from dse import Choice, CostModel, DesignSpace, Evaluation, Integer, Metric, PowerOfTwo, Problem


@dataclass(frozen=True)
class ToyWork:
    """How many operations to run."""

    operations: float = 1024.0

    def features(self) -> dict[str, float]:
        return {"operations": self.operations}


@dataclass(frozen=True)
class ToyOptions:
    memory_energy_j: float = 2.0


class ToyAccelerator(CostModel):
    """Operations spread over lanes; a larger buffer saves traffic and costs area."""

    env_id = "dse-test/Toy-v0"
    version = "1"
    workload_type = ToyWork
    Options = ToyOptions
    metrics = (
        Metric("latency_s", "Time for all operations"),
        Metric("energy_j", "Energy for all operations", parts=("compute", "memory")),
        Metric("area_mm2", "Silicon area"),
    )
    default_objectives = {"latency_s": "min", "area_mm2": "min"}
    infeasibilities = ("the fast style needs at least two lanes",)

    @property
    def space(self):
        return DesignSpace(
            (
                Choice("style", ("slow", "fast"), doc="Adder style", group="compute"),
                PowerOfTwo("lanes", 1, 128, doc="Parallel lanes", group="compute"),
                Integer("banks", 1, 4, doc="Buffer banks", group="memory"),
                Choice("frequency_hz", (1e9, 5e8, 2e9, 2.5e8), doc="Clock", group="clock"),
            )
        )

    def equations(self, x, ops, wanted):
        speed = ops.where(x["style"] == 1, 2.0, 1.0)
        lanes, banks = x["lanes"], x["banks"]
        latency = (
            self.workload.operations
            / (speed * ops.minimum(lanes, 32.0 * banks))
            / x["frequency_hz"]
        )
        compute = self.workload.operations * speed * 1.0
        memory = self.options.memory_energy_j * self.workload.operations / banks
        return Evaluation(
            metrics={
                "latency_s": latency,
                "energy_j": compute + memory,
                "area_mm2": lanes * speed * speed + 4.0 * banks + x["frequency_hz"] * 1e-9,
            },
            infeasible=((x["style"] == 1) & (lanes < 2),),
            parts={"energy_j.compute": compute, "energy_j.memory": memory},
        )


def toy_problem(constraints=(), objectives=None, space=None):
    """The toy accelerator as a problem."""
    model = ToyAccelerator(ToyWork())
    return Problem.of(model, objectives, constraints, space)
