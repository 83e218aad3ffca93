r"""Lines through times of which some are only known to be longer, or shorter, than what was seen.

.. math:: y^* = x^\top \beta + \varepsilon, \quad \varepsilon \sim N(0, \sigma^2)

where y* is seen, or seen to be above or below a bound (Tobin 1958, Econometrica 26; bounds of each observation's own).
Least squares on what was seen is biased towards 0, and so it is with the bound in the place of y*.
"""

from __future__ import annotations

from typing import Final

import numpy as np

_STEPS: Final = 60
_DONE: Final = 1e-9
"""Squared Newton decrement below which a likelihood is at its top."""


def tobit(y: np.ndarray, x: np.ndarray, censored: np.ndarray, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return coefficients and σ by maximum likelihood, for many weightings at once.

    Newton's method in Olsen's parameters β / σ and 1 / σ, in which the likelihood has one top (Olsen 1978, Econometrica
    46). Without censoring it is weighted least squares.

    Args:
        y: (n,) the outcome, or its bound.
        x: (n, p) regressors, a constant among them where one is wanted.
        censored: (n,) ints: 0 seen, 1 longer than `y`, -1 shorter than `y`.
        weights: (b, n), not negative.

    Returns:
        (b, p) coefficients and (b,) σ; NaN where what was seen does not tell them.
    """
    size = x.shape[1]
    seen = censored == 0
    told = _told(x, weights * seen)
    safe = np.where(told[:, None], weights, 1.0)
    start = _squares(y, x, safe * seen, told)
    off = y - start @ x.T
    counted = (safe * seen).sum(axis=1)
    sigma = np.sqrt(np.einsum("bn,bn,bn->b", safe * seen, off, off) / np.maximum(counted, 1e-300))
    if seen.all():
        return _known(start, told), np.where(told, sigma, np.nan)
    # A line through all points has no spread to divide by; what moves it is only rounding.
    floor = 1e-6 * (1e-12 + np.abs(y).max())
    rise = 1 / np.maximum(sigma, floor)
    place = np.concatenate([start * rise[:, None], rise[:, None]], axis=1)
    away = np.concatenate([-x, y[:, None]], axis=1)
    squares = away[:, :, None] * away[:, None, :]
    moving = np.flatnonzero(told)
    for _ in range(_STEPS):
        place[moving], decrement = _step(place[moving], away, squares, censored, safe[moving])
        moving = moving[decrement > _DONE]
        if not moving.size:
            break
    found = told.copy()
    found[moving] = False  # its likelihood has no top
    return _known(place[:, :size] / place[:, size:], found), np.where(found, 1 / place[:, size], np.nan)


def _step(
    place: np.ndarray, away: np.ndarray, squares: np.ndarray, censored: np.ndarray, weights: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the next place of every weighting, and the squared Newton decrement of this one."""
    from scipy.special import erfcx

    last = away.shape[1] - 1
    u, rise, seen = place @ away.T, place[:, last], censored == 0
    # φ / Φ of what is left of the bound, with the side on which the outcome lies.
    side = -censored
    mills = np.sqrt(2 / np.pi) / erfcx(np.clip(-side * u / np.sqrt(2), -26.0, None))
    first = weights * np.where(seen, -u, side * mills)
    second = weights * np.where(seen, 1.0, mills * (mills + side * u))
    gradient = first @ away
    gradient[:, last] += (weights * seen).sum(axis=1) / rise
    curvature = np.tensordot(second, squares, axes=1)
    curvature[:, last, last] += (weights * seen).sum(axis=1) / rise**2
    curvature += 1e-12 * np.einsum("bii->b", curvature)[:, None, None] * np.eye(last + 1)
    move = np.linalg.solve(curvature, gradient[..., None])[..., 0]
    decrement = np.maximum((gradient * move).sum(axis=1), 0.0)
    # Far from the top a whole step may lead too far, and over 1 / σ = 0 (Nesterov and Nemirovskii 1994).
    short = np.where(decrement > 1 / 16, 1 / (1 + np.sqrt(decrement)), 1.0)
    return place + short[:, None] * move, decrement / weights.sum(axis=1)


def _told(x: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return which weightings have more different places than coefficients."""
    gram = np.einsum("bn,ni,nj->bij", weights, x, x, optimize=True)
    scale = np.sqrt(np.einsum("bii->bi", gram))
    unit = gram / np.maximum(scale[:, :, None] * scale[:, None, :], 1e-300)
    least = np.linalg.eigvalsh(unit)[:, 0]
    told: np.ndarray = (least > 1e-9) & ((weights > 0).sum(axis=1) > x.shape[1])
    return told


def _squares(y: np.ndarray, x: np.ndarray, weights: np.ndarray, told: np.ndarray) -> np.ndarray:
    gram = np.einsum("bn,ni,nj->bij", weights, x, x, optimize=True)
    gram[~told] = np.eye(x.shape[1])
    found: np.ndarray = np.linalg.solve(gram, np.einsum("bn,ni,n->bi", weights, x, y, optimize=True)[..., None])[..., 0]
    return found


def _known(values: np.ndarray, told: np.ndarray) -> np.ndarray:
    known: np.ndarray = np.where(told[:, None], values, np.nan)
    return known
