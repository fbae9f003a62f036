"""PyTorch under the rules of a search: imported late, one thread, every draw from one generator."""

from __future__ import annotations

import base64
import io
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def drawing_from(rng: np.random.Generator) -> Iterator[None]:
    """Seed the generators of PyTorch and Stable-Baselines3 for as long as the block runs.

    Both draw from global generators. They are seeded from the search's own one and put back
    afterwards, so a search depends on its seed alone and its state needs no foreign generator.
    """
    import torch

    torch.set_num_threads(1)  # the networks are tiny: a second thread only waits for the first
    seed = int(rng.integers(2**32))
    before = np.random.get_state()  # noqa: NPY002 - Stable-Baselines3 draws from it
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        np.random.seed(seed)  # noqa: NPY002 - see above
        try:
            yield
        finally:
            np.random.set_state(before)  # noqa: NPY002 - see above


def pack_tensors(data: Any) -> str:
    """Nested mappings and lists of tensors and numbers (a state dictionary) as base64 text."""
    import torch

    buffer = io.BytesIO()
    torch.save(data, buffer)
    return base64.b64encode(buffer.getvalue()).decode()


def unpack_tensors(text: str) -> Any:
    """The inverse of `pack_tensors`; nothing but tensors and plain data is accepted."""
    import torch

    return torch.load(io.BytesIO(base64.b64decode(text)), weights_only=True)
