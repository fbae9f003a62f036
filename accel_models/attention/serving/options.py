"""The switches of the serving model."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path  # noqa: TC003 - the framework reads the annotations at run time
from typing import TYPE_CHECKING, Literal, get_args

from accel_models.attention.options import GIB, FuseMaxOptions
from dse.errors import InputError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Callable

Rule = Literal["isolated", "fcfs", "continuous"]
FlashUse = Literal["none", "weights", "cache"]

_HARDWARE = frozenset(
    {
        "voltage_scaling", "voltage_floor", "nominal_frequency_hz", "leakage_w_per_mm2",
        "dram_interface_mm2", "dram_stack_bytes_per_s", "dram_standby_w", "multiplier_exponent",
    }
)  # fmt: skip
_POSITIVE = (
    "flash_latency_s", "flash_bandwidth_bytes_per_s", "nominal_frequency_hz",
    "dram_stack_bytes_per_s", "multiplier_exponent",
)  # fmt: skip
_NOT_NEGATIVE = (
    "leakage_w_per_mm2", "dram_interface_mm2", "dram_standby_w", "flash_energy_j_per_byte",
)  # fmt: skip
_LARGEST_BATCH = 4096
_SHARES = ("flash_load_share", "voltage_floor")


@dataclass(frozen=True)
class ServingOptions:
    """Options of the model.

    Attributes:
        rule: Batching rule. "isolated": each request meets an idle machine. "fcfs": one request
            at a time in order of arrival, from the first token of its prompt to the last of its
            answer; the others wait. "continuous": between two decode steps, the oldest waiting
            request joins the batch if there is room; its prompt runs alone.
        max_batch: Most requests that decode together under the rule "continuous".
        flash: What lives in flash storage in place of DRAM: nothing, the feed-forward weights, or
            the key-value cache. Reading it is added to the time of each pass.
        flash_latency_s: Time to the first byte of one read (L), in a queue of many.
        flash_bandwidth_bytes_per_s: Throughput of a long read (B).
        flash_bundled: Whether all weights of a feed-forward neuron lie side by side.
        flash_load_share: Share of the feed-forward neurons that a decode step loads; below 1 with
            sparse activations and a window of neurons kept in DRAM.
        flash_energy_j_per_byte: Energy of reading a byte (no sourced figure: 0 unless given).
        port_limit: Whether the buffer ports bound the latency.
        voltage_scaling: Whether the supply voltage follows the frequency.
        voltage_floor: Share of the nominal voltage left at frequency zero, 0 to 1 (assumption).
        nominal_frequency_hz: Frequency of the nominal voltage.
        leakage_w_per_mm2: Static power at nominal voltage (assumption); 0 switches it off.
        dram_interface_mm2: Area of the interface of one DRAM stack (assumption).
        dram_stack_bytes_per_s: Bandwidth of one DRAM stack.
        dram_standby_w: Standby power of one DRAM stack.
        multiplier_exponent: MACC and divide energy and area grow with the width of activations to
            this power (assumption; 1.5 to 2).
        components: A CSV file with the user's own component energies and areas.
    """

    rule: Rule = "fcfs"
    max_batch: int = 16
    flash: FlashUse = "none"
    flash_latency_s: float = 5.2e-6
    flash_bandwidth_bytes_per_s: float = 6.1e9
    flash_bundled: bool = True
    flash_load_share: float = 1.0
    flash_energy_j_per_byte: float = 0.0
    port_limit: bool = True
    voltage_scaling: bool = True
    voltage_floor: float = 0.5
    nominal_frequency_hz: float = 940e6
    leakage_w_per_mm2: float = 0.02
    dram_interface_mm2: float = 10.0
    dram_stack_bytes_per_s: float = 256 * GIB
    dram_standby_w: float = 0.0
    multiplier_exponent: float = 1.5
    components: Path | None = None

    def __post_init__(self) -> None:
        for name, kind in (("rule", Rule), ("flash", FlashUse)):
            value, names = getattr(self, name), get_args(kind)
            if value not in names:
                raise InputError(
                    f"option {name} = {value!r}.{did_you_mean(str(value), names)}",
                    allowed=", ".join(names),
                )
        if not 1 <= self.max_batch <= _LARGEST_BATCH:
            raise InputError(
                f"option max_batch = {self.max_batch}", allowed=f"from 1 to {_LARGEST_BATCH:,}"
            )
        if self.rule == "continuous" and self.flash != "none":
            raise InputError(
                f"option flash = {self.flash!r} with the rule 'continuous'",
                allowed="none: what a batch reads from flash together is not modelled",
                next_step="choose the rule isolated or fcfs",
            )
        infinity = float("inf")
        self._demand(_POSITIVE, lambda value: 0 < value < infinity, "a number > 0")
        self._demand(_NOT_NEGATIVE, lambda value: 0 <= value < infinity, "a number >= 0")
        self._demand(_SHARES, lambda value: 0 <= value <= 1, "a number from 0 to 1")

    def _demand(self, names: tuple[str, ...], holds: Callable[[float], bool], allowed: str) -> None:
        for name in names:
            if not holds(getattr(self, name)):
                raise InputError(f"option {name} = {getattr(self, name)}", allowed=allowed)

    def hardware(self) -> FuseMaxOptions:
        """What FuseMax's equations of energy and area need to know."""
        shared = {f.name: getattr(self, f.name) for f in fields(self) if f.name in _HARDWARE}
        options = FuseMaxOptions(rf_accounting="physical", buffer_area="fit", **shared)
        return options.resolved()
