"""Exact limits for k of n."""

from __future__ import annotations

import functools

from fairforget.stats.intervals import LEVEL


@functools.lru_cache(maxsize=4096)
def clopper_pearson(count: float, n: int, level: float = LEVEL) -> tuple[float, float]:
    """Return the exact interval of a probability (Clopper and Pearson 1934, Biometrika 26).

    Args:
        count: how often it happened; need not be whole, for ties may count half (then the interval is that of the beta
            distributions between those of the whole numbers beside it).
        n: out of how many independent cases; 0 says nothing, and the interval is (0, 1).
        level: coverage, at least.

    Raises:
        ValueError: a count below 0 or above n.
    """
    from scipy.special import betaincinv

    if not 0 <= count <= n:
        msg = f"{count} of {n} is no share"
        raise ValueError(msg)
    tail = (1 - level) / 2
    low = float(betaincinv(count, n - count + 1, tail)) if count > 0 else 0.0
    high = float(betaincinv(count + 1, n - count, 1 - tail)) if count < n else 1.0
    return low, high


def upper_bound_of_none(n: int, level: float = LEVEL) -> float:
    """Return the one-sided upper limit of a probability of which n cases showed nothing: 1 − (1 − level)^(1/n).

    Five draws without a reversal leave room for 45 %, twenty for 14 %.
    """
    return float(1 - (1 - level) ** (1 / n)) if n > 0 else 1.0
