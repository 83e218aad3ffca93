"""How far several orders of the same methods agree: orders by forget set, or by stratum.

Scores that differ by rounding alone are tied, as they are where reversals are counted.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

_ROUNDING = 1e-12


@dataclass(frozen=True, slots=True, eq=False)
class Concordance:
    """Agreement of all orders together."""

    w: float
    """Kendall's W, corrected for ties: 0 = none, 1 = all alike; NaN where every order has only ties."""
    rho: float
    """(m W − 1) / (m − 1): the mean Spearman correlation of two of the m orders (exactly that without ties)."""
    p: float
    """Of W where all orders are equally likely, by Friedman's χ² with n − 1 degrees of freedom; rough for few orders
    of few methods."""
    orders: int
    methods: int


@dataclass(frozen=True, slots=True, eq=False)
class TauBetween:
    """Kendall's τ-b of every two orders."""

    matrix: np.ndarray
    """(orders, orders); NaN where an order has only ties."""
    median: float
    """Over pairs of orders; NaN where there is none."""
    low: float
    """The lowest."""
    mean: float
    pairs: int
    """Pairs that have a τ."""


@dataclass(frozen=True, slots=True, eq=False)
class TopOne:
    """Who is first by draw."""

    wins: np.ndarray
    """(methods,) draws won; a tie is shared."""
    changes: float
    """Probability that two different ones of these draws have different winners; NaN with one draw."""
    draws: int


def tau_b(first: np.ndarray, second: np.ndarray) -> float:
    """Return Kendall's τ-b of two score vectors, (methods,); NaN where one has only ties (Kendall 1945)."""
    return float(tau_between(np.stack([first, second], axis=1)).matrix[0, 1])


def tau_between(scores: np.ndarray) -> TauBetween:
    """Return Kendall's τ-b of every two columns.

    Args:
        scores: (methods, orders), without gaps; higher is better.

    Raises:
        ValueError: a gap.
    """
    found = _whole(scores)
    methods, orders = found.shape
    upper = np.triu_indices(methods, 1)
    above = np.sign(found[upper[0]] - found[upper[1]])
    concordant = above.T @ above
    untied = np.diag(concordant)
    with np.errstate(invalid="ignore"):
        matrix = concordant / np.sqrt(np.outer(untied, untied))
    pairs = matrix[np.triu_indices(orders, 1)]
    pairs = pairs[~np.isnan(pairs)]
    if not pairs.size:
        return TauBetween(matrix, math.nan, math.nan, math.nan, 0)
    return TauBetween(matrix, float(np.median(pairs)), float(pairs.min()), float(pairs.mean()), pairs.size)


def ranks_in(scores: np.ndarray) -> np.ndarray:
    """Return the ranks in every column, 1 = highest, ties the mean of theirs, (methods, orders).

    `scipy.stats.rankdata` of the negative, without half a second for importing it.
    """
    found = _levels(np.asarray(scores, dtype=np.float64))
    above = (found[None] > found[:, None]).sum(axis=1)
    alike = (found[None] == found[:, None]).sum(axis=1)
    ranks: np.ndarray = above + (alike + 1) / 2
    return ranks


def concordance(scores: np.ndarray) -> Concordance | None:
    r"""Return Kendall's coefficient of concordance of the columns.

    .. math::
        W = \frac{12\sum_i (R_i - \bar R)^2}{m^2 (n^3 - n) - m \sum_j T_j}, \qquad T_j = \sum_g (t_g^3 - t_g)

    with R_i the sum of the ranks of method i over m orders and t_g the sizes of the ties of order j (Kendall and
    Babington Smith 1939; ties: Kendall 1948). Friedman's χ² is m (n − 1) W.

    Args:
        scores: (methods, orders), without gaps.

    Returns:
        None with fewer than two methods or two orders.

    Raises:
        ValueError: a gap.
    """
    from scipy.special import chdtrc

    found = _whole(scores)
    n, m = found.shape
    if n < 2 or m < 2:
        return None
    ranks = ranks_in(found)
    sums = ranks.sum(axis=1)
    ties = sum(float(((t := np.unique(column, return_counts=True)[1]) ** 3 - t).sum()) for column in ranks.T)
    most = m * m * (n**3 - n) - m * ties
    if most <= 0:
        return Concordance(math.nan, math.nan, math.nan, m, n)
    w = float(12 * ((sums - sums.mean()) ** 2).sum() / most)
    return Concordance(w, (m * w - 1) / (m - 1), float(chdtrc(n - 1, m * (n - 1) * w)), m, n)


def top_one(scores: np.ndarray) -> TopOne:
    """Return who wins each draw, and how often the winner changes.

    Args:
        scores: (methods, draws), without gaps; higher is better. A tie at the top is shared: two draws that both have
            the same two winners agree with probability 1/2.

    Raises:
        ValueError: a gap.
    """
    found = _whole(scores)
    draws = found.shape[1]
    first = (found == found.max(axis=0, initial=-np.inf)).astype(float)
    first /= np.maximum(first.sum(axis=0), 1)
    wins = first.sum(axis=1)
    pairs = draws * (draws - 1)
    agree = float((wins**2).sum() - (first**2).sum())
    return TopOne(wins, 1 - agree / pairs if pairs else math.nan, draws)


def _whole(scores: np.ndarray) -> np.ndarray:
    found = np.asarray(scores, dtype=np.float64)
    if np.isnan(found).any():
        msg = "every method needs a score in every order"
        raise ValueError(msg)
    return _levels(found)


def _levels(scores: np.ndarray) -> np.ndarray:
    """Return whole numbers in the order of each column, 0 = lowest, the same for scores that rounding parts."""
    order = np.argsort(scores, axis=0, kind="stable")
    size = np.abs(scores).max(axis=0, initial=0.0)
    steps = np.zeros(scores.shape)
    steps[1:] = np.diff(np.take_along_axis(scores, order, axis=0), axis=0) > _ROUNDING * size
    levels = np.empty(scores.shape)
    np.put_along_axis(levels, order, steps.cumsum(axis=0), axis=0)
    return levels
