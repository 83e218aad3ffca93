"""Scores of methods that met the same draws and seeds: the one shape that every comparison starts from.

A *draw* is a forget set that the sampler chose, a *seed* the randomness of a run, an *item* one question of one draw.
Every method is run on the same draws and seeds (the blocked design), so what a draw does to every method cancels when
methods are compared. Which (draw, seed) were asked for is read off the cube: those that at least one method has. A
method that lacks one of them has a gap; nothing is imputed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from fairforget.stats.strata import shares

_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True, eq=False)
class PairedCube:
    """Scores of M methods on F draws with S seeds each; higher is better.

    Raises:
        ValueError: shapes that do not fit together, an infinite score, or items whose mean is not the score.
    """

    values: np.ndarray
    """(methods, draws, seeds) float64; NaN = missing."""
    strata: np.ndarray | None = None
    """(draws,) ints: the stratum of each draw; None = one stratum."""
    items: np.ndarray | None = None
    """(methods, draws, seeds, items) float64 whose mean over items is `values`; NaN where a draw has fewer items."""
    groups: np.ndarray | None = None
    """(draws, items) ints: items of one draw with the same number are one cluster (an author, a document); None = every
    item by itself. What it says of an item that a draw does not have is not read."""

    def __post_init__(self) -> None:
        values = np.asarray(self.values, dtype=np.float64)
        _need(values.ndim == 3, f"values are (methods, draws, seeds); these are {values.shape}")
        _need(not np.isinf(values).any(), "a score is infinite")
        object.__setattr__(self, "values", values)
        if self.strata is not None:
            strata = np.asarray(self.strata)
            fits = strata.shape == values.shape[1:2] and strata.dtype.kind in "iu"
            _need(fits, f"strata are one integer a draw, ({values.shape[1]},); these are {strata.dtype} {strata.shape}")
            object.__setattr__(self, "strata", strata)
        if self.items is None:
            _need(self.groups is None, "groups are groups of items, and there are no items")
            return
        items = np.asarray(self.items, dtype=np.float64)
        _need(items.ndim == 4 and items.shape[:3] == values.shape, f"items are {items.shape}, values {values.shape}")
        _need(not np.isinf(items).any(), "the value of an item is infinite")
        object.__setattr__(self, "items", items)
        mean = mean_of_items(items)
        scale = float(np.abs(items[~np.isnan(items)]).max(initial=0.0))
        differ = (np.isnan(mean) != np.isnan(values)) | (np.abs(mean - values) > _ROUNDING * scale)
        _need(not differ.any(), f"{int(differ.sum())} scores are not the mean of their items")
        if self.groups is not None:
            groups, wanted = np.asarray(self.groups), (items.shape[1], items.shape[3])
            fits = groups.shape == wanted and groups.dtype.kind in "iu"
            _need(fits, f"groups are integers, {wanted}; these are {groups.dtype} {groups.shape}")
            object.__setattr__(self, "groups", groups)

    def asked(self) -> np.ndarray:
        """Return which (draw, seed) at least one method has, (draws, seeds) bool."""
        found: np.ndarray = ~np.isnan(self.values).all(axis=0)
        return found

    def complete(self) -> np.ndarray:
        """Return which methods have no gap, (methods,) bool: neither a (draw, seed) nor an item that another has."""
        missing = (np.isnan(self.values) & self.asked()).any(axis=(1, 2))
        if self.items is not None:
            absent = np.isnan(self.items)
            missing |= (absent & ~absent.all(axis=(0, 2))[:, None] & self.asked()[..., None]).any(axis=(1, 2, 3))
        found: np.ndarray = ~missing
        return found

    def draw_means(self) -> np.ndarray:
        """Return the mean over seeds, (methods, draws); NaN where a seed that another method has is missing.

        A draw is not the mean of the seeds that happened to survive.
        """
        asked = self.asked()
        with np.errstate(invalid="ignore"):
            means: np.ndarray = np.where(asked, self.values, 0.0).sum(axis=2) / asked.sum(axis=1)
        return means

    def only(self, methods: np.ndarray) -> PairedCube:
        """Return the cube of some methods, in the order given.

        Args:
            methods: indices (n,) or a mask (methods,), such as `complete()`.
        """
        items = None if self.items is None else self.items[methods]
        return PairedCube(self.values[methods], self.strata, items, self.groups)

    def counted(self, weights: Sequence[float] = ()) -> list[tuple[np.ndarray, float, int]]:
        """Return of each stratum that counts its draws, its share of the mean, and its place among the strata.

        Args:
            weights: one a stratum, strata ascending, not negative, not all zero; empty = the same for all.

        Raises:
            ValueError: weights that are no weights.
        """
        draws = self.by_stratum()
        counts = shares(weights if len(weights) else [1.0] * len(draws), len(draws))
        return [(found, float(w), place) for place, (found, w) in enumerate(zip(draws, counts, strict=True)) if w > 0]

    def by_stratum(self) -> list[np.ndarray]:
        """Return the indices of the draws of each stratum, strata ascending; draws that no method has are left out."""
        present = np.asarray(self.asked().any(axis=1))
        if self.strata is None:
            return [np.flatnonzero(present)]
        return [np.flatnonzero(present & (self.strata == stratum)) for stratum in np.unique(self.strata)]


def mean_of_items(items: np.ndarray) -> np.ndarray:
    """Return the mean over the last axis of what is not NaN; NaN where nothing is left."""
    present = ~np.isnan(items)
    with np.errstate(invalid="ignore"):
        means: np.ndarray = np.where(present, items, 0.0).sum(axis=-1) / present.sum(axis=-1)
    return means


def _need(fits: bool, otherwise: str) -> None:
    if not fits:
        raise ValueError(otherwise)
