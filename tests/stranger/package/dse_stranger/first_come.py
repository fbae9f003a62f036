"""A searcher that takes designs as they come."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from dse import Columns, Searcher


@dataclass(frozen=True)
class FirstComeSettings:
    """Settings of `FirstCome`.

    Attributes:
        stride: Take every n-th design.
    """

    stride: int = 1


class FirstCome(Searcher):
    """Every n-th design in index order, from the first."""

    Settings = FirstComeSettings
    uses_seed = False
    _position = 0

    @property
    def batch_size(self) -> int:
        """A handful."""
        return 8

    def ask(self, n: int) -> dict[str, Any]:
        """The next n of them."""
        stop = self._position + n * self.settings.stride
        indices = np.arange(
            self._position, min(stop, self.problem.space.size), self.settings.stride
        )
        self._position = stop
        return self.problem.space.at(indices)

    def tell(self, designs: Columns, metrics: Columns) -> None:
        """It learns nothing."""

    def state_dict(self) -> dict[str, Any]:
        """The position."""
        return {"position": self._position}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from there."""
        self._position = state["position"]
