"""A cascade: Einsums in order, with the ranks they run over and the tensors that go in and out."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from accel_models.attention.cascades.einsums import Place
from accel_models.attention.cascades.notation import parse_einsum
from accel_models.attention.cascades.ranks import Ranks
from accel_models.attention.cascades.text import Text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from accel_models.attention.cascades.einsums import Access, Einsum

__all__ = ["Cascade", "cascade_of"]


@dataclass(frozen=True)
class Cascade:
    """Einsums that compute results from inputs.

    Attributes:
        name: Its name.
        einsums: In order; a tensor is defined before it is read, except that an iterative one may
            be read at its previous coordinate.
        inputs: The tensors that come from outside, with their ranks.
        results: Names of the tensors that are wanted.
        ranks: Sizes, splits and aliases of the ranks.
        initial: Iterative tensor -> its value at coordinate 0.
        summary: What it computes, in a sentence.
        source: Where it was published.
    """

    name: str
    einsums: tuple[Einsum, ...]
    inputs: tuple[Access, ...]
    results: tuple[str, ...]
    ranks: Ranks = field(default_factory=Ranks)
    initial: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))
    summary: str = ""
    source: str = ""

    def einsum(self, tensor: str) -> Einsum | None:
        """The Einsum that defines a tensor; None for an input."""
        return next((einsum for einsum in self.einsums if einsum.name == tensor), None)

    def access(self, tensor: str) -> Access:
        """The tensor as it is defined: the left side of its Einsum, or the input."""
        defined = (einsum.output for einsum in self.einsums)
        return next(a for a in (*defined, *self.inputs) if a.tensor == tensor)

    def resized(self, sizes: Mapping[str, int]) -> Cascade:
        """The same cascade with other sizes of ranks; see `Ranks.resized`.

        Raises:
            WorkloadError: An unknown rank, or sizes that do not fit together.
        """
        return replace(self, ranks=self.ranks.resized(sizes))


def cascade_of(name: str, lines: Iterable[str]) -> Cascade:
    """A cascade from its Einsums alone: enough to analyse passes.

    Tensors that are read but not defined are the inputs, those never read the results. Nothing is
    checked but the notation.

    Args:
        name: Its name.
        lines: Einsums in order, such as "GM[p] = QK[m, p]" or, with the operators left out,
            "SN[m, p] = QK[m, p] GM[p]".

    Raises:
        WorkloadError: A line is not an Einsum.
    """
    texts = (Text(line, name, Place(number, 1)) for number, line in enumerate(lines, start=1))
    einsums = tuple(parse_einsum(text) for text in texts)
    defined = {einsum.name for einsum in einsums}
    read = {operand.tensor: operand for einsum in einsums for operand in einsum.operands}
    inputs = tuple(operand for tensor, operand in read.items() if tensor not in defined)
    return Cascade(name, einsums, inputs, tuple(e.name for e in einsums if e.name not in read))
