"""How the simulator's functions are compiled."""

from __future__ import annotations

from accel_models.compiled import Compiler

# Nothing here allocates, so arrays need no reference counts: those were a quarter of the time.
_COMPILER = Compiler(_nrt=False)

compiled = _COMPILER.compiled
called = _COMPILER.called
inlined = _COMPILER.inlined
