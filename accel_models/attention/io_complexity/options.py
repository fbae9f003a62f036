"""The platform and the pass that the I/O model assumes."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path  # noqa: TC003 - the framework reads the annotations at run time
from typing import Literal, get_args, get_type_hints

from accel_models.attention.options import GIB
from dse.errors import InputError, did_you_mean


@dataclass(frozen=True)
class AttentionIOOptions:
    """Options of the model.

    Attributes:
        direction: The forward pass, or the backward pass, which FlashAttention-2 alone has here.
        mask: Every query sees every key ("none"), or those up to its own ("causal"); schedules
            skip the pairs of tiles that hold no visible score.
        statistics: Whether FlashAttention-2 stores the log-sum-exp of each row, as training needs.
        word_bytes: Bytes per word, of scores and statistics too.
        dram_bandwidth_bytes_per_s: Bandwidth of the slow memory.
        macs_per_s: Multiply-accumulates per second; by default the 256 x 256 array of FuseMax at
            940 MHz.
        transfer_setup_s: Time to set up one transfer, about ten cycles (assumption); 0 switches
            it off.
        components: A CSV file with the user's own component energies and areas, as for
            attention/fusemax; `dram` and `buffer_per_KiB` are read.
    """

    direction: Literal["forward", "backward"] = "forward"
    mask: Literal["none", "causal"] = "none"
    statistics: bool = True
    word_bytes: int = 2
    dram_bandwidth_bytes_per_s: float = 400 * GIB
    macs_per_s: float = 256 * 256 * 940e6
    transfer_setup_s: float = 1e-8
    components: Path | None = None

    def __post_init__(self) -> None:
        hints = get_type_hints(AttentionIOOptions)
        for name in ("direction", "mask"):
            value, names = getattr(self, name), get_args(hints[name])
            if value not in names:
                raise InputError(
                    f"option {name} = {value!r}.{did_you_mean(str(value), names)}",
                    allowed=", ".join(names),
                )
        for name in ("word_bytes", "dram_bandwidth_bytes_per_s", "macs_per_s"):
            if not 0 < getattr(self, name) < math.inf:
                raise InputError(f"option {name} = {getattr(self, name)}", allowed="a number > 0")
        if not 0 <= self.transfer_setup_s < math.inf:
            raise InputError(
                f"option transfer_setup_s = {self.transfer_setup_s}", allowed="a number >= 0"
            )
