"""A weighted sum of independent estimates, from their intervals alone."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np


def weighted_sum(
    values: Sequence[float], lows: Sequence[float], highs: Sequence[float], weights: Sequence[float]
) -> tuple[float, float, float]:
    """Return Σ w v with the ends of its interval.

    Zou and Donner (2008, Statistics in Medicine 27, "MOVER"): the squares of w times the distances from the values to
    those ends add up that make the sum smaller, and likewise those that make it larger. It keeps the asymmetry of each.
    """
    value = math.fsum(w * v for w, v in zip(weights, values, strict=True))
    down = up = 0.0
    for v, low, high, w in zip(values, lows, highs, weights, strict=True):
        below, above = (v - low, high - v) if w >= 0 else (high - v, v - low)
        down += (w * below) ** 2 if w else 0.0
        up += (w * above) ** 2 if w else 0.0
    return value, value - math.sqrt(down), value + math.sqrt(up)


def slope_weights(at: Sequence[float]) -> list[float]:
    """Return the weights by which a least-squares slope is a sum of its values.

    Raises:
        ValueError: all places are one.
    """
    x = np.asarray(at, dtype=np.float64)
    away = x - x.mean()
    spread = float((away**2).sum())
    if spread <= 1e-24 * float((x**2).sum()) or not len(x):
        msg = "a slope needs two places"
        raise ValueError(msg)
    weights: list[float] = (away / spread).tolist()
    return weights
