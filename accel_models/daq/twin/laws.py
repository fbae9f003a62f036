"""How long a server works on one event."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, TypeAlias

from accel_models.daq.twin.checks import require

if TYPE_CHECKING:
    from collections.abc import Callable

DETERMINISTIC, EXPONENTIAL, LOGNORMAL, TABULATED = range(4)
"""Codes of the laws in the compiled engine."""


@dataclass(frozen=True)
class Deterministic:
    """Every event takes the same time.

    Attributes:
        mean_s: That time.
    """

    mean_s: float

    def __post_init__(self) -> None:
        require(self.mean_s >= 0, f"mean_s = {self.mean_s}", "a time of 0 or more")


@dataclass(frozen=True)
class Exponential:
    """Memoryless times.

    Attributes:
        mean_s: Their mean.
    """

    mean_s: float

    def __post_init__(self) -> None:
        require(self.mean_s > 0, f"mean_s = {self.mean_s}", "a time above 0")


@dataclass(frozen=True)
class LogNormal:
    """Times with a long tail: their logarithm is Gaussian.

    Attributes:
        mean_s: Mean of the times (not of their logarithm).
        sigma: Standard deviation of the logarithm; 1 makes one event in a hundred take more than
            six times the mean.
    """

    mean_s: float
    sigma: float

    def __post_init__(self) -> None:
        require(self.mean_s > 0, f"mean_s = {self.mean_s}", "a time above 0")
        require(self.sigma >= 0, f"sigma = {self.sigma}", "a number of 0 or more")


@dataclass(frozen=True)
class Tabulated:
    """Measured times, as their quantile function.

    Attributes:
        quantiles_s: Times below which shares 0, 1/(n-1), ..., 1 of the events lie, rising; linear
            in between.
    """

    quantiles_s: tuple[float, ...]

    def __post_init__(self) -> None:
        require(len(self.quantiles_s) > 1, "quantiles_s is too short", "two times or more")
        rising = all(a <= b for a, b in pairwise(self.quantiles_s)) and self.quantiles_s[0] >= 0
        require(rising, "quantiles_s falls somewhere", "times of 0 or more, in rising order")

    @property
    def mean_s(self) -> float:
        """The mean: the area under the quantile function (trapezoids, exact)."""
        between = [(a + b) / 2 for a, b in pairwise(self.quantiles_s)]
        return sum(between) / len(between)


ServiceLaw: TypeAlias = Deterministic | Exponential | LogNormal | Tabulated


def law_code(law: ServiceLaw) -> int:
    """The law's code in the compiled engine."""
    codes: dict[type, int] = {
        Deterministic: DETERMINISTIC,
        Exponential: EXPONENTIAL,
        LogNormal: LOGNORMAL,
        Tabulated: TABULATED,
    }
    return codes[type(law)]


def in_ticks(law: ServiceLaw, ticks: Callable[[float], float]) -> tuple[float, float, list[float]]:
    """Mean, sigma and table of a law with times in ticks; zero and empty where it has none."""
    sigma = law.sigma if isinstance(law, LogNormal) else 0.0
    table = [ticks(t) for t in law.quantiles_s] if isinstance(law, Tabulated) else []
    return ticks(law.mean_s), sigma, table
