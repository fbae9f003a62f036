"""The switches of the cascade model: those of FuseMax, and the user's own cascade and binding."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path  # noqa: TC003 - the framework reads the annotations at run time

from accel_models.attention.options import FuseMaxOptions
from dse.errors import InputError


@dataclass(frozen=True)
class CascadeOptions(FuseMaxOptions):
    """Options of the model: those of `attention/fusemax`, and three of its own.

    Attributes:
        cascade: A cascade of the catalogue, besides the published configurations.
        cascade_file: Your own cascade, as a YAML file.
        binding_file: How it is bound to the arrays, as a YAML file, which may name the cascade;
            by rule if there is none.
        scope: What latency, energy and traffic cover: the cascade, or also the linear layers of a
            transformer layer ("end-to-end").
        rf_accounting: Register energy of one PE instance, as the artifact counts it (quirk Q1),
            or of all PEs.
        cascade_exp_energy: Whether units that a binding names under `artifact` are charged all the
            same (quirk Q3).
        cascade_tile_buffer: Whether a limit of the tiles that a binding names under `artifact`
            holds (quirk Q4).
    """

    cascade: str | None = None
    cascade_file: Path | None = None
    binding_file: Path | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.cascade is not None and self.cascade_file is not None:
            raise InputError(
                "cascade and cascade_file are both given",
                allowed="one of them",
                next_step="leave one of the two options out",
            )
