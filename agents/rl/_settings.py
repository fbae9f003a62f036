"""Settings that the reinforcement-learning searchers share, and their checks."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path  # noqa: TC003 - the framework reads the annotations at run time
from typing import Literal

from agents._settings import check_between, check_whole
from dse.errors import InputError

RewardName = Literal["log_sum", "inverse", "target", "archgym"]
ScaleName = Literal["rank", "standard"]


def check_layers(sizes: tuple[int, ...]) -> None:
    """Demand hidden layers of at least one neuron each; no layer at all is fine.

    Raises:
        InputError: Names the setting, its value and what is allowed.
    """
    for size in sizes:
        check_whole("net_arch", size, 1)


def check_not_negative(name: str, value: object) -> None:
    """Demand a number of at least 0.

    Raises:
        InputError: Names the setting, its value and what is allowed.
    """
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0.0 <= value < 1e6:
        raise InputError(f"setting {name} = {value!r}", allowed="a number, at least 0")


@dataclass(frozen=True)
class RLSettings:
    """What every reinforcement-learning searcher can be told.

    Attributes:
        num_envs: Designs per batch: that many environments act side by side; more of them for
            budgets above 256 times this.
        learning_rate: Step size of Adam.
        net_arch: Neurons of each hidden layer; an empty list makes the policy a table.
        reward: How good a design is, see `dse.envs.rewards`.
        weights: Metric -> weight of the objective in the reward; equal weights if null.
        targets: Metric -> wanted value, for the rewards that need one.
        scale: How rewards are brought to unit size before a network sees them: by their rank
            among all so far (as normal quantiles), or by their mean and deviation.
        warm_start: A policy file, or a study folder, whose policy the search begins with.
        retrieval_threshold: Distance of workloads at which half of a warm start is trusted.
        retrieval_sharpness: How fast trust falls with the distance; 0 trusts one half always.
    """

    num_envs: int = 8
    learning_rate: float = 0.01
    net_arch: tuple[int, ...] = (32,)
    reward: RewardName = "log_sum"
    weights: dict[str, float] | None = None
    targets: dict[str, float] | None = None
    scale: ScaleName = "rank"
    warm_start: Path | None = None
    retrieval_threshold: float = 0.007
    retrieval_sharpness: float = 100.0

    def __post_init__(self) -> None:
        check_whole("num_envs", self.num_envs, 1)
        check_between("learning_rate", self.learning_rate, 0.0, 10.0)
        check_layers(self.net_arch)
        check_not_negative("retrieval_threshold", self.retrieval_threshold)
        check_not_negative("retrieval_sharpness", self.retrieval_sharpness)
