"""Tensors, direct attention and strategies that the tests of the I/O model share."""

import numpy as np
from hypothesis import strategies as st

from accel_models.attention.io_complexity import counts, execution
from accel_models.attention.io_complexity.tiling import Head, Tiling
from dse._ops import FLOATS

COUNTERS = {("forward", name): counter for name, counter in counts.FORWARD.items()} | {
    ("backward", name): counter for name, counter in counts.BACKWARD.items()
}
SCHEDULES = {("forward", name): schedule for name, schedule in execution.FORWARD.items()} | {
    ("backward", name): schedule for name, schedule in execution.BACKWARD.items()
}
KEYS = sorted(COUNTERS)
IDS = [" ".join(key) for key in KEYS]
TENSOR_OF_ARRAY = {
    "Q": "query", "K": "key_value", "V": "key_value", "S": "scores", "O": "output",
    "dO": "output", "L": "statistics", "D": "statistics", "m": "statistics", "l": "statistics",
    "dQ": "gradients", "dK": "gradients", "dV": "gradients",
}  # fmt: skip


@st.composite
def small_heads(draw):
    """Heads that a word-by-word schedule runs through in no time."""
    return Head(draw(st.integers(1, 24)), draw(st.integers(1, 7)), draw(st.integers(1, 7)))


@st.composite
def tilings(draw):
    """Any tiles, ragged ones and ones larger than the head included."""
    return Tiling(
        Br=draw(st.integers(1, 28)),
        Bc=draw(st.integers(1, 28)),
        buffers=draw(st.integers(1, 2)),
        causal=draw(st.booleans()),
        statistics=draw(st.booleans()),
    )


def counted(key, head, tiling):
    """Counts by formula, on plain numbers."""
    return COUNTERS[key](head, tiling, FLOATS)


def executed(key, head, tiling, capacity_words=float("inf"), seed=0):
    """The memory after a schedule ran on random tensors."""
    tensors = random_tensors(head, causal=tiling.causal, seed=seed)
    return execution.execute(SCHEDULES[key], tensors, tiling, capacity_words)


def random_tensors(head, *, causal=False, seed=0):
    """Everything a forward or a backward pass reads."""
    rng = np.random.default_rng(seed)
    q, k = rng.normal(size=(2, head.N, head.E))
    v, do = rng.normal(size=(2, head.N, head.F))
    tensors = {"Q": q, "K": k, "V": v, "dO": do}
    p, lse = probabilities(tensors, causal=causal)
    return {**tensors, "O": p @ v, "L": lse}


def probabilities(tensors, *, causal):
    """The whole matrix P, and the log-sum-exp of each row of scores."""
    scores = tensors["Q"] @ tensors["K"].T
    if causal:
        scores[np.triu_indices(len(scores), 1)] = -np.inf
    lse = np.log(np.exp(scores).sum(axis=1))
    return np.exp(scores - lse[:, None]), lse


def gradients(tensors, *, causal):
    """The gradients dQ, dK, dV of softmax attention, from the definition of the softmax."""
    p, _ = probabilities(tensors, causal=causal)
    dp = tensors["dO"] @ tensors["V"].T
    ds = p * (dp - (dp * p).sum(axis=1, keepdims=True))
    return {"dQ": ds @ tensors["K"], "dK": ds.T @ tensors["Q"], "dV": p.T @ tensors["dO"]}
