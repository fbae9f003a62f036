"""Small pipelines to change, and models over them."""

from accel_models.daq.pipeline import DAQPipeline, PipelineOptions
from workloads.pipelines.catalogue import cms
from workloads.pipelines.reader import from_str

SMALL = """\
name: small
crossing_rate: 1 kHz
pileup: 1
year: 2022
links:
  wire: {energy: 10 pJ/bit, latency: 500 ns}
detectors:
  Eye: {to: Hub, sends: 1 kB, link: wire}
  Ear: {to: Hub, sends: 3 kB, link: wire}
processors:
  Hub: {to: Gate, link: wire}
triggers:
  Gate:
    to: Disk
    link: wire
    adds: 1 kB
    reduction_ratio: 10
    classifier: {gaussian: {skill: 3}}
    operations: {bytes: 1}
    energy_per_op: 1 mJ/op
storage:
  Disk: {}
"""
"""Two detectors, a node that passes everything on, and one trigger."""


def changed(old, new):
    """The text of the small pipeline with one part changed."""
    assert old in SMALL
    return SMALL.replace(old, new)


def model_of(text=SMALL, **options):
    return DAQPipeline(from_str(text, "small.yaml"), PipelineOptions(**options))


def cms_model(integer_counts=False, technology="density", **switches):
    options = PipelineOptions(integer_counts=integer_counts, technology=technology)
    return DAQPipeline(cms(**switches), options)


def evaluated(model, breakdown=False, **values):
    """Metrics of one design: the default but for these values."""
    return model.evaluate(model.space.parse(values), breakdown=breakdown)
