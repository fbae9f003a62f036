"""Formulations: how designs turn into steps of an episode.

==============  ================================  =================================================
formulation     a step                            a design
==============  ================================  =================================================
`one-shot`      names every parameter             one step
`local`         changes the current design        one step
`sequential`    decides one parameter; in a team  as many steps as there are parameters with a
                one agent decides its own         choice, or agents; only then it is evaluated
==============  ================================  =================================================

Each has its action encodings (`dse.envs._actions`), the first of which is the default.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from dse.envs._actions import ENCODINGS
from dse.errors import InputError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Mapping

ONE_SHOT = "one-shot"
LOCAL = "local"
SEQUENTIAL = "sequential"

SINGLE_AGENT: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        ONE_SHOT: ("multi_discrete", "box"),
        LOCAL: ("discrete",),
        SEQUENTIAL: ("sequential", "sequential_box"),
    }
)
"""Formulation -> action encodings of one agent."""

TEAM: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        ONE_SHOT: ("multi_discrete", "box"),
        LOCAL: ("discrete",),
        SEQUENTIAL: ("multi_discrete", "box"),
    }
)
"""Formulation -> action encodings of each agent of a team, over its own parameters."""


def choose(
    formulations: Mapping[str, tuple[str, ...]], formulation: str | None, action: str | None
) -> tuple[str, str]:
    """The formulation and the action encoding, where the user may name either, both or none.

    Raises:
        InputError: There is no such formulation or encoding, or the two do not go together.
    """
    if formulation is not None and formulation not in formulations:
        hint = did_you_mean(formulation, formulations)
        raise InputError(
            f"unknown formulation {formulation!r}.{hint}", allowed=", ".join(formulations)
        )
    if action is None:
        found = formulation or next(iter(formulations))
        return found, formulations[found][0]
    possible = [f for f, actions in formulations.items() if action in actions]
    if formulation in possible:
        return formulation, action
    if formulation is None and possible:
        return possible[0], action
    raise _no_such_action(formulations, formulation, action)


def _no_such_action(
    formulations: Mapping[str, tuple[str, ...]], formulation: str | None, action: str
) -> InputError:
    known = dict.fromkeys(name for names in formulations.values() for name in names)
    if formulation is None or action not in ENCODINGS:
        hint = did_you_mean(action, known)
        return InputError(f"unknown action encoding {action!r}.{hint}", allowed=", ".join(known))
    return InputError(
        f"action {action!r} with the formulation {formulation!r}",
        allowed=", ".join(formulations[formulation]),
    )
