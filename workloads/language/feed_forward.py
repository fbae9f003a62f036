"""Feed-forward networks: dense ones, and mixtures of experts."""

from __future__ import annotations

from dataclasses import dataclass

from dse.errors import WorkloadError
from workloads.language.attention import Matrix, parameters_of
from workloads.language.checks import check_counts


@dataclass(frozen=True, kw_only=True)
class FeedForward:
    """A feed-forward network that every token passes.

    Attributes:
        d_ff: Inner width.
        ffn_matrices: Weight matrices: 2, or 3 if it is gated.
        bias: Whether its matrices have one.
    """

    d_ff: int
    ffn_matrices: int = 3
    bias: bool = False

    def __post_init__(self) -> None:
        check_counts(self, "d_ff", "ffn_matrices")

    def matrices(self, d_model: int) -> tuple[Matrix, ...]:
        """Up (and gate), then down."""
        up = Matrix(d_model, self.d_ff)
        return (*[up] * (self.ffn_matrices - 1), Matrix(self.d_ff, d_model))

    def parameters(self, d_model: int) -> int:
        """Weights and biases."""
        biases = ((self.ffn_matrices - 1) * self.d_ff + d_model) * self.bias
        return parameters_of(self.matrices(d_model)) + biases


@dataclass(frozen=True, kw_only=True)
class Experts:
    """A mixture of experts: a router sends each token to a few of many feed-forward networks.

    Attributes:
        experts: Networks to choose from.
        active: Networks that one token passes.
        expert: One of them.
        shared: A network that every token passes besides, if there is one.
        router_bias: Whether the router has a bias per expert.
    """

    experts: int
    active: int
    expert: FeedForward
    shared: FeedForward | None = None
    router_bias: bool = False

    def __post_init__(self) -> None:
        check_counts(self, "experts", "active")
        if self.active > self.experts:
            raise WorkloadError(
                f"active = {self.active} of experts = {self.experts}",
                where="Experts",
                allowed=f"active from 1 to {self.experts}",
            )

    def always(self, d_model: int) -> tuple[Matrix, ...]:
        """The matrices that every token passes: the router and the shared network."""
        shared = self.shared.matrices(d_model) if self.shared else ()
        return (Matrix(d_model, self.experts), *shared)

    def parameters(self, d_model: int, experts: int | None = None) -> int:
        """Weights and biases with all experts, or with so many of them."""
        count = self.experts if experts is None else experts
        shared = self.shared.parameters(d_model) if self.shared else 0
        router = self.experts * (d_model + self.router_bias)
        return router + shared + count * self.expert.parameters(d_model)
