"""The policies of a team as one policy of Stable-Baselines3.

Every row of a batch belongs to one member: its observation ends with the member's identity as a
one-hot vector, its action is one of L options. Members with fewer options never draw the others.
So the buffers and the losses of Stable-Baselines3 serve a team of any size unchanged, and all
members learn in one pass.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from stable_baselines3.common.policies import ActorCriticPolicy
from torch import nn

if TYPE_CHECKING:
    from collections.abc import Sequence

    from agents.rl._team import Team

_NEVER = -1e9  # the logit of what is no option; finite, so that entropies stay finite
_FIRST_LOGITS = 0.01  # gain of the last layer: a new policy is nearly uniform


class OwnLayer(nn.Module):
    """A linear layer per member, all in one product.

    Args:
        members: How many.
        inputs: Length of the input.
        outputs: Length of the output.
        gain: Of the orthogonal initial weights.
    """

    def __init__(self, members: int, inputs: int, outputs: int, gain: float) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(members, inputs, outputs))
        self.bias = nn.Parameter(torch.zeros(members, outputs))
        for weight in self.weight:
            nn.init.orthogonal_(weight, gain)

    def forward(self, features: torch.Tensor, member: torch.Tensor) -> torch.Tensor:
        """Each row (R x inputs) through the layer of its member (R)."""
        product = torch.bmm(features.unsqueeze(1), self.weight[member]).squeeze(1)
        return product + self.bias[member]


class SharedLayer(nn.Module):
    """One linear layer for all members, who are told apart by their identity in the input.

    Args:
        members: How many.
        inputs: Length of the input.
        outputs: Length of the output.
        gain: Of the orthogonal initial weights.
    """

    def __init__(self, members: int, inputs: int, outputs: int, gain: float) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(members + inputs, outputs))
        self.bias = nn.Parameter(torch.zeros(outputs))
        self._members = members
        nn.init.orthogonal_(self.weight, gain)

    def forward(self, features: torch.Tensor, member: torch.Tensor) -> torch.Tensor:
        """Each row (R x inputs), and who it belongs to (R), through the layer."""
        identity = nn.functional.one_hot(member, self._members).to(features.dtype)
        return torch.cat([features, identity], dim=1) @ self.weight + self.bias


class TeamNetwork(nn.Module):
    """Layers with tanh between them.

    Args:
        layer: `OwnLayer` or `SharedLayer`.
        members: How many.
        sizes: Length of the input, of each hidden layer and of the output.
        gain: Of the last layer's initial weights.
    """

    def __init__(
        self, layer: type[nn.Module], members: int, sizes: Sequence[int], gain: float
    ) -> None:
        super().__init__()
        gains = [2.0**0.5] * (len(sizes) - 2) + [gain]
        shapes = zip(sizes[:-1], sizes[1:], gains, strict=True)
        self.layers = nn.ModuleList([layer(members, *shape) for shape in shapes])

    def forward(self, features: torch.Tensor, member: torch.Tensor) -> torch.Tensor:
        """R rows of features, each with its member, to R outputs."""
        *hidden, last = self.layers
        for layer in hidden:
            features = torch.tanh(layer(features, member))
        result: torch.Tensor = last(features, member)
        return result


class TeamExtractor(nn.Module):
    """Actor and critic of all members: from observations to masked logits and to values.

    Args:
        team: The members.
        inputs: Length of what all members see.
        hidden: Neurons of each hidden layer.
        is_shared: Whether the members share one network.
    """

    def __init__(self, team: Team, inputs: int, hidden: Sequence[int], *, is_shared: bool) -> None:
        super().__init__()
        layer = SharedLayer if is_shared else OwnLayer
        self._inputs = inputs
        self.actor = TeamNetwork(
            layer, len(team), (inputs, *hidden, max(team.options)), _FIRST_LOGITS
        )
        self.critic = TeamNetwork(layer, len(team), (inputs, *hidden, 1), 1.0)
        self.mask: torch.Tensor
        self.register_buffer("mask", torch.from_numpy(team.mask), persistent=False)

    def forward(self, features: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Logits (R x L) and values (R x 1)."""
        return self.forward_actor(features), self.forward_critic(features)

    def forward_actor(self, features: torch.Tensor) -> torch.Tensor:
        """Logits (R x L)."""
        seen, member = self._split(features)
        logits: torch.Tensor = self.actor(seen, member)
        return logits.masked_fill(~self.mask[member], _NEVER)

    def forward_critic(self, features: torch.Tensor) -> torch.Tensor:
        """Values (R x 1)."""
        values: torch.Tensor = self.critic(*self._split(features))
        return values

    def _split(self, features: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """What all members see, and whose row it is."""
        return features[:, : self._inputs], features[:, self._inputs :].argmax(dim=1)


class TeamPolicy(ActorCriticPolicy):  # type: ignore[misc]
    """An actor-critic policy whose networks are those of a `TeamExtractor`.

    Args:
        arguments: Of `ActorCriticPolicy`.
        team: The members.
        inputs: Length of what all members see.
        hidden: Neurons of each hidden layer.
        is_shared: Whether the members share one network.
        keywords: Of `ActorCriticPolicy`.
    """

    def __init__(
        self,
        *arguments: Any,
        team: Team,
        inputs: int,
        hidden: Sequence[int],
        is_shared: bool,
        **keywords: Any,
    ) -> None:
        self._shape = (team, inputs, hidden, is_shared)
        super().__init__(*arguments, **keywords)

    def _build(self, lr_schedule: Any) -> None:
        """What `ActorCriticPolicy` calls to make its networks."""
        team, inputs, hidden, is_shared = self._shape
        self.mlp_extractor = TeamExtractor(team, inputs, hidden, is_shared=is_shared)
        self.action_net = nn.Identity()
        self.value_net = nn.Identity()
        self.optimizer = self.optimizer_class(
            self.parameters(), lr=lr_schedule(1), **self.optimizer_kwargs
        )
