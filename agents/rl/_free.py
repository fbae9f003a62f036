"""The parameters of a space that have a choice: the only ones an agent need think about."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from dse import DesignSpace
    from dse._columns import IntArray


class FreeSpace:
    """A design space without the parameters that can have one value only.

    Args:
        whole: The whole space.

    Attributes:
        space: The F parameters with a choice, without rules; one parameter if none has a choice.
        which: Their positions in the whole space (F).
    """

    def __init__(self, whole: DesignSpace) -> None:
        self._n_parameters = len(whole.shape)
        self.which = np.array([j for j, n in enumerate(whole.shape) if n > 1] or [0])
        kept = tuple(whole.parameters[j] for j in self.which)
        self.space = replace(whole, parameters=kept, rules=())

    def of(self, codes: IntArray) -> IntArray:
        """The codes (N x F) of the free parameters of whole designs (N x P)."""
        return codes[:, self.which]

    def whole(self, codes: IntArray) -> IntArray:
        """Whole designs (N x P) from the codes of their free parameters (N x F)."""
        designs = np.zeros((len(codes), self._n_parameters), dtype=np.int64)
        designs[:, self.which] = codes
        return designs
