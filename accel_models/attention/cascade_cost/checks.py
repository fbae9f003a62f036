"""What can be wrong with a binding whose values are each in order."""

from __future__ import annotations

from typing import TYPE_CHECKING

from accel_models.attention.cascade_cost.binding import ARRAY_1D, ARRAY_2D
from accel_models.attention.cascade_cost.einsum_facts import (
    has_rank,
    is_contraction,
    is_iterated,
    is_opaque,
    opaque_text,
)
from accel_models.attention.cascade_cost.movement import crosses_passes, passes_of
from accel_models.attention.cascade_cost.work import used_operators
from accel_models.attention.cascades.dependences import dependences
from dse.errors import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from accel_models.attention.cascade_cost.binding import Binding, Stage
    from accel_models.attention.cascade_cost.faults import Faults
    from accel_models.attention.cascades.einsums import Einsum
    from dse._yaml import KeyPath

__all__ = ["check_binding", "check_levels"]


def check_binding(binding: Binding, faults: Faults) -> None:
    """Every Einsum once, on an array that has its operators, after what it reads.

    Args:
        binding: Read, but not yet trusted; its levels are not looked at.
        faults: Takes what is wrong.
    """
    places = _places(binding, faults)
    for einsum in binding.cascade.einsums:
        if einsum.name not in places:
            text = f"Einsum {einsum.name} of {binding.cascade.name} is bound to no array"
            faults.add(("stages",), text, f"{einsum.name} in array_2d or array_1d of a stage")
        else:
            _check_operators(binding, einsum, places[einsum.name], faults)
    if all(einsum.name in places for einsum in binding.cascade.einsums):
        _check_order(binding, places, faults)
        _check_tiling(binding, faults)


def _places(binding: Binding, faults: Faults) -> dict[str, KeyPath]:
    """Einsum -> where it is bound; unknown and repeated ones are faults."""
    names = [einsum.name for einsum in binding.cascade.einsums]
    places: dict[str, KeyPath] = {}
    for position, stage in enumerate(binding.stages):
        for path, name in _bound(position, stage):
            if name not in names:
                text = f"unknown Einsum {name!r}.{did_you_mean(name, names)}"
                faults.add(path, text, ", ".join(names))
            elif name in places:
                first = faults.line_of(places[name])
                text = f"Einsum {name} is bound twice, first in line {first}"
                faults.add(path, text, "every Einsum once")
            else:
                places[name] = path
        for name in sorted(stage.tile_before - {*stage.array_2d, *stage.array_1d}):
            path = ("stages", position, "tile_before")
            allowed = ", ".join((*stage.array_2d, *stage.array_1d)) or "nothing: the stage is empty"
            faults.add(path, f"{name} of tile_before is not in this stage", allowed)
    return places


def _bound(position: int, stage: Stage) -> Iterator[tuple[KeyPath, str]]:
    for array, names in ((ARRAY_2D, stage.array_2d), (ARRAY_1D, stage.array_1d)):
        for number, name in enumerate(names):
            yield ("stages", position, array, number), name


def _check_operators(binding: Binding, einsum: Einsum, path: KeyPath, faults: Faults) -> None:
    if is_opaque(einsum):
        faults.add(path, opaque_text(einsum), "operators between the operands, in the cascade")
        return
    array = str(path[2])
    known = binding.pes[array].operators
    for operator in sorted(used_operators(einsum) - {*known}):
        text = f"Einsum {einsum.name} needs the operator {operator}, which {array} has no slots for"
        allowed = f"{', '.join(known)}; or operators: {{{array}: {{{operator}: {{slots: ...}}}}}}"
        faults.add(path, text, allowed)


def _check_order(binding: Binding, places: Mapping[str, KeyPath], faults: Faults) -> None:
    """An Einsum may not stand before what it reads; an iteration takes all stages."""
    einsums = binding.cascade.einsums
    period = len(binding.stages)
    time = {
        einsum.name: stage + period * (einsum.name in binding.stages[stage].tile_before)
        for einsum in einsums
        for stage in (binding.stage_of(einsum.name),)
    }
    for edge in dependences(einsums):
        reader, producer = einsums[edge.reader].name, einsums[edge.producer].name
        if time[reader] + period * (edge.carried_by is not None) < time[producer]:
            line = faults.line_of(places[producer])
            text = f"Einsum {reader} is bound before its operand {edge.operand} exists"
            allowed = f"a stage from line {line} on, or {reader} in the tile_before of its stage"
            faults.add(places[reader], text, allowed)


