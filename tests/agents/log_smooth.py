"""A larger synthetic accelerator: 62,208 designs, three objectives that span decades."""

from types import MappingProxyType

from support.toy import ToyWork

from dse import Choice, CostModel, DesignSpace, Evaluation, Metric, PowerOfTwo


class LogSmooth(CostModel):
    """A roofline: compute against traffic, which a larger buffer and a better dataflow save."""

    env_id = "dse-test/LogSmooth-v0"
    version = "1"
    workload_type = ToyWork
    metrics = (
        Metric("latency_s", "Time"),
        Metric("energy_j", "Energy"),
        Metric("area_mm2", "Area"),
    )
    default_objectives = MappingProxyType(
        {"latency_s": "min", "energy_j": "min", "area_mm2": "min"}
    )

    @property
    def space(self):
        return DesignSpace(
            (
                PowerOfTwo("pes", 16, 4096),
                PowerOfTwo("buffer_bytes", 2.0**14, 2.0**22),
                PowerOfTwo("bandwidth_bytes_per_s", 2.0**30, 2.0**37),
                Choice("frequency_hz", (2e8, 3e8, 4.5e8, 6.5e8, 9.4e8, 1.2e9, 1.6e9, 2e9)),
                Choice("dataflow", ("input", "weight", "output")),
                Choice("bits", (4, 8, 12, 16)),
            )
        )

    def equations(self, x, ops, wanted):
        work = self.workload.operations * 1e9
        clock, bits = x["frequency_hz"], x["bits"]
        rows = ops.where(x["dataflow"] == 0, 512.0, ops.where(x["dataflow"] == 1, 2048.0, 128.0))
        used = ops.minimum(x["pes"], rows) + 0.2 * ops.maximum(x["pes"] - rows, 0.0)
        reuse = ops.minimum(x["buffer_bytes"] / (1024.0 * bits), 128.0) + 0.05 * rows**0.5
        traffic = work * bits / 8.0 / reuse
        rounds = ops.maximum(1.0, 16.0 / bits - 1.0)
        compute = rounds * work / (used * clock)
        latency = ops.maximum(compute, traffic / x["bandwidth_bytes_per_s"])
        area = (
            x["pes"] * bits * 1e-4 + x["buffer_bytes"] * 2e-7 + x["bandwidth_bytes_per_s"] * 3e-11
        )
        energy = work * bits * (1e-13 + 1e-31 * clock * clock) * rounds + traffic * 3e-11
        return Evaluation({
            "latency_s": latency,
            "energy_j": energy + 0.02 * area * latency,
            "area_mm2": area,
        })  # fmt: skip
