"""The set of the largest total under a limit of size, with a mean length to be kept."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

_HALVINGS = 60
"""Bisections of the price of length."""
_ROUNDING = 1e-12
"""Relative improvement that is none: exchanges end for certain."""


@dataclass(frozen=True, slots=True, eq=False)
class Choice:
    """What is chosen from, and what of it is wanted."""

    gain: np.ndarray
    """(n,) mean over the samples of each unit, at least 0; more is better."""
    lengths: np.ndarray
    """(n,) likewise."""
    sizes: np.ndarray
    """(n,) samples of each unit."""
    size: int
    """Samples of the set, at most."""
    length: float
    """Mean length over the samples that the set is to have."""
    tolerance: float
    """How far it may be from that; infinite where length does not matter."""

    def length_of(self, chosen: np.ndarray) -> float:
        """Return the mean length of a set, from its (n,) mask."""
        return float((self.lengths * self.sizes)[chosen].sum() / self.sizes[chosen].sum())

    def missed(self, chosen: np.ndarray) -> float:
        """Return how far beyond the tolerance a set is; 0 where it is within."""
        return max(abs(self.length_of(chosen) - self.length) - self.tolerance, 0.0)


def search(choice: Choice) -> np.ndarray:
    """Return the (n,) mask of a set whose total gain greedy choice and exchanges cannot raise.

    It begins with greedy choice by gain; by gain less a price of length, the lowest one at which the set has the wanted
    length, found by bisection (the Lagrangian of the constraint); and by nearness to that length. From each, as long as
    one makes the set better, the best exchange of a unit inside for one outside by which the set gets no smaller.
    Better is nearer to the wanted length where it is missed, else of a larger total. The best end of the three is
    returned: no single exchange helps it, which need not be the best set; tests hold it against the exact optimum.
    """
    starts = [_greedy(choice, choice.gain), _greedy(choice, -np.abs(choice.lengths - choice.length)), _priced(choice)]
    if not choice.missed(starts[0]) and len(set(choice.sizes)) == 1:
        return starts[0]  # nothing can be better
    ends = [_exchanged(choice, start) for start in starts]
    return min(ends, key=lambda end: (choice.missed(end), -float((choice.gain * choice.sizes)[end].sum())))


def _exchanged(choice: Choice, chosen: np.ndarray) -> np.ndarray:
    while (swap := _best_exchange(choice, chosen)) is not None:
        chosen[swap[0]], chosen[swap[1]] = False, True
    return chosen


def _greedy(choice: Choice, worth: np.ndarray) -> np.ndarray:
    chosen, room = np.zeros(len(worth), dtype=bool), choice.size
    for place in np.argsort(-worth, kind="stable"):
        if choice.sizes[place] <= room:
            chosen[place], room = True, room - choice.sizes[place]
    return chosen


def _priced(choice: Choice) -> np.ndarray:
    best = _greedy(choice, choice.gain)
    if not choice.missed(best):
        return best
    surplus = choice.lengths - choice.length
    if choice.length_of(best) < choice.length:
        surplus = -surplus
    high = 1.0
    while high < 1e9 and choice.missed(_greedy(choice, choice.gain - high * surplus)):
        high *= 4
    low = 0.0
    for _ in range(_HALVINGS):
        price = (low + high) / 2
        found = _greedy(choice, choice.gain - price * surplus)
        if choice.missed(found) <= choice.missed(best):
            best = found
        dearer = choice.missed(found) and surplus[found] @ choice.sizes[found] > 0
        low, high = (price, high) if dearer else (low, price)
    return best


def _best_exchange(choice: Choice, chosen: np.ndarray) -> tuple[int, int] | None:
    inside, outside = np.flatnonzero(chosen), np.flatnonzero(~chosen)
    if not outside.size:
        return None
    sizes, gains, lengths = choice.sizes, choice.gain * choice.sizes, choice.lengths * choice.sizes
    count = sizes[chosen].sum() - sizes[inside][:, None] + sizes[outside]
    length = (lengths[chosen].sum() - lengths[inside][:, None] + lengths[outside]) / count
    missed = np.maximum(np.abs(length - choice.length) - choice.tolerance, 0.0)
    better = gains[outside] - gains[inside][:, None]
    allowed = (count <= choice.size) & (count >= sizes[chosen].sum())
    if now := choice.missed(chosen):
        allowed &= missed < now * (1 - _ROUNDING)
        merit = -missed
    else:
        allowed &= (missed == 0) & (better > _ROUNDING * max(float(np.abs(gains).max()), 1.0))
        merit = better
    if not allowed.any():
        return None
    row, column = np.unravel_index(np.argmax(np.where(allowed, merit, -np.inf)), merit.shape)
    return int(inside[row]), int(outside[column])
