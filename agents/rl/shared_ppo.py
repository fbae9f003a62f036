"""PPO with parameter sharing: many agents, one network."""

from __future__ import annotations

from typing import ClassVar

from agents.rl.ippo import IndependentPPO


class SharedPPO(IndependentPPO):
    """Independent PPO whose agents share one network and are told apart by a one-hot identity.

    Gupta, Egorov and Kochenderfer, AAMAS workshops (2017); Yu et al., arXiv 2103.01955.

    Attributes:
        Settings: See `TeamSettings`.
    """

    is_shared: ClassVar[bool] = True
