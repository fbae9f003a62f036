"""What every cascade of the catalogue should compute, written directly in NumPy."""

import numpy as np


def softmax(scores, axis):
    weights = np.exp(scores - scores.max(axis=axis, keepdims=True))
    return weights / weights.sum(axis=axis, keepdims=True)


def attention(Q, K, V):
    return {"AV": V @ softmax(K.T @ Q, axis=0)}


def flash_attention(Q, K, V):
    scores = K.T @ Q / np.sqrt(len(Q))
    largest = scores.max(axis=0)
    log_sum_exp = largest + np.log(np.exp(scores - largest).sum(axis=0))
    return {"AV": V @ softmax(scores, axis=0), "LSE": log_sum_exp}


def causal_attention(Q, K, V):
    scores = K.T @ Q
    keys, queries = np.indices(scores.shape)
    return {"AV": V @ softmax(np.where(keys <= queries, scores, -np.inf), axis=0)}


def attention_gradients(Q, K, V, dO):
    A = softmax(K.T @ Q, axis=0)
    dA = V.T @ dO
    dS = A * (dA - (A * dA).sum(axis=0))
    return {"dQ": K @ dS, "dK": Q @ dS.T, "dV": dO @ A.T}


def backward(Q, K, V, dO, LSE, D):
    del LSE, D
    return attention_gradients(Q, K, V, dO)


def backward_inner_d(Q, K, V, dO, LSE):
    del LSE
    return attention_gradients(Q, K, V, dO)


def layernorm(X, G, Bt):
    centred = X - X.mean(axis=1, keepdims=True)
    deviation = np.sqrt(X.var(axis=1, keepdims=True) + 1e-5)
    return {"Y": centred / deviation * G + Bt}


def rms_normalised(X, G):
    return X / np.sqrt((X**2).mean(axis=1, keepdims=True) + 1e-6) * G


def linear_attention(Q, K, V):
    def features(x):
        return np.where(x > 0, x + 1, np.exp(x))

    weights = features(Q) @ features(K).T
    return {"O": weights @ V / weights.sum(axis=1, keepdims=True)}


def gated_linear_attention(Q, K, V, G):
    state = np.zeros((Q.shape[1], V.shape[1]))
    rows = []
    for q, k, v, g in zip(Q, K, V, G, strict=True):
        state = g[:, None] * state + np.outer(k, v)
        rows.append(q @ state)
    return {"O": np.array(rows)}


def mamba_scan(X, DT, A, B, C, D):
    state = np.zeros(A.shape)
    rows = []
    for x, dt, b, c in zip(X, DT, B, C, strict=True):
        step = np.log1p(np.exp(dt))[:, None]
        state = np.exp(step * A) * state + step * b * x[:, None]
        rows.append(state @ c + D * x)
    return {"Y": np.array(rows)}


REFERENCES = {
    "attn_1pass_causal": causal_attention,
    "attn_1pass_flashattention2": flash_attention,
    "attn_1pass_fusemax": attention,
    "attn_1pass_unstable_deferdiv": attention,
    "attn_2pass_localmax": attention,
    "attn_2pass_stable_deferdiv": attention,
    "attn_2pass_unstable": attention,
    "attn_3pass_flat": attention,
    "attn_3pass_stable": attention,
    "attn_backward": backward,
    "attn_backward_inner_d": backward_inner_d,
    "gemm": lambda A, B: {"Z": A.T @ B},
    "gla_chunked": gated_linear_attention,
    "gla_recurrent": gated_linear_attention,
    "layernorm_raw_moment": layernorm,
    "layernorm_two_moment": layernorm,
    "linear_attn_noncausal": linear_attention,
    "mamba_scan": mamba_scan,
    "mean_center": lambda A: {"Z": A - A.mean()},
    "rmsnorm": lambda X, G: {"Y": rms_normalised(X, G)},
    "rmsnorm_gemm": lambda X, G, W: {"Z": rms_normalised(X, G) @ W},
    "rmsnorm_gemm_deferred": lambda X, G, W: {"Z": rms_normalised(X, G) @ W},
    "softmax": lambda X: {"Y": softmax(X, axis=1)},
    "softmax_online": lambda X: {"Y": softmax(X, axis=1)},
}
"""Name in the catalogue -> function of the inputs that returns the results."""


def inputs_of(name, shapes, rng):
    """Random inputs of a cascade; those that follow from others are made to."""
    values = {tensor: rng.normal(size=shape) for tensor, shape in shapes.items()}
    if name.startswith("gla"):
        values["G"] = rng.uniform(0.5, 1.0, size=shapes["G"])
    if "A" in values and name == "mamba_scan":
        values["A"] = -np.exp(values["A"])
    if "LSE" in values:
        scores = values["K"].T @ values["Q"]
        values["LSE"] = np.log(np.exp(scores).sum(axis=0))
    if name == "attn_backward":
        values["D"] = (values["dO"] * attention(values["Q"], values["K"], values["V"])["AV"]).sum(0)
    return values
