"""Requests to a language model, in the order in which they arrive."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from dse.errors import WorkloadError

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["RequestTrace"]

_COLUMNS: dict[str, Any] = {
    "arrival_s": np.float64,
    "context_tokens": np.int64,
    "generated_tokens": np.int64,
}
_MOST_TOKENS = 2**24


@dataclass(frozen=True, kw_only=True, eq=False)
class RequestTrace:
    """Requests to one language model, in order of arrival; R of them.

    Two traces are equal if they hold the same requests, whatever file they came from.

    Attributes:
        name: For people; no part of the identity.
        arrival_s: float64[R], seconds from the start, not decreasing.
        context_tokens: int64[R], tokens of the prompt, at least 1.
        generated_tokens: int64[R], tokens of the answer, at least 1.

    The arrays are read-only copies of what was given.
    """

    name: str
    arrival_s: npt.NDArray[np.float64]
    context_tokens: npt.NDArray[np.int64]
    generated_tokens: npt.NDArray[np.int64]

    def __post_init__(self) -> None:
        for field, dtype in _COLUMNS.items():
            column = np.array(getattr(self, field), dtype=dtype, ndmin=1)
            column.setflags(write=False)
            object.__setattr__(self, field, column)
        self._check_lengths()
        times = self.arrival_s
        self._demand("arrival_s", np.isfinite(times) & (times >= 0), "finite times from 0 on")
        ordered = np.diff(times, prepend=times[0]) >= 0
        self._demand("arrival_s", ordered, "times that do not decrease")
        for field in ("context_tokens", "generated_tokens"):
            tokens = getattr(self, field)
            fits = (tokens >= 1) & (tokens <= _MOST_TOKENS)
            self._demand(field, fits, f"from 1 to {_MOST_TOKENS:,} tokens")

    def _check_lengths(self) -> None:
        lengths = {field: len(getattr(self, field)) for field in _COLUMNS}
        if len(set(lengths.values())) != 1 or not len(self):
            found = ", ".join(f"{field}: {length}" for field, length in lengths.items())
            raise WorkloadError(
                f"the columns of {self.name!r} hold {found} values",
                allowed="equally many, and at least one",
            )

    def _demand(self, field: str, right: npt.NDArray[np.bool_], allowed: str) -> None:
        if not right.all():
            at = int(np.argmin(right))
            raise WorkloadError(
                f"{field} of request {at:,} (from 0) is {getattr(self, field)[at]}",
                where=self.name,
                allowed=allowed,
            )

    def __len__(self) -> int:
        return len(self.arrival_s)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, RequestTrace) and self.digest == other.digest

    def __hash__(self) -> int:
        return hash(self.digest)

    def __reduce__(self) -> tuple[Any, ...]:
        """Survive the trip between processes; numpy alone would make the arrays writeable."""
        return _rebuild, ({field: getattr(self, field) for field in ("name", *_COLUMNS)},)

    @cached_property
    def digest(self) -> str:
        """SHA-256 of all requests, hexadecimal."""
        found = hashlib.sha256()
        for field, dtype in _COLUMNS.items():
            found.update(getattr(self, field).astype(np.dtype(dtype).newbyteorder("<")).tobytes())
        return found.hexdigest()

    @property
    def span_s(self) -> float:
        """Time from the first arrival to the last."""
        return float(self.arrival_s[-1] - self.arrival_s[0])

    @property
    def total_generated_tokens(self) -> int:
        """Tokens of all answers."""
        return int(self.generated_tokens.sum())

    def features(self) -> dict[str, float]:
        """Numbers that say what kind of trace this is, for learning agents."""
        context, generated = self.context_tokens, self.generated_tokens
        return {
            "requests": float(len(self)),
            "span_s": self.span_s,
            "context_tokens_mean": float(context.mean()),
            "context_tokens_max": float(context.max()),
            "generated_tokens_mean": float(generated.mean()),
            "generated_tokens_max": float(generated.max()),
        }

    def describe(self) -> dict[str, str]:
        """Label -> text, for reports."""
        found = self.features()
        return {
            "trace": self.name,
            "requests": f"{len(self):,} in {self.span_s:,.0f} s",
            "prompt": _tokens_text(found, "context_tokens"),
            "answer": _tokens_text(found, "generated_tokens"),
            "digest": self.digest[:16],
        }


def _tokens_text(found: dict[str, float], field: str) -> str:
    mean, most = found[f"{field}_mean"], found[f"{field}_max"]
    return f"{mean:,.1f} tokens on average, {most:,.0f} at most"


def _rebuild(fields: dict[str, Any]) -> RequestTrace:
    return RequestTrace(**fields)
