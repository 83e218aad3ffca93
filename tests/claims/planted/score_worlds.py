"""Score sets drawn from the laws of memory removal difficulty, with what is true of them known.

A sample i has a gradient g_i and a trace t_i of its Hessian. Under noise σz the change of its likelihood is, to second
order, σ g_i·z + σ² t_i q / 2, where q has mean 1 and a spread that the samples have in common in part.
"""

from __future__ import annotations

import numpy as np


class World:
    """Samples whose gradients have a part in common, so that one draw moves them together."""

    def __init__(self, rng: np.random.Generator, samples: int, shared: float = 0.4, width: int = 12) -> None:
        self.rng, self.samples = rng, samples
        common = rng.normal(size=width)
        own = rng.normal(size=(samples, width))
        directions = np.sqrt(shared) * common / np.linalg.norm(common) + np.sqrt(1 - shared) * own / np.sqrt(width)
        self.norms = np.exp(rng.normal(0, 0.4, samples))
        self.gradients = directions / np.linalg.norm(directions, axis=1, keepdims=True) * self.norms[:, None]
        self.traces = np.exp(rng.normal(0, 0.5, samples))

    def noise(self, seeds: int, draws: int) -> np.ndarray:
        """(seeds, draws, width)."""
        return self.rng.normal(size=(seeds, draws, self.gradients.shape[1]))

    def inside(self, seeds: int, draws: int, sigma: float = 1e-4) -> np.ndarray:
        """The reading ``in``, (seeds, n): means of folded normal changes."""
        return np.abs(self.noise(seeds, draws) @ (sigma * self.gradients.T)).mean(1)

    def naive(self, seeds: int, draws: int, sigma: float = 1e-4) -> np.ndarray:
        """The reading ``out`` without antithetic pairs, (seeds, n): the size of a mean that is nearly all noise."""
        linear = (self.noise(seeds, draws) @ (sigma * self.gradients.T)).mean(1)
        return np.abs(linear + self.outside(seeds, draws, sigma))

    def outside(self, seeds: int, pairs: int, sigma: float = 1e-3, spread: float = 0.5) -> np.ndarray:
        """The reading ``out`` by antithetic pairs, (seeds, n): the first order cancels, the second is left."""
        shared, own = self.rng.normal(size=(seeds, 1)), self.rng.normal(size=(seeds, self.samples))
        # The mean of so many normal draws, drawn at once.
        return sigma**2 / 2 * self.traces * (1 + spread * (0.6 * shared + 0.8 * own) / np.sqrt(pairs))
