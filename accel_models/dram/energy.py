"""Energy by command class and background state, as DRAMPower 4 computes it (2.3).

mA x V x ns = pJ. All devices together.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from accel_models.dram.state import ACT, RD, RDA, REFA, WR, WRA

if TYPE_CHECKING:
    from collections.abc import Mapping

    from accel_models.dram.specification import Specification

PARTS = (
    "activate", "precharge", "read", "write", "refresh", "active_standby", "precharged_standby",
    "active_power_down", "precharged_power_down", "self_refresh",
)  # fmt: skip


def energy_parts_pj(results: Any, memory: Specification) -> dict[str, Any]:
    """Energy of each part, in pJ.

    Args:
        results: Records of `simulate_controllers`.
        memory: The memory that was simulated.
    """
    main = _supply_parts(results, memory, memory.supply_v["VDD"], memory.current_ma)
    if "VDD2" not in memory.supply_v:
        return main
    # DDR4's second supply; its other currents are 0.
    currents = dict.fromkeys(memory.current_ma, 0.0)
    currents |= {"IDD0": memory.current_ma["IDD02"], "IDD6": memory.current_ma["IDD62"]}
    second = _supply_parts(results, memory, memory.supply_v["VDD2"], currents)
    return {part: main[part] + second[part] for part in PARTS}


def _supply_parts(
    r: Any, memory: Specification, volts: float, current: Mapping[str, float]
) -> dict[str, Any]:
    """The energy that one supply delivers."""
    t, count = memory.timing, r["commands"]
    scale = volts * memory.energy_clock_ns * memory.geometry["devices"]
    active, precharged = current["IDD3N"], current["IDD2N"]
    reads, writes = count[..., RD] + count[..., RDA], count[..., WR] + count[..., WRA]
    refresh_cycles = (count[..., REFA] + r["self_refreshes"]) * t["RFC"]
    activate = count[..., ACT] * t["RAS"] * (current["IDD0"] - active)
    closing = t["RC"] - t["RAS"]
    cycles_times_ma = {
        "activate": activate,
        "precharge": r["precharged_banks"] * closing * (current["IDD0"] - precharged),
        "read": reads * t["B"] * (current["IDD4R"] - active),
        "write": writes * t["B"] * (current["IDD4W"] - active),
        "refresh": refresh_cycles * (current["IDD5"] - active),
        "active_standby": r["active_cycles"] * active,
        "precharged_standby": r["precharged_cycles"] * precharged,
        "active_power_down": r["active_down_cycles"] * current["IDD3P0"],
        "precharged_power_down": r["precharged_down_cycles"] * current["IDD2P0"],
        "self_refresh": r["self_refresh_cycles"] * current["IDD6"],
    }
    return {part: scale * cycles_times_ma[part] for part in PARTS}


def window_cycles(results: Any) -> Any:
    """The time that the energy covers; average power is energy over this."""
    fields = ("active_cycles", "precharged_cycles", "active_down_cycles",
              "precharged_down_cycles", "self_refresh_cycles")  # fmt: skip
    return sum(results[field] for field in fields)
