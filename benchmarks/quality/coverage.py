"""How often 95 % intervals of the difference of two equal methods hold 0, by simulation.

    python benchmarks/quality/coverage.py

prints the table of docs/explanation/statistics.md. Both methods meet the same forget sets; what a set does to one of
them, a seed and an item add their own noise. Two thousand studies a line, three seeds, fifty items a set.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator

import numpy as np

from fairforget.stats.bootstrap import bootstrap
from fairforget.stats.cube import PairedCube
from fairforget.stats.intervals import paired_difference

SIMULATIONS, SEEDS, ITEMS = 2000, 3, 50
SD_DRAW, SD_METHOD_DRAW, SD_SEED, SD_ITEM = 0.1, 0.05, 0.03, 0.3
RESAMPLES = 400


def studies(draws: int, rng: np.random.Generator) -> Iterator[np.ndarray]:
    """Yield the items of two equal methods, (2, draws, seeds, items)."""
    for _ in range(SIMULATIONS):
        run = rng.normal(0, SD_DRAW, (1, draws, 1)) + rng.normal(0, SD_METHOD_DRAW, (2, draws, 1))
        run = run + rng.normal(0, SD_SEED, (2, draws, SEEDS))
        yield run[..., None] + rng.normal(0, SD_ITEM, (2, draws, SEEDS, ITEMS))


def of_items(items: np.ndarray) -> tuple[float, float]:
    """Return the interval that takes forget sets and seeds for fixed, and items for all the noise there is."""
    apart = (items[0] - items[1]).ravel()
    half = 1.96 * apart.std(ddof=1) / len(apart) ** 0.5
    return float(apart.mean() - half), float(apart.mean() + half)


def of_bootstrap(values: np.ndarray, rng: np.random.Generator, *, widen: bool) -> tuple[float, float]:
    """Return the 2.5 % and 97.5 % quantiles of resampled differences."""
    found = bootstrap(PairedCube(values), rng, RESAMPLES, widen=widen)
    if found is None:
        raise ValueError(values.shape)
    low, high = np.quantile(found.resampled[:, 0] - found.resampled[:, 1], [0.025, 0.975])
    return float(low), float(high)


def of_t(means: np.ndarray) -> tuple[float, float]:
    """Return Student's interval of the paired difference of draw means, (2, draws)."""
    found = paired_difference(means[0], means[1])
    if found is None or found.low is None or found.high is None:
        raise ValueError(means.shape)
    return found.low, found.high


def coverage(draws: int) -> dict[str, float]:
    """Return the share of studies whose interval holds 0, by kind of interval."""
    rng = np.random.default_rng(draws)
    held = dict.fromkeys(["items only", "bootstrap of draws and seeds", "the same, widened", "t over draw means"], 0)
    for items in studies(draws, rng):
        values = items.mean(axis=3)
        means = values.mean(axis=2)
        ends = [of_items(items), *(of_bootstrap(values, rng, widen=w) for w in (False, True)), of_t(means)]
        for name, (low, high) in zip(held, ends, strict=True):
            held[name] += low <= 0 <= high
    return {name: count / SIMULATIONS for name, count in held.items()}


def main() -> None:
    """Print the table as Markdown."""
    rows = {draws: coverage(draws) for draws in (3, 5, 10, 20)}
    sys.stdout.write(f"| draws | {' | '.join(rows[3])} |\n|---:|{'---:|' * len(rows[3])}\n")
    for draws, found in rows.items():
        sys.stdout.write(f"| {draws} | {' | '.join(f'{share:.3f}' for share in found.values())} |\n")


if __name__ == "__main__":
    main()
