"""Layers, models and bindings that the tests of the cascade model share."""

import numpy as np

from accel_models.attention.cascade_cost.bindings import built_in
from accel_models.attention.cascade_cost.model import AttentionCascade
from accel_models.attention.cascade_cost.options import CascadeOptions
from accel_models.attention.cascade_cost.plan import compile_plan
from accel_models.attention.cascade_cost.reading import binding_from_text
from accel_models.attention.cascades.reading import cascade_from_text
from accel_models.attention.fusemax import FuseMax
from accel_models.attention.hardware import Hardware, Shape
from accel_models.attention.options import FuseMaxOptions
from dse._ops import FLOATS
from workloads.catalogue import bert
from workloads.transformer import TransformerLayer

UNEVEN = TransformerLayer(
    name="uneven", batch=3, heads=4, head_dim=48, value_dim=80, d_model=96, d_ff=100, seq_len=5000
)
"""E differs from F, and the length is no multiple of a tile."""

TRAFFIC = {"column_inputs": "query", "row_inputs": "key_value", "results": "output",
           "intermediates": "scores"}  # fmt: skip
"""Part of the traffic here -> its name in the closed form."""

SIGMOID = """
cascade: sigmoid
ranks: {m: 4096, p: 4096, e: 64, f: 64}
inputs: Q[e, p] K[e, m] V[f, m]
einsums: |
  QK[m, p] = Q[e, p] * K[e, m]   :: sum(e)
  A[m, p]  = sigmoid(QK[m, p])
  AV[f, p] = A[m, p] * V[f, m]   :: sum(m)
results: [AV]
"""


def both(layer, **options):
    """The closed form and the cascade model of a layer, with the same options."""
    return (
        FuseMax(layer, FuseMaxOptions(**options)),
        AttentionCascade(layer, CascadeOptions(**options)),
    )


def differences(layer, designs, **options):
    """Metric or part -> largest relative difference from the closed form."""
    closed, derived = both(layer, **options)
    expected = closed.evaluate(designs, breakdown=True)
    found = derived.evaluate(designs, breakdown=True)
    np.testing.assert_array_equal(found["feasible"], expected["feasible"])
    possible = expected["feasible"]
    return {
        name: _largest(column[possible], expected[_closed_name(name)][possible])
        for name, column in found.items()
        if name not in ("feasible", "reason")
    }


def _closed_name(name):
    metric, _, part = name.partition(".")
    return f"{metric}.{TRAFFIC[part]}" if part in TRAFFIC else name


def _largest(ours, theirs):
    scale = np.maximum(np.abs(theirs), np.finfo(float).tiny)
    return float(np.max(np.abs(ours - theirs) / scale, initial=0.0))


def compiled(binding, layer=None, preset="published"):
    """A binding, or the name of a built-in one, compiled for a layer; BERT at 1K by default."""
    options = CascadeOptions(preset=preset).resolved()
    found = built_in(binding) if isinstance(binding, str) else binding
    return compile_plan(found, layer or bert(seq_len=1024), options)


def symbols(layer, **design):
    """Shape and hardware in the closed form's symbols, and the values of polynomials there."""
    model = FuseMax(layer)
    hw = Hardware.of(model.space.parse(design))
    return Shape.of(layer, hw, FLOATS), hw


def sigmoid():
    """A small cascade: sigmoid attention."""
    return cascade_from_text(SIGMOID, "sigmoid.yaml")


def bound(text, cascade=None):
    """The binding that a text gives a cascade; sigmoid attention by default."""
    return binding_from_text(text, "mine.yaml", cascade or sigmoid(), name="mine")
