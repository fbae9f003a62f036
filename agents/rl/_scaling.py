"""Raising a policy to a power: the retrieval-guided prior of ABC-RL for policies of any kind."""

from __future__ import annotations

from typing import Any

import numpy as np

_LEAST_TRUST = 1e-3


def temper(head: Any, log_std: Any, trust: float) -> None:
    """Turn a policy pi into pi^trust, in place.

    Logits are multiplied by `trust`, so the most likely level stays the most likely one; a normal
    distribution N(mean, deviation) becomes N(mean, deviation / sqrt(trust)).

    Args:
        head: The last linear layer of the policy.
        log_std: Logarithm of the deviation if the policy is normal, else None.
        trust: From 0 (explore) to 1 (believe).
    """
    import torch

    with torch.no_grad():
        if log_std is not None:
            log_std -= 0.5 * np.log(max(trust, _LEAST_TRUST))
            return
        for parameter in head.parameters():
            parameter.mul_(trust)
