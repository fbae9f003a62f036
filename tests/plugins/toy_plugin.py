"""The toy accelerator as plug-ins."""

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Literal

from support.toy import ToyAccelerator, ToyOptions, ToyWork

from dse import Searcher


class Toy(ToyAccelerator):
    """A toy accelerator.

    Two objectives, 256 designs.
    """

    env_id = "dse-test/ToyPlugin-v0"
    default_workload = "toy-work"
    default_space: ClassVar = {"banks": (1, 2)}
    Options = ToyOptions


def toy_work(*, operations: float = 1024.0, file: Path | None = None) -> ToyWork:
    """Some operations.

    Args:
        operations: How many
            operations to run.
        file: A file with their number in it.
    """
    return ToyWork(operations if file is None else float(file.read_text()))


@dataclass(frozen=True)
class ToyWalkSettings:
    """Settings of the walk.

    Attributes:
        stride: Designs per step.
        order: Where to start.
        horizon: Steps to look ahead; without end by default.
    """

    stride: int = 1
    order: Literal["up", "down"] = "up"
    horizon: float = float("inf")

    def __post_init__(self):
        if self.stride == 13:
            raise ValueError("thirteen brings bad luck")


class ToyWalk(Searcher):
    """Walks through the space in index order."""

    Settings = ToyWalkSettings
    uses_seed = False
    covers_space = True
    batch_size = 1

    def ask(self, n):
        raise NotImplementedError

    def tell(self, designs, metrics):
        raise NotImplementedError

    def state_dict(self):
        raise NotImplementedError

    def load_state_dict(self, state):
        raise NotImplementedError
