"""Closed forms of queueing theory that the twin is checked against.

Loads are offered loads: arrival rate times mean service time. K counts the places of a station, the
one of the event in service included.
"""

from __future__ import annotations

import math

from accel_models.daq.twin.checks import require


def loss_md1k(load: float, places: int) -> float:
    """Share of Poisson arrivals that a single server of constant time with K places loses.

    The chain embedded at departures, in terms that are all positive, so that nothing cancels: with
    T_k = P(A > k), A Poisson(load), and q_j the weight of j events left behind,
    q_{j+1} = (q_0 T_j + sum_{i=1..j} q_i T_{j-i+1}) / P(A = 0). A departure that leaves i events
    behind is followed by one service; arrivals above the room left are lost. Source: the usual
    balance of cuts, e.g. Tijms, A First Course in Stochastic Models (2003), section 9.3 for the
    embedded chain.

    Args:
        load: Arrival rate times service time, above 0.
        places: K.
    """
    _require_load(load, places)
    above = _poisson_tail(load, places)
    weights = [1.0]
    for j in range(places - 1):
        inflow = weights[0] * above[j]
        inflow += math.fsum(weights[i] * above[j - i + 1] for i in range(1, j + 1))
        weights.append(inflow / math.exp(-load))
    total = math.fsum(weights)
    overflow = _overflow(load, above)
    lost = weights[0] * overflow[places - 1]
    lost += math.fsum(weights[i] * overflow[places - i] for i in range(1, places))
    per_departure = lost / total
    return per_departure / (1 + per_departure)


def _poisson_tail(load: float, places: int) -> list[float]:
    """P(A > k) of A Poisson(load) for k = 0 ... K, each summed from its smallest term."""
    return [math.fsum(_poisson_terms(load, k + 1)) for k in range(places + 1)]


def _poisson_terms(load: float, first: int) -> list[float]:
    """P(A = k) from `first` on, smallest first, as far as they matter."""
    count = 60 + int(10 * load)
    return [math.exp(k * math.log(load) - load - math.lgamma(k + 1))
            for k in range(first + count, first - 1, -1)]  # fmt: skip


def _overflow(load: float, above: list[float]) -> list[float]:
    """Mean number of arrivals beyond r in one service, sum of P(A > k) for k >= r."""
    last = len(above) - 1
    beyond = math.fsum(
        (k - last) * p
        for k, p in zip(
            range(last + 61 + int(10 * load), last, -1), _poisson_terms(load, last + 1), strict=True
        )
    )
    sums = [beyond]
    for tail in reversed(above[:last]):
        sums.append(sums[-1] + tail)
    return sums[::-1]


def loss_mm1k(load: float, places: int) -> float:
    """Share of Poisson arrivals that a single exponential server with K places loses.

    (1 - a) a^K / (1 - a^(K+1)), and 1 / (K + 1) at a = 1, as 1 / (1 + 1/a + ... + 1/a^K), which
    holds for every a. Source: Kleinrock, Queueing Systems 1 (1975), section 3.6.

    Args:
        load: a, arrival rate times mean service time, above 0.
        places: K.
    """
    _require_load(load, places)
    return 1 / math.fsum(load ** (-k) for k in range(places + 1))


def erlang_b(load: float, servers: int) -> float:
    """Share of Poisson arrivals that find all servers busy and are lost; any law of service.

    B_0 = 1, B_k = a B_{k-1} / (k + a B_{k-1}). Source: Kleinrock (1975), section 3.5, eq. 3.45.

    Args:
        load: a, arrival rate times mean service time, above 0.
        servers: c.
    """
    _require_load(load, servers)
    blocked = 1.0
    for k in range(1, servers + 1):
        blocked = load * blocked / (k + load * blocked)
    return blocked


def erlang_c(load: float, servers: int) -> float:
    """Share of Poisson arrivals that have to wait for one of c exponential servers.

    B / (1 - (a/c) (1 - B)). Source: Kleinrock (1975), section 3.5, eq. 3.40.

    Args:
        load: a, below c.
        servers: c.

    Raises:
        WorkloadError: The load is not below the number of servers.
    """
    require(load < servers, f"load = {load} for {servers} servers", "a load below the servers")
    blocked = erlang_b(load, servers)
    return blocked / (1 - load / servers * (1 - blocked))


def servers_for_waiting(load: float, share: float) -> int:
    """The fewest exponential servers that let at most this share of the arrivals wait (Erlang C).

    Args:
        load: Arrival rate times mean service time.
        share: Allowed share, above 0.
    """
    require(share > 0, f"share = {share}", "a share above 0")
    servers = int(load) + 1
    while erlang_c(load, servers) > share:
        servers += 1
    return servers


def wait_md1(load: float) -> float:
    """Mean wait before a single server of constant time, in units of that time.

    a / (2 (1 - a)): Pollaczek and Khinchine's formula. Source: Kleinrock (1975), eq. 5.72.

    Args:
        load: a, below 1.

    Raises:
        WorkloadError: The load is not below 1.
    """
    require(0 < load < 1, f"load = {load}", "a load above 0 and below 1")
    return load / (2 * (1 - load))


def _require_load(load: float, places: int) -> None:
    require(load > 0, f"load = {load}", "a load above 0")
    require(places >= 1, f"places = {places}", "a whole number of 1 or more")
