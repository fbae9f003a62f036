"""The switches of the FuseMax model: the additions of our design space, and the artifact's quirks.

Two presets: `published` reproduces the figures of FuseMax (MICRO 2024) and its artifact exactly;
`design_space` switches on what makes the space worth searching. Every switch can be set alone.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from pathlib import Path  # noqa: TC003 - the framework reads the annotations at run time
from typing import Any, Literal, get_args, get_origin, get_type_hints

from dse.errors import InputError, did_you_mean

GIB = 2.0**30
MIB = 2.0**20


@dataclass(frozen=True)
class FuseMaxOptions:
    """Options of the model; None takes the value of the preset.

    Attributes:
        preset: Which set of defaults the other options take.
        scope: What latency, energy and traffic cover: one attention layer, or attention plus the
            linear layers of a transformer layer ("end-to-end").
        rf_accounting: Register energy of one PE instance, as the artifact counts it (quirk Q1),
            or of all PEs.
        cascade_exp_energy: Whether +Cascade is charged for its exponentials (quirk Q3).
        cascade_tile_buffer: +Cascade sizes its tiles for at most 16 MiB, however large the buffer
            (quirk Q4), or for the buffer it has.
        port_limit: Whether the buffer ports bound the latency.
        voltage_scaling: Whether the supply voltage follows the frequency.
        voltage_floor: Share of the nominal voltage left at frequency zero, 0 to 1 (assumption).
        nominal_frequency_hz: Frequency of the nominal voltage.
        leakage_w_per_mm2: Static power at nominal voltage (assumption); 0 switches it off.
        dram_interface_mm2: Area of the interface of one DRAM stack (assumption).
        dram_stack_bytes_per_s: Bandwidth of one DRAM stack; the interface is bought in
            proportion to the bandwidth.
        dram_standby_w: Standby power of one DRAM stack.
        buffer_area: CACTI values where there is one, else the fit; or the fit everywhere.
        multiplier_exponent: MACC, exponential and divide energy and area grow with the word width
            to this power (assumption; 1.5 to 2).
        components: A CSV file with the user's own component energies and areas.
    """

    preset: Literal["design_space", "published"] = "design_space"
    scope: Literal["attention", "end_to_end"] = "attention"
    rf_accounting: Literal["artifact", "physical"] | None = None
    cascade_exp_energy: Literal["artifact", "charged"] | None = None
    cascade_tile_buffer: Literal["artifact", "actual"] | None = None
    port_limit: bool | None = None
    voltage_scaling: bool | None = None
    voltage_floor: float = 0.5
    nominal_frequency_hz: float = 940e6
    leakage_w_per_mm2: float | None = None
    dram_interface_mm2: float | None = None
    dram_stack_bytes_per_s: float = 256 * GIB
    dram_standby_w: float = 0.0
    buffer_area: Literal["cacti", "fit"] | None = None
    multiplier_exponent: float = 1.5
    components: Path | None = None

    def __post_init__(self) -> None:
        for name, hint in get_type_hints(FuseMaxOptions).items():
            _check_name(name, getattr(self, name), hint)
        for name in ("leakage_w_per_mm2", "dram_interface_mm2", "dram_standby_w"):
            value = getattr(self, name)
            if value is not None and not 0 <= value < float("inf"):
                raise InputError(f"option {name} = {value}", allowed="a number >= 0")
        if not 0 <= self.voltage_floor <= 1:
            raise InputError(
                f"option voltage_floor = {self.voltage_floor}", allowed="a number from 0 to 1"
            )
        for name in ("nominal_frequency_hz", "dram_stack_bytes_per_s", "multiplier_exponent"):
            if not 0 < getattr(self, name) < float("inf"):
                raise InputError(f"option {name} = {getattr(self, name)}", allowed="a number > 0")

    def resolved(self) -> FuseMaxOptions:
        """The same options with every None replaced by the preset's value."""
        chosen: dict[str, Any] = PRESETS[self.preset]
        gaps = {
            f.name: chosen[f.name]
            for f in fields(self)
            if f.name in chosen and getattr(self, f.name) is None
        }
        return replace(self, **gaps)


def _check_name(option: str, value: object, hint: Any) -> None:
    """Refuse a value that is none of the names of a `Literal` option."""
    kinds = [kind for kind in (hint, *get_args(hint)) if get_origin(kind) is Literal]
    names = [name for kind in kinds for name in get_args(kind)]
    if names and value not in (names if hint in kinds else [*names, None]):
        raise InputError(
            f"option {option} = {value!r}.{did_you_mean(str(value), names)}",
            allowed=", ".join(names),
        )


PRESETS: dict[str, dict[str, Any]] = {
    "published": {
        "rf_accounting": "artifact",
        "cascade_exp_energy": "artifact",
        "cascade_tile_buffer": "artifact",
        "port_limit": False,
        "voltage_scaling": False,
        "leakage_w_per_mm2": 0.0,
        "dram_interface_mm2": 0.0,
        "buffer_area": "cacti",
    },
    "design_space": {
        "rf_accounting": "physical",
        "cascade_exp_energy": "charged",
        "cascade_tile_buffer": "actual",
        "port_limit": True,
        "voltage_scaling": True,
        "leakage_w_per_mm2": 0.02,
        "dram_interface_mm2": 10.0,
        "buffer_area": "fit",
    },
}
"""Values of the options that are None, per preset."""
