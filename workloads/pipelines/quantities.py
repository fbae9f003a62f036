"""Values of a pipeline file: quantities with their units, counts, shares and names."""

from __future__ import annotations

import math
import reprlib
from typing import TYPE_CHECKING, Any

from dse.errors import InputError, WorkloadError, did_you_mean
from dse.units import parse_quantity

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_EXAMPLES = {
    "B": "1.44 MB", "s": "900 ns", "Hz": "40 MHz", "J": "3 mJ", "B/s": "12.5 GB/s",
    "J/bit": "22.2 pJ/bit", "J/op": "3 mJ/op", "s/op": "331 ms/op",
}  # fmt: skip


def quantity(unit: str) -> Callable[[Any], float]:
    """A parser of values >= 0 that demands a unit of this kind.

    Args:
        unit: One that `dse.units` knows, or such a unit "/bit" or "/op".
    """

    def parse(value: Any) -> float:
        number = _number_in(value, unit)
        if number < 0:
            raise WorkloadError(f"{value!r} is negative", allowed=f"a value >= 0 in {unit}")
        return number

    return parse


def _number_in(value: Any, unit: str) -> float:
    allowed = f"a value with a unit, such as `{_EXAMPLES[unit]}`"
    if not isinstance(value, str):
        what = f"{reprlib.repr(value)} has no unit" if _is_number(value) else _no(value, "quantity")
        raise WorkloadError(what, allowed=allowed)
    base, _, counted = unit.partition("/")
    text = value
    if counted in ("bit", "op"):
        text = value.removesuffix(f"/{counted}")
        if text == value:
            raise WorkloadError(f"{value!r} is not in {unit}", allowed=allowed)
        unit = base
    try:
        return parse_quantity(text, unit)
    except InputError as error:
        raise WorkloadError(error.what, allowed=allowed) from None


def number(low: float, high: float = math.inf, *, above: bool = False) -> Callable[[Any], float]:
    """A parser of plain numbers from `low`, or above it, to `high`."""
    sign = ">" if above else ">="
    allowed = f"a number {sign} {low:g}" + (f" and <= {high:g}" if high < math.inf else "")

    def parse(value: Any) -> float:
        if not _is_number(value):
            raise WorkloadError(_no(value, "number"), allowed=allowed)
        if not low <= value <= high or (above and value == low) or not math.isfinite(value):
            raise WorkloadError(f"{value} is out of range", allowed=allowed)
        return float(value)

    return parse


def whole(low: int, high: int = 10**9) -> Callable[[Any], int]:
    """A parser of whole numbers from low to high, both included."""

    def parse(value: Any) -> int:
        if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
            raise WorkloadError(
                _no(value, "count"), allowed=f"a whole number from {low:,} to {high:,}"
            )
        return value

    return parse


def word(value: Any) -> str:
    """A name."""
    if isinstance(value, str) and value.strip():
        return value
    raise WorkloadError(_no(value, "name"), allowed="a text")


def truth(value: Any) -> bool:
    """A truth value."""
    if isinstance(value, bool):
        return value
    raise WorkloadError(_no(value, "truth value"), allowed="true, false")


def one_of(options: Sequence[str]) -> Callable[[Any], str]:
    """A parser of one of some words."""

    def parse(value: Any) -> str:
        if value not in options:
            hint = did_you_mean(str(value), options)
            raise WorkloadError(f"{value!r} is not an option.{hint}", allowed=", ".join(options))
        return str(value)

    return parse


def payload(value: Any) -> tuple[tuple[float, float], ...]:
    """One amount of data, or one per pileup: `{60: 0.4 MB, 200: 1.4 MB}`."""
    if not isinstance(value, dict):
        return ((0.0, quantity("B")(value)),)
    if not value:
        raise WorkloadError("no amount of data", allowed="at least one PILEUP: AMOUNT")
    points = [(_pileup(key), quantity("B")(amount)) for key, amount in value.items()]
    return tuple(sorted(points))


def polynomial(value: Any) -> tuple[float, ...]:
    """Coefficients of operations by power of the message's bytes: `{bytes: 5e-7}`."""
    if not isinstance(value, dict) or not value:
        raise WorkloadError(_no(value, "complexity law"), allowed=f"{POWERS[1]}: COEFFICIENT")
    for key in value:
        if key not in POWERS:
            hint = did_you_mean(key, POWERS)
            raise WorkloadError(f"unknown term {key!r}.{hint}", allowed=", ".join(POWERS))
    coefficients = [number(0.0)(value.get(power, 0.0)) for power in POWERS]
    while coefficients and not coefficients[-1]:
        coefficients.pop()
    return tuple(coefficients)


POWERS = ("constant", "bytes", "bytes^2", "bytes^3")
"""Terms of a complexity law."""


def _pileup(key: str) -> float:
    try:
        value = float(key)
    except ValueError:
        value = math.nan
    if not 0 <= value < math.inf:
        raise WorkloadError(f"{key!r} is not a pileup", allowed="a number >= 0")
    return value


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _no(value: Any, wanted: str) -> str:
    return f"{reprlib.repr(value)} is not a {wanted}"
