"""A cascade and its binding, compiled once into sums that any number of designs can evaluate."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from accel_models.attention.cascade_cost.binding import ARRAY_2D
from accel_models.attention.cascade_cost.movement import (
    COLUMN_INPUTS,
    INTERMEDIATES,
    RESULTS,
    ROW_INPUTS,
    Movement,
    Transfer,
)
from accel_models.attention.cascade_cost.polynomial import ZERO, Values, constant, symbol, total
from accel_models.attention.cascade_cost.sizes import SIDE, Sizes
from accel_models.attention.cascade_cost.tiling import (
    FlatTiling,
    StageTiling,
    SweepTiling,
    TilingRule,
)
from accel_models.attention.cascade_cost.work import (
    cycles,
    per_pe,
    register_accesses,
    unit_actions,
)
from accel_models.attention.hardware import Activity

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from accel_models.attention.cascade_cost.binding import Binding, Stage
    from accel_models.attention.cascade_cost.polynomial import Polynomial
    from accel_models.attention.hardware import Hardware
    from accel_models.attention.options import FuseMaxOptions
    from dse import Ops
    from dse._columns import BoolColumn, Column
    from workloads.transformer import TransformerLayer

__all__ = ["Plan", "StagePlan", "compile_plan"]


@dataclass(frozen=True)
class StagePlan:
    """One stage, in cycles and words.

    Attributes:
        cycles_2d: Time of its Einsums on the 2D array.
        cycles_1d: Time of those on the 1D array.
        stall_cycles: Time in which nothing runs.
        moved_words: Off-chip traffic.
    """

    cycles_2d: Polynomial
    cycles_1d: Polynomial
    stall_cycles: Polynomial
    moved_words: Polynomial


@dataclass(frozen=True)
class Plan:
    """Everything that a bound cascade does, as polynomials.

    Attributes:
        binding: What was compiled.
        sizes: Its sizes.
        tiling: Gives the symbols of the tiling their columns.
        stages: In order.
        einsum_cycles: Einsum -> its time.
        busy_2d_cycles: Time in which the 2D array works, weighted by the occupied PEs.
        traffic_words: Words off chip, by kind of traffic.
        units: Unit -> actions.
        buffer_words: Words read from the global buffer, and written.
        register_accesses: Register reads and writes that are charged.
    """

    binding: Binding
    sizes: Sizes
    tiling: TilingRule
    stages: tuple[StagePlan, ...]
    einsum_cycles: Mapping[str, Polynomial]
    busy_2d_cycles: Polynomial
    traffic_words: tuple[Polynomial, ...]
    units: Mapping[str, Polynomial]
    buffer_words: tuple[Polynomial, Polynomial]
    register_accesses: tuple[Polynomial, Polynomial]

    def activity(self, hw: Hardware, ops: Ops) -> Activity:
        """What the cascade makes some designs do."""
        values, too_small = self._values(hw, ops)
        stages = [self._stage(stage, values, hw, ops) for stage in self.stages]
        compute_s = sum((seconds for seconds, _ in stages[1:]), start=stages[0][0])
        words = [hw.word_bytes * values(kind) for kind in self.traffic_words]
        units = {unit: values(self.units.get(unit, ZERO)) for unit in _UNITS}
        return Activity(
            compute_s=compute_s,
            phases=tuple(stages) if self.binding.tiling == "stages" else (),
            busy_1d_s=values(total(stage.cycles_1d for stage in self.stages)) / hw.f,
            busy_2d_s={"all": values(self.busy_2d_cycles) / hw.f},
            query_bytes=words[COLUMN_INPUTS],
            key_value_bytes=words[ROW_INPUTS],
            output_bytes=words[RESULTS],
            score_bytes=words[INTERMEDIATES],
            **units,
            buffer_read_words=values(self.buffer_words[0]),
            buffer_write_words=values(self.buffer_words[1]),
            register_reads=values(self.register_accesses[0]),
            register_writes=values(self.register_accesses[1]),
            too_small=too_small,
        )

    def einsum_times_s(self, hw: Hardware, ops: Ops) -> dict[str, Column]:
        """Einsum -> the time it takes on its array."""
        values, _ = self._values(hw, ops)
        return {name: values(cycles) / hw.f for name, cycles in self.einsum_cycles.items()}

    def _values(self, hw: Hardware, ops: Ops) -> tuple[Values, BoolColumn]:
        values = Values(self.sizes.symbols(hw, ops))
        symbols, too_small = self.tiling.apply(values, hw, ops)
        values.define(symbols)
        return values, too_small

    @staticmethod
    def _stage(stage: StagePlan, values: Values, hw: Hardware, ops: Ops) -> tuple[Column, Column]:
        """Seconds and bytes of a stage: the arrays run side by side, then what stalls."""
        longest = ops.maximum(values(stage.cycles_2d), values(stage.cycles_1d))
        seconds = (longest + values(stage.stall_cycles)) / hw.f
        return seconds, hw.word_bytes * values(stage.moved_words)


_UNITS = ("macc", "add", "max", "exp", "divide")


def compile_plan(binding: Binding, layer: TransformerLayer, options: FuseMaxOptions) -> Plan:
    """Compile a bound cascade for one layer.

    Args:
        binding: The binding.
        layer: The layer; it gives the ranks their sizes.
        options: Which quirks of the published artifacts apply.
    """
    sizes = Sizes(binding, layer)
    occupied, einsum_cycles = _einsum_cycles(binding, sizes)
    transfers, buffer_words = _moves(binding, sizes)
    return Plan(
        binding=binding,
        sizes=sizes,
        tiling=_tiling(binding, sizes, layer, options),
        stages=tuple(
            _stage_plan(stage, position, einsum_cycles, transfers, sizes)
            for position, stage in enumerate(binding.stages)
        ),
        einsum_cycles=einsum_cycles,
        busy_2d_cycles=total(occupied.values()),
        traffic_words=tuple(_traffic(transfers, kind) for kind in range(4)),
        units=_charged_units(binding, sizes, options),
        buffer_words=buffer_words,
        register_accesses=register_accesses(
            binding, sizes, one_pe=options.rf_accounting == "artifact"
        ),
    )


def _tiling(
    binding: Binding, sizes: Sizes, layer: TransformerLayer, options: FuseMaxOptions
) -> TilingRule:
    if binding.tiling == "flat":
        return FlatTiling(layer)
    if binding.tiling == "stages":
        return StageTiling()
    like_artifact = options.cascade_tile_buffer == "artifact"
    return SweepTiling(binding, sizes, binding.quirks.tile_bytes if like_artifact else None)


def _einsum_cycles(
    binding: Binding, sizes: Sizes
) -> tuple[dict[str, Polynomial], dict[str, Polynomial]]:
    """Einsum -> time on the 2D array weighted by the occupied PEs; Einsum -> its time.

    FLAT's mapper gives the slots per score of the two matrix products, and their occupancy.
    """
    names = [einsum.name for einsum in binding.cascade.einsums]
    found = {e.name: cycles(e, binding, sizes) for e in binding.cascade.einsums}
    occupied = {name: found[name] for name in names if binding.array_of(name) == ARRAY_2D}
    if binding.tiling == "flat":
        for name, suffix in zip(occupied, ("qk", "av"), strict=True):
            found[name] = sizes.scores * symbol(f"c_{suffix}") * per_pe(ARRAY_2D)
            occupied[name] = found[name] * symbol(f"occupied_{suffix}")
    return occupied, found


def _moves(binding: Binding, sizes: Sizes) -> tuple[list[Transfer], tuple[Polynomial, Polynomial]]:
    """Transfers off chip; words read from the buffer, and written to it."""
    if binding.tiling == "flat":
        moved = {
            COLUMN_INPUTS: "query_words",
            ROW_INPUTS: "key_value_words",
            RESULTS: "output_words",
            INTERMEDIATES: "score_words",
        }
        transfers = [Transfer(kind, 0, symbol(name)) for kind, name in moved.items()]
        return transfers, (symbol("buffer_read_words"), symbol("buffer_write_words"))
    movement = Movement(binding, sizes)
    return list(movement.transfers()), movement.buffer_words()


def _traffic(transfers: Sequence[Transfer], kind: int) -> Polynomial:
    return total(transfer.words for transfer in transfers if transfer.kind == kind)


def _stage_plan(
    stage: Stage,
    position: int,
    einsum_cycles: Mapping[str, Polynomial],
    transfers: Sequence[Transfer],
    sizes: Sizes,
) -> StagePlan:
    stall = SIDE if isinstance(stage.stall_cycles, str) else constant(stage.stall_cycles)
    return StagePlan(
        cycles_2d=total(einsum_cycles[name] for name in stage.array_2d),
        cycles_1d=total(einsum_cycles[name] for name in stage.array_1d),
        stall_cycles=stall * sizes.array_tiles,
        moved_words=total(t.words for t in transfers if t.stage == position),
    )


def _charged_units(
    binding: Binding, sizes: Sizes, options: FuseMaxOptions
) -> dict[str, Polynomial]:
    """Actions of the units that are charged (quirk Q3)."""
    like_artifact = options.cascade_exp_energy == "artifact"
    free = binding.quirks.free_units if like_artifact else frozenset()
    found = unit_actions(binding, sizes)
    return {unit: actions for unit, actions in found.items() if unit not in free}
