"""How the twin's functions are compiled.

Handing the fifteen arrays of the state to a function costs more than most functions do, for numba
counts references to each of them: with every part inlined, the engine is 2.5 times as fast.
"""

from __future__ import annotations

from accel_models.compiled import Compiler

_COMPILER = Compiler()

compiled = _COMPILER.compiled
inlined = _COMPILER.inlined
