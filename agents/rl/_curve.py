"""The training curve of a search: plain columns that a study stores and a report draws."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dse._columns import FloatArray


class Curve:
    """One row per batch: evaluations so far, mean reward, and the learner's figures."""

    def __init__(self) -> None:
        self._columns: dict[str, list[float | None]] = {"evaluations": [], "mean_reward": []}

    def add(self, evaluations: int, rewards: FloatArray, figures: dict[str, float]) -> None:
        """Append a batch.

        Args:
            evaluations: Designs evaluated so far.
            rewards: Of the designs of the batch, as the reward's definition gives them.
            figures: Of the training after it; empty if there was none.
        """
        row = {
            "evaluations": float(evaluations),
            "mean_reward": float(rewards.mean()),
            **figures,
        }
        rows = len(self._columns["evaluations"])
        for name in row:
            self._columns.setdefault(name, [None] * rows)  # before its first training
        for name, column in self._columns.items():
            column.append(row.get(name))

    def columns(self) -> dict[str, list[float | None]]:
        """Columns of equal length; `evaluations` is the first."""
        return {name: list(column) for name, column in self._columns.items()}

    def state_dict(self) -> dict[str, Any]:
        """The columns."""
        return self.columns()

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore a saved state."""
        self._columns = {name: list(column) for name, column in state.items()}
