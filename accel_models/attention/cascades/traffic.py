"""What a cascade must hold on chip and move off chip while it streams along one rank.

A tensor of the rank that is used in one pass only is held one coordinate at a time. One that is
used in several passes is either kept, a whole fiber, from the first to the last of them, or loaded
again in each; a tensor that the cascade itself computes is stored once besides. A value after the
last iteration, `X[i$]`, lacks the rank: it is held until it is read, and no reason to keep or
reload the fiber of X.

Ranks that every Einsum keeps on its left side (queries, rows, batch) are taken one coordinate at a
time; those that the analysed rank does not contain are held whole. A mapping that tiles them holds
more coordinates or less, and may have to load more: these are figures of the cascade alone.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from accel_models.attention.cascades.einsums import Index

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from accel_models.attention.cascades.cascade import Cascade
    from accel_models.attention.cascades.einsums import Access
    from accel_models.attention.cascades.passes import PassAnalysis

__all__ = ["Footprint", "compulsory_words", "footprints", "induced_words", "tensor_words"]


@dataclass(frozen=True)
class Footprint:
    """What is live during one pass, for one coordinate of the ranks that all Einsums keep.

    Attributes:
        number: The pass.
        reloaded: Tensor -> words, if tensors used in several passes are loaded again.
        kept: Tensor -> words, if they are kept.
    """

    number: int
    reloaded: Mapping[str, int]
    kept: Mapping[str, int]

    @property
    def reloaded_words(self) -> int:
        """Words live if tensors used in several passes are loaded again."""
        return sum(self.reloaded.values())

    @property
    def kept_words(self) -> int:
        """Words live if they are kept."""
        return sum(self.kept.values())


def tensor_words(cascade: Cascade, tensor: str) -> int:
    """Words of a whole tensor; of an iterative one without its initial value."""
    return cascade.ranks.count(cascade.access(tensor).streamed)


def compulsory_words(cascade: Cascade) -> dict[str, int]:
    """Tensor -> words that any execution moves: every input that is read, and every result, once.

    Args:
        cascade: With sizes.
    """
    read = {operand.tensor for einsum in cascade.einsums for operand in einsum.operands}
    inputs = [access.tensor for access in cascade.inputs if access.tensor in read]
    return {tensor: tensor_words(cascade, tensor) for tensor in (*inputs, *cascade.results)}


def induced_words(cascade: Cascade, analysis: PassAnalysis) -> dict[str, int]:
    """Tensor -> words moved because there are several passes and no fiber is kept on chip.

    Args:
        cascade: With sizes.
        analysis: Its passes over the rank that is streamed.
    """
    uses = _fiber_uses(analysis)
    found = {}
    for tensor, passes in uses.items():
        if len(passes) > 1 and _is_streamed(cascade, tensor, analysis):
            is_new = cascade.einsum(tensor) is not None and tensor not in cascade.results
            found[tensor] = tensor_words(cascade, tensor) * (len(passes) - 1 + is_new)
    return found


def footprints(cascade: Cascade, analysis: PassAnalysis) -> tuple[Footprint, ...]:
    """The live words of every pass.

    Args:
        cascade: With sizes.
        analysis: Its passes over the rank that is streamed.
    """
    uses, fiber_uses = _uses(analysis), _fiber_uses(analysis)
    several = {
        tensor
        for tensor, passes in fiber_uses.items()
        if len(passes) > 1 and _is_streamed(cascade, tensor, analysis)
    }
    return tuple(
        Footprint(
            number,
            {
                tensor: _words(cascade, tensor, analysis, is_kept=False)
                for tensor, passes in uses.items()
                if _is_live(passes, number, is_reloaded=tensor in several)
            },
            {
                tensor: _words(cascade, tensor, analysis, is_kept=tensor in several)
                for tensor, passes in uses.items()
                if _is_live(passes, number, is_reloaded=False)
            },
        )
        for number in range(1, analysis.passes + 1)
    )


def _uses(analysis: PassAnalysis) -> dict[str, set[int]]:
    """Tensor -> the passes in which an Einsum that touches the rank writes or reads it."""
    uses = _passes_by_tensor(analysis, lambda _: True)
    for tensor, passes in uses.items():
        produced = analysis.visit(tensor)
        if produced and not produced.during:  # computed between passes, from complete values
            passes.add(produced.done + 1)
    return uses


def _fiber_uses(analysis: PassAnalysis) -> dict[str, set[int]]:
    """The same without reads of the value after the last iteration, which need no fiber."""
    outer = Index(analysis.rank[0], is_last=True)
    return _passes_by_tensor(analysis, lambda access: outer not in access.indices)


def _passes_by_tensor(
    analysis: PassAnalysis, counts: Callable[[Access], bool]
) -> dict[str, set[int]]:
    passes: dict[str, set[int]] = {}
    for visit in analysis.visits:
        if visit.during:
            for access in filter(counts, (*visit.einsum.operands, visit.einsum.output)):
                passes.setdefault(access.tensor, set()).add(visit.during)
    return passes


def _is_streamed(cascade: Cascade, tensor: str, analysis: PassAnalysis) -> bool:
    """Whether the tensor has the analysed rank."""
    return analysis.rank[0] in cascade.access(tensor).streamed


def _is_live(passes: set[int], number: int, *, is_reloaded: bool) -> bool:
    """Whether a tensor with these uses is held in a pass; between two uses only if it stays."""
    return number in passes if is_reloaded else min(passes) <= number <= max(passes)


def _words(cascade: Cascade, tensor: str, analysis: PassAnalysis, *, is_kept: bool) -> int:
    """Words of a tensor that are held at a time."""
    access = cascade.access(tensor)
    common = set.intersection(*({*e.output.streamed} for e in cascade.einsums))
    outer = analysis.rank[0]
    extents = [
        cascade.ranks.size(variable)
        for variable in access.streamed
        if variable not in common - {*analysis.rank} and (variable != outer or is_kept)
    ]
    steps = 1 if is_kept else _coordinates(cascade, access, outer)
    return math.prod(extents) * steps


def _coordinates(cascade: Cascade, access: Access, outer: str) -> int:
    """Coordinates of the rank that some Einsum reads of a tensor at the same time."""
    offsets = (
        {
            str(index)
            for operand in einsum.operands
            if operand.tensor == access.tensor and (index := operand.index_of(outer))
        }
        for einsum in cascade.einsums
    )
    return max(1, *(len(found) for found in offsets))
