"""The binding of a cascade that nobody has bound: simple rules, no search.

- Matrix products run on the 2D array if its PEs have the operators, all else on the 1D array.
- The columns of the 2D array take a rank that every Einsum keeps on its left side, such as the
  queries; its tiles are held, and the rows stream by (`sweeps`). Where there is none, every stage
  reads from and writes to DRAM (`stages`).
- A stage ends where values go from one array to the other. Nothing interleaves.
- What goes to the other array, what an iteration hands to the next and what the 2D array sums up
  tile by tile lives in the buffer; what a later pass needs of every row is stored in DRAM and
  loaded again; the rest stays in registers.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from accel_models.attention.cascade_cost.binding import (
    ARRAY_1D,
    ARRAY_2D,
    Binding,
    Stage,
    Traversal,
)
from accel_models.attention.cascade_cost.einsum_facts import (
    has_rank,
    is_carried,
    is_contraction,
    is_iterated,
    is_iterative,
    is_last,
    is_opaque,
    opaque_text,
)
from accel_models.attention.cascade_cost.movement import crosses_passes, passes_of, summed_tiles
from accel_models.attention.cascade_cost.pes import built_in_pes
from accel_models.attention.cascade_cost.work import used_operators
from accel_models.attention.cascades.dependences import dependences
from dse.errors import WorkloadError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from accel_models.attention.cascade_cost.pes import PeArrays
    from accel_models.attention.cascades.cascade import Cascade
    from accel_models.attention.cascades.einsums import Einsum

__all__ = ["default_binding", "default_levels", "default_traversal"]

_ATTENTION = {"m": "seq_len", "p": "seq_len", "e": "head_dim", "f": "value_dim"}
"""The ranks of attention, by which it is recognised."""
_PES = "fusemax"


def default_binding(cascade: Cascade) -> Binding:
    """A binding by rule.

    Args:
        cascade: Any cascade.

    Raises:
        WorkloadError: It has no rank that could lie on the 2D array, or an Einsum that does not
            name its operators.
    """
    for einsum in cascade.einsums:
        if is_opaque(einsum):
            raise WorkloadError(opaque_text(einsum), where=cascade.name)
    traversal, pes = default_traversal(cascade), built_in_pes()[_PES]
    bare = Binding(
        name=cascade.name,
        cascade=cascade,
        traversal=traversal,
        pes=pes,
        stages=_stages(cascade, pes),
        tiling="sweeps" if _is_held(cascade, traversal.columns) else "stages",
        summary=cascade.summary,
    )
    buffer, dram = default_levels(bare)
    return replace(bare, buffer=buffer, dram=dram)


# -- the 2D array --------------------------------------------------------------------------------


def default_traversal(cascade: Cascade) -> Traversal:
    """Rows, columns and sizes.

    A cascade with the ranks m, p, e and f is attention: they are keys, queries and the widths of
    keys and values, and it runs for every head of every sequence. Any other keeps its own sizes.
    """
    is_attention = {*_ATTENTION} <= {cascade.ranks.whole(v) for v in cascade.ranks.sizes}
    found = list(dict.fromkeys(_candidates(cascade)))
    if not found:
        raise WorkloadError(f"the cascade {cascade.name} has no rank to lay on the 2D array")
    columns = next((rank for rank in found if _is_held(cascade, rank)), None)
    rows = next((rank for rank in found if rank != columns), None)
    if rows is None:
        rows, columns = found[0], None
    elif columns is None and len(found) > 1:
        columns = found[1]
    return Traversal(
        rows=rows,
        columns=columns,
        ranks=_ATTENTION if is_attention else {},
        repeat=("batch", "heads") if is_attention else (),
    )


def _candidates(cascade: Cascade) -> Iterator[str]:
    """Ranks for the array: of the results of matrix products, then all others."""
    products = [einsum for einsum in cascade.einsums if is_contraction(einsum)]
    for einsum in (*products, *cascade.einsums):
        variables = einsum.output.streamed if einsum in products else einsum.points
        for variable in variables:
            rank = cascade.ranks.whole(variable)
            if len(cascade.ranks.parts(rank)) <= 2 and _is_visited(cascade, rank):
                yield rank


def _is_visited(cascade: Cascade, rank: str) -> bool:
    """Whether some Einsum runs over the whole rank, so that passes over it can be counted."""
    return any({*cascade.ranks.parts(rank)} <= {*einsum.points} for einsum in cascade.einsums)


def _is_held(cascade: Cascade, rank: str | None) -> bool:
    """Whether the coordinates of a rank never meet, so that tiles of it can be held."""
    kept = rank is not None and all(has_rank(cascade, e.output, rank) for e in cascade.einsums)
    return rank is not None and kept and not is_iterated(cascade, rank)


# -- stages --------------------------------------------------------------------------------------


def _array(einsum: Einsum, pes: PeArrays) -> str:
    fits = used_operators(einsum) <= {*pes[ARRAY_2D].operators}
    return ARRAY_2D if fits and is_contraction(einsum) else ARRAY_1D


def _stages(cascade: Cascade, pes: PeArrays) -> tuple[Stage, ...]:
    """Einsums by the number of changes of array on the longest way to them."""
    arrays = [_array(einsum, pes) for einsum in cascade.einsums]
    level = [0] * len(arrays)
    direct = [edge for edge in dependences(cascade.einsums) if edge.carried_by is None]
    for _ in arrays:  # the Einsums may stand in any order; no way is longer than there are Einsums
        for edge in direct:
            step = arrays[edge.producer] != arrays[edge.reader]
            level[edge.reader] = max(level[edge.reader], level[edge.producer] + step)

    def bound(number: int, array: str) -> tuple[str, ...]:
        return tuple(
            einsum.name
            for einsum, on, at in zip(cascade.einsums, arrays, level, strict=True)
            if on == array and at == number
        )

    numbers = sorted(set(level))
    return tuple(Stage(bound(number, ARRAY_2D), bound(number, ARRAY_1D)) for number in numbers)


# -- levels --------------------------------------------------------------------------------------


def default_levels(binding: Binding) -> tuple[frozenset[str], frozenset[str]]:
    """Where the tensors of a binding live: its fields `buffer` and `dram`."""
    cascade = binding.cascade
    computed = [einsum.name for einsum in cascade.einsums]
    dram = frozenset(name for name in computed if _leaves_the_chip(binding, name))
    inputs = frozenset(access.tensor for access in cascade.inputs)
    buffer = frozenset(n for n in computed if n not in dram and _is_buffered(binding, n))
    return inputs | buffer, dram


def _leaves_the_chip(binding: Binding, tensor: str) -> bool:
    """Read in another stage that has its own traffic, or by a later pass over all of its rows."""
    if binding.tiling == "stages":
        stage = binding.stage_of(tensor)
        return any(binding.stage_of(name) != stage for name in _readers(binding, tensor))
    access = binding.cascade.access(tensor)
    has_rows = has_rank(binding.cascade, access, binding.traversal.rows)
    return has_rows and crosses_passes(binding, tensor, passes_of(binding))


def _is_buffered(binding: Binding, tensor: str) -> bool:
    definition = binding.cascade.access(tensor)
    reads = [
        operand
        for e in binding.cascade.einsums
        for operand in e.operands
        if operand.tensor == tensor
    ]
    if is_iterative(definition):
        return any(is_carried(read, definition) or is_last(read) for read in reads)
    others = {binding.array_of(name) for name in _readers(binding, tensor)}
    leaves_array = bool(others - {binding.array_of(tensor)})
    is_summed_up = bool(summed_tiles(binding, tensor))
    return leaves_array or is_summed_up or crosses_passes(binding, tensor, passes_of(binding))


def _readers(binding: Binding, tensor: str) -> list[str]:
    return [
        einsum.name
        for einsum in binding.cascade.einsums
        if any(operand.tensor == tensor for operand in einsum.operands)
    ]
