"""Layers, published designs and strategies that the tests of the attention model share."""

from hypothesis import strategies as st

from accel_models.attention.fusemax import FuseMax
from accel_models.attention.hardware import Hardware, Shape
from accel_models.attention.options import MIB, FuseMaxOptions
from dse._ops import FLOATS
from workloads.catalogue import bert
from workloads.transformer import TransformerLayer

BUFFER_MIB = {"unfused": 32, "flat": 32, "cascade": 32, "architecture": 16, "binding": 16}
CONFIGURATIONS = tuple(BUFFER_MIB)


def published(configuration, length, network=bert, *, breakdown=False, **options):
    """One published point: the paper's hardware and the `published` preset, unless told other."""
    model = FuseMax(network(seq_len=length), FuseMaxOptions(preset="published", **options))
    return model.evaluate(published_design(model, configuration), breakdown=breakdown)


def published_design(model, configuration, **changed):
    """The paper's hardware for a configuration, as the model's default design has it."""
    buffer_bytes = BUFFER_MIB[configuration] * MIB
    values = {"configuration": configuration, "global_buffer_bytes": buffer_bytes, **changed}
    return model.space.parse(values)


def symbols(configuration, length, network=bert):
    """Shape and hardware of a published point, as the equations see them."""
    model = FuseMax(network(seq_len=length))
    hw = Hardware.of(published_design(model, configuration))
    return Shape.of(model.workload, hw, FLOATS), hw


def default_space(model):
    """The default problem's space."""
    return model.space.narrowed({name: list(v) for name, v in model.default_space.items()})


@st.composite
def layers(draw):
    """Small attention layers of any shape; lengths need not be a multiple of a tile."""
    kv_heads = draw(st.integers(1, 4))
    return TransformerLayer(
        name="drawn",
        batch=draw(st.integers(1, 8)),
        heads=kv_heads * draw(st.integers(1, 4)),
        kv_heads=kv_heads,
        head_dim=draw(st.integers(1, 256)),
        value_dim=draw(st.integers(1, 256)),
        d_model=draw(st.integers(1, 512)),
        d_ff=draw(st.integers(1, 1024)),
        ffn_matrices=draw(st.sampled_from([2, 3])),
        seq_len=draw(st.integers(1, 9000)),
    )


option_sets = st.builds(
    FuseMaxOptions,
    preset=st.sampled_from(["published", "design_space"]),
    scope=st.sampled_from(["attention", "end_to_end"]),
    rf_accounting=st.sampled_from([None, "artifact", "physical"]),
    cascade_exp_energy=st.sampled_from([None, "artifact", "charged"]),
    cascade_tile_buffer=st.sampled_from([None, "artifact", "actual"]),
    port_limit=st.sampled_from([None, True, False]),
    voltage_scaling=st.sampled_from([None, True, False]),
    leakage_w_per_mm2=st.sampled_from([None, 0.1]),
    dram_standby_w=st.sampled_from([0.0, 0.3]),
    buffer_area=st.sampled_from([None, "cacti", "fit"]),
    multiplier_exponent=st.sampled_from([1.5, 2.0]),
)
