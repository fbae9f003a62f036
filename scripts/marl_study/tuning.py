"""The same tuning effort for every searcher: equally many trials on problems outside the study."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import yaml

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from marl_study.searching import Score

HERE = Path(__file__).parent
GRIDS = HERE / "grids.yaml"
TUNED = HERE / "tuned.yaml"


@dataclass(frozen=True)
class Effort:
    """What tuning may spend on each searcher.

    Attributes:
        trials: Settings tried, the defaults among them.
        seeds: Searches per setting and problem.
        budget: Evaluations of each search.
    """

    trials: int = 8
    seeds: int = 1
    budget: int = 128


def read_settings(path: Path) -> dict[str, dict[str, Any]]:
    """Searcher -> settings, or lists of settings to choose from."""
    found: dict[str, dict[str, Any]] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return found


def trials(grid: Mapping[str, Sequence[Any]], count: int, seed: int = 0) -> list[dict[str, Any]]:
    """The defaults, then distinct random points of the grid.

    Args:
        grid: Setting -> values to choose from.
        count: How many in all; fewer if the grid has fewer points.
        seed: Of the drawing.
    """
    points = list(product(*grid.values()))
    rng = np.random.default_rng(seed)
    drawn = rng.choice(len(points), size=min(count - 1, len(points)), replace=False)
    return [{}, *(dict(zip(grid, points[i], strict=True)) for i in drawn)] if grid else [{}]


def badness(scores: Sequence[Score]) -> float:
    """Mean logarithm of the evaluations to within 1 % of the optimum; twice the budget if never."""
    needed = [min(score.to_1, 2.0 * score.budget) for score in scores]
    return float(np.mean(np.log(needed)))
