"""What a report shows, as plain data: the store fills it in, the renderers read it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from dse._columns import take

if TYPE_CHECKING:
    from dse._columns import FloatArray, IntArray


@dataclass(frozen=True)
class AxisInfo:
    """One objective as an axis.

    Attributes:
        name: The metric, e.g. `latency_s`.
        unit: Its unit, e.g. "s"; "" for a plain number.
        direction: "min" or "max".
    """

    name: str
    unit: str
    direction: str


@dataclass(frozen=True)
class RunCurve:
    """How the front of one run grew.

    Attributes:
        label: The run, for people.
        searcher: Its searcher; runs of one searcher share a colour.
        seed: Its seed.
        evaluations: Designs evaluated so far (K), increasing.
        hypervolume: Hypervolume of the front at that moment (K), non-decreasing.
    """

    label: str
    searcher: str
    seed: int
    evaluations: IntArray
    hypervolume: FloatArray


@dataclass(frozen=True)
class RunDiagnostics:
    """How the learning of one run went.

    Attributes:
        label: The run, for people.
        searcher: Its searcher; runs of one searcher share a colour.
        seed: Its seed.
        columns: Name -> one value per record (K); holds `evaluations`, the axis of the others.
    """

    label: str
    searcher: str
    seed: int
    columns: dict[str, FloatArray]


@dataclass(frozen=True)
class RunSummary:
    """What came out of one run.

    Attributes:
        searcher: Its searcher.
        seed: Its seed; None for a searcher without randomness.
        evaluations: Designs evaluated.
        infeasible: Of these, designs that cannot work.
        failed: Of these, evaluations that ended in an error.
        admissible: Of these, designs that work and satisfy every constraint.
        front_size: Designs on the run's own front.
        hypervolume: Of the run's own front.
        share_of_best: The hypervolume as a share (0 to 1) of that of the study's whole front.
        best: With one objective, its best value (SI); else, or without a design, None.
        ratio_to_best: That value divided by the best of the whole study; None as above.
    """

    searcher: str
    seed: int | None
    evaluations: int
    infeasible: int
    failed: int
    admissible: int
    front_size: int
    hypervolume: float
    share_of_best: float
    best: float | None = None
    ratio_to_best: float | None = None


@dataclass(frozen=True)
class FrontTable:
    """The designs of a front.

    Attributes:
        parameters: Parameter -> one label per design, as people read it ("16 MiB", "flat").
        metrics: Metric -> one SI number per design; holds every objective, and possibly more.
        objectives: The axes, in order.
    """

    parameters: dict[str, list[str]]
    metrics: dict[str, FloatArray]
    objectives: tuple[AxisInfo, ...]

    @property
    def size(self) -> int:
        """The number of designs."""
        return len(next(iter(self.metrics.values()), ()))

    def head(self, limit: int) -> FrontTable:
        """The first designs, at most `limit` of them."""
        labels = {name: column[:limit] for name, column in self.parameters.items()}
        return FrontTable(labels, take(self.metrics, slice(limit)), self.objectives)


@dataclass(frozen=True)
class ReportData:
    """Everything one report shows.

    Attributes:
        title: The study.
        subtitle: What was searched, in a line.
        objectives: The axes, in order; at least one.
        front: The study's front.
        cloud: Objective -> values of evaluated designs (some thousands at most) to draw behind
            the front, all admissible. May be empty.
        cloud_searcher: Who proposed each design of the cloud; empty, or as long as the cloud.
        violating: The same for designs that work, but violate a constraint.
        curves: One per run; may be empty.
        diagnostics: One per run that has something to tell of its learning.
        summaries: One per run.
        reference_point: Objective -> the value from which hypervolume is measured; empty without
            an admissible design.
        notes: Warnings for the reader (failed evaluations, interrupted, ...).
        job_yaml: The resolved job.
        environment: Versions and machine, name -> text.
        categorical: A parameter of the front whose options are names, to colour by; or None.
    """

    title: str
    subtitle: str
    objectives: tuple[AxisInfo, ...]
    front: FrontTable
    cloud: dict[str, FloatArray]
    cloud_searcher: list[str]
    violating: dict[str, FloatArray]
    curves: tuple[RunCurve, ...]
    diagnostics: tuple[RunDiagnostics, ...]
    summaries: tuple[RunSummary, ...]
    reference_point: dict[str, float]
    notes: tuple[str, ...]
    job_yaml: str
    environment: dict[str, str]
    categorical: str | None
