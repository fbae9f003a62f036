"""From cascade to cost: latency, traffic, utilisation, energy and area of a bound cascade.

The numbers are derived from the Einsums of a cascade and a binding of them to the arrays of an
attention accelerator; for the five configurations of FuseMax (Nayak et al., MICRO 2024,
arXiv 2406.10491) they equal those of the closed form `attention/fusemax`. A user's own attention
takes a YAML file. The model note is `docs/models/cascade_cost.md`.
"""

from __future__ import annotations

from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, ClassVar

from accel_models.attention import physical
from accel_models.attention.cascade_cost.area import area_parts_mm2
from accel_models.attention.cascade_cost.bindings import CONFIGURATIONS, built_in
from accel_models.attention.cascade_cost.metrics import TRAFFIC_PARTS, Finishing
from accel_models.attention.cascade_cost.options import CascadeOptions
from accel_models.attention.cascade_cost.own import own_binding
from accel_models.attention.cascade_cost.plan import compile_plan
from accel_models.attention.components import load_components
from accel_models.attention.design_space import DEFAULT_SPACE, machine_parameters
from accel_models.attention.hardware import Hardware
from dse import Choice, CostModel, DesignSpace, Evaluation, Metric
from workloads.transformer import TransformerLayer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from accel_models.attention.cascade_cost.plan import Plan
    from dse import Columns, Ops
    from dse._columns import Column

_FULL = 1.0 + 1e-9


class AttentionCascade(CostModel):
    """Any cascade of Einsums on an attention accelerator; FuseMax's configurations come with it."""

    workload: TransformerLayer
    options: CascadeOptions

    env_id: ClassVar[str] = "dse/AttentionCascade-v0"
    version: ClassVar[str] = "1"
    workload_type: ClassVar[type] = TransformerLayer
    Options: ClassVar[type] = CascadeOptions
    default_workload: ClassVar[str] = "bert"
    default_objectives: ClassVar[Mapping[str, str]] = {
        "latency_s": "min",
        "energy_j": "min",
        "area_mm2": "min",
    }
    default_space: ClassVar[Mapping[str, tuple[Any, ...]]] = DEFAULT_SPACE
    chunk: ClassVar[int] = 8192 * len(CONFIGURATIONS)
    infeasibilities: ClassVar[tuple[str, ...]] = (
        "the global buffer is too small for one tile of columns, such as queries",
    )
    metrics: ClassVar[tuple[Metric, ...]] = (
        Metric("latency_s", "Time of one layer"),
        Metric("energy_j", "Energy of one layer", parts=physical.ENERGY_PARTS),
        Metric("area_mm2", "Silicon area", parts=physical.AREA_PARTS),
        Metric("power_w", "Average power, energy over latency"),
        Metric("energy_delay_product_js", "Energy times latency, in joule seconds"),
        Metric("traffic_bytes", "Off-chip reads and writes", parts=TRAFFIC_PARTS),
        Metric("util_2d", "Busy share of the 2D array during the cascade", high=_FULL),
        Metric("util_1d", "Busy share of the 1D array during the cascade", high=_FULL),
        Metric("busy_2d_s", "Time the 2D array is busy during the cascade"),
        Metric("busy_1d_s", "Time the 1D array is busy during the cascade"),
        Metric("dram_time_s", "Time the DRAM needs for the traffic of the cascade"),
        Metric("port_time_s", "Time the buffer ports need for the cascade"),
    )

    def __init__(self, workload: TransformerLayer, options: CascadeOptions | None = None) -> None:
        super().__init__(workload, (options or CascadeOptions()).resolved())
        own = own_binding(self.options)
        bindings = [built_in(name) for name in CONFIGURATIONS] + ([own] if own else [])
        self._plans = {b.name: compile_plan(b, workload, self.options) for b in bindings}
        self._components = load_components(self.options.components)

    @property
    def plans(self) -> Mapping[str, Plan]:
        """Configuration -> its cascade and binding, compiled."""
        return self._plans

    @cached_property
    def space(self) -> DesignSpace:
        """The parameters of `attention/fusemax`; an own binding is one configuration more."""
        names = tuple(self._plans)
        default = "binding" if len(names) == len(CONFIGURATIONS) else names[-1]
        return DesignSpace(
            (
                Choice(
                    "configuration",
                    names,
                    default=default,
                    group="dataflow",
                    doc="The cascade and its binding to the arrays",
                ),
                *machine_parameters(),
            )
        )

    def equations(self, x: Columns, ops: Ops, wanted: frozenset[str]) -> Evaluation:
        """Each configuration has its own sums; every design runs those of its own only."""
        cases = [partial(self._case, plan, ops=ops, wanted=wanted) for plan in self._plans.values()]
        columns = ops.by_case(x["configuration"], cases, x)
        too_small = columns.pop("too_small")
        parts = {name: columns.pop(name) for name in list(columns) if "." in name}
        return Evaluation(columns, (too_small,), parts)

    def _case(
        self, plan: Plan, x: Columns, *, ops: Ops, wanted: frozenset[str]
    ) -> dict[str, Column]:
        """All wanted columns for designs of one configuration."""
        hw = Hardware.of(x)
        area = area_parts_mm2(
            plan.binding.pes, self.workload, hw, self._components, self.options, ops
        )
        finishing = Finishing(self.workload, hw, self._components, self.options, ops)
        return finishing.columns(plan.activity(hw, ops), area, wanted)

    def einsum_times_s(self, design: Mapping[str, Any]) -> dict[str, Column]:
        """Einsum -> the time it takes on its array, for one design.

        Args:
            design: Parameter -> value; those not given take their defaults.

        Raises:
            DesignError: Unknown parameter, or a value outside its range.
        """
        from dse._ops import FLOATS

        x = self.space.parse(design)
        plan = list(self._plans.values())[int(x["configuration"])]
        return plan.einsum_times_s(Hardware.of(x), FLOATS)