def _check_tiling(binding: Binding, faults: Faults) -> None:
    cascade, columns = binding.cascade, binding.traversal.columns
    if binding.tiling == "flat":
        products = [name for stage in binding.stages for name in stage.array_2d]
        known = [einsum.name for einsum in cascade.einsums if is_contraction(einsum)]
        if sorted(products) != sorted(known) or len(products) != 2 or len(binding.stages) != 1:
            text = "tiling: flat maps two matrix products on the 2D array, in one stage"
            faults.add(("tiling",), text, f"array_2d: [{', '.join(known)}]")
    if binding.tiling != "sweeps":
        return
    if columns is None:
        faults.add(("array",), "tiling: sweeps holds columns, but none are given", "columns: RANK")
        return
    if is_iterated(cascade, columns):
        text = f"tiling: sweeps holds tiles of {columns}, but an iteration runs over {columns}"
        faults.add(("tiling",), text, "another rank as columns, or tiling: stages")
    for einsum in cascade.einsums:
        if not has_rank(cascade, einsum.output, columns):
            text = f"tiling: sweeps holds tiles of {columns}, but {einsum.output} has no {columns}"
            faults.add(("tiling",), text, "another rank as columns, or tiling: stages")


# -- levels --------------------------------------------------------------------------------------


def check_levels(binding: Binding, levels: Mapping[str, tuple[str, ...]], faults: Faults) -> None:
    """Every tensor that an Einsum reads lives somewhere.

    Args:
        binding: Checked.
        levels: Level -> its tensors.
        faults: Takes what is wrong.
    """
    cascade = binding.cascade
    computed = [einsum.name for einsum in cascade.einsums]
    inputs = [access.tensor for access in cascade.inputs]
    allowed = {
        "registers": computed, "buffer": [*inputs, *computed], "dram": computed,
    }  # fmt: skip
    for level, tensors in levels.items():
        for position, name in enumerate(tensors):
            if name not in allowed[level]:
                hint = did_you_mean(name, allowed[level])
                kind = "an input, which is in DRAM anyway" if name in inputs else "unknown"
                text = f"tensor {name!r} in {level} is {kind}.{hint if name not in inputs else ''}"
                faults.add(("levels", level, position), text, ", ".join(allowed[level]))
    placed = {name for tensors in levels.values() for name in tensors}
    read = {operand.tensor for einsum in cascade.einsums for operand in einsum.operands}
    for name in computed:
        if name in read and name not in placed:
            text = f"tensor {name} is read, but lives in no level"
            faults.add(("levels",), text, f"{name} in registers, buffer or dram")
    _check_waiting(binding, levels, faults)
    _check_held(binding, levels["buffer"], faults)


def _check_waiting(binding: Binding, levels: Mapping[str, tuple[str, ...]], faults: Faults) -> None:
    """Registers hold a tile, and nothing that the next pass or the next stage of its own reads."""
    elsewhere = {*levels["buffer"], *levels["dram"]}
    for position, name in enumerate(levels["registers"]):
        if binding.cascade.einsum(name) is None or name in elsewhere:
            continue
        if later := _later_reader(binding, name):
            text = f"tensor {name} is read in a later {later}, for which registers are too small"
            faults.add(("levels", "registers", position), text, f"{name} in buffer or dram")


def _later_reader(binding: Binding, tensor: str) -> str:
    """What a whole tensor would have to wait for, "pass" or "stage"; "" if nothing."""
    cascade = binding.cascade
    if binding.tiling == "stages":
        readers = (e for e in cascade.einsums if any(o.tensor == tensor for o in e.operands))
        stages = {binding.stage_of(reader.name) for reader in readers}
        return "stage" if stages - {binding.stage_of(tensor)} else ""
    has_rows = has_rank(cascade, cascade.access(tensor), binding.traversal.rows)
    return "pass" if has_rows and crosses_passes(binding, tensor, passes_of(binding)) else ""


def _check_held(binding: Binding, buffer: tuple[str, ...], faults: Faults) -> None:
    """Sweeps are counted by what the columns hold in the buffer."""
    columns, cascade = binding.traversal.columns, binding.cascade
    known = {*(a.tensor for a in cascade.inputs), *(e.name for e in cascade.einsums)}
    held = [
        name for name in buffer
        if name in known and has_rank(cascade, cascade.access(name), columns or "")
    ]  # fmt: skip
    if binding.tiling == "sweeps" and not held:
        text = f"tiling: sweeps holds tiles of {columns}, but no tensor with {columns} is buffered"
        faults.add(("levels",), text, f"a tensor with {columns} in buffer, or tiling: stages")
