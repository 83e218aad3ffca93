"""Sampling by weights, with and without replacement."""

from __future__ import annotations

import numpy as np

from fairforget.api import ReplacedAfter


def draw_epoch(p: np.ndarray, replaced_after: ReplacedAfter, batch_size: int, rng: np.random.Generator) -> list[int]:
    """Return the n positions of an epoch, batch after batch, drawn by the probabilities `p` (n,).

    Without replacement, each next position has the probability that `p` gives it among those that are left; where
    only positions of probability 0 are left, they follow in random order.
    """
    n = len(p)
    if replaced_after == "sample":
        return [int(i) for i in rng.choice(n, size=n, p=p)]
    size = {"epoch": n, "batch": batch_size}[replaced_after]
    return [i for start in range(0, n, size) for i in _race(p, rng)[: min(size, n - start)]]


def effective_size(weights: np.ndarray) -> float:
    r"""Return :math:`(\sum_i w_i)^2 / \sum_i w_i^2`: as many equal weights would spread samples as widely (Kish)."""
    shares = np.asarray(weights, dtype=float)
    shares = shares / shares.sum()
    return float(1 / np.square(shares).sum())


def _race(p: np.ndarray, rng: np.random.Generator) -> list[int]:
    """Return all positions in a random order by weights: each finishes after an exponential time of rate p_i."""
    with np.errstate(divide="ignore", over="ignore"):
        times = rng.exponential(size=len(p)) / p
    # Those of probability 0 never finish; the shuffle makes their order random.
    shuffled = rng.permutation(len(p))
    return [int(i) for i in shuffled[np.argsort(times[shuffled], kind="stable")]]
