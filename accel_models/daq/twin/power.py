"""Power at the rates that a run of the twin finds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dse._ops import FLOATS

if TYPE_CHECKING:
    from accel_models.daq.flow import NodeState
    from accel_models.daq.twin.plan import Plan
    from accel_models.daq.twin.results import Run

_BITS = 8.0


def power_w(plan: Plan, run: Run) -> float:
    """Power of all nodes and links, before any scaling with the year of technology.

    Up to the first trigger the rates are those of the analytical model; from there on every event
    that a station served counts: P = sum of e_v times the rate served, plus 8 eta m times the rate
    sent. Source of the energies: SystemFlow (arXiv 2407.00123), as in `accel_models.daq.flow`.
    """
    served = {figures.name: figures for figures in run.stations()}
    later = {stage.name for stage in plan.nodes}
    total = 0.0
    for name, state in plan.found.states.items():
        if name not in later:
            total += float(state.power_w)
            sent = float(state.output.rate_hz)
        else:
            total += float(state.energy_j) * served[name].rate_per_s
            sent = served[name].rate_per_s - served[name].rejected / run.span_s
        total += link_energy_j(state) * sent
    return total


def link_energy_j(state: NodeState) -> float:
    """8 eta m: energy of sending one message on; 0 for the root."""
    if state.node.link is None:
        return 0.0
    size = float(state.output.message_bytes(FLOATS))
    return _BITS * state.node.link.bit_energy_j * size
