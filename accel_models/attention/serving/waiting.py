"""Requests that wait for one machine, served in order of arrival, one at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numba
import numpy as np

if TYPE_CHECKING:
    from dse._columns import FloatArray


@numba.njit(cache=True, nogil=True)
def _wait(service_s: FloatArray, gap_s: FloatArray, waiting_s: FloatArray) -> None:
    for design in range(service_s.shape[0]):
        waits = 0.0
        for request in range(service_s.shape[1]):
            waits = max(0.0, waits - gap_s[request])
            waiting_s[design, request] = waits
            waits += service_s[design, request]


def waiting_times_s(service_s: FloatArray, arrival_s: FloatArray) -> FloatArray:
    """Time from a request's arrival to the start of its service (Lindley's recursion).

    W[i+1] = max(0, W[i] + S[i] - (A[i+1] - A[i])); the first request does not wait.

    Args:
        service_s: D x R, time of each request alone on the machine, design by design.
        arrival_s: R, not decreasing.

    Returns:
        D x R.
    """
    waiting_s = np.empty_like(service_s)
    _wait(service_s, np.diff(arrival_s, prepend=arrival_s[0]), waiting_s)
    return waiting_s


def percentiles(values: FloatArray, shares: tuple[float, ...]) -> list[FloatArray]:
    """Nearest-rank percentiles along the last axis: the smallest value not below a share of all.

    Args:
        values: ... x R.
        shares: Each above 0 and at most 1.
    """
    count = values.shape[-1]
    ranks = [int(np.ceil(share * count)) - 1 for share in shares]
    ordered = np.partition(values, ranks, axis=-1)
    return [ordered[..., rank] for rank in ranks]
