"""Reference counts beside ours: by formula, and word by word on an explicit fast memory.

The reference figures were computed for this project by simulation and by formula; they are not
published elsewhere. Every comparison is exact.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from accel_models.attention.io_complexity import counts, execution
from accel_models.attention.io_complexity.lru import lru_trace_fa2
from accel_models.attention.io_complexity.optimal import crossover, fa2_max_br, square_tile
from accel_models.attention.io_complexity.tiling import Head, Tiling
from accel_models.comparison import Comparison, read_figures
from dse._ops import FLOATS
from dse.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from dse._columns import FloatArray

COUNTS, CROSSOVERS = "io_counts.csv", "io_crossover.csv"
_ALGORITHMS = {
    "fa1_forward": (counts.fa1_forward, execution.FORWARD["fa1"]),
    "fa2_forward": (counts.fa2_forward, execution.FORWARD["fa2"]),
    "fa2_forward_max_br": (counts.fa2_forward, execution.FORWARD["fa2"]),
    "small_cache_forward": (counts.small_cache_forward, execution.FORWARD["small_cache"]),
    "fa2_backward": (counts.fa2_backward, execution.BACKWARD["fa2"]),
}


def compare_all(folder: Path) -> list[Comparison]:
    """Every reference figure in a folder beside ours.

    Args:
        folder: Where `io_counts.csv` and `io_crossover.csv` are.

    Raises:
        InputError: A file is missing, cannot be read, or names an unknown algorithm.
    """
    return [*count_comparisons(folder), *crossover_comparisons(folder)]


def count_comparisons(folder: Path) -> Iterator[Comparison]:
    """Loads, stores and peak of each row: by formula, and executed within M words."""
    for row in read_figures(folder / COUNTS):
        label = (
            f"{row['algorithm']} {row['N']} {row['d']} {row['M_words']} {row['options']}".strip()
        )
        figures = _lru_figures(row) if row["algorithm"] == "lru_trace_fa2" else _figures(row)
        for column, ours in figures.items():
            reference = row[column.partition(" ")[0]]
            if reference:
                yield Comparison(COUNTS, label, column, float(ours), float(reference), 0.0)


def crossover_comparisons(folder: Path) -> Iterator[Comparison]:
    """The largest M at which small-cache tiles win."""
    column = "last_M_words_where_small_cache_wins"
    for row in read_figures(folder / CROSSOVERS):
        ours, label = crossover(int(row["N"]), int(row["d"])), f"{row['N']} {row['d']}"
        yield Comparison(CROSSOVERS, label, column, float(ours), float(row[column]), 0.0)
        ratio = round(ours / int(row["d"]) ** 2, 6)
        yield Comparison(CROSSOVERS, label, "ratio_to_d2", ratio, float(row["ratio_to_d2"]), 0.0)


def _figures(row: Mapping[str, str]) -> dict[str, float]:
    """Counts of one row by formula and by execution, and the tiles that M gives."""
    if row["algorithm"] not in _ALGORITHMS:
        raise InputError(
            f"{COUNTS}: unknown algorithm {row['algorithm']!r}", allowed=", ".join(_ALGORITHMS)
        )
    counter, schedule = _ALGORITHMS[row["algorithm"]]
    N, d, M, Br, Bc = _numbers(row)
    causal, saved = "causal" in row["options"], "lse" in row["options"]
    tiling, head = Tiling(Br, Bc, causal=causal, statistics=saved), Head(N, d, d)
    counted = counter(head, tiling, FLOATS)
    memory = execution.execute(schedule, random_tensors(N, d), tiling, M)
    return {
        "loads": float(counted.loads_words),
        "stores": float(counted.stores_words),
        "peak_words": float(counted.peak_words),
        "loads executed": sum(memory.loads.values()),
        "stores executed": sum(memory.stores.values()),
        "peak_words executed": memory.peak_words,
        **_derived_tiles(row["algorithm"], head, M),
    }


def _derived_tiles(algorithm: str, head: Head, M: int) -> dict[str, float]:
    """The tile side that the algorithm itself derives from M."""
    if algorithm == "fa2_forward_max_br":
        return {"Br derived": float(fa2_max_br(head, M, FLOATS))}
    if algorithm == "small_cache_forward":
        return {"Br derived": float(square_tile(M))}
    return {}


def _lru_figures(row: Mapping[str, str]) -> dict[str, float]:
    found = lru_trace_fa2(*_numbers(row))
    return {"loads": float(found.loads), "stores": float(found.stores)}


def _numbers(row: Mapping[str, str]) -> tuple[int, int, int, int, int]:
    N, d, M, Br, Bc = (int(row[name]) for name in ("N", "d", "M_words", "Br", "Bc"))
    return N, d, M, Br, Bc


def random_tensors(N: int, d: int) -> dict[str, FloatArray]:
    """Inputs for any schedule; the counts do not depend on their values."""
    rng = np.random.default_rng(0)
    tensors = {name: rng.normal(size=(N, d)) / d**0.5 for name in ("Q", "K", "V", "O", "dO")}
    return {**tensors, "L": np.log(np.exp(tensors["Q"] @ tensors["K"].T).sum(axis=1))}
