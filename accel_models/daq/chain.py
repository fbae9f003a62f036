"""Linear chains: one detector, one pass-through node, and Gaussian classifiers in a row.

The test system of the source (`test_system.xlsx`), and others of the same form.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from accel_models.daq import outcome
from accel_models.daq.pipeline import DAQPipeline, PipelineOptions
from dse._ops import FLOATS
from workloads.pipelines.schema import Gaussian, LinkTechnology, Node, Pipeline

if TYPE_CHECKING:
    from collections.abc import Mapping

_DETECTOR_LINK = LinkTechnology(name="electrical", bit_energy_j=22.2e-12)
_LINK = LinkTechnology(name="optical", bit_energy_j=25e-12)
_IDENTITY = (0.0, 1.0)
"""ops = bytes."""


def chain_pipeline(row: Mapping[str, str]) -> Pipeline:
    """The chain of a row: rates and bytes of the detector; ratios, skills, sds and J per op."""
    lists = [
        [float(cell) for cell in row[key].split("|")]
        for key in ("ratios", "skills", "sds", "J_per_op")
    ]
    levels = list(zip(*lists, strict=True))
    names = [f"Level {position}" for position in range(1, len(levels) + 1)]
    triggers = [
        Node(
            name=name, kind="trigger", target=target, stage=name, link=_LINK,
            reduction_ratio=ratio, classifier=Gaussian(skill=skill, sd=sd),
            operations=_IDENTITY, op_energy_j=op_energy_j,
        )
        for name, target, (ratio, skill, sd, op_energy_j) in zip(
            names, [*names[1:], "Disk"], levels, strict=True
        )
    ]  # fmt: skip
    detector = Node(
        name="Detector", kind="detector", target="Readout", stage="front end",
        link=_DETECTOR_LINK, payload_bytes=((0.0, float(row["sample_bytes"])),),
    )  # fmt: skip
    readout = Node(
        name="Readout", kind="processor", target=names[0], stage="aggregation", link=_LINK
    )
    disk = Node(name="Disk", kind="storage", target=None, stage="Disk")
    return Pipeline(
        name=row["case"],
        nodes=(detector, readout, *triggers, disk),
        technologies=(_DETECTOR_LINK, _LINK),
        crossing_rate_hz=float(row["sample_rate_Hz"]),
        year=2022,
    )


def chain_figures(row: Mapping[str, str]) -> dict[str, float]:
    """Every figure of the chain of a row, under the names of the table."""
    pipeline = chain_pipeline(row)
    model = DAQPipeline(pipeline, PipelineOptions(technology="none"))
    x = model.space.parse({})
    found = model.states(x, FLOATS)
    counts = outcome.Contingency.of(found)
    powers = outcome.power_parts_w(found, x, model.links, FLOATS)
    link_w = outcome.total(power for name, power in powers.items() if name.endswith("_link"))
    columns = {
        "TN": counts.TN,
        "FN": counts.FN,
        "FP": counts.FP,
        "TP": counts.TP,
        "precision": counts.precision(FLOATS),
        "recall": counts.recall(FLOATS),
        "f1": counts.f1(FLOATS),
        "op_power_W": outcome.total(powers.values()) - link_w,
        "link_power_W": link_w,
        "output_Hz": counts.stored_hz,
    }
    return {name: float(column) for name, column in columns.items()}
