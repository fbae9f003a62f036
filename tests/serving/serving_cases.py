"""Models, traces and machines that the tests of the serving model share."""

import numpy as np
from hypothesis import strategies as st

from accel_models.attention.hardware import Hardware
from accel_models.attention.options import GIB, MIB
from accel_models.attention.serving.gemm import Machine
from accel_models.attention.serving.model import LLMServing
from accel_models.attention.serving.options import ServingOptions
from workloads.language.attention import Attention, LatentAttention
from workloads.language.feed_forward import Experts, FeedForward
from workloads.language.model import Block, LanguageModel, Precision, Stack
from workloads.requests.served import ServedRequests
from workloads.requests.trace import RequestTrace

GROUPED = Attention(heads=8, kv_heads=2, head_dim=32, value_dim=32)
WINDOWED = Attention(heads=8, kv_heads=8, head_dim=32, value_dim=32, window=100)
LATENT = LatentAttention(
    heads=8, query_rank=None, kv_rank=64, nope_dim=32, rope_dim=16, value_dim=32
)
DENSE = FeedForward(d_ff=512)
MIXTURE = Experts(experts=8, active=2, expert=FeedForward(d_ff=128), shared=FeedForward(d_ff=64))


def tiny(attention=GROUPED, feed_forward=DENSE, layers=2, **fields):
    """A small decoder-only model."""
    block = Block(attention=attention, feed_forward=feed_forward)
    stacks = (Stack(block, layers),)
    return LanguageModel(name="tiny", d_model=256, vocab_size=1000, decoder=stacks, **fields)


def alternating():
    """Layers with and without a window, dense ones and mixtures."""
    first = Stack(Block(attention=WINDOWED, feed_forward=DENSE), 2)
    second = Stack(Block(attention=GROUPED, feed_forward=MIXTURE), 1)
    return LanguageModel(name="mixed", d_model=256, vocab_size=1000, decoder=(first, second))


def trace(contexts, generated, arrivals=None):
    """Requests, all at once unless told when."""
    times = np.zeros(len(contexts)) if arrivals is None else arrivals
    return RequestTrace(
        name="drawn", arrival_s=times, context_tokens=contexts, generated_tokens=generated
    )


def random_trace(count, seed=0, longest=900):
    """Requests of any length at random times; lengths repeat."""
    rng = np.random.default_rng(seed)
    contexts = rng.choice(rng.integers(1, longest, 12), count)
    generated = rng.choice(rng.integers(1, 60, 8), count)
    return trace(contexts, generated, np.cumsum(rng.exponential(2e-3, count)))


def serving(model=None, requests=None, **options):
    """The cost model over a small model and trace."""
    served = ServedRequests(model or tiny(), requests or random_trace(40))
    return LLMServing(served, ServingOptions(**options))


def machine(bits=Precision(), *, port_limit=True, **changed):  # noqa: B008 - frozen
    """One design as columns of one row."""
    values = {
        "pe_dim": 64.0, "pe_1d_ratio": 1.0, "global_buffer_bytes": 4 * MIB,
        "buffer_row_bytes": 512.0, "buffer_ports": 4.0,
        "dram_bandwidth_bytes_per_s": 400 * GIB, "frequency_hz": 940e6,
        "word_bits": float(bits.activation_bits), **changed,
    }  # fmt: skip
    hw = Hardware.of({name: np.array([[float(v)]]) for name, v in values.items()})
    return Machine(hw, bits, port_limit)


attentions = st.one_of(
    st.builds(
        lambda kv, group, width, window: Attention(
            heads=kv * group, kv_heads=kv, head_dim=width, value_dim=width, window=window
        ),
        st.integers(1, 4),
        st.integers(1, 6),
        st.sampled_from([16, 32, 64, 100]),
        st.one_of(st.none(), st.integers(1, 500)),
    ),
    st.just(LATENT),
)
machines = st.builds(
    lambda W, ratio, buffer, bandwidth, bits, ports: machine(
        Precision(bits, 16, bits),
        port_limit=ports,
        pe_dim=W,
        pe_1d_ratio=ratio,
        global_buffer_bytes=buffer * MIB,
        dram_bandwidth_bytes_per_s=bandwidth * GIB,
    ),
    st.sampled_from([16, 32, 64, 128]),
    st.sampled_from([0.25, 1.0, 4.0]),
    st.sampled_from([0.25, 1.0, 8.0]),
    st.sampled_from([1.0, 10.0, 100.0, 1000.0]),
    st.sampled_from([4, 8, 16]),
    st.booleans(),
)
