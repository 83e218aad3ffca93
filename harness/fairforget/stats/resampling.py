"""Hierarchical paired resampling: draws, then seeds within a draw, then groups of items, then items of a group.

All methods are resampled together, so a resample is a study that could have been: other forget sets, the same for every
method. The items of a draw are the same questions under every seed, so one resample of them serves all seeds of a draw.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from fairforget.stats.cube import PairedCube

_AT_ONCE = 1 << 21
"""Numbers held at a time; bounds the memory, and with it the order in which random numbers are spent."""
_IN_CACHE = 1 << 16
"""Numbers worked on at a time, so that the processor need not fetch them from memory again."""


def resample(cube: PairedCube, draws: np.ndarray, rng: np.random.Generator, resamples: int) -> np.ndarray:
    """Return the means of resamples of some draws, (resamples, methods).

    A draw counts by the mean of its seeds, whatever their number, and a seed by the mean of its items.

    Args:
        cube: methods without gaps.
        draws: indices of the draws of one stratum.
        rng: what is drawn with.
        resamples: how many.
    """
    seeds = [np.flatnonzero(row) for row in cube.asked()[draws]]
    if cube.items is None:
        return _of_scores(cube.values[:, draws], seeds, rng, resamples)
    picked = rng.integers(len(draws), size=(resamples, len(draws)))
    means = np.zeros((resamples, len(cube.values)))
    for position, draw in enumerate(draws):
        items = cube.items[:, draw][:, seeds[position]]
        present = np.flatnonzero(~np.isnan(items[0, 0]))
        pick = _items_in(np.arange(len(present)) if cube.groups is None else cube.groups[draw, present], rng)
        where = np.nonzero(picked == position)[0]
        for part in _parts(where, items[..., 0].size + 2 * len(present)):
            np.add.at(means, part, _of_items(items[..., present], pick, rng, len(part)) / len(draws))
    return means


def _of_scores(values: np.ndarray, seeds: list[np.ndarray], rng: np.random.Generator, resamples: int) -> np.ndarray:
    """Resample draws and seeds of (methods, draws, seeds)."""
    methods, draws, width = values.shape
    counts = np.array([len(found) for found in seeds])
    cells = np.zeros((draws, width), dtype=np.intp)  # where the seeds of each draw lie, those it has first
    for i, found in enumerate(seeds):
        cells[i, : len(found)] = i * width + found
    shares = np.where(np.arange(width) < counts[:, None], 1 / counts[:, None], 0.0) / draws
    flat = np.where(np.isnan(values), 0.0, values).reshape(methods, draws * width)
    means = np.empty((resamples, methods))
    for part in _parts(np.arange(resamples), draws * width):
        picked = rng.integers(draws, size=(len(part), draws))
        counted = np.empty((len(part), draws * width))
        for few in _parts(np.arange(len(part)), draws * width, _IN_CACHE):
            chosen = picked[few]
            seed = (rng.random((*chosen.shape, width)) * counts[chosen, None]).astype(np.intp)
            cell = cells.ravel()[(chosen * width)[..., None] + seed]
            counted[few] = _counts(cell.reshape(len(few), -1), draws * width, shares[chosen].reshape(len(few), -1))
        means[part] = counted @ flat.T
    return means


def _of_items(
    items: np.ndarray, pick: Callable[[int], np.ndarray], rng: np.random.Generator, resamples: int
) -> np.ndarray:
    """Resample seeds and items of one draw, (methods, seeds, items)."""
    methods, seeds, count = items.shape
    weights = pick(resamples)
    by_seed = (weights @ items.reshape(methods * seeds, count).T).reshape(resamples, methods, seeds)
    chosen = _counts(rng.integers(seeds, size=(resamples, seeds)), seeds)
    found: np.ndarray = np.einsum("nms,ns->nm", by_seed, chosen) / (seeds * weights.sum(axis=1, keepdims=True))
    return found


def _items_in(groups: np.ndarray, rng: np.random.Generator) -> Callable[[int], np.ndarray]:
    """Return what draws how often each item counts: groups with replacement, then items of each of them.

    Args:
        groups: (items,) ints.
        rng: what is drawn with.
    """
    _, group, sizes = np.unique(groups, return_inverse=True, return_counts=True)
    order = np.argsort(group, kind="stable")
    starts = np.cumsum(sizes) - sizes
    total, widest = len(groups), int(sizes.max())

    def draw(resamples: int) -> np.ndarray:
        if widest == 1:
            return _counts(rng.integers(total, size=(resamples, total)), total)
        chosen = rng.integers(len(sizes), size=(resamples, len(sizes)))[..., None]
        inside = np.floor(rng.random((resamples, len(sizes), widest)) * sizes[chosen]).astype(np.intp)
        counted = (np.arange(widest) < sizes[chosen]).astype(np.float64)  # a small group gives fewer items
        return _counts(order[starts[chosen] + inside].reshape(resamples, -1), total, counted.reshape(resamples, -1))

    return draw


def _counts(chosen: np.ndarray, width: int, weights: np.ndarray | None = None) -> np.ndarray:
    """Return how often each of `width` numbers is in each row of `chosen`, weighted, (rows, width)."""
    flat = (chosen + np.arange(len(chosen))[:, None] * width).ravel()
    found = np.bincount(flat, None if weights is None else weights.ravel(), minlength=len(chosen) * width)
    return found.astype(np.float64).reshape(len(chosen), width)


def _parts(rows: np.ndarray, width: int, at_once: int = _AT_ONCE) -> Iterator[np.ndarray]:
    """Yield `rows` in parts that hold `at_once` numbers at most, `width` a row."""
    step = max(1, at_once // max(1, width))
    for start in range(0, len(rows), step):
        yield rows[start : start + step]
